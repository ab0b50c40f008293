//! Opening: a URL becomes a journal.

use super::sqlite::SqliteJournal;
use super::url::file_of;
use super::{Journal, JournalError, Since};

/// What a journal is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// To run: alone, created if it is not there.
    Write,
    /// To report: beside a process that writes, on read-only media too; changes nothing. The journal
    /// may be root's as well.
    Read,
}

/// Opens the journal at `url`, as [`file_of`] reads it.
///
/// Errors: [`JournalError::Url`], [`JournalError::Locked`] if another process has it open for writing,
/// and [`JournalError::Unusable`] with the remedy for all else: also when another user owns it or
/// what lies beside it, or may write there, or when it has a second name. Never waits for a lock.
pub async fn open(url: &str, mode: Mode) -> Result<Box<dyn Journal>, JournalError> {
    let path = file_of(url)?;
    Ok(match mode {
        Mode::Write => Box::new(SqliteJournal::open_to_write(url, &path, None).await?),
        Mode::Read => Box::new(SqliteJournal::open_to_read(url, &path).await?),
    })
}

/// Opens the journal at `url` to run, as [`open`] does in [`Mode::Write`]; others are told that `by`
/// holds it.
///
/// Errors: those of [`open`].
pub async fn open_as(url: &str, by: &Since) -> Result<Box<dyn Journal>, JournalError> {
    let path = file_of(url)?;
    Ok(Box::new(SqliteJournal::open_to_write(url, &path, Some(by)).await?))
}
