//! Rows sorted in parts, in parallel, in the memory that held them before.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::Row;
use super::packing::{Packing, Word};

/// Words of a block: parts grow by blocks, so that growing moves nothing.
pub(super) const BLOCK: usize = 1024;
/// Threads that sort at once: each holds a block of every part.
const SORTERS: usize = 8;

/// The rows of one part, in blocks that are full but for the last.
type Part<W> = Vec<Vec<W>>;

/// Rows packed into words, sorted.
#[derive(Clone)]
pub(super) struct Sorted<W> {
    pub(super) packing: Packing,
    pub(super) parts: Vec<Part<W>>,
    pub(super) len: usize,
}

impl<W: Word> Sorted<W> {
    /// Deals the rows of all units out to their parts, and sorts these. A unit is let go of once
    /// it is read: its memory becomes that of blocks.
    pub(super) fn new<U: Send>(
        packing: Packing,
        units: Vec<U>,
        read: impl Fn(U, &mut dyn FnMut(&[Row])) + Sync,
    ) -> (Self, Vec<(u32, u32)>) {
        let workers = rayon::current_num_threads().min(SORTERS).min(units.len());
        let queue = Mutex::new(units.into_iter());
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        let deal = |_| {
            let mut parts: Vec<Part<W>> = vec![Vec::new(); packing.parts()];
            while let Some(unit) = next() {
                read(unit, &mut |rows| put(&packing, &mut parts, rows));
            }
            parts
        };
        let mut dealt: Vec<Vec<Part<W>>> = (0..workers).into_par_iter().map(deal).collect();
        let mut parts = dealt.pop().unwrap_or_default();
        for other in dealt {
            parts.iter_mut().zip(other).for_each(|(part, more)| part.extend(more));
        }
        let sorted =
            parts.par_iter_mut().map_init(Vec::new, |scratch, part| sort(&packing, part, scratch));
        let duplicates = sorted.collect::<Vec<_>>().concat();
        let len = parts.iter().flatten().map(Vec::len).sum();
        (Self { packing, parts, len }, duplicates)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Row> {
        (0..self.parts.len()).flat_map(|part| self.part(part))
    }

    pub(super) fn part(&self, part: usize) -> impl Iterator<Item = Row> {
        self.parts[part].iter().flatten().map(move |word| self.packing.unpack(part, *word))
    }

    pub(super) fn into_rows(self) -> impl Iterator<Item = Row> + Send
    where
        W: 'static,
    {
        let packing = self.packing;
        self.parts.into_iter().enumerate().flat_map(move |(part, blocks)| {
            blocks.into_iter().flatten().map(move |word| packing.unpack(part, word))
        })
    }
}

/// Adds rows to their parts.
fn put<W: Word>(packing: &Packing, parts: &mut [Part<W>], rows: &[Row]) {
    for row in rows {
        let part = &mut parts[packing.part_of(row)];
        if part.last().is_none_or(|block| block.len() == BLOCK) {
            part.push(Vec::with_capacity(BLOCK));
        }
        if let Some(block) = part.last_mut() {
            block.push(packing.pack(row));
        }
    }
}

/// Sorts a part in its own blocks and drops what repeats: `(dropped line, kept line)`.
fn sort<W: Word>(packing: &Packing, part: &mut Part<W>, scratch: &mut Vec<W>) -> Vec<(u32, u32)> {
    let mut duplicates = Vec::new();
    scratch.clear();
    scratch.extend(part.iter().flatten());
    scratch.sort_unstable();
    scratch.dedup_by(|word, kept| {
        let same = packing.key_of(*word) == packing.key_of(*kept);
        if same {
            duplicates.push((packing.line_of(*word), packing.line_of(*kept)));
        }
        same
    });
    part.truncate(scratch.len().div_ceil(BLOCK));
    for (block, words) in part.iter_mut().zip(scratch.chunks(BLOCK)) {
        block.clear();
        block.extend_from_slice(words);
    }
    duplicates
}
