//! The counts of exchanges.

use rusqlite::Connection;

use super::row::{get, lane_key, select};
use crate::journal::{JournalError, Tally};

/// The counts of the run `key`, or with [`RECENT`](super::sql::RECENT) those since `key`, over all
/// runs.
pub(super) fn list(
    conn: &Connection,
    query: &'static str,
    key: i64,
) -> Result<Vec<Tally>, JournalError> {
    select(conn, query, [key], |row| {
        Ok(Tally {
            lane: lane_key(row)?,
            action: get(row, "action")?,
            code: get(row, "code")?,
            count: get(row, "count")?,
            retried: get(row, "retried")?,
            throttled: get(row, "throttled")?,
            last_ms: get(row, "last_ms")?,
        })
    })
}
