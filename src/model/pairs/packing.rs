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
    /// The low bits of `wide`.
    fn narrow(wide: u128) -> Self;
    /// The word with leading zeros.
    fn wide(self) -> u128;
}

impl Word for u64 {
    #[expect(clippy::cast_possible_truncation, reason = "a packing is chosen that fits")]
    fn narrow(wide: u128) -> Self {
        wide as Self
    }

    fn wide(self) -> u128 {
        self.into()
    }
}

impl Word for u128 {
    fn narrow(wide: u128) -> Self {
        wide
    }

    fn wide(self) -> u128 {
        self
    }
}

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

    /// The part of a row.
    pub(super) const fn part_of(&self, row: &Row) -> usize {
        (row.a.0 as usize).unbounded_shr(self.group - self.part)
    }

    /// The word of a row.
    pub(super) fn pack<W: Word>(&self, row: &Row) -> W {
        let local = u128::from(row.a.0) & mask(self.group - self.part);
        let ends = local << self.group | u128::from(row.b.0);
        W::narrow(
            (ends << self.filter | u128::from(row.filter)) << self.line | u128::from(row.line),
        )
    }

    /// The row of a word in `part`.
    #[expect(clippy::cast_possible_truncation, reason = "each field is masked to its bits")]
    pub(super) fn unpack<W: Word>(&self, part: usize, word: W) -> Row {
        let word = word.wide();
        let rest = word >> self.line;
        let ends = rest >> self.filter;
        let local = (ends >> self.group) as u64;
        Row {
            a: GroupIx(((part as u64) << (self.group - self.part) | local) as u32),
            b: GroupIx((ends & mask(self.group)) as u32),
            filter: (rest & mask(self.filter)) as u16,
            line: Self::line_of(self, word),
        }
    }

    /// What is equal for rows that repeat each other.
    pub(super) fn key_of<W: Word>(&self, word: W) -> u128 {
        word.wide() >> self.line
    }

    /// The line of a word.
    #[expect(clippy::cast_possible_truncation, reason = "a line has at most 32 bits")]
    pub(super) fn line_of<W: Word>(&self, word: W) -> u32 {
        (word.wide() & mask(self.line)) as u32
    }
}

const fn mask(bits: u32) -> u128 {
    (1 << bits) - 1
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
            rows.iter().map(|row| (packing.part_of(row), packing.pack(row))).collect();
        assert!(packed.is_sorted());
        let back: Vec<Row> =
            packed.iter().map(|(part, word)| packing.unpack(*part, *word)).collect();
        assert_eq!(back, rows);
    }
}
