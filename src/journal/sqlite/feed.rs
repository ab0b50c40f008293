//! The rows of a run on their way to the writer, and their digest.

use std::task::Poll;

use tokio::sync::mpsc;

use super::thread::stopped;
use crate::journal::JournalError;
use crate::journal::cells::Cell;
use crate::journal::ledger::FrameDigest;
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

/// What is known once all rows were told.
pub(super) struct Told {
    /// The digest of the pairs.
    pub(super) content: String,
    /// How many distinct pairs there are.
    pub(super) pairs: u64,
    /// What the first row of the history says.
    pub(super) body: serde_json::Value,
}

/// Where the rows of a run go. Dropped before its end, nothing of the run is kept.
pub(super) struct Feed {
    pieces: mpsc::Sender<Piece>,
    digest: FrameDigest,
    rows: Rows,
}

impl Feed {
    pub(super) fn new() -> (Self, mpsc::Receiver<Piece>) {
        let (pieces, taken) = mpsc::channel(AHEAD);
        (Self { pieces, digest: FrameDigest::new(), rows: Rows::default() }, taken)
    }

    /// From here on the rows are those of another table. An error, as from the other methods,
    /// means that the writer takes no more.
    pub(super) async fn table(
        &mut self,
        table: Table,
        statement: &'static str,
    ) -> Result<(), JournalError> {
        self.send().await?;
        self.rows.statement = statement;
        self.digest.table(table);
        Ok(())
    }

    /// Adds a row.
    pub(super) async fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), JournalError> {
        let start = self.rows.cells.len();
        for cell in cells {
            cell.write(&mut self.rows.cells);
        }
        self.rows.count += 1;
        self.digest.row(&self.rows.cells[start..]);
        if self.rows.cells.len() < PIECE {
            return Ok(());
        }
        self.send().await
    }

    /// Ends with what `told` makes of the digest of all rows.
    pub(super) async fn end(
        mut self,
        told: impl FnOnce(String) -> Result<Told, JournalError> + Send,
    ) -> Result<(), JournalError> {
        self.send().await?;
        let told = told(self.digest.finish())?;
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
