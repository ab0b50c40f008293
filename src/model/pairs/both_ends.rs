//! Rows under both their groups: what each group's plan is made from.

use std::iter::Peekable;
use std::ops::Range;

use super::{Row, Rows};
use crate::model::GroupIx;

/// Slices of the groups, of which the rows of one at a time are sorted by their larger end.
const SLICES: u32 = 8;

type RowIter<'a> = Peekable<Box<dyn Iterator<Item = Row> + Send + 'a>>;

/// `(own end, other end, row)` of both ends of every row, sorted by the first two.
///
/// It costs about a byte a row: those that a group has as the larger end are gathered slice by
/// slice.
pub struct BothEnds<'a> {
    all: &'a Rows,
    groups: u32,
    /// Rows by their smaller end.
    rows: RowIter<'a>,
    /// The slice at hand, and its rows by their larger end.
    slice: Range<u32>,
    mirrored: RowIter<'a>,
}

impl<'a> BothEnds<'a> {
    pub(super) fn new(all: &'a Rows, groups: usize) -> Self {
        let groups = u32::try_from(groups).unwrap_or(u32::MAX);
        let rows: Box<dyn Iterator<Item = Row> + Send> = Box::new(all.iter());
        let none: Box<dyn Iterator<Item = Row> + Send> = Box::new(std::iter::empty());
        Self { all, groups, rows: rows.peekable(), slice: 0..0, mirrored: none.peekable() }
    }

    /// Takes up the next slice; false after the last.
    fn advance(&mut self) -> bool {
        let start = self.slice.end;
        let end = start.saturating_add(self.groups.div_ceil(SLICES)).min(self.groups);
        self.slice = start..end;
        let mirrored: Box<dyn Iterator<Item = Row> + Send> =
            Box::new(self.all.mirrored(self.slice.clone()).into_rows());
        self.mirrored = mirrored.peekable();
        start < end
    }
}

impl Iterator for BothEnds<'_> {
    type Item = (GroupIx, GroupIx, Row);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            // What a group has as the larger end comes first: those peers are smaller than it.
            let next = self.rows.peek().map(|row| row.a).filter(|a| a.0 < self.slice.end);
            let is_due = |row: &Row| next.is_none_or(|next| row.a <= next);
            if let Some(row) = self.mirrored.next_if(is_due) {
                return Some((row.a, row.b, Row { a: row.b, b: row.a, ..row }));
            }
            if next.is_some() {
                return self.rows.next().map(|row| (row.a, row.b, row));
            }
            if !self.advance() {
                return None;
            }
        }
    }
}
