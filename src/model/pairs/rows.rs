//! The distinct rows of a plan: sorted in parts, in parallel, at 8 bytes a row.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::packing::{Packing, Word};
use super::{Draft, Row};

/// Words of a block: parts grow by blocks, so that growing moves nothing.
const BLOCK: usize = 1024;
/// Threads that sort at once: each holds a block of every part.
const SORTERS: usize = 8;

/// The rows of one part, in blocks that are full but for the last.
type Part<W> = Vec<Vec<W>>;

/// Every distinct row, sorted by `(a, b, filter)`.
#[derive(Clone)]
pub struct Rows(Table);

#[derive(Clone)]
enum Table {
    /// Rows of up to 64 bits: nearly always.
    Narrow(Parts<u64>),
    Wide(Parts<u128>),
}

#[derive(Clone)]
struct Parts<W> {
    packing: Packing,
    parts: Vec<Part<W>>,
    len: usize,
}

/// What the numbers of drafts mean in a set.
pub(super) struct Numbering<'a, G> {
    /// The place of a group.
    pub(super) group: G,
    /// How many groups there are.
    pub(super) groups: usize,
    /// The place of each filter.
    pub(super) filter: &'a [u16],
}

impl Rows {
    /// The distinct rows of `drafts`, and `(dropped line, kept line)` of each that repeats or
    /// mirrors another: the lowest line stands for all.
    pub(super) fn build<G: Fn(u32) -> u32 + Sync>(
        drafts: Vec<Draft>,
        numbering: &Numbering<'_, G>,
    ) -> (Self, Vec<(u32, u32)>) {
        let rows = drafts.iter().map(Draft::len).sum();
        let last_line = drafts.iter().map(Draft::last_line).max().unwrap_or(0);
        let packing = Packing::new(rows, numbering.groups, numbering.filter.len(), last_line);
        let read = |draft: Draft, take: &mut dyn FnMut(&[Row])| numbering.read(&draft, take);
        let (table, mut duplicates) = Table::new(packing, drafts, read);
        duplicates.par_sort_unstable();
        (Self(table), duplicates)
    }

    /// The distinct rows of a draft that numbers groups and filters as the set does.
    pub fn numbered(draft: Draft, groups: usize, filters: usize) -> (Self, Vec<(u32, u32)>) {
        let filter: Vec<u16> = (0..=u16::MAX).take(filters).collect();
        Self::build(vec![draft], &Numbering { group: |ix| ix, groups, filter: &filter })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Table::Narrow(parts) => parts.len,
            Table::Wide(parts) => parts.len,
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every row, in order.
    pub fn iter(&self) -> impl Iterator<Item = Row> {
        let (narrow, wide) = match &self.0 {
            Table::Narrow(parts) => (Some(parts.iter()), None),
            Table::Wide(parts) => (None, Some(parts.iter())),
        };
        narrow.into_iter().flatten().chain(wide.into_iter().flatten())
    }

    /// The same rows from their other ends: `a` and `b` change places.
    pub(super) fn mirrored(&self) -> Self {
        Self(match &self.0 {
            Table::Narrow(parts) => parts.mirrored(),
            Table::Wide(parts) => parts.mirrored(),
        })
    }
}

impl<G: Fn(u32) -> u32> Numbering<'_, G> {
    /// Gives the rows of a draft with their final numbers, some at a time.
    fn read(&self, draft: &Draft, take: &mut dyn FnMut(&[Row])) {
        let mut rows = Vec::with_capacity(BLOCK);
        for (run, ends) in draft.runs() {
            let filter = self.filter[run.filter as usize];
            for (some, first) in ends.chunks(BLOCK).zip((run.line..).step_by(BLOCK)) {
                rows.clear();
                rows.extend(some.iter().zip(first..).map(|(ends, line)| {
                    let [one, other] = ends.map(&self.group);
                    Row::new(one, other, filter, line)
                }));
                take(&rows);
            }
        }
    }
}

impl Table {
    fn new<U: Send>(
        packing: Packing,
        units: Vec<U>,
        read: impl Fn(U, &mut dyn FnMut(&[Row])) + Sync,
    ) -> (Self, Vec<(u32, u32)>) {
        if packing.is_narrow() {
            let (parts, duplicates) = Parts::new(packing, units, read);
            (Self::Narrow(parts), duplicates)
        } else {
            let (parts, duplicates) = Parts::new(packing, units, read);
            (Self::Wide(parts), duplicates)
        }
    }
}

impl<W: Word> Parts<W> {
    /// Deals the rows of all units out to their parts, and sorts these. A unit is let go of once
    /// it is read: its memory becomes that of blocks.
    fn new<U: Send>(
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
                read(unit, &mut |rows| rows.iter().for_each(|row| put(&packing, &mut parts, row)));
            }
            parts
        };
        let mut dealt: Vec<Vec<Part<W>>> = (0..workers).into_par_iter().map(deal).collect();
        let mut parts = dealt.pop().unwrap_or_default();
        for other in dealt {
            parts.iter_mut().zip(other).for_each(|(part, more)| part.extend(more));
        }
        let sorted = parts.par_iter_mut().map_init(Vec::new, |scratch, part| {
            sort(&packing, part, scratch)
        });
        let duplicates = sorted.collect::<Vec<_>>().concat();
        let len = parts.iter().flatten().map(Vec::len).sum();
        (Self { packing, parts, len }, duplicates)
    }

    fn iter(&self) -> impl Iterator<Item = Row> {
        (0..self.parts.len()).flat_map(|part| self.part(part))
    }

    fn part(&self, part: usize) -> impl Iterator<Item = Row> {
        self.parts[part].iter().flatten().map(move |word| self.packing.unpack(part, *word))
    }

    fn mirrored(&self) -> Table {
        let units = (0..self.parts.len()).collect();
        let read = |part: usize, take: &mut dyn FnMut(&[Row])| {
            for block in &self.parts[part] {
                let rows: Vec<Row> = block
                    .iter()
                    .map(|word| self.packing.unpack(part, *word))
                    .map(|row| Row { a: row.b, b: row.a, ..row })
                    .collect();
                take(&rows);
            }
        };
        Table::new(self.packing, units, read).0
    }
}

/// Adds a row to its part.
fn put<W: Word>(packing: &Packing, parts: &mut [Part<W>], row: &Row) {
    let part = &mut parts[packing.part_of(row)];
    let word = packing.pack(row);
    match part.last_mut() {
        Some(block) if block.len() < BLOCK => block.push(word),
        _ => {
            let mut block = Vec::with_capacity(BLOCK);
            block.push(word);
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

impl Default for Rows {
    fn default() -> Self {
        let packing = Packing::new(0, 0, 0, 0);
        Self(Table::Narrow(Parts { packing, parts: Vec::new(), len: 0 }))
    }
}

impl PartialEq for Rows {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Eq for Rows {}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
