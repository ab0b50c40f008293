//! The heads of runs.

use serde_json::{Map, Value, json};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::counts::Counts;
use super::row::{get, parse, refused, spell, word};
use super::sql;
use super::work::Work;
use crate::journal::chain::canonical;
use crate::journal::{JournalError, NewRun, RunRecord, RunUpdate};
use crate::model::Source;

/// A change of a run's head.
pub(super) struct UpdateOrder {
    pub(super) run_no: i64,
    pub(super) update: RunUpdate,
    pub(super) at_ms: i64,
}

pub(super) async fn update(work: &mut Work<'_>, order: &UpdateOrder) -> Result<(), JournalError> {
    let update = &order.update;
    sqlx::query(sql::RUN_UPDATE)
        .bind(order.run_no)
        .bind(update.state.as_ref().map(spell).transpose()?)
        .bind(update.exit.is_some())
        .bind(update.exit.flatten())
        .bind(update.started_ms)
        .bind(update.ended_ms)
        .bind(update.add_elapsed_ms)
        .bind(update.digest.as_deref())
        .bind(update.estimate_s.map(u64::cast_signed))
        .bind(work.epoch.cast_signed())
        .execute(&mut *work.conn)
        .await
        .map_err(|error| refused(&error))?;
    let body = canonical(&changes(update)?)?;
    work.record(order.run_no, order.at_ms, "updated", None, body).await?;
    Ok(())
}

/// What an update changes, by column: what it leaves alone is absent, a cleared exit is null.
fn changes(update: &RunUpdate) -> Result<Map<String, Value>, JournalError> {
    let mut changes = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        changes.extend(value.map(|value| (name.to_owned(), value)));
    };
    put("state", update.state.as_ref().map(spell).transpose()?.map(Value::from));
    put("exit", update.exit.map(|exit| json!(exit)));
    put("started_ms", update.started_ms.map(Value::from));
    put("ended_ms", update.ended_ms.map(Value::from));
    put("add_elapsed_ms", Some(update.add_elapsed_ms.into()));
    put("digest", update.digest.clone().map(Value::from));
    put("estimate_s", update.estimate_s.map(Value::from));
    Ok(changes)
}

pub(super) async fn prune(work: &mut Work<'_>, before_ms: i64) -> Result<u64, JournalError> {
    let done = sqlx::query(sql::RUN_PRUNE).bind(before_ms).execute(&mut *work.conn).await;
    done.map(|done| done.rows_affected()).map_err(|error| refused(&error))
}

/// The run of this id, or the only one whose id begins so.
pub(super) async fn one(
    conn: &mut SqliteConnection,
    counts: &Counts,
    id: &str,
) -> Result<RunRecord, JournalError> {
    let none = || JournalError::NoSuchRun(id.to_owned());
    if id.is_empty() {
        return Err(none());
    }
    let rows = sqlx::query(sql::RUN_FIND)
        .bind(id)
        .fetch_all(&mut *conn)
        .await
        .map_err(|error| refused(&error))?;
    match rows.as_slice() {
        [row] => record(conn, counts, row).await,
        [row, _] if get::<&str>(row, "id")? == id => record(conn, counts, row).await,
        _ => Err(none()),
    }
}

/// Every run, latest first.
pub(super) async fn all(
    conn: &mut SqliteConnection,
    counts: &Counts,
) -> Result<Vec<RunRecord>, JournalError> {
    let rows = sqlx::query(sql::RUN_ALL).fetch_all(&mut *conn).await;
    let mut runs = Vec::new();
    for row in rows.map_err(|error| refused(&error))? {
        runs.push(record(conn, counts, &row).await?);
    }
    Ok(runs)
}

async fn record(
    conn: &mut SqliteConnection,
    counts: &Counts,
    row: &SqliteRow,
) -> Result<RunRecord, JournalError> {
    let no: i64 = get(row, "no")?;
    let new: NewRun = parse(get(row, "options")?)?;
    if new.id.as_str() != get::<&str>(row, "id")? {
        return Err(JournalError::Damaged(format!("run {}: it has another id", new.id)));
    }
    Ok(RunRecord {
        new,
        state: word(get(row, "state")?)?,
        exit: get(row, "exit")?,
        started_ms: get(row, "started_ms")?,
        ended_ms: get(row, "ended_ms")?,
        elapsed_ms: get(row, "elapsed_ms")?,
        content: get(row, "content")?,
        digest: get(row, "digest")?,
        estimate_s: get(row, "estimate_s")?,
        pairs: get(row, "pairs")?,
        sources: sources(conn, no).await?,
        rules: counts.of(conn, no).await?,
    })
}

async fn sources(conn: &mut SqliteConnection, no: i64) -> Result<Vec<Source>, JournalError> {
    let rows = sqlx::query(sql::RUN_SOURCES).bind(no).fetch_all(conn).await;
    rows.map_err(|error| refused(&error))?
        .iter()
        .map(|row| Ok(Source { name: get(row, "name")?, first_line: get(row, "first_line")? }))
        .collect()
}
