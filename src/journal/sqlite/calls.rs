//! Calls with the members that they are about.

use rusqlite::{Connection, Params};

use super::row::{Row, each, first, get, model_word, parse, status, text};
use super::sql;
use crate::journal::{CallId, CallRecord, JournalError, Lane, OpenCounts, Reopenable};
use crate::model::{GroupIx, Revocation, RevocationId, Rule};

/// Up to `limit` calls of a lane that are not closed, from `from` on, with their pending members.
pub(super) fn open(
    conn: &Connection,
    run_no: i64,
    lane: &Lane,
    from: CallId,
    limit: u32,
) -> Result<Vec<CallRecord>, JournalError> {
    let groups = (lane.first.0, lane.first.0.saturating_add(lane.groups));
    gathered(conn, sql::OPEN_CALLS, (run_no, lane.ix, from.0, groups.0, groups.1, limit))
}

/// How much of a lane is not closed.
pub(super) fn open_counts(
    conn: &Connection,
    run_no: i64,
    lane: &Lane,
) -> Result<OpenCounts, JournalError> {
    let counts = first(conn, sql::OPEN_COUNTS, (run_no, lane.ix), |row| {
        Ok(OpenCounts {
            ingress: get(row, "ingress")?,
            egress: get(row, "egress")?,
            groups: get(row, "groups")?,
            rules: get(row, "rules")?,
        })
    })?;
    counts.ok_or_else(|| JournalError::Damaged(format!("no counts of lane {}", lane.ix)))
}

/// One call: while it is open with its pending members, then with those that are not settled.
pub(super) fn one(
    conn: &Connection,
    run_no: i64,
    call: CallId,
) -> Result<CallRecord, JournalError> {
    let mut calls = gathered(conn, sql::ONE_CALL, (run_no, call.0))?;
    calls.pop().ok_or_else(|| JournalError::Damaged(format!("the run has no call {}", call.0)))
}

/// One record a call, from one row a member.
fn gathered(
    conn: &Connection,
    query: &str,
    values: impl Params,
) -> Result<Vec<CallRecord>, JournalError> {
    let mut calls: Vec<CallRecord> = Vec::new();
    each(conn, query, values, |row| {
        let id = CallId(get(row, "id")?);
        if calls.last().is_none_or(|call| call.id != id) {
            calls.push(record(row, id)?);
        }
        let member: Option<u64> = get(row, "member")?;
        if let (Some(member), Some(call)) = (member, calls.last_mut()) {
            call.members.push((RevocationId(member), revocation(row, call.group)?));
        }
        Ok(())
    })?;
    Ok(calls)
}

fn record(row: &Row<'_>, id: CallId) -> Result<CallRecord, JournalError> {
    Ok(CallRecord {
        id,
        group: GroupIx(get(row, "grp")?),
        group_id: text(row, "group_id")?.into(),
        direction: model_word(text(row, "direction")?)?,
        form: model_word(text(row, "form")?)?,
        status: status(row)?,
        first_sent_ms: get(row, "first_sent_ms")?,
        reply_lost: get(row, "reply_lost")?,
        accepted: get(row, "accepted")?,
        looked_ms: get(row, "looked_ms")?,
        members: Vec::new(),
    })
}

/// A revocation of `group`, from the columns `peer`, `line`, `rule` and `fields`.
pub(super) fn revocation(row: &Row<'_>, group: GroupIx) -> Result<Revocation, JournalError> {
    Ok(Revocation {
        group,
        peer: GroupIx(get(row, "peer")?),
        line: get(row, "line")?,
        rule: Rule { fields: parse(text(row, "fields")?)?, ..parse(text(row, "rule")?)? },
    })
}

/// Closed calls that have members whose outcome is not settled.
pub(super) fn reopenable(conn: &Connection, run_no: i64) -> Result<Vec<Reopenable>, JournalError> {
    let mut calls: Vec<Reopenable> = Vec::new();
    each(conn, sql::REOPENABLE, [run_no], |row| {
        let (call, member) = (CallId(get(row, "call")?), RevocationId(get(row, "id")?));
        match calls.last_mut() {
            Some(last) if last.call == call => last.members.push(member),
            _ => calls.push(Reopenable {
                call,
                group: GroupIx(get(row, "grp")?),
                direction: model_word(text(row, "direction")?)?,
                members: vec![member],
            }),
        }
        Ok(())
    })?;
    Ok(calls)
}
