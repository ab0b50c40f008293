//! Calls with the members that they are about.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::row::{Row, each, first, get, maybe_text, model_word, parse, select, status, text};
use super::sql;
use crate::journal::ledger::{CallRow, CallState, MemberRow, PlannedBefore};
use crate::journal::{CallId, CallRecord, JournalError, Lane, OpenCounts, Reopenable, Unstored};
use crate::model::{GroupIx, Outcome, Revocation, RevocationId, Rule};

/// A call that is open: as it is told, and as the ledger goes on with it.
pub(super) type OpenCall = (CallRecord, CallState);

/// Up to `limit` calls of a lane that are not closed, from `from` on, with their pending members.
pub(super) fn open(
    conn: &Connection,
    run_no: i64,
    lane: &Lane,
    from: CallId,
    limit: u32,
) -> Result<Vec<OpenCall>, JournalError> {
    let groups = (lane.first.0, lane.first.0.saturating_add(lane.groups));
    let mut calls: Vec<OpenCall> = Vec::new();
    let values = (run_no, lane.ix, from.0, groups.0, groups.1, limit);
    each(conn, sql::OPEN_CALLS, values, |row| {
        let id = CallId(get(row, "id")?);
        if calls.last().is_none_or(|(call, _)| call.id != id) {
            let state = CallState { row: call_row(row)?, members: Vec::new() };
            calls.push((record(row, id)?, state));
        }
        let member: Option<u64> = get(row, "member")?;
        if let (Some(member), Some((call, state))) = (member, calls.last_mut()) {
            let member = RevocationId(member);
            let past = maybe_text(row, "past")?.map(parse).transpose()?.unwrap_or_default();
            let since = get(row, "since")?;
            call.members.push((member, revocation(row, call.group)?));
            state.members.push(MemberRow { since, past, ..MemberRow::planned(member) });
        }
        Ok(())
    })?;
    Ok(calls)
}

/// What is stored of calls of a lane, with the members that may change.
pub(super) fn stored(
    conn: &Connection,
    run_no: i64,
    lane: u32,
    calls: &[CallId],
) -> Result<Vec<(CallId, CallState)>, JournalError> {
    let mut all = Vec::with_capacity(calls.len());
    for call in calls {
        let row = first(conn, sql::CALL_LOAD, (run_no, call.0, lane), call_row)?;
        let Some(row) = row else { continue };
        let members = select(conn, sql::MEMBER_LOAD, (run_no, call.0), member_row)?;
        all.push((*call, CallState { row, members }));
    }
    Ok(all)
}

/// Up to `limit` calls of a lane after `after` that a process before `epoch` left in flight.
pub(super) fn left_in_flight(
    conn: &Connection,
    run_no: i64,
    lane: u32,
    (after, epoch): (CallId, u64),
    limit: usize,
) -> Result<Vec<CallId>, JournalError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values = (run_no, lane, after.0, epoch, limit);
    select(conn, sql::LEFT_IN_FLIGHT, values, |row| get(row, "id").map(CallId))
}

/// What is stored of the orders of these groups.
pub(super) fn planned_before(
    conn: &Connection,
    run_no: i64,
    groups: &[u32],
) -> Result<BTreeMap<u32, PlannedBefore>, JournalError> {
    let (Some(first), Some(last)) = (groups.iter().min(), groups.iter().max()) else {
        return Ok(BTreeMap::new());
    };
    let have: Vec<u32> =
        select(conn, sql::HAVE_CALLS, (run_no, first, last), |row| get(row, "grp"))?;
    let mut all = BTreeMap::new();
    for group in have.into_iter().filter(|group| groups.contains(group)) {
        let unsent = select(conn, sql::UNSENT, (run_no, group), |row| {
            Ok((CallId(get(row, "id")?), get(row, "members")?))
        })?;
        let ordered = select(conn, sql::ORDERED, (run_no, group), |row| get(row, "rule_id"))?;
        all.insert(group, PlannedBefore { unsent, ordered: ordered.into_iter().collect() });
    }
    Ok(all)
}

fn call_row(row: &Row<'_>) -> Result<CallRow, JournalError> {
    Ok(CallRow {
        group: get(row, "grp")?,
        direction: model_word(text(row, "direction")?)?,
        form: model_word(text(row, "form")?)?,
        status: status(row)?,
        first_sent_ms: get(row, "first_sent_ms")?,
        reply_lost: get(row, "reply_lost")?,
        accepted: get(row, "accepted")?,
        origin: get::<Option<u64>>(row, "origin")?.map(CallId),
    })
}

fn member_row(row: &Row<'_>) -> Result<MemberRow, JournalError> {
    let outcome: Outcome = model_word(text(row, "outcome")?)?;
    Ok(MemberRow {
        id: RevocationId(get(row, "id")?),
        outcome,
        reply_lost: get(row, "reply_lost")?,
        reason: get(row, "reason")?,
        settled_ms: get(row, "settled_ms")?,
        since: get(row, "since")?,
        until: get(row, "until")?,
        past: maybe_text(row, "past")?.map(parse).transpose()?.unwrap_or_default(),
    })
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
    let counts: OpenCounts =
        counts.ok_or_else(|| JournalError::Damaged(format!("no counts of lane {}", lane.ix)))?;
    let unstored: Option<Unstored> =
        first(conn, sql::UNSTORED_OF, (run_no, lane.ix), |row| parse(text(row, "unstored")?))?;
    Ok(unstored.map_or(counts, |unstored| counts.plus(unstored.counts)))
}

/// One call: while it is open with its pending members, then with those that are not settled.
pub(super) fn one(
    conn: &Connection,
    run_no: i64,
    call: CallId,
) -> Result<CallRecord, JournalError> {
    let mut found: Option<CallRecord> = None;
    each(conn, sql::ONE_CALL, (run_no, call.0), |row| {
        if found.is_none() {
            found = Some(record(row, call)?);
        }
        let member: Option<u64> = get(row, "member")?;
        if let (Some(member), Some(call)) = (member, found.as_mut()) {
            call.members.push((RevocationId(member), revocation(row, call.group)?));
        }
        Ok(())
    })?;
    found.ok_or_else(|| JournalError::Damaged(format!("the run has no call {}", call.0)))
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
