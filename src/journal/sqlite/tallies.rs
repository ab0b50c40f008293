//! The counts of exchanges.

use rusqlite::Connection;
use serde_json::json;

use super::row::{Row, bulk, get, lane_key, select};
use super::sql;
use super::work::Work;
use crate::journal::chain::canonical;
use crate::journal::{JournalError, Tally};

/// Counts to be added to those of a run.
pub(super) struct TallyOrder {
    pub(super) run_no: i64,
    pub(super) tallies: Vec<Tally>,
}

pub(super) fn add(work: &mut Work<'_>, order: &TallyOrder) -> Result<(), JournalError> {
    let rows = order.tallies.iter().map(|tally| {
        let Tally { lane, action, code, count, retried, throttled, last_ms } = tally;
        let (account, region) = (lane.account.as_str(), lane.region.as_str());
        let (run_no, cloud) = (order.run_no, lane.cloud.as_str());
        (run_no, cloud, account, region, action, code, count, retried, throttled, last_ms)
    });
    bulk(work.conn, sql::TALLY_ADD, rows)?;
    let Some(last) = order.tallies.iter().map(|tally| tally.last_ms).max() else { return Ok(()) };
    let body = canonical(&json!({ "tallies": order.tallies }))?;
    work.record(order.run_no, last, "tallied", None, body)?;
    Ok(())
}

/// The counts of the run `key`, or with [`sql::RECENT`] those since `key`, over all runs.
pub(super) fn list(
    conn: &Connection,
    query: &'static str,
    key: i64,
) -> Result<Vec<Tally>, JournalError> {
    select(conn, query, [key], tally)
}

fn tally(row: &Row<'_>) -> Result<Tally, JournalError> {
    Ok(Tally {
        lane: lane_key(row)?,
        action: get(row, "action")?,
        code: get(row, "code")?,
        count: get(row, "count")?,
        retried: get(row, "retried")?,
        throttled: get(row, "throttled")?,
        last_ms: get(row, "last_ms")?,
    })
}
