//! The distinct rows of a plan: sorted in parts, in parallel, at 8 bytes a row.

use std::fmt;
use std::ops::Range;

use rayon::prelude::*;

use super::packing::{Packing, Word};
use super::sorted::{BLOCK, Sorted};
use super::{Draft, Row};

/// Every distinct row, sorted by `(a, b, filter)`.
#[derive(Clone)]
pub struct Rows(Table);

#[derive(Clone)]
enum Table {
    /// Rows of up to 64 bits: nearly always.
    Narrow(Sorted<u64>),
    Wide(Sorted<u128>),
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

    /// The rows whose larger end is in `range`, by that end: `a` and `b` change places.
    pub(super) fn mirrored(&self, range: Range<u32>) -> Self {
        Self(match &self.0 {
            Table::Narrow(rows) => rows.mirrored(&range),
            Table::Wide(rows) => rows.mirrored(&range),
        })
    }

    /// Every row, in order; memory is let go of as they are taken.
    pub(super) fn into_rows(self) -> impl Iterator<Item = Row> + Send {
        let (narrow, wide) = match self.0 {
            Table::Narrow(rows) => (Some(rows.into_rows()), None),
            Table::Wide(rows) => (None, Some(rows.into_rows())),
        };
        narrow.into_iter().flatten().chain(wide.into_iter().flatten())
    }
}

impl<G: Fn(u32) -> u32> Numbering<'_, G> {
    /// Gives the rows of a draft with their final numbers, some at a time.
    fn read(&self, draft: &Draft, take: &mut dyn FnMut(&[Row])) {
        let mut rows = draft.iter().map(|(ends, filter, line)| {
            let [one, other] = ends.map(&self.group);
            Row::new(one, other, self.filter[filter as usize], line)
        });
        let mut some = Vec::with_capacity(BLOCK);
        loop {
            some.clear();
            some.extend(rows.by_ref().take(BLOCK));
            if some.is_empty() {
                return;
            }
            take(&some);
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
            let (parts, duplicates) = Sorted::new(packing, units, read);
            (Self::Narrow(parts), duplicates)
        } else {
            let (parts, duplicates) = Sorted::new(packing, units, read);
            (Self::Wide(parts), duplicates)
        }
    }
}

impl<W: Word> Sorted<W> {
    fn mirrored(&self, range: &Range<u32>) -> Table {
        let units = (0..self.parts.len()).collect();
        let read = |part: usize, take: &mut dyn FnMut(&[Row])| {
            for block in &self.parts[part] {
                let rows: Vec<Row> = block
                    .iter()
                    .map(|word| self.packing.unpack(part, *word))
                    .filter(|row| range.contains(&row.b.0))
                    .map(|row| Row { a: row.b, b: row.a, ..row })
                    .collect();
                take(&rows);
            }
        };
        Table::new(self.packing, units, read).0
    }
}

impl Default for Rows {
    fn default() -> Self {
        let packing = Packing::new(0, 0, 0, 0);
        Self(Table::Narrow(Sorted { packing, parts: Vec::new(), len: 0 }))
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
