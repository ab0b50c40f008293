//! Hands pieces out to threads, and gathers what they read in the order of the file.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::Fault;
use super::column::Layout;
use super::gather::Gather;
use super::intern::held;
use super::options::PlainRows;
use super::part::{Part, PartReader};
use super::pieces::{Piece, Pieces};
use super::shared::Shared;

/// How reading ended.
pub(super) enum ParallelEnd {
    /// The file has no more pieces.
    Ended,
    /// As many pieces were read as were asked for.
    Taken,
    /// A record went on beyond its piece: these bytes are to be read again.
    Open(Vec<u8>),
    /// No more lines can be numbered.
    Full(Fault),
}

/// Reads up to `limit` pieces on as many threads as there are readers, and gathers them in order.
pub(super) fn read(
    pieces: &mut Pieces,
    gather: &mut Gather,
    limit: usize,
    readers: &mut [PartReader<'_>],
) -> ParallelEnd {
    let keeps_bytes = readers.iter().any(PartReader::may_go_on);
    let parallel = Parallel {
        keeps_bytes,
        intake: Mutex::new(Intake { pieces, taken: 0, limit, ended: false }),
        order: Mutex::new(InOrder { gather, next: 0, waiting: BTreeMap::new(), stop: None }),
    };
    if let [reader] = readers {
        parallel.work(reader);
    } else {
        rayon::scope(|scope| {
            for reader in readers {
                scope.spawn(|_| parallel.work(reader));
            }
        });
    }
    parallel.end()
}

/// Readers for as many threads as there are.
pub(super) fn readers<'r>(
    layout: &'r Layout,
    shared: &'r Shared<'r>,
    plain: PlainRows,
) -> Vec<PartReader<'r>> {
    let reader = |_| PartReader::new(layout, shared, plain);
    (0..rayon::current_num_threads()).map(reader).collect()
}

/// What the threads share.
struct Parallel<'p> {
    /// The bytes of a piece are needed until all pieces before it are gathered: if one of these ends
    /// inside a record, they are read again together with the rest of it.
    keeps_bytes: bool,
    intake: Mutex<Intake<'p>>,
    order: Mutex<InOrder<'p>>,
}

/// Where threads get pieces.
struct Intake<'p> {
    pieces: &'p mut Pieces,
    /// How many were handed out, which is the number of the next.
    taken: usize,
    limit: usize,
    ended: bool,
}

/// Where threads put what they read.
struct InOrder<'p> {
    gather: &'p mut Gather,
    /// The number of the piece to be gathered next.
    next: usize,
    /// The parts that were read before it, with the bytes of their pieces.
    waiting: BTreeMap<usize, (Part, Vec<u8>)>,
    stop: Option<Stop>,
}

/// Why no more is gathered.
enum Stop {
    /// The rest of the piece to be read again; those after it are in `waiting`.
    Open(Vec<u8>),
    Full(Fault),
}

impl Parallel<'_> {
    fn work(&self, reader: &mut PartReader<'_>) {
        let mut buffer = Vec::new();
        loop {
            let taken = held(&self.intake).next(buffer);
            let Some((number, piece)) = taken else { return };
            let part = reader.read(&piece);
            let again;
            (buffer, again) = if self.keeps_bytes {
                (Vec::new(), piece.bytes)
            } else {
                (piece.bytes, Vec::new())
            };
            let mut order = held(&self.order);
            if let Some(free) = order.accept(number, part, again) {
                buffer = free;
            }
            // Both locks are held here, and no thread takes them in the other order.
            if order.stop.is_some() {
                held(&self.intake).limit = 0;
            }
        }
    }

    fn end(self) -> ParallelEnd {
        let intake = self.intake.into_inner().unwrap_or_else(PoisonError::into_inner);
        let order = self.order.into_inner().unwrap_or_else(PoisonError::into_inner);
        match order.stop {
            Some(Stop::Full(fault)) => ParallelEnd::Full(fault),
            Some(Stop::Open(mut again)) => {
                // What was read ahead is thrown away, but its groups are in the table already.
                order.gather.has_strays |= !order.waiting.is_empty();
                order.waiting.values().for_each(|(_, bytes)| again.extend(bytes));
                ParallelEnd::Open(again)
            }
            None if intake.ended => ParallelEnd::Ended,
            None => ParallelEnd::Taken,
        }
    }
}

impl Intake<'_> {
    fn next(&mut self, buffer: Vec<u8>) -> Option<(usize, Piece)> {
        if self.taken >= self.limit || self.ended {
            return None;
        }
        let piece = self.pieces.next(buffer);
        self.ended = piece.is_none();
        self.taken += 1;
        Some((self.taken - 1, piece?))
    }
}

impl InOrder<'_> {
    /// Gathers a part once all parts before it are gathered. Gives back a buffer that is free.
    fn accept(&mut self, number: usize, part: Part, bytes: Vec<u8>) -> Option<Vec<u8>> {
        self.waiting.insert(number, (part, bytes));
        let mut free = None;
        while self.stop.is_none()
            && let Some((part, bytes)) = self.waiting.remove(&self.next)
        {
            self.next += 1;
            let open = part.open;
            if let Err(fault) = self.gather.part(part) {
                self.stop = Some(Stop::Full(fault));
            } else if let Some(from) = open {
                self.stop = Some(Stop::Open(bytes[from..].to_vec()));
            }
            free = Some(bytes).filter(|bytes| bytes.capacity() > 0).or(free);
        }
        free
    }
}
