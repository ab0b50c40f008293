//! The rows of a run on their way to the writer, and their digest.

use rusqlite::types::Value;
use serde::{Serialize, Serializer};
use tokio::sync::mpsc;

use super::row::json;
use super::thread::stopped;
use crate::journal::JournalError;
use crate::journal::chain::FrameDigest;
use crate::model::hex;

/// Rows in one piece.
const ROWS: usize = 500;
/// Pieces that may wait for the writer before the next are made.
const AHEAD: usize = 2;

/// A part of what a run begins with.
pub(super) enum Piece {
    Rows(Rows),
    /// All rows were told: what the first row of the history says of them.
    End(String),
}

/// Rows for one statement, whose first value is the run.
pub(super) struct Rows {
    pub(super) statement: &'static str,
    /// Columns of a row but for the run.
    pub(super) columns: usize,
    /// The rows, one after the other.
    pub(super) values: Vec<Value>,
}

/// Where the rows of a run go. Dropped before its end, nothing of the run is kept.
pub(super) struct Feed {
    pieces: mpsc::Sender<Piece>,
    digest: FrameDigest,
}

impl Feed {
    pub(super) fn new() -> (Self, mpsc::Receiver<Piece>) {
        let (pieces, taken) = mpsc::channel(AHEAD);
        (Self { pieces, digest: FrameDigest::new() }, taken)
    }

    /// Sends rows; an error means that the writer takes no more.
    pub(super) async fn fill<const N: usize>(
        &mut self,
        statement: &'static str,
        mut rows: impl Iterator<Item = [Value; N]> + Send,
    ) -> Result<(), JournalError> {
        loop {
            let mut values = Vec::with_capacity(N * ROWS);
            for row in rows.by_ref().take(ROWS) {
                self.digest.add(&json(&Spelled(&row))?);
                values.extend(row);
            }
            if values.is_empty() {
                return Ok(());
            }
            let piece = Piece::Rows(Rows { statement, columns: N, values });
            self.pieces.send(piece).await.map_err(|_| stopped())?;
        }
    }

    /// Ends with what `body` makes of the digest of all rows.
    pub(super) async fn end(
        self,
        body: impl FnOnce(String) -> Result<String, JournalError> + Send,
    ) -> Result<(), JournalError> {
        let Self { pieces, digest } = self;
        pieces.send(Piece::End(body(digest.finish())?)).await.map_err(|_| stopped())
    }
}

/// A row as its digest covers it: a JSON array of its columns but for the run, bytes in
/// hexadecimal.
struct Spelled<'a>(&'a [Value]);

impl Serialize for Spelled<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Cell))
    }
}

struct Cell<'a>(&'a Value);

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Integer(number) => serializer.serialize_i64(*number),
            Value::Real(number) => serializer.serialize_f64(*number),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Blob(bytes) => serializer.serialize_str(&hex(bytes)),
        }
    }
}
