//! Connections that only read, beside the writer.

use std::path::Path;

use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::{Mutex, MutexGuard};

use super::connect::{self, Name};
use crate::journal::JournalError;

/// A report that streams, and the run beside it. A pool would add timeouts, nothing else.
pub(super) struct Readers {
    first: Mutex<SqliteConnection>,
    second: Mutex<SqliteConnection>,
}

impl Readers {
    pub(super) async fn open(name: &Name, path: &Path) -> Result<Self, JournalError> {
        Ok(Self {
            first: Mutex::new(connect::to_read(name, path).await?),
            second: Mutex::new(connect::to_read(name, path).await?),
        })
    }

    /// A connection that is free, or the next to become so.
    pub(super) async fn get(&self) -> MutexGuard<'_, SqliteConnection> {
        tokio::select! {
            biased;
            conn = self.first.lock() => conn,
            conn = self.second.lock() => conn,
        }
    }

    pub(super) async fn close(self) -> Result<(), sqlx::Error> {
        self.first.into_inner().close().await?;
        self.second.into_inner().close().await
    }
}
