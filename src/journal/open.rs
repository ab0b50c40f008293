//! Opening: a URL becomes a journal.

use std::path::PathBuf;

use super::sqlite::SqliteJournal;
use super::{Journal, JournalError};

/// What a journal is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// To run: alone, created if it is not there.
    Write,
    /// To report: beside a process that writes, on read-only media too; changes nothing.
    Read,
}

/// Opens the journal at `url`: `sqlite:PATH`, `sqlite://PATH` or a bare path.
///
/// Errors: [`JournalError::Locked`] if another process has it open for writing, and
/// [`JournalError::Unusable`] with the remedy for all else. Never waits for a lock.
pub async fn open(url: &str, mode: Mode) -> Result<Box<dyn Journal>, JournalError> {
    let path = place(url)?;
    Ok(match mode {
        Mode::Write => Box::new(SqliteJournal::open_to_write(url, &path).await?),
        Mode::Read => Box::new(SqliteJournal::open_to_read(url, &path).await?),
    })
}

/// Deletes every run of the journal at `url` that ended before `before_ms`, with all its rows.
///
/// Runs that never ended stay, whatever their age. Returns how many went. Errors as [`open`].
pub async fn prune(url: &str, before_ms: i64) -> Result<u64, JournalError> {
    let journal = SqliteJournal::open_to_write(url, &place(url)?).await?;
    let pruned = journal.prune(before_ms).await;
    Box::new(journal).close().await?;
    pruned
}

fn place(url: &str) -> Result<PathBuf, JournalError> {
    let unusable = |reason: &str| {
        Err(JournalError::Unusable { journal: without_user(url), reason: reason.to_owned() })
    };
    if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        return unusable("PostgreSQL journals are not available in this version; use sqlite:FILE");
    }
    let path = match url.strip_prefix("sqlite:") {
        Some(rest) => rest.strip_prefix("//").unwrap_or(rest),
        None if url.contains("://") => {
            return unusable("unknown kind of journal, expected sqlite:FILE or a path");
        }
        None => url,
    };
    if path.is_empty() || path == ":memory:" {
        return unusable("a journal needs a file, expected sqlite:FILE or a path");
    }
    std::path::absolute(path).or_else(|error| unusable(&format!("not a path: {error}")))
}

/// `url` without a user and a password.
fn without_user(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, rest)), Some((_, place))) if rest.contains('@') => {
            format!("{scheme}://{place}")
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_file_is_that_file() {
        for url in ["/tmp/x.db", "sqlite:/tmp/x.db", "sqlite:///tmp/x.db"] {
            assert_eq!(place(url).expect("a file"), PathBuf::from("/tmp/x.db"));
        }
        let here = std::env::current_dir().expect("a folder");
        for url in ["x.db", "sqlite:x.db", "sqlite://x.db"] {
            assert_eq!(place(url).expect("a file"), here.join("x.db"));
        }
    }

    #[test]
    fn a_password_in_a_url_is_not_repeated() {
        let error = place("postgres://user:p@ss@db/unpair").expect_err("no file").to_string();
        assert!(error.starts_with("postgres://db/unpair: "), "{error}");
    }

    #[test]
    fn what_is_not_a_file_is_refused_with_the_remedy() {
        for url in ["postgres://h/d", "mysql://h/d", "sqlite:", "", "sqlite::memory:"] {
            let error = place(url).expect_err(url).to_string();
            assert!(error.contains("sqlite:FILE"), "{error}");
        }
    }
}
