//! Rows as they are read: the ends of each, lines and filters at hardly any cost.

use std::collections::HashMap;

/// Filters up to which a plain search is as fast as a map.
const FEW: usize = 32;

/// Rows in the order of their lines, before they are sorted: 8 bytes each, because neighbours
/// mostly stand on neighbouring lines, and a byte more where they ask for
/// different things.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    ends: Vec<[u32; 2]>,
    /// Where rows stop to stand on neighbouring lines: index and line of the row.
    runs: Vec<(usize, u32)>,
    /// Distinct filters, in the order of the rows that first ask for them.
    filters: Vec<u32>,
    /// The filter of each row, a place in `filters`: its lower and its higher byte, each list
    /// empty while all its bytes are 0.
    asked: [Vec<u8>; 2],
    /// The places of filters, once there are more than a few.
    places: HashMap<u32, u16>,
}

impl Draft {
    /// A draft with room for `rows` rows.
    pub fn with_capacity(rows: usize) -> Self {
        Self { ends: Vec::with_capacity(rows), ..Self::default() }
    }

    /// Adds a row by the numbers of its groups and of its filter, which may be of any kind.
    ///
    /// # Panics
    /// If rows ask for more than 65,536 filters.
    pub fn push(&mut self, ends: [u32; 2], filter: u32, line: u32) {
        let at = self.ends.len();
        let follows = self.runs.last().is_some_and(|(from, first)| {
            line.checked_sub(*first).is_some_and(|n| n as usize == at - from)
        });
        if !follows {
            self.runs.push((at, line));
        }
        let place = self.place(filter).to_le_bytes();
        for (asked, byte) in self.asked.iter_mut().zip(place) {
            if byte != 0 || !asked.is_empty() {
                asked.resize(at, 0);
                asked.push(byte);
            }
        }
        self.ends.push(ends);
    }

    /// The place of a filter, which is added if it is new.
    fn place(&mut self, filter: u32) -> u16 {
        let known = if self.filters.len() <= FEW {
            let at = self.filters.iter().position(|known| *known == filter);
            at.and_then(|at| u16::try_from(at).ok())
        } else {
            self.places.get(&filter).copied()
        };
        known.unwrap_or_else(|| {
            let place =
                u16::try_from(self.filters.len()).expect("no more filters than rows number");
            self.filters.push(filter);
            if self.filters.len() == FEW + 1 {
                self.places.extend(self.filters.iter().copied().zip(0..));
            } else if self.filters.len() > FEW {
                self.places.insert(filter, place);
            }
            place
        })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Every row: its groups, its filter, its line.
    pub fn iter(&self) -> impl Iterator<Item = ([u32; 2], u32, u32)> {
        let [low, high] =
            self.asked.each_ref().map(|asked| asked.iter().copied().chain(std::iter::repeat(0)));
        let filters =
            low.zip(high).map(|bytes| self.filters[usize::from(u16::from_le_bytes(bytes.into()))]);
        self.ends
            .iter()
            .zip(filters)
            .zip(self.lines())
            .map(|((ends, filter), line)| (*ends, filter, line))
    }

    /// The line of every row.
    fn lines(&self) -> impl Iterator<Item = u32> {
        let ends = self.runs.iter().skip(1).map(|run| run.0).chain([self.ends.len()]);
        self.runs.iter().zip(ends).flat_map(|((from, line), end)| (*line..).take(end - from))
    }

    /// The numbers of the groups of every row.
    pub fn ends(&self) -> &[[u32; 2]] {
        &self.ends
    }

    /// Replaces the numbers of the groups of every row.
    pub fn ends_mut(&mut self) -> &mut [[u32; 2]] {
        &mut self.ends
    }

    /// Replaces the numbers of filters, which are distinct and stay so; in the order of the rows
    /// that first ask for them.
    pub fn filters_mut(&mut self) -> &mut [u32] {
        &mut self.filters
    }

    /// Counts lines from `before` lines earlier on.
    pub fn move_lines(&mut self, before: u32) {
        self.runs.iter_mut().for_each(|(_, line)| *line += before);
    }

    /// Lets go of what only more rows would need.
    pub fn close(&mut self) {
        self.ends.shrink_to_fit();
        self.asked.iter_mut().for_each(Vec::shrink_to_fit);
        self.runs.shrink_to_fit();
        self.places = HashMap::new();
    }

    /// The highest line, 0 without rows.
    pub(super) fn last_line(&self) -> u32 {
        let ends = self.runs.iter().skip(1).map(|run| run.0).chain([self.ends.len()]);
        let last = |((from, line), end): (&(usize, u32), usize)| {
            line + u32::try_from(end - from).unwrap_or(u32::MAX).saturating_sub(1)
        };
        self.runs.iter().zip(ends).map(last).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_out_as_they_went_in() {
        for filters in [1, 2, 40, 300] {
            let rows: Vec<_> =
                (0..1000_u32).map(|at| ([at, at + 1], 7 * (at % filters), at + at / 50)).collect();
            let mut draft = Draft::with_capacity(3);
            for (ends, filter, line) in &rows {
                draft.push(*ends, *filter, *line);
            }
            draft.close();
            assert_eq!(draft.iter().collect::<Vec<_>>(), rows);
            assert_eq!((draft.len(), draft.last_line()), (1000, 999 + 19));
        }
    }

    #[test]
    fn a_filter_that_comes_late_is_not_that_of_the_rows_before() {
        let mut draft = Draft::default();
        for (filter, line) in [(3, 9), (3, 10), (5, 4), (3, 5)] {
            draft.push([0, 1], filter, line);
        }
        let told: Vec<_> = draft.iter().map(|(_, filter, line)| (filter, line)).collect();
        assert_eq!(told, [(3, 9), (3, 10), (5, 4), (3, 5)]);
        assert_eq!(draft.last_line(), 10);
    }
}
