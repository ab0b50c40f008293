//! The events of calls: loaded, applied and saved for a whole batch in a few statements.

use std::collections::BTreeSet;

use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::row::{bulk, get, parse, refused, select, status};
use super::sql;
use super::work::Work;
use crate::journal::chain::canonical;
use crate::journal::columns::{Begun, attempt, call_columns, member_columns};
use crate::journal::desk::{By, CallRow, Desk, Key, MemberRow, Step};
use crate::journal::{CallId, JournalError};
use crate::model::{Event, RevocationId, RunId, Status};

/// A call's new status, and the calls that were split off it.
pub(super) type Stepped = Result<(Status, Vec<CallId>), JournalError>;

/// Calls reclaimed in one go.
const RECLAIM: usize = 1000;

/// Stores events of calls in order. A step that is refused leaves no trace and does not hold
/// its neighbours back; the outer error is that of the database.
pub(super) async fn apply(
    work: &mut Work<'_>,
    steps: &[Step],
) -> Result<Vec<Stepped>, JournalError> {
    let mut desk = load(work.conn, steps).await?;
    let mut replies = Vec::with_capacity(steps.len());
    let mut begun = Vec::new();
    for step in steps {
        let head = work.head(step.run_no).await?;
        let reply = desk.apply(step, &mut head.next_call);
        if let Ok((status, split)) = &reply {
            begun.extend(attempt(step, *status, work.epoch));
            let body = body(&step.event, split)?;
            let kind = step.event.kind().as_str();
            work.record(step.run_no, step.at_ms, kind, Some(step.call), body).await?;
        }
        replies.push(reply);
    }
    save(work, &desk, &begun).await?;
    Ok(replies)
}

/// Marks every call of a run that an earlier process left in flight; returns how many.
pub(super) async fn reclaim(
    work: &mut Work<'_>,
    run: &RunId,
    run_no: i64,
    at_ms: i64,
) -> Result<u64, JournalError> {
    let ids: Vec<u64> = sqlx::query_scalar(sql::LEFT_IN_FLIGHT)
        .bind(run_no)
        .bind(work.epoch.cast_signed())
        .fetch_all(&mut *work.conn)
        .await
        .map_err(|error| refused(&error))?;
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
        for reply in apply(work, &steps).await? {
            reply?;
        }
    }
    Ok(ids.len() as u64)
}

fn body(event: &Event, split: &[CallId]) -> Result<String, JournalError> {
    if split.is_empty() {
        return canonical(event);
    }
    let mut body = serde_json::to_value(event)
        .map_err(|error| JournalError::Damaged(format!("an event has no JSON form: {error}")))?;
    body["split"] = split.iter().map(|call| call.0).collect();
    canonical(&body)
}

async fn load(conn: &mut SqliteConnection, steps: &[Step]) -> Result<Desk, JournalError> {
    let calls: BTreeSet<Key> = steps.iter().map(|step| (step.run_no, step.call.0)).collect();
    let mut desk = Desk::default();
    for row in &select(conn, sql::CALL_LOAD, &Vec::from_iter(calls)).await? {
        desk.calls.insert((get(row, "run_no")?, get(row, "id")?), call_row(row)?);
    }
    let crowded: BTreeSet<Key> = steps
        .iter()
        .filter(|step| {
            matches!(
                step.event,
                Event::Verified { .. } | Event::Reopened { .. } | Event::Refused { .. }
            )
        })
        .map(|step| (step.run_no, step.call.0))
        .collect();
    for row in &select(conn, sql::MEMBER_LOAD, &Vec::from_iter(crowded)).await? {
        let key = (get(row, "run_no")?, get(row, "call")?);
        desk.members.entry(key).or_default().push(member_row(row)?);
    }
    Ok(desk)
}

fn call_row(row: &SqliteRow) -> Result<CallRow, JournalError> {
    Ok(CallRow {
        lane: get(row, "lane")?,
        group: get(row, "grp")?,
        direction: model_word(get(row, "direction")?)?,
        form: model_word(get(row, "form")?)?,
        status: status(row)?,
        first_sent_ms: get(row, "first_sent_ms")?,
        reply_lost: get(row, "reply_lost")?,
        accepted: get(row, "accepted")?,
        origin: get(row, "origin")?,
    })
}

fn member_row(row: &SqliteRow) -> Result<MemberRow, JournalError> {
    let past: Option<&str> = get(row, "past")?;
    Ok(MemberRow {
        id: RevocationId(get(row, "id")?),
        outcome: model_word(get(row, "outcome")?)?,
        reply_lost: get(row, "reply_lost")?,
        reason: get(row, "reason")?,
        settled_ms: get(row, "settled_ms")?,
        since: get(row, "since")?,
        until: get(row, "until")?,
        past: past.map(parse).transpose()?.unwrap_or_default(),
    })
}

/// A word of the model, read back.
pub(super) fn model_word<T>(text: &str) -> Result<T, JournalError>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    text.parse().map_err(|error| JournalError::Damaged(format!("{error}")))
}

async fn save(work: &mut Work<'_>, desk: &Desk, begun: &[Begun]) -> Result<(), JournalError> {
    let calls: Vec<_> = desk
        .changed
        .iter()
        .filter_map(|key| Some((*key, desk.calls.get(key)?)))
        .map(|(key, row)| call_columns(key, row, work.epoch))
        .collect();
    bulk(work.conn, sql::CALL_SAVE, &calls).await?;
    bulk(work.conn, sql::ATTEMPT_INSERT, begun).await?;
    bulk(work.conn, sql::ATTEMPT_END, &desk.ended).await?;
    let mut members = Vec::new();
    for key in &desk.moved {
        for member in desk.members.get(key).into_iter().flatten() {
            members.push(member_columns(*key, member)?);
        }
    }
    bulk(work.conn, sql::MEMBER_SAVE, &members).await
}
