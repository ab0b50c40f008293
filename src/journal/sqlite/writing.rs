//! The way to the writer.

use std::path::PathBuf;

use super::begin::{self, BeginOrder};
use super::connect::{self, Name};
use super::thread::{Served, Thread};
use super::writer::{Message, Order, Writer};
use crate::journal::store::Durable;
use crate::journal::{JournalError, NewRun, Since};
use crate::model::PairSet;

/// The writer on its thread, and the right to write.
pub(super) struct Writing {
    thread: Thread<Message>,
    /// How often the journal was opened for writing: no commit of an earlier time is taken.
    pub(super) epoch: u64,
    /// Held until the thread has ended: fields are dropped in this order.
    _held: connect::Held,
}

impl Writing {
    /// Opens the journal alone; creates and migrates the file.
    pub(super) async fn open(
        name: Name,
        path: PathBuf,
        by: Option<&Since>,
    ) -> Result<Self, JournalError> {
        let held = connect::hold(&name, &path, by)?;
        let (tell, epoch) = tokio::sync::oneshot::channel();
        let open = move || {
            let conn = connect::to_write(&name, &path)?;
            let writer = Writer::new(name, path, conn)?;
            // Whoever opens the journal waits for it.
            let _ = tell.send(writer.epoch());
            Ok(writer)
        };
        let thread = Thread::start(open, Writer::serve).await?;
        let epoch = epoch.await.map_err(|_| super::thread::stopped())?;
        Ok(Self { thread, epoch, _held: held })
    }

    /// Sends an order; ready once it is durable or refused.
    pub(super) fn write(&self, order: Order) -> Durable {
        Box::pin(self.thread.send(|ack| Message::Write(order, ack)))
    }

    /// Stores a run and its pairs.
    pub(super) async fn begin(&self, run: &NewRun, pairs: &PairSet) -> Result<(), JournalError> {
        let (order, feed) = BeginOrder::new(run);
        let begun = self.thread.send(|ack| Message::Begin(order, ack));
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
