//! The rows of a run on their way to the writer.

use std::task::Poll;

use tokio::sync::mpsc;

use super::sql;
use super::thread::stopped;
use crate::journal::JournalError;
use crate::journal::frame::{FrameSink, Told};
use crate::journal::table::Table;

/// Bytes of rows in one piece.
const PIECE: usize = 1 << 16;
/// Pieces that may wait for the writer before the next are made: 8 MiB, so that it has something
/// to do while the pairs are counted.
const AHEAD: usize = 128;

/// A part of what a run begins with.
pub(super) enum Piece {
    Rows(Rows),
    End(Told),
}

/// Rows for one statement, whose first value is the run.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) statement: &'static str,
    /// How many there are.
    pub(super) count: usize,
    /// The cells of each but for the run.
    pub(super) cells: Vec<u8>,
}

/// Where the rows of a run go. Dropped before its end, nothing of the run is kept.
pub(super) struct Feed {
    pieces: mpsc::Sender<Piece>,
    rows: Rows,
}

impl FrameSink for Feed {
    async fn table(&mut self, table: Table) -> Result<(), JournalError> {
        self.send().await?;
        self.rows.statement = statement(table);
        Ok(())
    }

    async fn row(&mut self, cells: &[u8]) -> Result<(), JournalError> {
        self.rows.cells.extend_from_slice(cells);
        self.rows.count += 1;
        if self.rows.cells.len() < PIECE {
            return Ok(());
        }
        self.send().await
    }
}

impl Feed {
    pub(super) fn new() -> (Self, mpsc::Receiver<Piece>) {
        let (pieces, taken) = mpsc::channel(AHEAD);
        (Self { pieces, rows: Rows::default() }, taken)
    }

    /// Ends with what is known once all rows were told.
    pub(super) async fn end(mut self, told: Told) -> Result<(), JournalError> {
        self.send().await?;
        self.pieces.send(Piece::End(told)).await.map_err(|_| stopped())
    }

    /// Sends the rows at hand, if there are any.
    async fn send(&mut self) -> Result<(), JournalError> {
        if self.rows.count == 0 {
            return Ok(());
        }
        let next = Rows { statement: self.rows.statement, ..Rows::default() };
        let rows = std::mem::replace(&mut self.rows, next);
        self.pieces.send(Piece::Rows(rows)).await.map_err(|_| stopped())?;
        pause().await;
        Ok(())
    }
}

/// What inserts a row of a table of the frame.
const fn statement(table: Table) -> &'static str {
    match table {
        Table::Source => sql::SOURCE_INSERT,
        Table::Note => sql::NOTE_INSERT,
        Table::Duplicate => sql::DUPLICATE_INSERT,
        Table::Filter => sql::FILTER_INSERT,
        Table::Group => sql::GROUP_INSERT,
        Table::Lane => sql::LANE_INSERT,
        Table::Chunk => sql::CHUNK_INSERT,
        // No frame has rows of another: without a statement they are refused.
        _ => "",
    }
}

/// Lets others have their turn; whoever gives up does so here. The journal is asked by executors
/// that are not tokio's, too: they would never hear of its own `yield_now`.
async fn pause() {
    let mut is_over = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut is_over, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
