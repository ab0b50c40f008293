//! The file: its connections and its version; whose it is and its locks are in `place`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

mod holder;
mod place;
mod version;

pub(super) use holder::holder;
pub(super) use place::{Held, LOCK, hold, is_ours, with};
use version::{APPLICATION, EARLIER, LATEST, MIGRATIONS, version};

use super::sql;
use crate::failpoint::{Bug, planted};
use crate::files::Owner;
use crate::journal::{Holder, JournalError};

/// What the writer sets: a commit that returned is on disk, and the write-ahead log is cut back
/// to 64 MiB after a checkpoint.
const DURABLE: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    PRAGMA journal_size_limit = 67108864;";
/// What [`Bug::NotFlushed`] makes of it.
const UNFLUSHED: &str = "PRAGMA synchronous = NORMAL;";
/// What every connection sets: no function that a file defines is trusted, no damaged page is. The
/// file is read, not mapped: a disk that fails is an error then, not a signal.
const CAREFUL: &str = "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;";
/// Statements that are kept prepared: more than there are.
const PREPARED: usize = 100;
/// `PRAGMA synchronous` = FULL: a commit that returned survives a power cut.
const FULL: i64 = 2;

/// A journal's name as given, for messages.
#[derive(Clone, Debug)]
pub(super) struct Name(pub(super) String);

impl Name {
    pub(super) fn unusable(&self, reason: impl Into<String>) -> JournalError {
        JournalError::Unusable { journal: self.0.clone(), reason: reason.into() }
    }

    /// Another process has the right to write, as its lock file says.
    pub(super) fn locked(&self, path: &Path) -> JournalError {
        let holder = holder(&with(path, LOCK)).unwrap_or(Holder { pid: None, by: None });
        JournalError::Locked { journal: self.0.clone(), holder: Box::new(holder) }
    }
}

fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.set_prepared_statement_cache_capacity(PREPARED);
    // Otherwise statements are prepared anew when a value that is bound could change their plan.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.execute_batch(CAREFUL)?;
    Ok(conn)
}

/// The connection of the writer: durable, migrated. A file of another kind is left as it is.
pub(super) fn to_write(name: &Name, path: &Path) -> Result<Connection, JournalError> {
    let broken = |error| name.unusable(format!("cannot be opened: {}", said(error)));
    let open = || {
        is_ours(name, path, Owner::Us)?;
        let conn = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(broken)?;
        version(name, &conn)?;
        conn.execute_batch(DURABLE).map_err(broken)?;
        durable(name, &conn)?;
        // A reader may have made the write-ahead log, which is opened when it is first read.
        number(&conn, sql::OBJECTS).map_err(broken)?;
        Ok(conn)
    };
    let conn = as_judged(open, || place::is_what_was_opened(name, path, Owner::Us, true))?;
    migrate(name, &conn)?;
    if planted(Bug::NotFlushed) {
        conn.execute_batch(UNFLUSHED).map_err(broken)?;
    }
    Ok(conn)
}

/// A connection that only reads, on read-only media too, where `SQLite` cannot make the side files
/// that a live journal needs.
pub(super) fn to_read(name: &Name, path: &Path) -> Result<Connection, JournalError> {
    let open = || {
        is_ours(name, path, Owner::UsOrRoot)?;
        match readable(path, OpenFlags::empty()) {
            Ok(conn) => Ok(conn),
            Err(error) => immutable(name, path, &said(error)),
        }
    };
    let judge = || place::is_what_was_opened(name, path, Owner::UsOrRoot, false);
    let conn = as_judged(open, judge)?;
    checked(name, &conn)?;
    Ok(conn)
}

/// How often a journal is opened whose files change meanwhile, and how long is waited before.
const TRIES: u32 = 5;
const BETWEEN: Duration = Duration::from_millis(20);

/// What `open` opens, once it is what `judge` finds there: while one process makes a journal, or
/// closes it, and another opens it, the files beside it come and go.
fn as_judged(
    open: impl Fn() -> Result<Connection, JournalError>,
    judge: impl Fn() -> Result<(), JournalError>,
) -> Result<Connection, JournalError> {
    let mut tries = 1;
    loop {
        let conn = open()?;
        match judge() {
            Ok(()) => return Ok(conn),
            Err(error) if tries == TRIES => return Err(error),
            Err(_) => tries += 1,
        }
        drop(conn);
        std::thread::sleep(BETWEEN);
    }
}

