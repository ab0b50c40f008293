//! The frame of a plan: lanes, groups with their peers, filters, notes.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::row::{bytes, each, first, get, group_ref, lane_key, parse, select, text};
use super::sql;
use crate::journal::{GroupWork, JournalError, Lane, pack};
use crate::model::{BadValue, Filter, GroupIx, GroupRef, Groups, LaneIds, RowText};

/// Ids in one text.
const IDS: u32 = 10_000;

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

/// Every group, its id out of a text of many.
pub(super) fn names(conn: &Connection, run_no: i64) -> Result<Groups, JournalError> {
    let mut groups = Groups::default();
    for lane in lanes(conn, run_no)? {
        let end = lane.first.0.saturating_add(lane.groups);
        let mut of_lane = LaneIds::default();
        for from in (lane.first.0..end).step_by(IDS as usize) {
            let to = end.min(from.saturating_add(IDS));
            let ids: Option<String> =
                first(conn, sql::GROUP_IDS, (run_no, from, to), |row| get(row, "ids"))?.flatten();
            for id in ids.as_deref().unwrap_or_default().lines() {
                of_lane.push(id).map_err(|error| damaged(&error))?;
            }
        }
        groups.push_lane(&lane.key, &of_lane).map_err(|error| damaged(&error))?;
        if groups.len() != end as usize {
            return Err(JournalError::Damaged("a lane lacks groups".to_owned()));
        }
    }
    Ok(groups)
}

fn damaged(error: &BadValue) -> JournalError {
    JournalError::Damaged(error.to_string())
}

pub(super) fn notes(
    conn: &Connection,
    run_no: i64,
) -> Result<BTreeMap<u32, RowText>, JournalError> {
    let notes = select(conn, sql::NOTES, [run_no], |row| {
        Ok((get(row, "line")?, parse(text(row, "text")?)?))
    })?;
    Ok(notes.into_iter().collect())
}

pub(super) fn notes_of(
    conn: &Connection,
    run_no: i64,
    lines: &[u32],
) -> Result<BTreeMap<u32, RowText>, JournalError> {
    let mut notes = BTreeMap::new();
    for line in lines {
        let note = first(conn, sql::NOTE_OF, (run_no, line), |row| parse(text(row, "text")?))?;
        notes.extend(note.map(|note| (*line, note)));
    }
    Ok(notes)
}

/// Up to `limit` groups from `from` on, each with its peers put together again.
pub(super) fn groups(
    conn: &Connection,
    run_no: i64,
    from: GroupIx,
    limit: u32,
) -> Result<Vec<GroupWork>, JournalError> {
    let mut groups = select(conn, sql::GROUPS, (run_no, from.0, limit), |row| {
        Ok(GroupWork {
            ix: GroupIx(get(row, "ix")?),
            group: text(row, "id")?.into(),
            peers: Vec::new(),
            read_ms: get(row, "known_ms")?,
            looked_ms: get(row, "looked_ms")?,
            looked_now: get(row, "looked_now")?,
        })
    })?;
    let (Some(first), Some(last)) = (groups.first(), groups.last()) else { return Ok(groups) };
    let (first, last) = (first.ix, last.ix);
    each(conn, sql::PEERS, (run_no, first.0, last.0), |row| {
        pack::unpack_peers(get(row, "grp")?, bytes(row, "entries")?, |group, entry| {
            let at = group.0.checked_sub(first.0).map(|at| at as usize);
            if let Some(work) = at.and_then(|at| groups.get_mut(at)) {
                work.peers.push(entry);
            }
        })
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
