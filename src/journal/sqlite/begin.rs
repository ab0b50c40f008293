//! The start of a run: its head and its plan's frame, in one transaction.
//!
//! There are millions of rows: whoever begins the run spells them out, a piece at a time, while
//! the writer inserts the piece before.

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection};
use serde_json::json;
use tokio::sync::mpsc;

use super::commit::WriteTransaction;
use super::feed::{Feed, Piece, Rows, Told};
use super::row::{execute, first, get, json as to_json, spell};
use super::{load, run_history, sql};
use crate::journal::cells::Cell;
use crate::journal::ledger::canonical;
use crate::journal::table::Table;
use crate::journal::{JournalError, NewRun, RunState, pack};
use crate::model::{PairSet, Source};

/// Repeated lines in one blob.
const LINES: usize = 1000;
/// Rows that one statement inserts, while there are as many: half as long as each alone.
const TOGETHER: usize = 20;

/// A run to be begun: its head, and where its rows come from.
pub(super) struct BeginOrder {
    pub(super) run: NewRun,
    pieces: mpsc::Receiver<Piece>,
}

impl BeginOrder {
    /// The order, and where its rows go.
    pub(super) fn new(run: &NewRun) -> (Self, Feed) {
        let (feed, pieces) = Feed::new();
        (Self { run: run.clone(), pieces }, feed)
    }
}

/// Spells out the rows of a run; ends early when the writer takes no more of them.
pub(super) async fn tell(
    mut feed: Feed,
    run: &NewRun,
    pairs: &PairSet,
) -> Result<(), JournalError> {
    few(&mut feed, pairs).await?;
    load::groups(&mut feed, pairs).await?;
    // The writer has the groups to insert meanwhile.
    let (content, count) = (pairs.content_digest().to_string(), pairs.pair_count());
    load::lanes(&mut feed, pairs).await?;
    load::chunks(&mut feed, pairs).await?;
    feed.end(|frame| {
        let body = json!({
            "run": run,
            "content": content,
            "groups": pairs.groups.len(),
            "sources": pairs.sources,
            "pairs": count,
            "frame": frame,
        });
        Ok(Told { content, pairs: count as u64, body })
    })
    .await
}

/// Sends what there is little of.
async fn few(feed: &mut Feed, pairs: &PairSet) -> Result<(), JournalError> {
    sources(feed, &pairs.sources).await?;
    feed.table(Table::Note, sql::NOTE_INSERT).await?;
    for (line, text) in &pairs.notes {
        feed.row(&[(*line).into(), text.as_str().into()]).await?;
    }
    feed.table(Table::Duplicate, sql::DUPLICATE_INSERT).await?;
    for (ix, lines) in pairs.duplicates.chunks(LINES).enumerate() {
        feed.row(&[ix.into(), pack::lines(lines).as_slice().into()]).await?;
    }
    feed.table(Table::Filter, sql::FILTER_INSERT).await?;
    for (ix, filter) in pairs.filters.iter().enumerate() {
        feed.row(&[ix.into(), to_json(filter)?.as_str().into()]).await?;
    }
    Ok(())
}

/// Sends the manifests.
async fn sources(feed: &mut Feed, sources: &[Source]) -> Result<(), JournalError> {
    feed.table(Table::Source, sql::SOURCE_INSERT).await?;
    for (ix, source) in sources.iter().enumerate() {
        let digest = source.digest.as_deref().unwrap_or_default();
        let row = [ix.into(), source.name.as_str().into(), source.first_line.into(), digest.into()];
        feed.row(&row).await?;
    }
    Ok(())
}

/// Stores a run and its rows; whether all of them came. Of a run whose teller went away nothing
/// may be kept.
pub(super) fn begin(
    work: &mut WriteTransaction<'_>,
    mut order: BeginOrder,
) -> Result<bool, JournalError> {
    let run_no = head(work, &order.run)?;
    while let Some(piece) = order.pieces.blocking_recv() {
        match piece {
            Piece::Rows(rows) => insert(work.conn, run_no, &rows)?,
            Piece::End(Told { content, pairs, body }) => {
                execute(work.conn, sql::RUN_CONTENT, (run_no, content, pairs))?;
                run_history::record(work, run_no, "begun", order.run.created_ms, body)?;
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Stores the head of a run; what is known of its pairs comes last.
fn head(work: &WriteTransaction<'_>, run: &NewRun) -> Result<i64, JournalError> {
    let state = spell(&RunState::Reading)?;
    let values = (run.id.as_str(), canonical(run)?, state);
    let run_no = first(work.conn, sql::RUN_INSERT, values, |row| get(row, "no"))?;
    run_no.ok_or_else(|| JournalError::Damaged(format!("run {} has no number", run.id)))
}

fn insert(conn: &Connection, run_no: i64, rows: &Rows) -> Result<(), JournalError> {
    let mut cells = rows.cells.as_slice();
    let together = rows.count / TOGETHER;
    for (at_once, times) in [(TOGETHER, together), (1, rows.count - together * TOGETHER)] {
        let mut statement = conn.prepare_cached(&sql::of_rows(rows.statement, at_once))?;
        statement.raw_bind_parameter(1, run_no)?;
        for _ in 0..times {
            bind(&mut statement, &mut cells)?;
            statement.raw_execute()?;
        }
    }
    Ok(())
}

/// Binds all values of a statement but for the run.
fn bind(statement: &mut CachedStatement<'_>, cells: &mut &[u8]) -> Result<(), JournalError> {
    for at in 2..=statement.parameter_count() {
        let cell = Cell::read(cells);
        let cell = cell.ok_or_else(|| JournalError::Database("a row is cut".to_owned()))?;
        statement.raw_bind_parameter(at, cell)?;
    }
    Ok(())
}

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Cell::Number(number) => ValueRef::Integer(number),
            Cell::Text(text) => ValueRef::Text(text),
            Cell::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}
