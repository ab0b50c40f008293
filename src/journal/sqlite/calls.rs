//! Calls with the members that they are about.

use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::row::{get, parse, refused, status};
use super::sql;
use super::steps::model_word;
use crate::journal::{CallId, CallRecord, JournalError, Lane, OpenCounts};
use crate::model::{GroupIx, Revocation, RevocationId};

/// Up to `limit` calls of a lane that are not closed, from `from` on, with their pending members.
pub(super) async fn open(
    conn: &mut SqliteConnection,
    run_no: i64,
    lane: &Lane,
    from: CallId,
    limit: u32,
) -> Result<Vec<CallRecord>, JournalError> {
    let rows = sqlx::query(sql::OPEN_CALLS)
        .bind(run_no)
        .bind(lane.ix)
        .bind(from.0.cast_signed())
        .bind(lane.first.0)
        .bind(lane.first.0.saturating_add(lane.groups))
        .bind(limit)
        .fetch_all(conn)
        .await
        .map_err(|error| refused(&error))?;
    gathered(&rows)
}

/// How much of a lane is not closed.
pub(super) async fn open_counts(
    conn: &mut SqliteConnection,
    run_no: i64,
    lane: &Lane,
) -> Result<OpenCounts, JournalError> {
    let row = sqlx::query(sql::OPEN_COUNTS).bind(run_no).bind(lane.ix).fetch_one(conn).await;
    let row = row.map_err(|error| refused(&error))?;
    Ok(OpenCounts {
        ingress: get(&row, "ingress")?,
        egress: get(&row, "egress")?,
        groups: get(&row, "groups")?,
        rules: get(&row, "rules")?,
    })
}

/// One call: while it is open with its pending members, then with those that are not settled.
pub(super) async fn one(
    conn: &mut SqliteConnection,
    run_no: i64,
    call: CallId,
) -> Result<CallRecord, JournalError> {
    let rows = sqlx::query(sql::ONE_CALL)
        .bind(run_no)
        .bind(call.0.cast_signed())
        .fetch_all(conn)
        .await
        .map_err(|error| refused(&error))?;
    let mut calls = gathered(&rows)?;
    calls.pop().ok_or_else(|| JournalError::Damaged(format!("the run has no call {}", call.0)))
}

/// One record a call, from one row a member.
fn gathered(rows: &[SqliteRow]) -> Result<Vec<CallRecord>, JournalError> {
    let mut calls: Vec<CallRecord> = Vec::new();
    for row in rows {
        let id = CallId(get(row, "id")?);
        if calls.last().is_none_or(|call| call.id != id) {
            calls.push(record(row, id)?);
        }
        let member: Option<u64> = get(row, "member")?;
        if let (Some(member), Some(call)) = (member, calls.last_mut()) {
            call.members.push((RevocationId(member), revocation(row, call.group)?));
        }
    }
    Ok(calls)
}

fn record(row: &SqliteRow, id: CallId) -> Result<CallRecord, JournalError> {
    Ok(CallRecord {
        id,
        group: GroupIx(get(row, "grp")?),
        group_id: get::<&str>(row, "group_id")?.into(),
        direction: model_word(get(row, "direction")?)?,
        form: model_word(get(row, "form")?)?,
        status: status(row)?,
        first_sent_ms: get(row, "first_sent_ms")?,
        reply_lost: get(row, "reply_lost")?,
        accepted: get(row, "accepted")?,
        members: Vec::new(),
    })
}

/// A revocation of `group`, from the columns `peer`, `line` and `rule`.
pub(super) fn revocation(row: &SqliteRow, group: GroupIx) -> Result<Revocation, JournalError> {
    Ok(Revocation {
        group,
        peer: GroupIx(get(row, "peer")?),
        line: get(row, "line")?,
        rule: parse(get(row, "rule")?)?,
    })
}

/// Closed calls that have members whose outcome is not settled.
pub(super) async fn reopenable(
    conn: &mut SqliteConnection,
    run_no: i64,
) -> Result<Vec<(CallId, Vec<RevocationId>)>, JournalError> {
    let rows = sqlx::query(sql::REOPENABLE).bind(run_no).fetch_all(conn).await;
    let mut calls: Vec<(CallId, Vec<RevocationId>)> = Vec::new();
    for row in &rows.map_err(|error| refused(&error))? {
        let (call, member) = (CallId(get(row, "call")?), RevocationId(get(row, "id")?));
        match calls.last_mut() {
            Some((last, members)) if *last == call => members.push(member),
            _ => calls.push((call, vec![member])),
        }
    }
    Ok(calls)
}
