//! Dropping old runs: which may go, and letting them go.

use super::run::{RunKind, RunRecord, RunState};
use super::sqlite::SqliteJournal;
use super::url::file_of;
use super::{JournalError, JournalRead, Since};
use crate::model::RunId;

/// A journal that is held to drop runs from: nobody takes one up between the list and its end.
pub struct Pruning(SqliteJournal);

impl Pruning {
    /// Holds the journal at `url` in the name of `by`. It must be there.
    ///
    /// # Errors
    /// As [`open`](super::open()).
    pub async fn open(url: &str, by: &Since) -> Result<Self, JournalError> {
        let path = file_of(url)?;
        // A journal that is not there is not made to be emptied.
        Box::new(SqliteJournal::open_to_read(url, &path).await?).close().await?;
        SqliteJournal::open_to_write(url, &path, Some(by)).await.map(Self)
    }

    /// The runs that may go and whose last event is older than `before_ms`, latest first.
    pub async fn candidates(&self, before_ms: i64) -> Result<Vec<RunRecord>, JournalError> {
        let mut candidates = Vec::new();
        for run in self.0.runs().await?.into_iter().filter(is_at_its_end) {
            let last = self.0.last(&run.new.id).await?;
            // A plan that nobody started has calls that were never sent; they owe nothing.
            let owes = if run.started_ms.is_some() { last.open } else { last.in_flight } > 0;
            if !owes && last.at_ms < before_ms {
                candidates.push(run);
            }
        }
        Ok(candidates)
    }

    /// Drops runs with all their rows.
    pub async fn drop_runs(&self, runs: &[RunId]) -> Result<(), JournalError> {
        self.0.drop_runs(runs).await
    }

    /// Finishes writing and lets go of the journal.
    pub async fn close(self) -> Result<(), JournalError> {
        Box::new(self.0).close().await
    }
}

/// Whether nothing is owed of a run any more: what was interrupted, stopped, or began to change
/// something and did not end with 0 is for `resume`.
pub(super) fn is_at_its_end(run: &RunRecord) -> bool {
    match run.new.kind {
        // It changes nothing: once everything was read there is nothing to go on with.
        RunKind::Audit | RunKind::Verify => run.state == RunState::Finished,
        RunKind::Revoke => match run.state {
            RunState::Finished => run.exit == Some(0),
            RunState::Planned => {
                run.started_ms.is_none() && (!run.new.may_act || run.exit == Some(0))
            }
            RunState::Reading | RunState::Acting | RunState::Interrupted | RunState::Stopped => {
                false
            }
        },
    }
}
