//! Rows under both their groups: what each group's plan is made from.

use std::ops::Range;

use super::{Row, Rows};

/// Slices that the rows are told in.
const SLICES: usize = 16;
/// A slice is no smaller than this many rows, where there is a choice.
const SMALL_SLICE: usize = 1 << 12;

/// Both ends of every row, as `a` in turn: the rows of some groups at a time, in order of `a`,
/// then `b`, then filter.
///
/// It costs 2 bytes a row and 4 a group, and as much as the rows of a group if that has more.
pub struct BothEnds<'a> {
    rows: &'a Rows,
    /// How many rows each group is an end of.
    counts: Vec<u32>,
    /// Rows of a slice at most, if it is of more than one group.
    room: usize,
    /// The first group of the next slice.
    next: usize,
}

impl<'a> BothEnds<'a> {
    pub(super) fn new(rows: &'a Rows, groups: usize) -> Self {
        let mut counts = vec![0; groups];
        rows.iter().for_each(|row| {
            for end in [row.a, row.b] {
                counts[end.0 as usize] += 1;
            }
        });
        let room = (rows.len() * 2).div_ceil(SLICES).max(SMALL_SLICE);
        Self { rows, counts, room, next: 0 }
    }

    /// The groups of the next slice, and how many rows they have.
    fn advance(&mut self) -> (Range<usize>, usize) {
        let (start, mut taken) = (self.next, 0);
        while let Some(count) = self.counts.get(self.next)
            && (self.next == start || taken + *count as usize <= self.room)
        {
            taken += *count as usize;
            self.next += 1;
        }
        (start..self.next, taken)
    }
}

impl Iterator for BothEnds<'_> {
    type Item = Vec<Row>;

    fn next(&mut self) -> Option<Vec<Row>> {
        let (groups, taken) = self.advance();
        if groups.is_empty() {
            return None;
        }
        let first = u32::try_from(groups.start).unwrap_or(u32::MAX);
        let mut places = starts(&self.counts[groups.clone()]);
        let mut slice = vec![Row::new(0, 0, 0, 0); taken];
        // Those that a group is the larger end of come first: their other ends are smaller.
        self.rows.below(groups.end).for_each(|row| {
            for own in [row, Row { a: row.b, b: row.a, ..row }] {
                let at = own.a.0.checked_sub(first);
                if let Some(place) = at.and_then(|at| places.get_mut(at as usize)) {
                    slice[*place] = own;
                    *place += 1;
                }
            }
        });
        Some(slice)
    }
}

/// Where the rows of each group begin.
fn starts(counts: &[u32]) -> Vec<usize> {
    let end = |end: &mut usize, count: &u32| {
        let start = *end;
        *end += *count as usize;
        Some(start)
    };
    counts.iter().scan(0, end).collect()
}
