//! The heads of runs and of lanes: handed out with the right to write them, and changed.

use rusqlite::Connection;
use serde_json::Value;

use super::commit::WriteTransaction;
use super::invocations;
use super::row::{
    Row, each, execute, first, get, lane_key, maybe_bytes, maybe_text, parse, select,
};
use super::runs;
use super::sql;
use crate::journal::ledger::{HeadChange, LaneHead, RunHead, Seal, lane_genesis};
use crate::journal::{CallId, Head, JournalError, Lane};
use crate::model::{AccountId, Digest, GroupIx, Identity, RevocationId, RunId, hex};

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
    match digest(row)? {
        Some(hash) => Ok(RunHead { seq: get(row, "seq")?, hash }),
        None => Ok(RunHead::new(&id)),
    }
}

fn digest(row: &Row<'_>) -> Result<Option<Digest>, JournalError> {
    let Some(bytes) = maybe_bytes(row, "hash")? else { return Ok(None) };
    let hash = bytes.try_into().map_err(|_| JournalError::Damaged("a hash is cut".to_owned()))?;
    Ok(Some(Digest(hash)))
}

/// The heads of the lanes taken together; `None` while none has a history.
fn seal(conn: &Connection, run_no: i64) -> Result<Option<Digest>, JournalError> {
    let mut seal = None;
    each(conn, sql::LANE_ENDS, [run_no], |row| {
        let hash = digest(row)?.ok_or_else(|| JournalError::Damaged("no hash".to_owned()))?;
        seal.get_or_insert_with(Seal::new).add(get(row, "ix")?, get(row, "seq")?, &hash);
        Ok(())
    })?;
    Ok(seal.map(Seal::finish))
}

/// Up to `most` lanes of a run with their heads.
pub(super) fn lanes(
    conn: &Connection,
    run_no: i64,
    run: &RunId,
    most: usize,
) -> Result<Vec<(Lane, LaneHead)>, JournalError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    select(conn, sql::LANE_HEADS, (run_no, most), |row| {
        let ix = get(row, "ix")?;
        let lane = Lane {
            ix,
            key: lane_key(row)?,
            first: GroupIx(get(row, "first")?),
            groups: get(row, "groups")?,
        };
        let new = LaneHead::new(ix, lane_genesis(run.as_str(), ix));
        let head = LaneHead {
            seq: get(row, "seq")?,
            hash: digest(row)?.unwrap_or(new.hash),
            last_ms: get(row, "last_ms")?,
            next_call: get::<Option<u64>>(row, "next_call")?.map_or(new.next_call, CallId),
            next_revocation: get::<Option<u64>>(row, "next_revocation")?
                .map_or(new.next_revocation, RevocationId),
            counts: maybe_text(row, "counts")?.map(parse).transpose()?.unwrap_or_default(),
            identities: identities(row)?,
        };
        Ok((lane, head))
    })
}

/// Who sent changes in a lane.
pub(super) fn identities(row: &Row<'_>) -> Result<Vec<Identity>, JournalError> {
    let pairs: Option<Vec<(AccountId, String)>> =
        maybe_text(row, "identities")?.map(parse).transpose()?;
    let pairs = pairs.unwrap_or_default().into_iter();
    Ok(pairs.map(|(account, arn)| Identity { account, arn }).collect())
}

/// The lanes of a run that have a history, each with the number of its last row.
pub(super) fn lane_ends(conn: &Connection, run_no: i64) -> Result<Vec<(u32, u64)>, JournalError> {
    select(conn, sql::LANE_ENDS, [run_no], |row| Ok((get(row, "ix")?, get(row, "seq")?)))
}

/// Where the history of a run ends.
pub(super) fn end(conn: &Connection, run_no: i64) -> Result<Head, JournalError> {
    let end = first(conn, sql::RUN_END, [run_no], |row| {
        let (seq, last_ms) = (get(row, "seq")?, get::<Option<i64>>(row, "last_ms")?);
        let lane_ms: Option<i64> = get(row, "lane_ms")?;
        Ok(Head {
            seq,
            rows: seq + get::<u64>(row, "lane_rows")?,
            hash: maybe_bytes(row, "hash")?.map(hex).unwrap_or_default(),
            last_ms: last_ms.max(lane_ms).unwrap_or_default(),
        })
    })?;
    end.ok_or_else(|| JournalError::Damaged("a run has no history".to_owned()))
}
