//! The events of calls: loaded, applied and saved for a whole batch in a few statements.

use rusqlite::Connection;

use super::row::{
    Row, bulk, first, get, json, maybe_text, model_word, parse, select, status, text,
};
use super::sql;
use super::work::Work;
use crate::journal::columns::{Begun, attempt, call_columns, member_columns};
use crate::journal::desk::{By, CallRow, Desk, MemberRow, Step};
use crate::journal::{CallId, JournalError};
use crate::model::{Event, RequestId, RevocationId, RunId, Status};

/// A call's new status, and the calls that were split off it.
pub(super) type Stepped = Result<(Status, Vec<CallId>), JournalError>;

/// Calls reclaimed in one go.
const RECLAIM: usize = 1000;

/// Stores events of calls in order. A step that is refused leaves no trace and does not hold
/// its neighbours back; the outer error is that of the database.
pub(super) fn apply(work: &mut Work<'_>, steps: &[Step]) -> Result<Vec<Stepped>, JournalError> {
    let mut desk = load(work.conn, steps)?;
    let mut replies = Vec::with_capacity(steps.len());
    let mut begun = Vec::new();
    for step in steps {
        let head = work.head(step.run_no)?;
        let reply = desk.apply(step, &mut head.next_call);
        if let Ok((status, split)) = &reply {
            begun.extend(attempt(step, *status, work.epoch));
            let body = body(&step.event, split)?;
            let kind = step.event.kind().as_str();
            work.record(step.run_no, step.at_ms, kind, Some(step.call), body)?;
        }
        replies.push(reply);
    }
    save(work, &desk, begun)?;
    Ok(replies)
}

/// Marks every call of a run that an earlier process left in flight; returns how many.
pub(super) fn reclaim(
    work: &mut Work<'_>,
    run: &RunId,
    run_no: i64,
    at_ms: i64,
) -> Result<u64, JournalError> {
    let ids: Vec<u64> =
        select(work.conn, sql::LEFT_IN_FLIGHT, (run_no, work.epoch), |row| get(row, "id"))?;
    for part in ids.chunks(RECLAIM) {
        let steps: Vec<Step> = part
            .iter()
            .map(|id| Step {
                run: run.clone(),
                run_no,
                call: CallId(*id),
                event: Event::Reclaimed,
                at_ms,
                by: By::Reclaim,
            })
            .collect();
        for reply in apply(work, &steps)? {
            reply?;
        }
    }
    Ok(ids.len() as u64)
}

fn body(event: &Event, split: &[CallId]) -> Result<String, JournalError> {
    if split.is_empty() {
        return json(event);
    }
    let mut body = serde_json::to_value(event)
        .map_err(|error| JournalError::Damaged(format!("an event has no JSON form: {error}")))?;
    body["split"] = split.iter().map(|call| call.0).collect();
    json(&body)
}

fn load(conn: &Connection, steps: &[Step]) -> Result<Desk, JournalError> {
    let mut desk = Desk::default();
    for step in steps {
        let key = (step.run_no, step.call.0);
        if !desk.calls.contains_key(&key) {
            let row = first(conn, sql::CALL_LOAD, key, call_row)?;
            desk.calls.extend(row.map(|row| (key, row)));
        }
        if needs_members(&step.event) && !desk.members.contains_key(&key) {
            desk.members.insert(key, select(conn, sql::MEMBER_LOAD, key, member_row)?);
        }
    }
    Ok(desk)
}

/// Whether an event changes how the members of its call stand.
const fn needs_members(event: &Event) -> bool {
    matches!(event, Event::Verified { .. } | Event::Reopened { .. } | Event::Refused { .. })
}

fn call_row(row: &Row<'_>) -> Result<CallRow, JournalError> {
    Ok(CallRow {
        lane: get(row, "lane")?,
        group: get(row, "grp")?,
        direction: model_word(text(row, "direction")?)?,
        form: model_word(text(row, "form")?)?,
        status: status(row)?,
        first_sent_ms: get(row, "first_sent_ms")?,
        reply_lost: get(row, "reply_lost")?,
        accepted: get(row, "accepted")?,
        origin: get(row, "origin")?,
    })
}

fn member_row(row: &Row<'_>) -> Result<MemberRow, JournalError> {
    let past = maybe_text(row, "past")?;
    Ok(MemberRow {
        id: RevocationId(get(row, "id")?),
        outcome: model_word(text(row, "outcome")?)?,
        reply_lost: get(row, "reply_lost")?,
        reason: get(row, "reason")?,
        settled_ms: get(row, "settled_ms")?,
        since: get(row, "since")?,
        until: get(row, "until")?,
        past: past.map(parse).transpose()?.unwrap_or_default(),
    })
}

fn save(work: &Work<'_>, desk: &Desk, begun: Vec<Begun>) -> Result<(), JournalError> {
    let changed = desk.changed.iter().filter_map(|key| Some((*key, desk.calls.get(key)?)));
    let calls = changed.map(|(key, row)| call_columns(key, row, work.epoch));
    bulk(work.conn, sql::CALL_SAVE, calls)?;
    bulk(work.conn, sql::ATTEMPT_INSERT, begun)?;
    let ended = desk.ended.iter().map(|(run_no, call, generation, no, kind, request, at_ms)| {
        let request = request.as_ref().map(RequestId::as_str);
        (run_no, call, generation, no, kind, request, at_ms)
    });
    bulk(work.conn, sql::ATTEMPT_END, ended)?;
    let mut members = Vec::new();
    for key in &desk.moved {
        for member in desk.members.get(key).into_iter().flatten() {
            members.push(member_columns(*key, member)?);
        }
    }
    bulk(work.conn, sql::MEMBER_SAVE, members)
}
