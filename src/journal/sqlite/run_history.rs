//! The run's own history: each change of its head is a row, which seals the lanes as they are.

use rusqlite::Connection;
use serde_json::Value;

use super::commit::WriteTransaction;
use super::heads::digest;
use super::row::{Row, each, execute, first, get};
use super::{invocations, runs, sql};
use crate::journal::JournalError;
use crate::journal::ledger::{HeadChange, RunHead, Seal};
use crate::model::{Digest, RunId};

/// A change of a run's head.
pub(super) struct HeadOrder {
    pub(super) run_no: i64,
    pub(super) epoch: u64,
    pub(super) change: HeadChange,
    pub(super) at_ms: i64,
}

/// Writes a change of a run's head, and seals the lanes as they are. The inner error touched nothing.
pub(super) fn change(
    work: &mut WriteTransaction<'_>,
    order: &HeadOrder,
) -> Result<Result<(), JournalError>, JournalError> {
    let HeadOrder { run_no, epoch, change, at_ms } = order;
    if *epoch != work.epoch {
        return Ok(Err(JournalError::Lost("the run".to_owned())));
    }
    let mut cut_ms = None;
    match change {
        HeadChange::Updated(update) => runs::update(work.conn, *run_no, work.epoch, update)?,
        HeadChange::Invoked { by, began_ms } => {
            cut_ms = invocations::add(work, *run_no, by, *began_ms)?;
        }
    }
    record(work, *run_no, change.kind(), *at_ms, change.body(cut_ms)?).map(Ok)
}

/// Adds a row to a run's own history.
pub(super) fn record(
    work: &mut WriteTransaction<'_>,
    run_no: i64,
    kind: &'static str,
    at_ms: i64,
    body: Value,
) -> Result<(), JournalError> {
    // The seal is of what this transaction writes, too.
    work.finish()?;
    execute(work.conn, sql::LANE_SEAL, [run_no])?;
    let seal = seal(work.conn, run_no)?;
    let head = first(work.conn, sql::RUN_HEAD, [run_no], run_head)?;
    let mut head = head.ok_or_else(|| JournalError::Damaged(format!("no run {run_no}")))?;
    let event = head.record(work.epoch, at_ms, kind, body, seal)?;
    work.add_event(run_no, event)
}

fn run_head(row: &Row<'_>) -> Result<RunHead, JournalError> {
    let id: RunId = get::<String>(row, "id")?.into();
    match digest(row, "hash")? {
        Some(hash) => Ok(RunHead { seq: get(row, "seq")?, hash }),
        None => Ok(RunHead::new(&id)),
    }
}

/// The heads of the lanes taken together; `None` while none has a history.
fn seal(conn: &Connection, run_no: i64) -> Result<Option<Digest>, JournalError> {
    let mut seal = None;
    each(conn, sql::LANE_ENDS, [run_no], |row| {
        let hash =
            digest(row, "hash")?.ok_or_else(|| JournalError::Damaged("no hash".to_owned()))?;
        seal.get_or_insert_with(Seal::new).add(get(row, "ix")?, get(row, "seq")?, &hash);
        Ok(())
    })?;
    Ok(seal.map(Seal::finish))
}
