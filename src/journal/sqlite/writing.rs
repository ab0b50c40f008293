//! The way to the writer.

use std::path::PathBuf;

use super::begin::{self, BeginOrder};
use super::connect::{self, Name};
use super::counts::Counts;
use super::order::{Alone, Order, Reply};
use super::thread::{Served, Thread};
use super::writer::{Message, Writer};
use crate::journal::desk::Step;
use crate::journal::{CallId, JournalError, NewRun, Since};
use crate::model::{PairSet, Status};

/// The writer on its thread, and the right to write.
pub(super) struct Writing {
    thread: Thread<Message>,
    /// Held until the thread has ended: fields are dropped in this order.
    _held: connect::Held,
}

impl Writing {
    /// Opens the journal alone; creates and migrates the file.
    pub(super) async fn open(
        name: Name,
        path: PathBuf,
        counts: Counts,
        by: Option<&Since>,
    ) -> Result<Self, JournalError> {
        let held = connect::hold(&name, &path, by)?;
        let open = move || {
            let conn = connect::to_write(&name, &path)?;
            Writer::new(name, path, conn, counts)
        };
        Ok(Self { thread: Thread::start(open, Writer::serve).await?, _held: held })
    }

    /// Returns once the order is durable or refused.
    pub(super) async fn write(&self, order: Order) -> Result<Reply, JournalError> {
        self.thread.ask(|ack| Message::Write(order, ack)).await
    }

    /// Writes an order that has nothing to tell.
    pub(super) async fn carry_out(&self, order: Alone) -> Result<(), JournalError> {
        self.write(Order::Alone(order)).await.map(|_| ())
    }

    /// Writes an order that tells how many.
    pub(super) async fn count(&self, order: Alone) -> Result<u64, JournalError> {
        match self.write(Order::Alone(order)).await? {
            Reply::Count(count) => Ok(count),
            other => Err(mixed_up(&other)),
        }
    }

    /// Writes an event of a call: its new status, and the calls that were split off it.
    pub(super) async fn step(&self, step: Step) -> Result<(Status, Vec<CallId>), JournalError> {
        match self.write(Order::Step(step)).await? {
            Reply::Stepped(status, split) => Ok((status, split)),
            other => Err(mixed_up(&other)),
        }
    }

    /// Stores a run and its pairs.
    pub(super) async fn begin(&self, run: &NewRun, pairs: &PairSet) -> Result<(), JournalError> {
        let (order, feed) = BeginOrder::new(run);
        let begun = self.thread.ask(|ack| Message::Begin(order, ack));
        let told = begin::tell(feed, run, pairs);
        // A writer that takes no more rows has the better reason.
        let (begun, told) = tokio::join!(begun, told);
        begun?;
        told
    }

    pub(super) async fn close(self) -> Served {
        self.thread.close().await
    }
}

fn mixed_up(reply: &Reply) -> JournalError {
    JournalError::Database(format!("its writer answered another question: {reply:?}"))
}
