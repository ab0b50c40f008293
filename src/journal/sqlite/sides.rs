//! What the last readings showed.

use futures_util::TryStreamExt as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::row::{get, parse, refused};
use super::sql;
use crate::journal::{Finding, JournalError, SideReading, SideRecord, pack};
use crate::model::{GroupIx, Snapshot};

pub(super) async fn sides(
    conn: &mut SqliteConnection,
    run_no: i64,
    from: GroupIx,
    limit: u32,
) -> Result<Vec<SideRecord>, JournalError> {
    let rows = sqlx::query(sql::SIDES).bind(run_no).bind(from.0).bind(limit).fetch_all(conn).await;
    rows.map_err(|error| refused(&error))?
        .iter()
        .map(|row| {
            Ok(SideRecord {
                group: GroupIx(get(row, "ix")?),
                at_ms: get(row, "read_ms")?,
                state: state(row)?,
                elsewhere: get(row, "elsewhere")?,
            })
        })
        .collect()
}

fn state(row: &SqliteRow) -> Result<SideReading, JournalError> {
    let text =
        |name: &str| get::<Option<String>>(row, name).map(std::option::Option::unwrap_or_default);
    Ok(match get(row, "reading")? {
        "unread" => SideReading::Unread,
        "seen" => SideReading::Seen { service_managed: get(row, "service_managed")? },
        "missing" => SideReading::Missing { code: text("code")? },
        "not_ours" => {
            let naming: Option<&str> = get(row, "naming")?;
            SideReading::NotOurs { naming: naming.map(parse).transpose()? }
        }
        "failed" => SideReading::Failed { code: text("code")?, message: text("message")? },
        other => return Err(JournalError::Damaged(format!("a reading that is `{other}`"))),
    })
}

/// Unpacked one group at a time: packed, they take as much again.
pub(super) async fn findings(
    conn: &mut SqliteConnection,
    run_no: i64,
) -> Result<Vec<(GroupIx, Finding)>, JournalError> {
    let mut rows = sqlx::query(sql::FINDINGS).bind(run_no).fetch(conn);
    let mut all = Vec::new();
    while let Some(row) = rows.try_next().await.map_err(|error| refused(&error))? {
        let group = GroupIx(get(&row, "grp")?);
        let found = pack::unpack_findings(get(&row, "entries")?)?;
        all.extend(found.into_iter().map(|finding| (group, finding)));
    }
    Ok(all)
}

pub(super) async fn snapshot(
    conn: &mut SqliteConnection,
    run_no: i64,
    group: GroupIx,
) -> Result<Option<Snapshot>, JournalError> {
    let body: Option<String> = sqlx::query_scalar(sql::SNAPSHOT)
        .bind(run_no)
        .bind(group.0)
        .fetch_optional(conn)
        .await
        .map_err(|error| refused(&error))?;
    body.as_deref().map(parse).transpose()
}
