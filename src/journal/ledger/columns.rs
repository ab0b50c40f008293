//! Columns that are made from events and statuses: written with each step, expected by a check.

use serde::Serialize;
use serde_json::Value;

use super::calls::Step;
use super::chain::canonical;
use super::rows::{CallRow, MemberRow};
use crate::journal::{CallId, JournalError};
use crate::model::{Event, RevocationId, Status};

/// The begin of an attempt: the columns of `attempt` that its intent fills.
#[derive(Clone, Debug)]
pub(in crate::journal) struct Begun {
    pub(in crate::journal) call: CallId,
    pub(in crate::journal) generation: u32,
    pub(in crate::journal) attempt: u32,
    pub(in crate::journal) token: Option<String>,
    pub(in crate::journal) sent_ms: i64,
}

/// The attempt that an intent begins.
pub(in crate::journal) fn attempt(step: &Step<'_>, status: Status) -> Option<Begun> {
    let (Event::Started { token, .. }, Status::InFlight { generation, attempt }) =
        (step.event, status)
    else {
        return None;
    };
    Some(Begun {
        call: step.call,
        generation,
        attempt,
        token: token.as_ref().map(ToString::to_string),
        sent_ms: step.at_ms,
    })
}

/// The columns of a status: word, generation, attempt, earliest next attempt.
pub(in crate::journal) const fn status_columns(
    status: Status,
) -> (&'static str, u32, u32, Option<i64>) {
    match status {
        Status::Pending { generation } => ("pending", generation, 0, None),
        Status::InFlight { generation, attempt } => ("in_flight", generation, attempt, None),
        Status::Waiting { generation, attempt, not_before_ms } => {
            ("waiting", generation, attempt, Some(not_before_ms))
        }
        Status::ReadBack { generation } => ("read_back", generation, 0, None),
        Status::Settled { generation } => ("settled", generation, 0, None),
        Status::Failed { generation } => ("failed", generation, 0, None),
    }
}

/// The columns of a row of `call`, but for its run, in table order.
pub(in crate::journal) type CallColumns = (
    u64,
    u32,
    u32,
    &'static str,
    &'static str,
    &'static str,
    u32,
    u32,
    Option<i64>,
    Option<i64>,
    bool,
    bool,
    Option<u64>,
    u64,
);

/// The columns of a call of this lane whose row was written by the process of this epoch.
pub(in crate::journal) fn call_columns(
    id: CallId,
    lane: u32,
    row: &CallRow,
    epoch: u64,
) -> CallColumns {
    let (word, generation, attempt, not_before_ms) = status_columns(row.status);
    (
        id.0,
        lane,
        row.group,
        row.direction.as_str(),
        row.form.as_str(),
        word,
        generation,
        attempt,
        not_before_ms,
        row.first_sent_ms,
        row.reply_lost,
        row.accepted,
        row.origin.map(|origin| origin.0),
        epoch,
    )
}

/// The columns of a row of `member`, but for its run: revocation, call, then in table order.
pub(in crate::journal) type MemberColumns =
    (u64, u64, &'static str, bool, Option<String>, Option<i64>, u32, Option<u32>, Option<String>);

/// The columns of a member of this call.
pub(in crate::journal) fn member_columns(
    call: CallId,
    row: &MemberRow,
) -> Result<MemberColumns, JournalError> {
    let past = if row.past.is_empty() { None } else { Some(canonical(&row.past)?) };
    let RevocationId(id) = row.id;
    Ok((
        id,
        call.0,
        row.outcome.as_str(),
        row.reply_lost,
        row.reason.clone(),
        row.settled_ms,
        row.since,
        row.until,
        past,
    ))
}

/// A row that is written as `columns`, read again: yes and no as numbers.
pub(in crate::journal) fn as_stored(columns: &impl Serialize) -> Result<Value, JournalError> {
    let columns = serde_json::to_value(columns)
        .map_err(|error| JournalError::Damaged(format!("a row has no JSON form: {error}")))?;
    let Value::Array(columns) = columns else { return Ok(columns) };
    let read = |column| match column {
        Value::Bool(yes) => u8::from(yes).into(),
        other => other,
    };
    Ok(columns.into_iter().map(read).collect())
}
