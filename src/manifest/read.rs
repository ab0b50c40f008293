//! Reads manifests into pairs: the pieces of a file are parsed in parallel, and what they hold is
//! gathered in the order of the file.

use super::column::Layout;
use super::finish::finish;
use super::form;
use super::gather::Gather;
use super::header::{self, BadHeader, Search};
use super::options::{PlainRows, ReadOptions};
use super::parallel::{self, ParallelEnd};
use super::part::count_lines;
use super::pieces::{MAX_LINE, Pieces, ReadFailure};
use super::shared::Shared;
use super::{Fault, ManifestInput, Parsed, Rules};

/// Bytes of a piece: large enough that threads seldom wait for each other, small enough for the caches.
const PIECE: usize = 1 << 19;

/// Pieces that each thread may read ahead where a note may go on from one piece to the next: their
/// bytes are kept until it is known whether they begin with a record.
const AHEAD: usize = 8;

/// Reads every manifest to its end and de-duplicates their rows, on the threads of the current
/// rayon pool. What is wrong with one row, or one file, keeps no other row from being read.
///
/// ```
/// use unpair::manifest::{ManifestInput, Rules, read};
///
/// let text = "cloud,region,account_a,group_a,account_b,group_b\n\
///             aws,us-east-1,111111111111,sg-0a1b2c3d,222222222222,sg-0b1c2d3e\n\
///             aws,us-east-1,222222222222,sg-0b1c2d3e,111111111111,sg-0a1b2c3d\n\
///             aws,us-east-1,111111111111,sg-0a1b2c3d,222222222222,\n";
/// let input = ManifestInput { name: "pairs.csv".to_owned(), reader: Box::new(text.as_bytes()) };
///
/// let parsed = read(vec![input], &Rules::default());
/// // The second row mirrors the first one; the third one lacks a group.
/// assert_eq!((parsed.rows_read, parsed.pairs.pair_count(), parsed.bad), (3, 1, 1));
/// assert_eq!(parsed.errors[0].line, 4);
/// ```
pub fn read(inputs: Vec<ManifestInput>, rules: &Rules) -> Parsed {
    read_by(inputs, rules, ReadOptions { piece: PIECE, plain: PlainRows::Quick })
}

/// [`read`] with other options, as tests do.
pub(super) fn read_by(inputs: Vec<ManifestInput>, rules: &Rules, options: ReadOptions) -> Parsed {
    let shared = Shared::new(rules);
    let mut gather = Gather::default();
    for input in inputs {
        gather.source(input.name);
        let mut file =
            ManifestFile { pieces: Pieces::new(input.reader, options.piece), gather: &mut gather };
        match file.read(&shared, options.plain) {
            Ok(()) => file.gather.ends_with(file.pieces.digest()),
            Err(stop) => file.report(stop),
        }
    }
    finish(gather, shared)
}

/// Why the rest of a file is not read.
enum Stop {
    Header(BadHeader),
    ReadFailure(ReadFailure),
    Full(Fault),
}

/// One manifest while it is read.
struct ManifestFile<'g> {
    pieces: Pieces,
    gather: &'g mut Gather,
}

impl ManifestFile<'_> {
    fn read(&mut self, shared: &Shared<'_>, plain: PlainRows) -> Result<(), Stop> {
        let layout = self.header()?;
        let mut readers = parallel::readers(&layout, shared, plain);
        // Only free text may go on: without any, no bytes are kept.
        let ahead = if layout.has_texts() { readers.len() * AHEAD } else { usize::MAX };
        // Most manifests have one piece, so the first one is read without other threads.
        let mut limit = 1;
        loop {
            let threads = limit.min(readers.len());
            match parallel::read(&mut self.pieces, self.gather, limit, &mut readers[..threads]) {
                ParallelEnd::Taken => limit = limit.saturating_mul(AHEAD).min(ahead),
                // The pieces after this one were parsed for nothing, since they begin inside a note: the
                // next one is read alone.
                ParallelEnd::Open(again) => {
                    self.pieces.put_back(again);
                    limit = 1;
                }
                ParallelEnd::Full(fault) => return Err(Stop::Full(fault)),
                ParallelEnd::Ended => {
                    return self
                        .pieces
                        .failure()
                        .map_or(Ok(()), |failure| Err(Stop::ReadFailure(failure)));
                }
            }
        }
    }

    fn header(&mut self) -> Result<Layout, Stop> {
        let bom = form::check(self.pieces.head(form::HEAD))
            .map_err(|fault| Stop::Header(BadHeader::of_file(fault)))?;
        self.pieces.skip(bom);
        let mut search = Search::default();
        while let Some(mut piece) = self.pieces.next(Vec::new()) {
            let found = search.read(&piece.bytes).map_err(|mut bad| {
                // The search counts the lines of this piece alone.
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
        let failure = self.pieces.failure().map(Stop::ReadFailure);
        Err(failure.unwrap_or_else(|| Stop::Header(header::missing())))
    }

    fn report(&mut self, stop: Stop) {
        let line = self.gather.lines_of_source() + 1;
        match stop {
            Stop::Header(bad) => {
                for (column, fault) in bad.faults {
                    self.gather.error(bad.line, column, fault);
                }
            }
            Stop::ReadFailure(ReadFailure::Io(error)) => {
                self.gather.error(line, "file", Fault::Unreadable(error.to_string()));
            }
            Stop::ReadFailure(ReadFailure::LongLine { has_returns }) => {
                let hint = if has_returns { " (do its lines end with CR alone?)" } else { "" };
                self.gather.error(line, "row", Fault::LongLine { most: MAX_LINE, hint });
            }
            Stop::Full(fault) => self.gather.error(line, "row", fault),
        }
    }
}
