//! Rows sorted in parts, in parallel, in the memory that held them before.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::numbering::Numbering;
use super::packing::{Packing, Word};
use super::{Draft, Row};

/// Words of a block: parts grow by blocks, so that growing moves nothing.
const BLOCK: usize = 1024;
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
    /// Deals the rows of all drafts out to their parts, and sorts these. A draft is let go of once
    /// it is read: its memory becomes that of blocks.
    pub(super) fn new<G: Fn(u32) -> u32 + Sync>(
        packing: Packing,
        drafts: Vec<Draft>,
        numbering: &Numbering<'_, G>,
    ) -> (Self, Vec<(u32, u32)>) {
        let workers = rayon::current_num_threads().min(SORTERS).min(drafts.len());
        let queue = Mutex::new(drafts.into_iter());
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        let deal = |_| {
            let mut parts: Vec<Part<W>> = vec![Vec::new(); packing.parts()];
            while let Some(draft) = next() {
                numbering.read(&draft).for_each(|row| put(&packing, &mut parts, &row));
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

    /// The rows of every part that has rows whose first end is below `group`, in order.
    pub(super) fn below(&self, group: usize) -> impl Iterator<Item = Row> {
        let parts = self.parts.iter().take(self.packing.parts_below(group)).enumerate();
        parts.flat_map(move |(part, blocks)| {
            blocks.iter().flatten().map(move |word| self.packing.unpack(part, *word))
        })
    }
}

/// Adds a row to its part.
fn put<W: Word>(packing: &Packing, parts: &mut [Part<W>], row: &Row) {
    let part = &mut parts[packing.part_of(row.a.0)];
    match part.last_mut() {
        Some(block) if block.len() < BLOCK => block.push(packing.pack(row)),
        _ => {
            let mut block = Vec::with_capacity(BLOCK);
            block.push(packing.pack(row));
            part.push(block);
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
        let same = packing.is_same(*word, *kept);
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
