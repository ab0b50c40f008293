//! How much of a list a page shows: what is longer nobody reads, and no browser opens.

use std::io::Write;

use super::markup::html;
use crate::report::ReportError;
use crate::report::text::thousands;

/// Rows of one table.
const ROWS: usize = 1_000;
/// Bytes of one table, unless its first row alone has more: notes and reasons may be long.
const BYTES: usize = 2_000_000;

/// The room that is left in a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    rows: usize,
    bytes: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { rows: ROWS, bytes: BYTES }
    }
}

impl Room {
    /// Whether another row may be shown.
    pub(super) const fn is_left(self) -> bool {
        self.rows > 0 && self.bytes > 0
    }

    /// Takes the room of a row.
    pub(super) fn take(&mut self, row: &str) {
        self.rows = self.rows.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(row.len());
    }
}

/// `…and 3 more:`, with the command that writes them all; nothing if there are none.
pub(super) fn write_rest(rest: u64, command: &str, out: &mut dyn Write) -> Result<(), ReportError> {
    if rest > 0 {
        let (rest, command) = (thousands(rest), html(command));
        writeln!(out, "<p>…and {rest} more, all of them by <code>{command}</code></p>")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_ends_by_rows_or_by_bytes_whichever_comes_first() {
        let fits = |row: &str| {
            let (mut room, mut count) = (Room::default(), 0);
            while room.is_left() {
                room.take(row);
                count += 1;
            }
            count
        };
        assert_eq!(fits("short"), ROWS);
        assert_eq!(fits(&"x".repeat(BYTES / 10)), 10);
        assert_eq!(fits(&"x".repeat(2 * BYTES)), 1);
    }
}
