//! Columns that are made from events and statuses: written with each step, expected by a check.

use super::JournalError;
use super::chain::canonical;
use super::desk::{CallRow, Key, MemberRow, Step};
use crate::model::{Event, Status};

/// The begin of an attempt: the columns of `attempt` that its intent fills.
pub(in crate::journal) type Begun =
    (i64, u64, u32, u32, Option<String>, String, String, String, i64, u64);

/// The attempt that an intent begins.
pub(in crate::journal) fn attempt(step: &Step, status: Status, epoch: u64) -> Option<Begun> {
    let (Event::Started { token, request, identity }, Status::InFlight { generation, attempt }) =
        (&step.event, status)
    else {
        return None;
    };
    Some((
        step.run_no,
        step.call.0,
        generation,
        attempt,
        token.as_ref().map(ToString::to_string),
        request.clone(),
        identity.account.to_string(),
        identity.arn.clone(),
        step.at_ms,
        epoch,
    ))
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

/// The columns of a row of `call`, in table order.
pub(in crate::journal) type CallColumns = (
    i64,
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

/// The columns of a call whose row was written by the process of this epoch.
pub(in crate::journal) const fn call_columns(
    (run_no, id): Key,
    row: &CallRow,
    epoch: u64,
) -> CallColumns {
    let (word, generation, attempt, not_before_ms) = status_columns(row.status);
    (
        run_no,
        id,
        row.lane,
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
        row.origin,
        epoch,
    )
}

/// The columns of a row of `member`: run, revocation, call, then in table order.
pub(in crate::journal) type MemberColumns = (
    i64,
    u64,
    u64,
    &'static str,
    bool,
    Option<String>,
    Option<i64>,
    u32,
    Option<u32>,
    Option<String>,
);

/// The columns of a member of this call.
pub(in crate::journal) fn member_columns(
    (run_no, call): Key,
    row: &MemberRow,
) -> Result<MemberColumns, JournalError> {
    let past = if row.past.is_empty() { None } else { Some(canonical(&row.past)?) };
    Ok((
        run_no,
        row.id.0,
        call,
        row.outcome.as_str(),
        row.reply_lost,
        row.reason.clone(),
        row.settled_ms,
        row.since,
        row.until,
        past,
    ))
}