/// A connection to a file that nothing changes; `error` is why it cannot be read otherwise.
fn immutable(name: &Name, path: &Path, error: &str) -> Result<Connection, JournalError> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if std::fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        return Err(name.unusable(format!(
            "cannot be read: {error}; copy it with its -wal file to a folder you can write"
        )));
    }
    let encoded = percent_encode(path.as_os_str().as_encoded_bytes(), NON_ALPHANUMERIC);
    let immutable = PathBuf::from(format!("file:{encoded}?immutable=1"));
    readable(&immutable, OpenFlags::SQLITE_OPEN_URI)
        .map_err(|error| name.unusable(format!("cannot be read: {}", said(error))))
}

/// Connects and reads once: `SQLite` opens lazily.
fn readable(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let conn = connect(path, flags | OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    number(&conn, sql::OBJECTS)?;
    Ok(conn)
}

fn number(conn: &Connection, query: &str) -> rusqlite::Result<i64> {
    conn.query_one(query, [], |row| row.get(0))
}

/// What the database says of an error.
fn said(error: rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(said)) => said,
        other => other.to_string(),
    }
}

/// Reads back that commits are durable: some file systems refuse the write-ahead log silently.
fn durable(name: &Name, conn: &Connection) -> Result<(), JournalError> {
    let broken = |error| name.unusable(format!("cannot be opened: {}", said(error)));
    let mode: String = conn.query_one(sql::JOURNAL_MODE, [], |row| row.get(0)).map_err(broken)?;
    let synchronous = number(conn, sql::SYNCHRONOUS).map_err(broken)?;
    if mode.eq_ignore_ascii_case("wal") && synchronous == FULL {
        return Ok(());
    }
    Err(name.unusable(format!(
        "commits would not be durable (journal_mode {mode}, synchronous {synchronous}, expected \
         wal and {FULL}); use a folder on a local file system"
    )))
}

fn checked(name: &Name, conn: &Connection) -> Result<(), JournalError> {
    match version(name, conn)? {
        Some(known) if known == MIGRATIONS.len() => Ok(()),
        Some(known) => Err(name.unusable(format!(
            "a journal of version {}; run a command that writes it once, such as resume",
            EARLIER + known
        ))),
        None => Err(name.unusable("holds no journal yet; run a command first")),
    }
}

/// Brings a journal to the version of this program, at one go: a process that is killed meanwhile
/// leaves the version that was there, or none.
fn migrate(name: &Name, conn: &Connection) -> Result<(), JournalError> {
    let done = version(name, conn)?.unwrap_or_default();
    if done == MIGRATIONS.len() {
        return Ok(());
    }
    let script = format!(
        "BEGIN IMMEDIATE;\n{}\nPRAGMA application_id = {APPLICATION};\n\
         PRAGMA user_version = {LATEST};\nCOMMIT;",
        MIGRATIONS[done..].join("\n")
    );
    conn.execute_batch(&script)
        .map_err(|error| name.unusable(format!("cannot be prepared: {}", said(error))))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// How often a journal is opened whose files are what was opened from the `good`th time on.
    fn opened(good: u32) -> (Result<(), String>, u32) {
        let times = Cell::new(0);
        let open = || {
            times.set(times.get() + 1);
            Ok(Connection::open_in_memory().expect("memory"))
        };
        let replaced = || Name("j".to_owned()).unusable("was replaced");
        let judge = || if times.get() < good { Err(replaced()) } else { Ok(()) };
        let opened = as_judged(open, judge).map(drop).map_err(|error| error.to_string());
        (opened, times.get())
    }

    #[test]
    fn a_journal_whose_files_change_while_it_is_opened_is_opened_again() {
        assert_eq!(opened(1), (Ok(()), 1));
        assert_eq!(opened(3), (Ok(()), 3));
        let (refused, times) = opened(u32::MAX);
        assert!(refused.is_err_and(|told| told.contains("was replaced")));
        assert_eq!(times, TRIES);
    }
}
