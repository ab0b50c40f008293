//! Whether a file is a journal that this program made, and of which version.

use std::sync::OnceLock;

use rusqlite::Connection;

use super::{Name, number, said};
use crate::journal::JournalError;
use crate::journal::sqlite::sql;
use crate::model::escape_control;

/// What marks a `SQLite` file as a journal of this tool: "unpr".
pub(super) const APPLICATION: i64 = 0x756e_7072;
/// The migrations, in order.
pub(super) const MIGRATIONS: [&str; 1] =
    [include_str!("../../../../migrations/sqlite/0001_journal.sql")];
/// Versions of another shape, of the time before the first release: the first migration makes the one
/// after them.
pub(super) const EARLIER: usize = 3;
/// The version of a journal that has had every migration.
pub(super) const LATEST: usize = EARLIER + MIGRATIONS.len();
/// What a file defines; statistics and indexes that `SQLite` makes itself have no text.
const SCHEMA: &str =
    "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'";

/// How many migrations a journal has had, `None` for an empty file.
pub(super) fn version(name: &Name, conn: &Connection) -> Result<Option<usize>, JournalError> {
    let broken = |error| name.unusable(format!("not a journal: {}", said(error)));
    if number(conn, sql::OBJECTS).map_err(broken)? == 0 {
        return Ok(None);
    }
    if number(conn, sql::APPLICATION).map_err(broken)? != APPLICATION {
        return Err(name.unusable("not a journal of unpair; use another --journal"));
    }
    let version = number(conn, sql::VERSION).map_err(broken)?;
    match usize::try_from(version) {
        Ok(earlier) if earlier <= EARLIER => Err(name.unusable(format!(
            "a journal of version {version}, of an unpair before its first release; finish and report \
             its runs with that unpair, and use another --journal from now on"
        ))),
        Ok(known) if known <= LATEST => {
            let had = known - EARLIER;
            only_ours(name, conn, had)?;
            Ok(Some(had))
        }
        _ => Err(name.unusable(format!(
            "a journal of version {version}, this unpair knows up to {LATEST}; use a newer unpair"
        ))),
    }
}

/// Refuses what the first `known` migrations made otherwise, and triggers and views that they did
/// not make: a trigger of somebody else's would write along with every event.
fn only_ours(name: &Name, conn: &Connection, known: usize) -> Result<(), JournalError> {
    let broken = |error| name.unusable(format!("not a journal: {}", said(error)));
    let ours = made_by(known).map_err(broken)?;
    let theirs = schema(conn).map_err(broken)?;
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
fn made_by(known: usize) -> rusqlite::Result<&'static [Object]> {
    static MADE: [OnceLock<Vec<Object>>; MIGRATIONS.len() + 1] =
        [const { OnceLock::new() }; MIGRATIONS.len() + 1];
    if let Some(made) = MADE[known].get() {
        return Ok(made);
    }
    let pristine = Connection::open_in_memory()?;
    for migration in &MIGRATIONS[..known] {
        pristine.execute_batch(migration)?;
    }
    let made = schema(&pristine)?;
    Ok(MADE[known].get_or_init(|| made))
}

/// A table, index, trigger or view: its kind, its name and its definition.
type Object = (String, String, String);

/// Everything that a file defines.
fn schema(conn: &Connection) -> rusqlite::Result<Vec<Object>> {
    let mut statement = conn.prepare(SCHEMA)?;
    let objects = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    objects.collect()
}
