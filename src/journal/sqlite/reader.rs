//! The connection that only reads, beside the writer.

use std::path::PathBuf;

use rusqlite::Connection;
use tokio::sync::mpsc;

use super::connect::{self, Name};
use super::thread::{self, Served, Thread};
use crate::journal::JournalError;

type Question = Box<dyn FnOnce(&Connection) + Send>;

/// The way to the connection that reads.
pub(super) struct Reader(Thread<Question>);

impl Reader {
    pub(super) async fn open(name: Name, path: PathBuf) -> Result<Self, JournalError> {
        Thread::start(move || connect::to_read(&name, &path), serve).await.map(Self)
    }

    /// What `question` makes of the journal as of one moment.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        self.0
            .ask(|back| {
                Box::new(move |conn: &Connection| {
                    // Whoever asked may have gone.
                    let _ = back.send(at_once(conn, question));
                })
            })
            .await
    }

    pub(super) async fn close(self) -> Served {
        self.0.close().await
    }
}

fn serve(conn: Connection, mut questions: mpsc::Receiver<Question>) -> Served {
    while let Some(question) = questions.blocking_recv() {
        question(&conn);
    }
    thread::close(conn)
}

/// One transaction for all that a question reads: each statement by itself would take the locks
/// and look for what the writer changed.
fn at_once<T>(
    conn: &Connection,
    question: impl FnOnce(&Connection) -> Result<T, JournalError>,
) -> Result<T, JournalError> {
    let moment = conn.unchecked_transaction()?;
    question(&moment)
}
