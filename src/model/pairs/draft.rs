//! Rows as they are read: the ends of each, lines and filters of many at once.

/// Rows in the order of their lines, before they are sorted: 8 bytes each, because neighbours
/// mostly stand on neighbouring lines and ask for the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    ends: Vec<[u32; 2]>,
    runs: Vec<Run>,
}

/// Rows that follow each other line by line and share a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Index of the first row.
    from: usize,
    /// Line of the first row, 1-based.
    pub line: u32,
    /// The filter of all, by a number of any kind.
    pub filter: u32,
}

impl Draft {
    /// A draft with room for `rows` rows.
    pub fn with_capacity(rows: usize) -> Self {
        Self { ends: Vec::with_capacity(rows), runs: Vec::new() }
    }

    /// Adds a row by the numbers of its groups and of its filter.
    pub fn push(&mut self, ends: [u32; 2], filter: u32, line: u32) {
        let at = self.ends.len();
        let follows = self.runs.last().is_some_and(|run| {
            run.filter == filter && u32::try_from(at - run.from) == Ok(line.wrapping_sub(run.line))
        });
        if !follows {
            self.runs.push(Run { from: at, line, filter });
        }
        self.ends.push(ends);
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The runs, each with the ends of its rows.
    pub fn runs(&self) -> impl Iterator<Item = (Run, &[[u32; 2]])> {
        let ends = self.runs.iter().skip(1).map(|run| run.from).chain([self.ends.len()]);
        self.runs.iter().zip(ends).map(|(run, end)| (*run, &self.ends[run.from..end]))
    }

    /// Changes lines and filters, run by run.
    pub fn runs_mut(&mut self) -> impl Iterator<Item = &mut Run> {
        self.runs.iter_mut()
    }

    /// The numbers of all groups, one row after the other.
    pub fn ends_mut(&mut self) -> &mut [[u32; 2]] {
        &mut self.ends
    }

    /// Lets go of room for more rows.
    pub fn shrink(&mut self) {
        self.ends.shrink_to_fit();
        self.runs.shrink_to_fit();
    }

    /// The highest line, 0 without rows.
    pub(super) fn last_line(&self) -> u32 {
        let last = |(run, ends): (Run, &[_])| {
            run.line + u32::try_from(ends.len()).unwrap_or(u32::MAX).saturating_sub(1)
        };
        self.runs().map(last).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_with_one_filter_share_a_run() {
        let mut draft = Draft::default();
        for (filter, line) in [(0, 2), (0, 3), (1, 4), (1, 6), (1, 7)] {
            draft.push([line, line + 1], filter, line);
        }
        let told: Vec<_> = draft.runs().map(|(run, ends)| (run.line, run.filter, ends.len())).collect();
        assert_eq!(told, [(2, 0, 2), (4, 1, 1), (6, 1, 2)]);
        assert_eq!((draft.len(), draft.last_line()), (5, 7));
    }
}
