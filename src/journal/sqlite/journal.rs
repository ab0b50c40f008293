//! A journal that is open: its reader, its writer, and the numbers of its runs.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use rusqlite::Connection;

use super::connect::{LOCK, Name, is_ours, with};
use super::reader::Reader;
use super::row::{first, get};
use super::runs::{self, With};
use super::sql;
use super::writer::Order;
use super::writing::Writing;
use crate::files::Owner;
use crate::journal::run::Last;
use crate::journal::{JournalError, Since};
use crate::model::RunId;

/// A journal in a `SQLite` file.
pub(in crate::journal) struct SqliteJournal {
    name: Name,
    /// Before the writer, so that the last connection to be closed is one that writes.
    pub(super) reader: Reader,
    /// The numbers of runs: they never change.
    numbers: RwLock<HashMap<RunId, i64>>,
    pub(super) writing: Option<Writing>,
    /// The file that another process locks which works on the runs of the journal; none if this
    /// process does.
    pub(super) lock: Option<PathBuf>,
}

impl SqliteJournal {
    /// Opens for writing, alone; creates and migrates the file. Others are told who holds it.
    pub(in crate::journal) async fn open_to_write(
        name: &str,
        path: &Path,
        by: Option<&Since>,
    ) -> Result<Self, JournalError> {
        let name = Name(name.to_owned());
        let writing = Writing::open(name.clone(), path.to_owned(), by).await?;
        let reader = Reader::open(name.clone(), path.to_owned()).await?;
        let writing = Some(writing);
        Ok(Self { name, reader, numbers: RwLock::default(), writing, lock: None })
    }

    /// Opens for reading, beside whoever writes.
    pub(in crate::journal) async fn open_to_read(
        name: &str,
        path: &Path,
    ) -> Result<Self, JournalError> {
        let name = Name(name.to_owned());
        if !is_ours(&name, path, Owner::UsOrRoot)? {
            return Err(name.unusable("there is no journal; run a command first"));
        }
        let reader = Reader::open(name.clone(), path.to_owned()).await?;
        Ok(Self {
            name,
            reader,
            numbers: RwLock::default(),
            writing: None,
            lock: Some(with(path, LOCK)),
        })
    }

    /// Deletes runs with all their rows.
    pub(in crate::journal) async fn drop_runs(&self, runs: &[RunId]) -> Result<(), JournalError> {
        self.write(Order::Drop(runs.to_vec())).await
    }

    /// Where the history of a run ends.
    pub(in crate::journal) async fn last(&self, run: &RunId) -> Result<Last, JournalError> {
        self.ask(run, runs::last).await
    }

    /// What runs are told with.
    pub(super) fn with(&self) -> With {
        With { lock: self.lock.clone(), journal: self.name.0.clone() }
    }

    pub(super) fn writing(&self) -> Result<&Writing, JournalError> {
        self.writing.as_ref().ok_or_else(|| self.name.unusable("was opened for reading alone"))
    }

    pub(super) async fn number(&self, run: &RunId) -> Result<i64, JournalError> {
        let known = self.numbers.read().unwrap_or_else(PoisonError::into_inner).get(run).copied();
        if let Some(number) = known {
            return Ok(number);
        }
        let id = run.clone();
        let find =
            move |conn: &Connection| first(conn, sql::RUN_NO, [id.as_str()], |row| get(row, "no"));
        let number = self.reader.ask(find).await?;
        let number =
            number.ok_or_else(|| JournalError::NoSuchRun(format!("there is no run {run}")))?;
        self.numbers.write().unwrap_or_else(PoisonError::into_inner).insert(run.clone(), number);
        Ok(number)
    }

    /// What `question` makes of a run, told by its number.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        run: &RunId,
        question: impl FnOnce(&Connection, i64) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let run_no = self.number(run).await?;
        self.reader.ask(move |conn| question(conn, run_no)).await
    }
}
