//! The heads of runs.

use std::path::PathBuf;

use rusqlite::{Connection, Params};

use super::row::{Row, each, execute, first, get, maybe_text, parse, select, spell, text, word};
use super::sql;
use super::{heads, invocations};
use crate::journal::find::{none_fits, several_fit};
use crate::journal::ledger::canonical;
use crate::journal::run::Last;
use crate::journal::{Invocation, InvocationEnd, JournalError, NewRun, RunRecord, RunUpdate};
use crate::model::{RuleCounts, Source};

/// What a run is told with beside its rows.
#[derive(Clone)]
pub(super) struct With {
    /// The file that another process locks which works on runs of the journal, if one may.
    pub(super) lock: Option<PathBuf>,
    /// The name of the journal as given.
    pub(super) journal: String,
}

pub(super) fn update(
    conn: &Connection,
    run_no: i64,
    epoch: u64,
    update: &RunUpdate,
) -> Result<(), JournalError> {
    let values = (
        run_no,
        update.state.as_ref().map(spell).transpose()?,
        update.exit.is_some(),
        update.exit.flatten(),
        update.started_ms,
        update.ended_ms,
        update.add_elapsed_ms,
        update.digest.is_some(),
        update.digest.as_ref().and_then(|digest| digest.as_deref()),
        update.estimate_s,
    );
    execute(conn, sql::RUN_UPDATE, values)?;
    let standing = (
        run_no,
        update.declined_ms.is_some(),
        update.declined_ms.flatten(),
        update.frozen_ms,
        update.closing_ms.is_some(),
        update.closing_ms.flatten(),
        update.settings.as_deref(),
        update.unsent.as_ref().map(canonical).transpose()?,
    );
    execute(conn, sql::RUN_STANDING, standing)?;
    invocations::update(conn, (run_no, epoch), update.add_asked_ms, update.ended_ms)
}

/// Where the history of a run ends.
pub(super) fn last(conn: &Connection, run_no: i64) -> Result<Last, JournalError> {
    let at_ms = heads::end(conn, run_no)?.last_ms;
    let last = first(conn, sql::RUN_OPEN, [run_no], |row| {
        Ok(Last { at_ms, open: get(row, "open")?, in_flight: get(row, "in_flight")? })
    })?;
    last.ok_or_else(|| JournalError::Damaged("a run has no history".to_owned()))
}

/// The run of this id, or the only one whose id begins so.
pub(super) fn one(conn: &Connection, with: &With, id: &str) -> Result<RunRecord, JournalError> {
    let found = if id.is_empty() { Vec::new() } else { records(conn, with, sql::RUN_FIND, [id])? };
    let (is_none, is_only) = (found.is_empty(), found.len() == 1);
    let run = found.into_iter().next().filter(|run| is_only || run.new.id.as_str() == id);
    match run {
        Some(run) => Ok(run),
        None if is_none => Err(none_fits(&with.journal, id, &ids(conn, "")?)),
        None => Err(several_fit(id, &ids(conn, id)?)),
    }
}

fn ids(conn: &Connection, start: &str) -> Result<Vec<String>, JournalError> {
    select(conn, sql::RUN_IDS, [start], |row| get(row, "id"))
}

/// Every run, latest first.
pub(super) fn all(conn: &Connection, with: &With) -> Result<Vec<RunRecord>, JournalError> {
    records(conn, with, sql::RUN_ALL, [])
}

fn records(
    conn: &Connection,
    with: &With,
    query: &str,
    values: impl Params,
) -> Result<Vec<RunRecord>, JournalError> {
    select(conn, query, values, |row| record(conn, with, row))
}

fn record(conn: &Connection, with: &With, row: &Row<'_>) -> Result<RunRecord, JournalError> {
    let no: i64 = get(row, "no")?;
    let new: NewRun = parse(text(row, "options")?)?;
    if new.id.as_str() != text(row, "id")? {
        return Err(JournalError::Damaged(format!("run {}: it has another id", new.id)));
    }
    let (invocations, running) = invocations::list(conn, no, with.lock.as_deref())?;
    let unended = invocations.iter().filter(|it| it.end != InvocationEnd::Ended);
    let killed_ms: i64 = unended.map(Invocation::worked_ms).sum();
    Ok(RunRecord {
        new,
        state: word(text(row, "state")?)?,
        exit: get(row, "exit")?,
        started_ms: get(row, "started_ms")?,
        declined_ms: get(row, "declined_ms")?,
        frozen_ms: get(row, "frozen_ms")?,
        closing_ms: get(row, "closing_ms")?,
        settings: get(row, "settings")?,
        unsent: maybe_text(row, "unsent")?.map(parse).transpose()?.unwrap_or_default(),
        ended_ms: get(row, "ended_ms")?,
        elapsed_ms: get::<i64>(row, "elapsed_ms")?.saturating_add(killed_ms),
        invocations,
        running,
        content: get(row, "content")?,
        digest: get(row, "digest")?,
        estimate_s: get(row, "estimate_s")?,
        pairs: get(row, "pairs")?,
        sources: sources(conn, no)?,
        rules: counts(conn, no)?,
    })
}

fn sources(conn: &Connection, no: i64) -> Result<Vec<Source>, JournalError> {
    select(conn, sql::RUN_SOURCES, [no], |row| {
        let (name, first_line) = (get(row, "name")?, get(row, "first_line")?);
        let digest = Some(get::<String>(row, "digest")?).filter(|digest| !digest.is_empty());
        Ok(Source { name, first_line, digest })
    })
}

/// How the revocations of a run came out: its lanes have counted them.
fn counts(conn: &Connection, no: i64) -> Result<RuleCounts, JournalError> {
    let mut all = RuleCounts::default();
    each(conn, sql::COUNTS, [no], |row| {
        all.plus(&parse(text(row, "counts")?)?);
        Ok(())
    })?;
    Ok(all)
}
