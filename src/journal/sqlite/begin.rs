//! The start of a run: its head and its plan's frame, in one transaction.

use serde::Serialize;
use serde_json::json;
use sqlx::SqliteConnection;

use super::row::{bulk_of, get, json as to_json, refused, spell};
use super::work::Work;
use super::{load, sql};
use crate::journal::chain::{FrameDigest, canonical};
use crate::journal::{JournalError, NewRun, RunState, pack};
use crate::model::{PairSet, hex};

/// Rows in one statement.
const ROWS: usize = 500;
/// Repeated lines in one blob.
const LINES: usize = 1000;

/// Stores a run and its pairs; the run's number.
pub(super) async fn begin(
    work: &mut Work<'_>,
    run: &NewRun,
    pairs: &PairSet,
) -> Result<i64, JournalError> {
    let content = pairs.content_digest().to_string();
    let run_no = head(work, run, pairs, &content).await?;
    let conn = &mut *work.conn;
    let mut digest = FrameDigest::new();
    let frame = &mut digest;
    let sources = pairs.sources.iter().enumerate();
    let sources = sources.map(|(ix, source)| (ix, &source.name, source.first_line));
    fill(conn, frame, sql::SOURCE_INSERT, run_no, sources).await?;
    fill(conn, frame, sql::NOTE_INSERT, run_no, pairs.notes.iter()).await?;
    let duplicates = pairs.duplicates.chunks(LINES).enumerate();
    let duplicates = duplicates.map(|(ix, lines)| (ix, hex(&pack::lines(lines))));
    fill(conn, frame, sql::DUPLICATE_INSERT, run_no, duplicates).await?;
    let filters = pairs.filters.iter().map(to_json).collect::<Result<Vec<_>, _>>()?;
    fill(conn, frame, sql::FILTER_INSERT, run_no, filters.iter().enumerate()).await?;
    load::groups(conn, frame, run_no, pairs).await?;
    let lanes = pairs.groups.lanes().enumerate();
    let lanes: Vec<_> = lanes
        .map(|(ix, (lane, range))| {
            (ix, lane.cloud.as_str(), &lane.account, &lane.region, range.start, range.len())
        })
        .collect();
    fill(conn, frame, sql::LANE_INSERT, run_no, lanes.iter()).await?;
    load::chunks(conn, frame, run_no, pairs).await?;
    let body = canonical(&json!({
        "run": run,
        "content": content,
        "groups": pairs.groups.len(),
        "sources": pairs.sources,
        "pairs": pairs.pair_count(),
        "frame": digest.finish(),
    }))?;
    work.record(run_no, run.created_ms, "begun", None, body).await?;
    Ok(run_no)
}

async fn head(
    work: &mut Work<'_>,
    run: &NewRun,
    pairs: &PairSet,
    content: &str,
) -> Result<i64, JournalError> {
    let row = sqlx::query(sql::RUN_INSERT)
        .bind(run.id.as_str())
        .bind(canonical(run)?)
        .bind(spell(&RunState::Reading)?)
        .bind(content)
        .bind(i64::try_from(pairs.pair_count()).unwrap_or(i64::MAX))
        .bind(work.epoch.cast_signed())
        .fetch_one(&mut *work.conn)
        .await
        .map_err(|error| refused(&error))?;
    get(&row, "no")
}

/// Inserts rows, a statement for every [`ROWS`] of them.
async fn fill<T: Serialize>(
    conn: &mut SqliteConnection,
    frame: &mut FrameDigest,
    sql: &'static str,
    run_no: i64,
    rows: impl Iterator<Item = T>,
) -> Result<(), JournalError> {
    let mut batch = Vec::with_capacity(ROWS);
    for row in rows {
        frame.add(&to_json(&row)?);
        batch.push(row);
        if batch.len() == ROWS {
            bulk_of(conn, sql, run_no, &batch).await?;
            batch.clear();
        }
    }
    bulk_of(conn, sql, run_no, &batch).await
}
