//! Opening: a URL becomes a journal.

use super::sqlite::SqliteJournal;
use super::url::file_of;
use super::{Journal, JournalError, JournalRead, Since};

/// Opens the journal at `url`, as [`file_of`] reads it, to run: alone, created if it is not there.
///
/// Errors: [`JournalError::Url`], [`JournalError::Locked`] if another process has it open for writing,
/// and [`JournalError::Unusable`] with the remedy for all else: also when another user owns it or
/// what lies beside it, or may write there, or when it has a second name. Never waits for a lock.
pub async fn open(url: &str) -> Result<Box<dyn Journal>, JournalError> {
    let path = file_of(url)?;
    Ok(Box::new(SqliteJournal::open_to_write(url, &path, None).await?))
}

/// Opens the journal at `url` to run, as [`open`] does; others are told that `by` holds it.
///
/// Errors: those of [`open`].
pub async fn open_as(url: &str, by: &Since) -> Result<Box<dyn Journal>, JournalError> {
    let path = file_of(url)?;
    Ok(Box::new(SqliteJournal::open_to_write(url, &path, Some(by)).await?))
}

/// Opens the journal at `url` to report: beside a process that writes, on read-only media too;
/// changes nothing. The journal may be root's as well.
///
/// Errors: those of [`open`], but for [`JournalError::Locked`].
pub async fn open_to_read(url: &str) -> Result<Box<dyn JournalRead>, JournalError> {
    let path = file_of(url)?;
    Ok(Box::new(SqliteJournal::open_to_read(url, &path).await?))
}
