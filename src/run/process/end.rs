//! The head of a run as its process writes and reads it, down to its end.

use super::Process;
use crate::journal::{JournalError, RunRecord, RunState, RunUpdate};

impl Process<'_> {
    /// Journals how `run` stands at the end of this process, and reads it back.
    pub async fn end(
        &self,
        run: &RunRecord,
        state: RunState,
        exit: u8,
    ) -> Result<RunRecord, JournalError> {
        self.journal.tally(&run.new.id, &self.exchange.tallies.take()).await?;
        let ended = RunUpdate {
            state: Some(state),
            exit: Some(Some(exit)),
            ended_ms: Some(self.exchange.clock.now_ms()),
            add_elapsed_ms: i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX),
            ..RunUpdate::default()
        };
        self.update(run, ended).await?;
        self.record(run).await
    }

    pub(super) async fn update(
        &self,
        run: &RunRecord,
        update: RunUpdate,
    ) -> Result<(), JournalError> {
        let now_ms = self.exchange.clock.now_ms();
        self.journal.update(&run.new.id, &update, now_ms).await
    }

    pub(super) async fn record(&self, run: &RunRecord) -> Result<RunRecord, JournalError> {
        self.journal.run(run.new.id.as_str()).await
    }
}
