//! The head of a run as its process writes and reads it, down to its end.

use std::collections::BTreeMap;

use super::{Driver, Ending, RefusedBy};
use crate::journal::{JournalError, RunRecord, RunState, RunUpdate};

impl Driver<'_> {
    /// Journals how `run` stands at the end of this process, and reads it back.
    pub async fn end(
        &self,
        run: &RunRecord,
        state: RunState,
        exit: u8,
    ) -> Result<RunRecord, JournalError> {
        self.exchange.tallies.store_all(self.journal, self.leases).await?;
        let ended = RunUpdate {
            state: Some(state),
            exit: Some(Some(exit)),
            ended_ms: Some(self.exchange.clock.now_ms()),
            add_elapsed_ms: i64::try_from(self.fresh.began().at.elapsed().as_millis())
                .unwrap_or(i64::MAX)
                .saturating_sub(run.asked_ms()),
            ..RunUpdate::default()
        };
        self.update(ended).await?;
        self.record(run).await
    }

    /// Journals what `run` is configured with from now on.
    pub async fn keep_settings(&self, text: String) -> Result<(), JournalError> {
        self.update(RunUpdate { settings: Some(text), ..RunUpdate::default() }).await
    }

    /// Journals why what is pending was not sent, if that changed.
    pub(super) async fn keep_unsent(
        &self,
        run: &RunRecord,
        unsent: BTreeMap<String, String>,
    ) -> Result<(), JournalError> {
        if unsent == run.unsent {
            return Ok(());
        }
        self.update(RunUpdate { unsent: Some(unsent), ..RunUpdate::default() }).await
    }

    /// Journals that a guard refuses `run` before anything is read.
    pub async fn refuse(&self, run: &RunRecord, exit: u8) -> Result<(), JournalError> {
        self.decline(run, RefusedBy::Guard, 0).await?;
        let run = self.record(run).await?;
        let state = Ending::Refused(()).state(&run);
        self.end(&run, state, exit).await.map(drop)
    }

    pub(super) async fn update(&self, update: RunUpdate) -> Result<(), JournalError> {
        let now_ms = self.exchange.clock.now_ms();
        self.journal.update(&self.leases.lead, &update, now_ms).await
    }

    pub(super) async fn record(&self, run: &RunRecord) -> Result<RunRecord, JournalError> {
        self.journal.run(run.new.id.as_str()).await
    }
}
