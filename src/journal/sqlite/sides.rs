//! What the last readings showed.

use rusqlite::Connection;

use super::row::{Row, each, first, get, maybe_bytes, maybe_text, parse, select, text};
use super::sql;
use crate::journal::{
    Finding, GroupRecord, JournalError, ReadingTimes, SideReading, SideRecord, pack,
};
use crate::model::GroupIx;

pub(super) fn sides(
    conn: &Connection,
    run_no: i64,
    from: GroupIx,
    limit: u32,
) -> Result<Vec<SideRecord>, JournalError> {
    select(conn, sql::SIDES, (run_no, from.0, limit), |row| {
        Ok(SideRecord {
            group: GroupIx(get(row, "ix")?),
            at_ms: get(row, "read_ms")?,
            state: state(row)?,
            elsewhere: get(row, "elsewhere")?,
        })
    })
}

fn state(row: &Row<'_>) -> Result<SideReading, JournalError> {
    let said =
        |name: &'static str| Ok::<_, JournalError>(maybe_text(row, name)?.unwrap_or("").to_owned());
    Ok(match text(row, "reading")? {
        "unread" => SideReading::Unread,
        "seen" => SideReading::Seen { service_managed: get(row, "service_managed")? },
        "missing" => SideReading::Missing { code: said("code")? },
        "not_ours" => {
            SideReading::NotOurs { naming: maybe_text(row, "naming")?.map(parse).transpose()? }
        }
        "failed" => SideReading::Failed { code: said("code")?, message: said("message")? },
        other => return Err(JournalError::Damaged(format!("a reading that is `{other}`"))),
    })
}

pub(super) fn times(conn: &Connection, run_no: i64) -> Result<Option<ReadingTimes>, JournalError> {
    let times = first(conn, sql::READING_TIMES, [run_no], |row| {
        let earlier_ms = get(row, "earlier")?;
        let ends = get::<Option<i64>>(row, "oldest")?.zip(get(row, "newest")?);
        Ok(ends.map(|(oldest_ms, newest_ms)| ReadingTimes { oldest_ms, newest_ms, earlier_ms }))
    })?;
    Ok(times.flatten())
}

pub(super) fn findings(
    conn: &Connection,
    run_no: i64,
) -> Result<Vec<(GroupIx, Finding)>, JournalError> {
    let mut all = Vec::new();
    each(conn, sql::FINDINGS, [run_no], |row| {
        let group = GroupIx(get(row, "grp")?);
        let found = pack::unpack_findings(maybe_bytes(row, "entries")?.unwrap_or_default())?;
        all.extend(found.into_iter().map(|finding| (group, finding)));
        Ok(())
    })?;
    Ok(all)
}

pub(super) fn group(
    conn: &Connection,
    run_no: i64,
    group: GroupIx,
) -> Result<Option<GroupRecord>, JournalError> {
    first(conn, sql::SNAPSHOT, (run_no, group.0), |row| parse(text(row, "body")?))
}
