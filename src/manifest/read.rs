//! Manifests → pairs: the pieces of a file in parallel, their parts gathered in order.

use rayon::prelude::*;

use super::chunk::{MAX_LINE, Piece, Pieces, Trouble};
use super::column::Layout;
use super::gather::Gather;
use super::header::{self, BadHeader};
use super::part::{self, Part, count_lines};
use super::{Fault, ManifestInput, Parsed, Rules};

/// Bytes of a piece: large enough to parse in peace, small enough for the caches.
const PIECE: usize = 1 << 20;

/// Reads every manifest to its end and de-duplicates their rows. What is wrong with one row, or
/// one file, keeps no other row from being read.
pub fn read(inputs: Vec<ManifestInput>, rules: &Rules) -> Parsed {
    read_in_pieces(inputs, rules, PIECE)
}

/// [`read`] with another size of pieces; the result does not depend on it.
pub(super) fn read_in_pieces(inputs: Vec<ManifestInput>, rules: &Rules, size: usize) -> Parsed {
    let mut gather = Gather::new(rules);
    for input in inputs {
        gather.source(input.name);
        let mut file = File { pieces: Pieces::new(input.reader, size), gather: &mut gather, rules };
        if let Err(stop) = file.read() {
            file.report(stop);
        }
    }
    gather.finish()
}

/// Why the rest of a file is not read.
enum Stop {
    Header(BadHeader),
    Trouble(Trouble),
    Full(Fault),
}

struct File<'g, 'r> {
    pieces: Pieces,
    gather: &'g mut Gather<'r>,
    rules: &'r Rules,
}

impl File<'_, '_> {
    fn read(&mut self) -> Result<(), Stop> {
        let layout = self.header()?;
        let mut width = 1;
        loop {
            let batch: Vec<Piece> = std::iter::from_fn(|| self.pieces.next()).take(width).collect();
            if batch.is_empty() {
                return self.pieces.trouble().map_or(Ok(()), |trouble| Err(Stop::Trouble(trouble)));
            }
            let open = self.rows(&batch, &layout)?;
            // A piece that begins inside a note was parsed for nothing: fewer at once, then.
            width = if open { 1 } else { (width * 2).min(rayon::current_num_threads()) };
        }
    }

    fn header(&mut self) -> Result<Layout, Stop> {
        let mut first = true;
        while let Some(mut piece) = self.pieces.next() {
            if std::mem::take(&mut first) {
                let bom = header::encoding(&piece.bytes).map_err(Stop::Header)?;
                piece.bytes.drain(..bom);
            }
            let found = header::read(&piece.bytes).map_err(|mut bad| {
                bad.line += self.gather.lines_of_source();
                Stop::Header(bad)
            })?;
            if let Some(header) = found {
                self.gather.skip_lines(header.lines);
                self.pieces.put_back(piece.bytes.split_off(header.length));
                return Ok(header.layout);
            }
            self.gather.skip_lines(count_lines(&piece.bytes));
        }
        let trouble = self.pieces.trouble().map(Stop::Trouble);
        Err(trouble.unwrap_or_else(|| Stop::Header(header::missing())))
    }

    /// Gathers the rows of a batch; whether a record went on beyond its piece.
    fn rows(&mut self, batch: &[Piece], layout: &Layout) -> Result<bool, Stop> {
        let parts: Vec<Part<'_>> =
            batch.par_iter().map(|piece| part::read(piece, layout, self.rules)).collect();
        for (at, part) in parts.into_iter().enumerate() {
            let open = part.open;
            self.gather.part(part).map_err(Stop::Full)?;
            if let Some(from) = open {
                let rest = batch[at + 1..].iter().flat_map(|piece| &piece.bytes);
                let again = batch[at].bytes[from..].iter().chain(rest).copied().collect();
                self.pieces.put_back(again);
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn report(&mut self, stop: Stop) {
        let line = self.gather.lines_of_source() + 1;
        match stop {
            Stop::Header(bad) => {
                for (column, fault) in bad.faults {
                    self.gather.error(bad.line, column, fault);
                }
            }
            Stop::Trouble(Trouble::Io(error)) => {
                self.gather.error(line, "file", Fault::Unreadable(error.to_string()));
            }
            Stop::Trouble(Trouble::LongLine) => {
                self.gather.error(line, "row", Fault::LongLine(MAX_LINE));
            }
            Stop::Full(fault) => self.gather.error(line, "row", fault),
        }
    }
}
