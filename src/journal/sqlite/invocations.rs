//! The processes that worked on runs.

use std::path::Path;

use rusqlite::Connection;

use super::commit::WriteTransaction;
use super::connect::holder;
use super::row::{Row, execute, first, get, select};
use super::{heads, sql};
use crate::journal::{Holder, Invocation, InvocationEnd, Invoker, JournalError, Progress};
use crate::model::Identity;

/// Stores a process that begins to work on a run, and of a former one that told no end when it was last
/// heard of: that is returned.
pub(super) fn add(
    work: &WriteTransaction<'_>,
    run_no: i64,
    by: &Invoker,
    began_ms: i64,
) -> Result<Option<i64>, JournalError> {
    let cut_ms = last_event(work.conn, run_no)?;
    execute(work.conn, sql::INVOCATION_CUT, (run_no, cut_ms, work.epoch))?;
    let Invoker { host, user, pid, command, version } = by;
    let values = (run_no, work.epoch, host, user, pid, command, version, began_ms);
    execute(work.conn, sql::INVOCATION_INSERT, values)?;
    Ok(cut_ms)
}

/// Adds the time that a person thought to that of the process that writes, and its end if it ended.
pub(super) fn update(
    conn: &Connection,
    (run_no, epoch): (i64, u64),
    asked_ms: i64,
    ended_ms: Option<i64>,
) -> Result<(), JournalError> {
    if asked_ms != 0 || ended_ms.is_some() {
        execute(conn, sql::INVOCATION_UPDATE, (run_no, epoch, asked_ms, ended_ms))?;
    }
    Ok(())
}

/// The processes that worked on a run, in order, and what is done of it if one works on it now.
/// `lock` is locked by a process that does; none if this process is the one that writes.
pub(super) fn list(
    conn: &Connection,
    run_no: i64,
    lock: Option<&Path>,
) -> Result<(Vec<Invocation>, Option<Progress>), JournalError> {
    let mut all = select(conn, sql::INVOCATIONS, [run_no], one)?;
    let Some((open, is_last)) = all.last_mut().filter(|(it, _)| it.end == InvocationEnd::Open)
    else {
        return Ok((all.into_iter().map(|(it, _)| it).collect(), None));
    };
    open.last_ms = last_event(conn, run_no)?.unwrap_or(open.began_ms);
    let is_it = |holder: &Holder| holder.pid.is_none_or(|pid| pid == open.by.pid);
    let is_running = *is_last && lock.and_then(holder).as_ref().is_some_and(is_it);
    let done = is_running.then(|| progress(conn, run_no)).transpose()?;
    Ok((all.into_iter().map(|(it, _)| it).collect(), done))
}

/// An invocation, and whether it is of the process that held the journal last.
fn one(row: &Row<'_>) -> Result<(Invocation, bool), JournalError> {
    let is_last = get(row, "is_last")?;
    let by = Invoker {
        host: get(row, "host")?,
        user: get(row, "user")?,
        pid: get(row, "pid")?,
        command: get(row, "command")?,
        version: get(row, "version")?,
    };
    let (began_ms, asked_ms) = (get(row, "began_ms")?, get(row, "asked_ms")?);
    let (ended_ms, cut_ms): (Option<i64>, Option<i64>) =
        (get(row, "ended_ms")?, get(row, "cut_ms")?);
    let (end, last_ms) = match (ended_ms, cut_ms) {
        (Some(ended_ms), _) => (InvocationEnd::Ended, ended_ms),
        (None, Some(cut_ms)) => (InvocationEnd::Killed, cut_ms),
        (None, None) => (InvocationEnd::Open, began_ms),
    };
    Ok((Invocation { by, began_ms, asked_ms, last_ms, end }, is_last))
}

fn last_event(conn: &Connection, run_no: i64) -> Result<Option<i64>, JournalError> {
    first(conn, sql::LAST_EVENT, [run_no], |row| get(row, "at_ms"))
}

/// What is done of a run.
pub(super) fn progress(conn: &Connection, run_no: i64) -> Result<Progress, JournalError> {
    let found = first(conn, sql::GROUPS_READ, [run_no], |row| {
        Ok(Progress { read: get(row, "read")?, groups: get(row, "groups")? })
    })?;
    found.ok_or_else(|| JournalError::Damaged("groups cannot be counted".to_owned()))
}

/// The identities that sent changes for a run, in order.
pub(super) fn identities(conn: &Connection, run_no: i64) -> Result<Vec<Identity>, JournalError> {
    let of_lanes = select(conn, sql::IDENTITIES, [run_no], heads::identities)?;
    let mut all: Vec<Identity> = of_lanes.into_iter().flatten().collect();
    all.sort_unstable_by(|one, other| (&one.account, &one.arn).cmp(&(&other.account, &other.arn)));
    all.dedup();
    Ok(all)
}
