//! How the revocations of runs came out, counted once until one of them changes: to count a
//! million takes a tenth of a second, and a command asks several times.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use super::row::{each, model_word, text};
use super::sql;
use crate::journal::JournalError;
use crate::model::{Outcome, RuleCounts};

/// What was counted. Of a journal that another process may write, nothing is kept.
#[derive(Clone)]
pub(super) struct Counts {
    is_ours: bool,
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    /// How often something may have changed.
    changes: u64,
    by_run: HashMap<i64, RuleCounts>,
}

impl Counts {
    /// Nothing counted yet; `is_ours` says that no other process writes.
    pub(super) fn new(is_ours: bool) -> Self {
        Self { is_ours, known: Arc::default() }
    }

    /// The counts of a run.
    pub(super) fn of(&self, conn: &Connection, run_no: i64) -> Result<RuleCounts, JournalError> {
        let changes = {
            let known = self.known();
            if let Some(counts) = known.by_run.get(&run_no) {
                return Ok(*counts);
            }
            known.changes
        };
        let counts = count(conn, run_no)?;
        let mut known = self.known();
        // A change that came meanwhile may have been counted or not.
        if self.is_ours && known.changes == changes {
            known.by_run.insert(run_no, counts);
        }
        Ok(counts)
    }

    /// Forgets what was counted: outcomes have changed.
    pub(super) fn forget(&self) {
        let mut known = self.known();
        known.changes += 1;
        known.by_run.clear();
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count(conn: &Connection, run_no: i64) -> Result<RuleCounts, JournalError> {
    let mut counts = RuleCounts::default();
    // Neighbours mostly came out alike.
    let (mut last, mut alike): (Option<(String, Outcome)>, u64) = (None, 0);
    each(conn, sql::OUTCOMES, [run_no], |row| {
        let word = text(row, "outcome")?;
        match &last {
            Some((known, _)) if known == word => alike += 1,
            _ => {
                let outcome: Outcome = model_word(word)?;
                if let Some((_, before)) = last.replace((word.to_owned(), outcome)) {
                    counts.add(before, alike);
                }
                alike = 1;
            }
        }
        Ok(())
    })?;
    if let Some((_, outcome)) = last {
        counts.add(outcome, alike);
    }
    Ok(counts)
}
