//! The file: its lock, its mode, its connections and its version.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::OnceCell;

#[cfg(unix)]
mod place;

use super::sql;
use crate::failpoint::{Bug, planted};
use crate::journal::JournalError;
use crate::model::escape_control;

/// What marks a `SQLite` file as a journal of this tool: "unpr".
const APPLICATION: i64 = 0x756e_7072;
/// The migrations, in order; a journal's version is how many of them it has had.
const MIGRATIONS: [&str; 1] = [include_str!("../../../migrations/sqlite/0001_journal.sql")];
/// What the writer sets: a commit that returned is on disk, and the write-ahead log is cut back
/// to 64 MiB after a checkpoint.
const DURABLE: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    PRAGMA journal_size_limit = 67108864;";
/// What [`Bug::NotFlushed`] makes of it.
const UNFLUSHED: &str = "PRAGMA synchronous = NORMAL;";
/// What a file defines; statistics and indexes that `SQLite` makes itself have no text.
const SCHEMA: &str =
    "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'";
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

fn base(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
}

/// The connection of the writer: durable, migrated. A file of another kind is left as it is.
pub(super) async fn to_write(name: &Name, path: &Path) -> Result<SqliteConnection, JournalError> {
    let broken = |error: sqlx::Error| name.unusable(format!("cannot be opened: {error}"));
    let mut conn = SqliteConnection::connect_with(&base(path)).await.map_err(broken)?;
    version(name, &mut conn).await?;
    sqlx::raw_sql(DURABLE).execute(&mut conn).await.map_err(broken)?;
    durable(name, &mut conn).await?;
    migrate(name, &mut conn).await?;
    if planted(Bug::NotFlushed) {
        sqlx::raw_sql(UNFLUSHED).execute(&mut conn).await.map_err(broken)?;
    }
    Ok(conn)
}

/// A connection that only reads. `immutable` is for read-only media, where `SQLite` cannot make
/// the side files that a live journal needs.
pub(super) async fn to_read(name: &Name, path: &Path) -> Result<SqliteConnection, JournalError> {
    let options = base(path).read_only(true);
    let error = match readable(&options).await {
        Ok(mut conn) => return checked(name, &mut conn).await.map(|()| conn),
        Err(error) => error,
    };
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if std::fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        return Err(name.unusable(format!(
            "cannot be read: {error}; copy it with its -wal file to a folder you can write"
        )));
    }
    let mut conn = readable(&options.immutable(true))
        .await
        .map_err(|error| name.unusable(format!("cannot be read: {error}")))?;
    checked(name, &mut conn).await?;
    Ok(conn)
}

/// Connects and reads once: `SQLite` opens lazily.
async fn readable(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let mut conn = SqliteConnection::connect_with(options).await?;
    number(&mut conn, sql::OBJECTS).await?;
    Ok(conn)
}

async fn number(conn: &mut SqliteConnection, query: &'static str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(query).fetch_one(conn).await
}

/// Reads back that commits are durable: some file systems refuse the write-ahead log silently.
async fn durable(name: &Name, conn: &mut SqliteConnection) -> Result<(), JournalError> {
    let broken = |error: sqlx::Error| name.unusable(format!("cannot be opened: {error}"));
    let mode: String =
        sqlx::query_scalar(sql::JOURNAL_MODE).fetch_one(&mut *conn).await.map_err(broken)?;
    let synchronous = number(conn, sql::SYNCHRONOUS).await.map_err(broken)?;
    if mode.eq_ignore_ascii_case("wal") && synchronous == FULL {
        return Ok(());
    }
    Err(name.unusable(format!(
        "commits would not be durable (journal_mode {mode}, synchronous {synchronous}, expected \
         wal and {FULL}); use a folder on a local file system"
    )))
}

/// The version of a journal, `None` for an empty file.
async fn version(name: &Name, conn: &mut SqliteConnection) -> Result<Option<usize>, JournalError> {
    let broken = |error: sqlx::Error| name.unusable(format!("not a journal: {error}"));
    if number(conn, sql::OBJECTS).await.map_err(broken)? == 0 {
        return Ok(None);
    }
    if number(conn, sql::APPLICATION).await.map_err(broken)? != APPLICATION {
        return Err(name.unusable("not a journal of unpair; use another --journal"));
    }
    let version = number(conn, sql::VERSION).await.map_err(broken)?;
    match usize::try_from(version) {
        Ok(known) if known <= MIGRATIONS.len() => {
            only_ours(name, conn, known).await?;
            Ok(Some(known))
        }
        _ => Err(name.unusable(format!(
            "a journal of version {version}, this unpair knows up to {}; use a newer unpair",
            MIGRATIONS.len()
        ))),
    }
}

/// Refuses what the first `known` migrations made otherwise, and triggers and views that they did
/// not make: a trigger of somebody else's would write along with every event.
async fn only_ours(
    name: &Name,
    conn: &mut SqliteConnection,
    known: usize,
) -> Result<(), JournalError> {
    let broken = |error: sqlx::Error| name.unusable(format!("not a journal: {error}"));
    let ours = made_by(known).await.map_err(broken)?;
    let theirs = schema(conn).await.map_err(broken)?;
    let is_foreign = |object: &&Object| {
        let acts = matches!(object.0.as_str(), "trigger" | "view");
        !ours.contains(object) && (acts || ours.iter().any(|our| our.1 == object.1))
    };
    match theirs.iter().find(is_foreign) {
        None => Ok(()),
        Some((kind, object, _)) => Err(name.unusable(format!(
            "the {kind} `{}` in it is not as unpair made it; use another --journal",
            escape_control(object)
        ))),
    }
}

/// What the first `known` migrations make, found out once a process by having them made.
async fn made_by(known: usize) -> Result<&'static [Object], sqlx::Error> {
    static MADE: [OnceCell<Vec<Object>>; MIGRATIONS.len() + 1] =
        [const { OnceCell::const_new() }; MIGRATIONS.len() + 1];
    let make = || async {
        let mut pristine = SqliteConnection::connect_with(&SqliteConnectOptions::new()).await?;
        for migration in &MIGRATIONS[..known] {
            sqlx::raw_sql(*migration).execute(&mut pristine).await?;
        }
        schema(&mut pristine).await
    };
    MADE[known].get_or_try_init(make).await.map(Vec::as_slice)
}

/// A table, index, trigger or view: its kind, its name and its definition.
type Object = (String, String, String);

/// Everything that a file defines.
async fn schema(conn: &mut SqliteConnection) -> Result<Vec<Object>, sqlx::Error> {
    sqlx::query_as(SCHEMA).fetch_all(conn).await
}

async fn checked(name: &Name, conn: &mut SqliteConnection) -> Result<(), JournalError> {
    match version(name, conn).await? {
        Some(known) if known == MIGRATIONS.len() => Ok(()),
        Some(known) => Err(name.unusable(format!(
            "a journal of version {known}; run a command that writes it once, such as resume"
        ))),
        None => Err(name.unusable("holds no journal yet; run a command first")),
    }
}

async fn migrate(name: &Name, conn: &mut SqliteConnection) -> Result<(), JournalError> {
    let done = version(name, conn).await?.unwrap_or_default();
    for (ix, migration) in MIGRATIONS.iter().enumerate().skip(done) {
        let script = format!(
            "BEGIN IMMEDIATE;\n{migration}\nPRAGMA application_id = {APPLICATION};\n\
             PRAGMA user_version = {};\nCOMMIT;",
            ix + 1
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(script))
            .execute(&mut *conn)
            .await
            .map_err(|error| name.unusable(format!("cannot be prepared: {error}")))?;
    }
    Ok(())
}
