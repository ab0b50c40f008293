//! How the revocations of runs came out, counted once until one of them changes: to count a
//! million takes a tenth of a second, and a command asks several times.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sqlx::SqliteConnection;

use super::row::{get, refused};
use super::sql;
use super::steps::model_word;
use crate::journal::JournalError;
use crate::model::{Outcome, RuleCounts};

/// What was counted. Of a journal that another process may write, nothing is kept.
pub(super) struct Counts {
    is_ours: bool,
    known: Mutex<Known>,
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
        Self { is_ours, known: Mutex::default() }
    }

    /// The counts of a run.
    pub(super) async fn of(
        &self,
        conn: &mut SqliteConnection,
        run_no: i64,
    ) -> Result<RuleCounts, JournalError> {
        let changes = {
            let known = self.known();
            if let Some(counts) = known.by_run.get(&run_no) {
                return Ok(*counts);
            }
            known.changes
        };
        let counts = count(conn, run_no).await?;
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

async fn count(conn: &mut SqliteConnection, run_no: i64) -> Result<RuleCounts, JournalError> {
    let rows = sqlx::query(sql::RUN_OUTCOMES).bind(run_no).fetch_all(conn).await;
    let mut counts = RuleCounts::default();
    for row in &rows.map_err(|error| refused(&error))? {
        let outcome: Outcome = model_word(get(row, "outcome")?)?;
        counts.add(outcome, get(row, "n")?);
    }
    Ok(counts)
}
