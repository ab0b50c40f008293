//! Cuts a file into pieces that end with a line end, so that several can be parsed at the same time.

use std::io::{self, Read};

use memchr::{memchr, memrchr};
use sha2::{Digest as _, Sha256};

use crate::model::hex;

/// The longest line, in bytes. A row has less than 10 KiB; the limit keeps a file that is no manifest
/// from filling the memory.
pub(super) const MAX_LINE: usize = 1 << 20;

/// More bytes than the longest record has. What was put back is never cut shorter than this, so a
/// record that went on beyond its piece is whole in the next one.
const MAX_RECORD: usize = 1 << 16;

/// Some whole lines of a file.
#[derive(Debug)]
pub(super) struct Piece {
    /// The bytes.
    pub(super) bytes: Vec<u8>,
    /// Whether the file ends here; any other piece ends with a line end.
    pub(super) last: bool,
}

/// Why a file was not read to its end.
#[derive(Debug)]
pub(super) enum ReadFailure {
    /// The operating system failed.
    Io(io::Error),
    /// A line is longer than [`MAX_LINE`].
    LongLine {
        /// Carriage returns stand in it.
        has_returns: bool,
    },
}

/// Cuts a file into pieces of about `size` bytes.
pub(super) struct Pieces {
    reader: Box<dyn Read + Send>,
    size: usize,
    /// Bytes that were read and not yet given out.
    held: Vec<u8>,
    ended: bool,
    failure: Option<ReadFailure>,
    /// The hash of every byte that was read.
    hasher: Sha256,
}

impl Pieces {
    /// The pieces of `reader`.
    pub(super) fn new(reader: Box<dyn Read + Send>, size: usize) -> Self {
        let hasher = Sha256::new();
        Self { reader, size, held: Vec::new(), ended: false, failure: None, hasher }
    }

    /// The first `length` bytes, or all if there are fewer; before any piece was taken.
    pub(super) fn head(&mut self, length: usize) -> &[u8] {
        let mut held = std::mem::take(&mut self.held);
        while !self.ended && held.len() < length {
            self.fill(&mut held, length);
        }
        self.held = held;
        &self.held[..self.held.len().min(length)]
    }

    /// Leaves out the first `length` bytes, which [`Self::head`] has shown.
    pub(super) fn skip(&mut self, length: usize) {
        self.held.drain(..length);
    }

    /// The next piece, in the memory of `buffer`; `None` at the end of the file, or of its whole
    /// lines before a failure.
    pub(super) fn next(&mut self, mut buffer: Vec<u8>) -> Option<Piece> {
        buffer.clear();
        // What was put back may be long: it is given out again in pieces of the usual size.
        let window = self.size + MAX_RECORD;
        if self.held.len() > window
            && let Some(end) = memrchr(b'\n', &self.held[..window])
            && end >= MAX_RECORD
        {
            buffer.extend(self.held.drain(..=end));
            return Some(Piece { bytes: buffer, last: false });
        }
        buffer.append(&mut self.held);
        loop {
            self.fill(&mut buffer, self.size);
            if self.ended {
                return (!buffer.is_empty()).then_some(Piece { bytes: buffer, last: true });
            }
            // The unfinished line at the end goes into the next piece, unless it is too long already.
            if let Some(end) = memrchr(b'\n', &buffer)
                && buffer.len() - end <= MAX_LINE
            {
                self.held.extend_from_slice(&buffer[end + 1..]);
                buffer.truncate(end + 1);
                return Some(Piece { bytes: buffer, last: false });
            }
            if buffer.len() > MAX_LINE {
                let line = memrchr(b'\n', &buffer).map_or(0, |end| end + 1);
                let has_returns = memchr(b'\r', &buffer[line..]).is_some();
                self.give_up(&mut buffer, ReadFailure::LongLine { has_returns });
            }
        }
    }

