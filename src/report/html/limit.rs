//! How much of a list a page shows: what is longer nobody reads, and no browser opens.

use super::markup::code;
use crate::report::text::thousands;

/// Rows of one table.
const ROWS: usize = 1_000;
/// Bytes of one table, unless its first row alone has more: notes and reasons may be long.
const BYTES: usize = 900_000;

/// How much more a table may show.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    rows: usize,
    bytes: usize,
}

impl Default for Limit {
    fn default() -> Self {
        Self { rows: ROWS, bytes: BYTES }
    }
}

impl Limit {
    /// Whether another row may be shown.
    pub(super) const fn is_left(self) -> bool {
        self.rows > 0 && self.bytes > 0
    }

    /// Counts a row that is shown.
    pub(super) fn take(&mut self, row: &str) {
        self.rows = self.rows.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(row.len());
    }
}

/// The first items of one kind, as many as a table may show, each with its manifest line.
#[derive(Debug, Default)]
pub(super) struct Listed {
    items: Vec<(u32, String)>,
    limit: Limit,
    total: u64,
}

impl Listed {
    /// Counts an item, and keeps it if it may still be shown.
    pub(super) fn add(&mut self, line: u32, item: impl FnOnce() -> String) {
        self.total += 1;
        if self.limit.is_left() {
            let item = item();
            self.limit.take(&item);
            self.items.push((line, item));
        }
    }
}

/// The items of several kinds in one table, and how many it leaves out.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// Manifest lines of what is shown.
    pub(super) lines: Vec<u32>,
    /// The items, one after the other.
    pub(super) items: String,
    /// All items, those that are left out too.
    pub(super) total: u64,
}

impl Shown {
    /// Takes the items of `kinds`, in this order, while one table may show more.
    pub(super) fn of<'a>(kinds: impl IntoIterator<Item = &'a Listed>) -> Self {
        let (mut shown, mut limit) = (Self::default(), Limit::default());
        for kind in kinds {
            shown.total += kind.total;
            for (line, item) in &kind.items {
                if limit.is_left() {
                    limit.take(item);
                    shown.lines.push(*line);
                    shown.items.push_str(item);
                }
            }
        }
        shown
    }

    /// What tells of the items that are left out, and where they are; nothing if there are none.
    pub(super) fn rest(&self, command: &str) -> String {
        rest(self.total - self.lines.len() as u64, Some(command))
    }
}

/// `…and 3 more`, with the command that writes them all, if there is one; nothing if `rest` is none.
pub(super) fn rest(rest: u64, command: Option<&str>) -> String {
    let n = thousands(rest);
    match (rest, command) {
        (0, _) => String::new(),
        (_, Some(command)) => format!("<p>…and {n} more, all of them by {}</p>\n", code(command)),
        (_, None) => format!("<p>…and {n} more</p>\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_ends_by_rows_or_by_bytes_whichever_comes_first() {
        let fits = |row: &str| {
            let mut listed = Listed::default();
            (0..2 * ROWS).for_each(|_| listed.add(1, || row.to_owned()));
            let shown = Shown::of([&listed]);
            assert_eq!(shown.total, 2 * ROWS as u64);
            shown.lines.len()
        };
        assert_eq!(fits("short"), ROWS);
        assert_eq!(fits(&"x".repeat(BYTES / 10)), 10);
        assert_eq!(fits(&"x".repeat(2 * BYTES)), 1);
    }

    #[test]
    fn the_first_kind_goes_before_the_next_and_the_rest_is_counted() {
        let (mut worst, mut other) = (Listed::default(), Listed::default());
        (0..2 * ROWS).for_each(|_| other.add(2, || "other".to_owned()));
        worst.add(1, || "worst".to_owned());
        let shown = Shown::of([&worst, &other]);
        assert!(shown.items.starts_with("worstother"));
        assert!(shown.rest("see").contains("…and 1,001 more, all of them by <code>see</code>"));
    }
}
