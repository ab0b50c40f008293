//! Where the histories of runs and of lanes end.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::row::{Row, first, get, lane_key, maybe_bytes, maybe_text, parse, select, text};
use super::sql;
use crate::journal::ledger::{LaneHead, lane_genesis};
use crate::journal::{CallId, Head, JournalError, Lane, Unstored};
use crate::model::{AccountId, Digest, GroupIx, Identity, RevocationId, RunId, hex};

/// The digest in a column; `None` if there is none yet.
pub(super) fn digest(row: &Row<'_>, column: &'static str) -> Result<Option<Digest>, JournalError> {
    let Some(bytes) = maybe_bytes(row, column)? else { return Ok(None) };
    let hash = bytes.try_into().map_err(|_| JournalError::Damaged("a hash is cut".to_owned()))?;
    Ok(Some(Digest(hash)))
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
            hash: digest(row, "hash")?.unwrap_or(new.hash),
            last_ms: get(row, "last_ms")?,
            next_call: get::<Option<u64>>(row, "next_call")?.map_or(new.next_call, CallId),
            next_revocation: get::<Option<u64>>(row, "next_revocation")?
                .map_or(new.next_revocation, RevocationId),
            counts: maybe_text(row, "counts")?.map(parse).transpose()?.unwrap_or_default(),
            unstored: maybe_text(row, "unstored")?.map(parse).transpose()?,
            digest: digest(row, "digest")?,
            identities: identities(row)?,
        };
        Ok((lane, head))
    })
}

/// What is planned from the rows alone and not stored as orders yet, lane by lane, with the number
/// that the first of these orders gets.
pub(super) fn unstored(
    conn: &Connection,
    run_no: i64,
) -> Result<BTreeMap<u32, (Unstored, RevocationId)>, JournalError> {
    let rows = select(conn, sql::UNSTORED, [run_no], |row| {
        let next = RevocationId(get(row, "next_revocation")?);
        Ok((get(row, "ix")?, (parse(text(row, "unstored")?)?, next)))
    })?;
    Ok(rows.into_iter().collect())
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