    /// Takes back bytes that must be read again together with what follows them.
    pub(super) fn put_back(&mut self, mut bytes: Vec<u8>) {
        bytes.append(&mut self.held);
        self.held = bytes;
    }

    /// What cut the file short, once [`Self::next`] gives no more.
    pub(super) fn failure(&mut self) -> Option<ReadFailure> {
        self.failure.take()
    }

    /// SHA-256 of the bytes of the file, hexadecimal; `None` unless it was read to its end.
    pub(super) fn digest(&self) -> Option<String> {
        let is_whole = self.ended && self.failure.is_none();
        is_whole.then(|| hex(&self.hasher.clone().finalize()))
    }

    fn fill(&mut self, bytes: &mut Vec<u8>, size: usize) {
        if self.ended {
            return;
        }
        bytes.reserve(size);
        let (size, from) = (size as u64, bytes.len());
        let read = self.reader.by_ref().take(size).read_to_end(bytes);
        // Here every byte passes once, also one that is given out again after `put_back`.
        self.hasher.update(&bytes[from..]);
        match read {
            // A reader that gives fewer bytes than were asked for has no more.
            Ok(got) => self.ended = (got as u64) < size,
            Err(error) => self.give_up(bytes, ReadFailure::Io(error)),
        }
    }

    /// Ends the file at the last whole line.
    fn give_up(&mut self, bytes: &mut Vec<u8>, failure: ReadFailure) {
        bytes.truncate(memrchr(b'\n', bytes).map_or(0, |end| end + 1));
        self.ended = true;
        self.failure = Some(failure);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &'static [u8], size: usize) -> Vec<(Vec<u8>, bool)> {
        let mut pieces = Pieces::new(Box::new(text), size);
        let mut all = Vec::new();
        while let Some(piece) = pieces.next(Vec::new()) {
            all.push((piece.bytes, piece.last));
        }
        all
    }

    #[test]
    fn pieces_end_with_a_line_and_add_up_to_the_file() {
        let text = b"one\ntwo\r\n\nthree four five\nsix";
        for size in 1..40 {
            let all = pieces(text, size);
            assert_eq!(all.iter().flat_map(|p| p.0.clone()).collect::<Vec<_>>(), text);
            for (bytes, last) in &all {
                assert!(*last || bytes.ends_with(b"\n"), "{size}");
            }
        }
    }

    #[test]
    fn a_line_without_end_is_given_up() {
        let mut pieces = Pieces::new(Box::new(io::repeat(b'x')), 1 << 16);
        assert!(pieces.next(Vec::new()).is_none());
        assert!(matches!(pieces.failure(), Some(ReadFailure::LongLine { has_returns: false })));
    }

    #[test]
    fn a_record_that_seems_to_go_on_into_a_long_line_is_not_cut_short_for_ever() {
        for (length, is_too_long) in [(MAX_LINE / 2, false), (3 * MAX_LINE, true)] {
            let text = [b"a,\"\n".to_vec(), vec![b'x'; length]].concat();
            let mut pieces = Pieces::new(Box::new(io::Cursor::new(text)), 1 << 16);
            let mut given = 0;
            while let Some(piece) = pieces.next(Vec::new()).filter(|piece| !piece.last) {
                pieces.put_back(piece.bytes);
                given += 1;
                assert!(given <= MAX_LINE >> 16, "the same bytes again and again");
            }
            assert_eq!(pieces.failure().is_some(), is_too_long);
        }
    }

    #[test]
    fn whole_lines_before_a_failure_are_given_out() {
        let failing = io::Read::chain(&b"one\ntwo\nthr"[..], Failing);
        let mut pieces = Pieces::new(Box::new(failing), 64);
        assert_eq!(pieces.next(Vec::new()).map(|piece| piece.bytes), Some(b"one\ntwo\n".to_vec()));
        assert!(pieces.next(Vec::new()).is_none());
        assert!(matches!(pieces.failure(), Some(ReadFailure::Io(_))));
    }

    struct Failing;

    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
}
