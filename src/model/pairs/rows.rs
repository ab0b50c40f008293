//! The distinct rows of a plan: sorted in parts, in parallel, at 8 bytes a row.

use std::fmt;

use rayon::prelude::*;

use super::numbering::Numbering;
use super::packing::Packing;
use super::sorted::Sorted;
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
        let (table, mut duplicates) = if packing.is_narrow() {
            let (parts, duplicates) = Sorted::new(packing, drafts, numbering);
            (Table::Narrow(parts), duplicates)
        } else {
            let (parts, duplicates) = Sorted::new(packing, drafts, numbering);
            (Table::Wide(parts), duplicates)
        };
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
        self.below(usize::MAX)
    }

    /// Every row whose smaller end is below `group`, in order, and perhaps some that follow.
    pub(super) fn below(&self, group: usize) -> impl Iterator<Item = Row> {
        let (narrow, wide) = match &self.0 {
            Table::Narrow(parts) => (Some(parts.below(group)), None),
            Table::Wide(parts) => (None, Some(parts.below(group))),
        };
        narrow.into_iter().flatten().chain(wide.into_iter().flatten())
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
