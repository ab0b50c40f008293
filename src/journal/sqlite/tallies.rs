//! The counts of exchanges.

use serde_json::json;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::row::{bulk_of, get, lane_key, refused};
use super::sql;
use super::work::Work;
use crate::journal::chain::canonical;
use crate::journal::{JournalError, Tally};

/// Counts to be added to those of a run.
pub(super) struct TallyOrder {
    pub(super) run_no: i64,
    pub(super) tallies: Vec<Tally>,
}

pub(super) async fn add(work: &mut Work<'_>, order: &TallyOrder) -> Result<(), JournalError> {
    let rows: Vec<_> = order
        .tallies
        .iter()
        .map(|tally| {
            (
                tally.lane.cloud,
                &tally.lane.account,
                &tally.lane.region,
                &tally.action,
                &tally.code,
                tally.count,
                tally.retried,
                tally.throttled,
                tally.last_ms,
            )
        })
        .collect();
    bulk_of(work.conn, sql::TALLY_ADD, order.run_no, &rows).await?;
    let Some(last) = order.tallies.iter().map(|tally| tally.last_ms).max() else { return Ok(()) };
    let body = canonical(&json!({ "tallies": order.tallies }))?;
    work.record(order.run_no, last, "tallied", None, body).await?;
    Ok(())
}

/// The counts of the run `key`, or with [`sql::RECENT`] those since `key`, over all runs.
pub(super) async fn list(
    conn: &mut SqliteConnection,
    query: &'static str,
    key: i64,
) -> Result<Vec<Tally>, JournalError> {
    let rows = sqlx::query(query).bind(key).fetch_all(conn).await;
    rows.map_err(|error| refused(&error))?.iter().map(tally).collect()
}

fn tally(row: &SqliteRow) -> Result<Tally, JournalError> {
    Ok(Tally {
        lane: lane_key(row, "")?,
        action: get(row, "action")?,
        code: get(row, "code")?,
        count: get(row, "count")?,
        retried: get(row, "retried")?,
        throttled: get(row, "throttled")?,
        last_ms: get(row, "last_ms")?,
    })
}
