//! The start of a run: its head and its plan's frame, in one transaction.
//!
//! There are millions of rows: whoever begins the run spells them out, a piece at a time, while
//! the writer inserts the piece before.

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection};
use tokio::sync::mpsc;

use super::commit::WriteTransaction;
use super::feed::{Feed, Piece, Rows};
use super::row::{execute, first, get, spell};
use super::{run_history, sql};
use crate::journal::cells::Cell;
use crate::journal::frame::{self, Told};
use crate::journal::ledger::canonical;
use crate::journal::{JournalError, NewRun, RunState};
use crate::model::PairSet;

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
    let told = frame::tell(&mut feed, run, pairs).await?;
    feed.end(told).await
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
