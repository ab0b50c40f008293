//! The frame of a plan: lanes, groups with their peers, filters, notes.

use std::collections::BTreeMap;

use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::row::{get, group_ref, json, lane_key, parse, refused};
use super::sql;
use crate::journal::{GroupWork, JournalError, Lane, pack};
use crate::model::{Filter, GroupIx, GroupRef, Groups};

/// Ids in one text.
const IDS: u32 = 10_000;

pub(super) async fn lanes(
    conn: &mut SqliteConnection,
    run_no: i64,
) -> Result<Vec<Lane>, JournalError> {
    let rows = sqlx::query(sql::LANES).bind(run_no).fetch_all(conn).await;
    rows.map_err(|error| refused(&error))?
        .iter()
        .map(|row| {
            Ok(Lane {
                ix: get(row, "ix")?,
                key: lane_key(row, "")?,
                first: GroupIx(get(row, "first")?),
                groups: get(row, "groups")?,
            })
        })
        .collect()
}

pub(super) async fn filters(
    conn: &mut SqliteConnection,
    run_no: i64,
) -> Result<Vec<Filter>, JournalError> {
    let rows: Vec<String> = sqlx::query_scalar(sql::FILTERS)
        .bind(run_no)
        .fetch_all(conn)
        .await
        .map_err(|error| refused(&error))?;
    rows.iter().map(|body| parse(body)).collect()
}

/// Every group, its id out of a text of many.
pub(super) async fn names(
    conn: &mut SqliteConnection,
    run_no: i64,
) -> Result<Groups, JournalError> {
    let mut groups = Groups::default();
    for lane in lanes(conn, run_no).await? {
        let end = lane.first.0.saturating_add(lane.groups);
        for from in (lane.first.0..end).step_by(IDS as usize) {
            let to = end.min(from.saturating_add(IDS));
            let ids: Option<String> = sqlx::query_scalar(sql::GROUP_IDS)
                .bind(run_no)
                .bind(from)
                .bind(to)
                .fetch_one(&mut *conn)
                .await
                .map_err(|error| refused(&error))?;
            for id in ids.as_deref().unwrap_or_default().lines() {
                let pushed = groups.push(&lane.key, id);
                pushed.map_err(|error| JournalError::Damaged(error.to_string()))?;
            }
            if groups.len() != to as usize {
                return Err(JournalError::Damaged("a lane lacks groups".to_owned()));
            }
        }
    }
    Ok(groups)
}

pub(super) async fn notes(
    conn: &mut SqliteConnection,
    run_no: i64,
) -> Result<BTreeMap<u32, String>, JournalError> {
    by_line(&sqlx::query(sql::NOTES).bind(run_no).fetch_all(conn).await)
}

pub(super) async fn notes_of(
    conn: &mut SqliteConnection,
    run_no: i64,
    lines: &[u32],
) -> Result<BTreeMap<u32, String>, JournalError> {
    by_line(&sqlx::query(sql::NOTES_OF).bind(run_no).bind(json(lines)?).fetch_all(conn).await)
}

fn by_line(
    rows: &Result<Vec<SqliteRow>, sqlx::Error>,
) -> Result<BTreeMap<u32, String>, JournalError> {
    let rows = rows.as_ref().map_err(refused)?;
    rows.iter().map(|row| Ok((get(row, "line")?, get(row, "text")?))).collect()
}

/// Up to `limit` groups from `from` on, each with its chunks put together again.
pub(super) async fn groups(
    conn: &mut SqliteConnection,
    run_no: i64,
    from: GroupIx,
    limit: u32,
) -> Result<Vec<GroupWork>, JournalError> {
    let rows = sqlx::query(sql::GROUPS).bind(run_no).bind(from.0).bind(limit).fetch_all(conn).await;
    let mut groups: Vec<GroupWork> = Vec::new();
    for row in &rows.map_err(|error| refused(&error))? {
        let ix = GroupIx(get(row, "ix")?);
        if groups.last().is_none_or(|group| group.ix != ix) {
            let group = get::<&str>(row, "id")?.into();
            groups.push(GroupWork { ix, group, peers: Vec::new(), read_ms: get(row, "known_ms")? });
        }
        let entries: Option<&[u8]> = get(row, "entries")?;
        if let (Some(blob), Some(group)) = (entries, groups.last_mut()) {
            pack::unpack_peers(blob, &mut group.peers)?;
        }
    }
    Ok(groups)
}

pub(super) async fn group_refs(
    conn: &mut SqliteConnection,
    run_no: i64,
    groups: &[GroupIx],
) -> Result<Vec<GroupRef>, JournalError> {
    let rows = sqlx::query(sql::GROUP_REFS).bind(run_no).bind(json(groups)?).fetch_all(conn).await;
    let refs: Vec<GroupRef> = rows
        .map_err(|error| refused(&error))?
        .iter()
        .map(|row| group_ref(row, "", "id"))
        .collect::<Result<_, _>>()?;
    if refs.len() == groups.len() {
        return Ok(refs);
    }
    Err(JournalError::Damaged(format!(
        "{} of {} groups that were asked for are not in the run",
        groups.len() - refs.len(),
        groups.len()
    )))
}
