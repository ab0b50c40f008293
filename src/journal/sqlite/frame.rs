//! The frame of a plan: lanes, groups with their peers, filters, notes.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::row::{each, first, get, group_ref, lane_key, maybe_bytes, parse, select, text};
use super::sql;
use crate::journal::{GroupWork, JournalError, Lane, pack};
use crate::model::{Filter, GroupIx, GroupRef};

pub(super) fn lanes(conn: &Connection, run_no: i64) -> Result<Vec<Lane>, JournalError> {
    select(conn, sql::LANES, [run_no], |row| {
        Ok(Lane {
            ix: get(row, "ix")?,
            key: lane_key(row)?,
            first: GroupIx(get(row, "first")?),
            groups: get(row, "groups")?,
        })
    })
}

pub(super) fn filters(conn: &Connection, run_no: i64) -> Result<Vec<Filter>, JournalError> {
    select(conn, sql::FILTERS, [run_no], |row| parse(text(row, "body")?))
}

pub(super) fn notes(conn: &Connection, run_no: i64) -> Result<BTreeMap<u32, String>, JournalError> {
    let notes =
        select(conn, sql::NOTES, [run_no], |row| Ok((get(row, "line")?, get(row, "text")?)))?;
    Ok(notes.into_iter().collect())
}

/// Up to `limit` groups from `from` on, each with its chunks put together again.
pub(super) fn groups(
    conn: &Connection,
    run_no: i64,
    from: GroupIx,
    limit: u32,
) -> Result<Vec<GroupWork>, JournalError> {
    let mut groups: Vec<GroupWork> = Vec::new();
    each(conn, sql::GROUPS, (run_no, from.0, limit), |row| {
        let ix = GroupIx(get(row, "ix")?);
        if groups.last().is_none_or(|group| group.ix != ix) {
            let group = text(row, "id")?.into();
            groups.push(GroupWork { ix, group, peers: Vec::new(), read_ms: get(row, "known_ms")? });
        }
        if let (Some(blob), Some(group)) = (maybe_bytes(row, "entries")?, groups.last_mut()) {
            pack::unpack_peers(blob, &mut group.peers)?;
        }
        Ok(())
    })?;
    Ok(groups)
}

pub(super) fn group_refs(
    conn: &Connection,
    run_no: i64,
    groups: &[GroupIx],
) -> Result<Vec<GroupRef>, JournalError> {
    let one = |ix: &GroupIx| {
        first(conn, sql::GROUP_REF, (run_no, ix.0), |row| {
            group_ref(row, ["cloud", "account", "region", "id"])
        })?
        .ok_or_else(|| JournalError::Damaged(format!("the run has no group {}", ix.0)))
    };
    groups.iter().map(one).collect()
}
