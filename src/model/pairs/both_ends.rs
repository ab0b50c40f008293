//! Rows under both their groups: what each group's plan is made from.

use std::iter::Peekable;

use super::{Row, Rows};
use crate::model::GroupIx;

/// Every row twice, once under each end; 8 bytes a row more.
#[derive(Debug)]
pub struct BothEnds<'a> {
    rows: &'a Rows,
    mirrored: Rows,
}

impl<'a> BothEnds<'a> {
    pub(super) fn new(rows: &'a Rows) -> Self {
        Self { rows, mirrored: rows.mirrored() }
    }

    /// `(own end, other end, row)` of every end of every row, sorted by the first two.
    pub fn iter(&self) -> impl Iterator<Item = (GroupIx, GroupIx, Row)> {
        Merged { rows: self.rows.iter().peekable(), mirrored: self.mirrored.iter().peekable() }
    }
}

/// What a group has as the larger end comes first: its peers are smaller, those of the rest larger.
struct Merged<R: Iterator<Item = Row>, M: Iterator<Item = Row>> {
    rows: Peekable<R>,
    mirrored: Peekable<M>,
}

impl<R: Iterator<Item = Row>, M: Iterator<Item = Row>> Iterator for Merged<R, M> {
    type Item = (GroupIx, GroupIx, Row);

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.rows.peek().map(|row| row.a);
        match self.mirrored.next_if(|row| next.is_none_or(|next| row.a <= next)) {
            Some(row) => Some((row.a, row.b, Row { a: row.b, b: row.a, ..row })),
            None => self.rows.next().map(|row| (row.a, row.b, row)),
        }
    }
}
