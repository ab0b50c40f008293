//! Rows packed into one word each, so that sorting words sorts rows.

use super::Row;
use crate::model::GroupIx;

/// Rows are sorted in as many parts as this many leading bits of their first end tell apart.
const PART_BITS: u32 = 8;
/// Parts are no smaller than this many rows, where there is a choice.
const SMALL_PART: usize = 4096;
/// More parts than this many bits tell apart cost more memory than narrower words save.
const MOST_PART_BITS: u32 = 12;

/// A word that rows are packed into.
pub(super) trait Word: Copy + Ord + Send + Sync {
    /// Numbers of so many bits each, from the most significant one down.
    fn of(fields: [(u32, u32); 4]) -> Self;
    /// The word without its `low` lowest bits.
    fn above(self, low: u32) -> Self;
    /// The lowest `bits` bits, of which there are at most 32.
    fn lowest(self, bits: u32) -> u32;
}

macro_rules! word {
    ($word:ty) => {
        impl Word for $word {
            fn of(fields: [(u32, u32); 4]) -> Self {
                fields.iter().fold(0, |word, (field, bits)| word << bits | Self::from(*field))
            }

            fn above(self, low: u32) -> Self {
                self.unbounded_shr(low)
            }

            #[expect(clippy::cast_possible_truncation, reason = "at most 32 bits are left")]
            fn lowest(self, bits: u32) -> u32 {
                (self & ((1 << bits) - 1)) as u32
            }
        }
    };
}

word!(u64);
word!(u128);

/// How many bits of a word each field of a row has, from the most significant one down. The
/// leading bits of the first end are those of its part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packing {
    /// Leading bits of a group, told by the part.
    part: u32,
    group: u32,
    filter: u32,
    line: u32,
}

impl Packing {
    /// The packing of `rows` rows over so many groups, filters and lines.
    pub(super) fn new(rows: usize, groups: usize, filters: usize, last_line: u32) -> Self {
        let bits = |count: usize| usize::BITS - count.saturating_sub(1).leading_zeros();
        let (group, filter) = (bits(groups), bits(filters));
        let line = u32::BITS - last_line.leading_zeros();
        let wanted = (rows / SMALL_PART).checked_ilog2().unwrap_or(0).min(PART_BITS);
        let whole = 2 * group + filter + line;
        // More parts than wanted, if that makes the word a narrow one.
        let needed = whole.saturating_sub(u64::BITS).max(wanted);
        let part = if wanted == PART_BITS && needed <= MOST_PART_BITS { needed } else { wanted };
        Self { part: part.min(group), group, filter, line }
    }

    /// Whether a row fits into 64 bits.
    pub(super) const fn is_narrow(&self) -> bool {
        2 * self.group - self.part + self.filter + self.line <= u64::BITS
    }

    /// How many parts there are.
    pub(super) const fn parts(&self) -> usize {
        1 << self.part
    }

    /// The part of the rows with this first end.
    pub(super) const fn part_of(&self, group: u32) -> usize {
        (group as usize).unbounded_shr(self.group - self.part)
    }

    /// How many parts have all rows whose first end is below `group`.
    pub(super) fn parts_below(&self, group: usize) -> usize {
        let last = |last| self.part_of(u32::try_from(last).unwrap_or(u32::MAX));
        group.checked_sub(1).map_or(0, last).saturating_add(1)
    }

    /// The word of a row.
    pub(super) fn pack<W: Word>(&self, row: &Row) -> W {
        let own = self.group - self.part;
        let local = u64::from(row.a.0).lowest(own);
        W::of([
            (local, own),
            (row.b.0, self.group),
            (row.filter.into(), self.filter),
            (row.line, self.line),
        ])
    }

    /// The row of a word in `part`.
    #[expect(clippy::cast_possible_truncation, reason = "part and filter are of a row's fields")]
    pub(super) fn unpack<W: Word>(&self, part: usize, word: W) -> Row {
        let (key, own) = (word.above(self.line), self.group - self.part);
        let ends = key.above(self.filter);
        let local = ends.above(self.group).lowest(own);
        Row {
            a: GroupIx((part as u64).unbounded_shl(own) as u32 | local),
            b: GroupIx(ends.lowest(self.group)),
            filter: key.lowest(self.filter) as u16,
            line: word.lowest(self.line),
        }
    }

    /// Whether two words are of rows that repeat each other.
    pub(super) fn is_same<W: Word>(&self, one: W, other: W) -> bool {
        one.above(self.line) == other.above(self.line)
    }

    /// The line of a word.
    pub(super) fn line_of<W: Word>(&self, word: W) -> u32 {
        word.lowest(self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn millions_of_rows_fit_into_64_bits_each() {
        for rows in [5_000_000, 10_000_000, 20_000_000] {
            let packing = Packing::new(rows, 720_000, 8, u32::try_from(rows).expect("small"));
            assert!(packing.is_narrow(), "{packing:?}");
            assert!(packing.parts() <= 4096, "{packing:?}");
        }
        assert!(!Packing::new(5_000_000, 10_000_000, 65_535, 5_000_000).is_narrow());
    }

    #[test]
    fn rows_come_out_as_they_went_in_and_in_their_order() {
        let mut rows = Vec::new();
        for (a, b) in [(0, 1), (0, 4_000_000_000), (77, 78), (3_999_999_999, 4_000_000_000)] {
            for (filter, line) in [(0, 7), (65_534, 1), (65_534, 1 << 30)] {
                rows.push(Row { a: GroupIx(a), b: GroupIx(b), filter, line });
            }
        }
        let packing = Packing::new(1 << 20, 4_000_000_001, 65_535, 1 << 30);
        let packed: Vec<(usize, u128)> =
            rows.iter().map(|row| (packing.part_of(row.a.0), packing.pack(row))).collect();
        assert!(packed.is_sorted());
        let back: Vec<Row> =
            packed.iter().map(|(part, word)| packing.unpack(*part, *word)).collect();
        assert_eq!(back, rows);
    }
}
