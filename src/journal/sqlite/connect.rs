//! The file: its lock, its mode, its connections and its version.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

#[cfg(unix)]
mod place;
mod version;

use version::{APPLICATION, MIGRATIONS, version};

use super::sql;
use crate::failpoint::{Bug, planted};
use crate::journal::JournalError;

/// What the writer sets: a commit that returned is on disk, and the write-ahead log is cut back
/// to 64 MiB after a checkpoint.
const DURABLE: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    PRAGMA journal_size_limit = 67108864;";
/// What [`Bug::NotFlushed`] makes of it.
const UNFLUSHED: &str = "PRAGMA synchronous = NORMAL;";
/// What every connection sets: no function that a file defines is trusted, no damaged page is.
const CAREFUL: &str =
    "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;";
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

    pub(super) fn locked(&self) -> JournalError {
        JournalError::Locked { journal: self.0.clone() }
    }
}

/// Takes the lock that a writing process holds, or says who does.
pub(super) fn lock(name: &Name, path: &Path) -> Result<File, JournalError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    let file = private_file(name, &PathBuf::from(beside))?;
    if planted(Bug::LockNotTaken) {
        return Ok(file);
    }
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(name.locked()),
        Err(TryLockError::Error(error)) => Err(name
            .unusable(format!("cannot be locked: {error}; use a folder on a local file system"))),
    }
}

/// Opens or creates a file that its owner alone may read. `SQLite` gives its own side files the
/// mode of the journal.
pub(super) fn private_file(name: &Name, path: &Path) -> Result<File, JournalError> {
    if path.is_symlink() {
        return Err(name.unusable("is a link, which may lead elsewhere; name the file itself"));
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(|error| {
        let folder = path.parent().unwrap_or(path).display();
        name.unusable(match error.kind() {
            std::io::ErrorKind::NotFound => {
                format!("there is no folder {folder}; create it, or use another --journal")
            }
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                format!("cannot be written: {error}; use another --journal")
            }
            _ => format!("cannot be opened: {error}"),
        })
    })?;
    #[cfg(unix)]
    if let Some(reason) = place::refusal(path, &file) {
        return Err(name.unusable(reason));
    }
    Ok(file)
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
    let conn = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(broken)?;
    version(name, &conn)?;
    conn.execute_batch(DURABLE).map_err(broken)?;
    durable(name, &conn)?;
    migrate(name, &conn)?;
    if planted(Bug::NotFlushed) {
        conn.execute_batch(UNFLUSHED).map_err(broken)?;
    }
    Ok(conn)
}

/// A connection that only reads. `immutable` is for read-only media, where `SQLite` cannot make
/// the side files that a live journal needs.
pub(super) fn to_read(name: &Name, path: &Path) -> Result<Connection, JournalError> {
    let error = match readable(path, OpenFlags::empty()) {
        Ok(conn) => return checked(name, &conn).map(|()| conn),
        Err(error) => said(error),
    };
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if std::fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        return Err(name.unusable(format!(
            "cannot be read: {error}; copy it with its -wal file to a folder you can write"
        )));
    }
    let encoded = percent_encode(path.as_os_str().as_encoded_bytes(), NON_ALPHANUMERIC);
    let immutable = PathBuf::from(format!("file:{encoded}?immutable=1"));
    let conn = readable(&immutable, OpenFlags::SQLITE_OPEN_URI)
        .map_err(|error| name.unusable(format!("cannot be read: {}", said(error))))?;
    checked(name, &conn)?;
    Ok(conn)
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
            "a journal of version {known}; run a command that writes it once, such as resume"
        ))),
        None => Err(name.unusable("holds no journal yet; run a command first")),
    }
}

fn migrate(name: &Name, conn: &Connection) -> Result<(), JournalError> {
    let done = version(name, conn)?.unwrap_or_default();
    for (ix, migration) in MIGRATIONS.iter().enumerate().skip(done) {
        let script = format!(
            "BEGIN IMMEDIATE;\n{migration}\nPRAGMA application_id = {APPLICATION};\n\
             PRAGMA user_version = {};\nCOMMIT;",
            ix + 1
        );
        conn.execute_batch(&script)
            .map_err(|error| name.unusable(format!("cannot be prepared: {}", said(error))))?;
    }
    Ok(())
}
