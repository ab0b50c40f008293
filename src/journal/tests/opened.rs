//! A journal as a process has it that works on the run of these tests.

use std::ops::Deref;

use tokio::sync::OnceCell;

use super::fixture::run_id;
use crate::journal::{
    CallId, CheckReport, Claim, GroupReading, Held, HistoryRow, Invoker, Journal, JournalError,
    Leases, RunUpdate, Tally, check, take, whole_history,
};
use crate::model::{Event, GroupIx, PlannedCall, Status};

/// A journal that is open, with the rights to write the run of these tests.
pub(super) struct Opened {
    journal: Box<dyn Journal>,
    leases: OnceCell<Leases>,
}

impl Deref for Opened {
    type Target = dyn Journal;

    fn deref(&self) -> &Self::Target {
        &*self.journal
    }
}

impl Opened {
    pub(super) fn new(journal: Box<dyn Journal>) -> Self {
        Self { journal, leases: OnceCell::new() }
    }

    /// The rights, taken when they are asked for.
    pub(super) async fn leases(&self) -> &Leases {
        let taken = async || take(&*self.journal, &run_id()).await.expect("a run");
        self.leases.get_or_init(taken).await
    }

    async fn of_call(&self, call: CallId) -> &Held {
        self.leases().await.of_call(call).expect("a lane")
    }

    pub(super) async fn plan_group(
        &self,
        group: GroupIx,
        calls: &[PlannedCall],
        at_ms: i64,
    ) -> Result<(), JournalError> {
        let leases = self.leases().await;
        let held = leases.of_group(group).unwrap_or(&leases.lanes[0]);
        self.journal.record(held, &[], &[(group, calls.to_vec())], at_ms).await
    }

    /// Records readings lane by lane; one of a group that is in no lane in the first.
    pub(super) async fn record_readings(
        &self,
        readings: &[GroupReading],
    ) -> Result<(), JournalError> {
        let leases = self.leases().await;
        let lane =
            |one: &GroupReading| leases.of_group(one.group).unwrap_or(&leases.lanes[0]).lane.ix;
        for of_lane in readings.chunk_by(|one, other| lane(one) == lane(other)) {
            let held = &leases.lanes[lane(&of_lane[0]) as usize];
            self.journal.record(held, of_lane, &[], 0).await?;
        }
        Ok(())
    }

    pub(super) async fn claim(
        &self,
        call: CallId,
        event: &Event,
        at_ms: i64,
    ) -> Result<Claim, JournalError> {
        self.journal.claim(self.of_call(call).await, call, event, at_ms).await
    }

    pub(super) async fn conclude(
        &self,
        claim: Claim,
        event: &Event,
        at_ms: i64,
    ) -> Result<Status, JournalError> {
        self.journal.conclude(self.of_call(claim.call).await, claim, event, at_ms).await
    }

    pub(super) async fn append(
        &self,
        call: CallId,
        event: &Event,
        at_ms: i64,
    ) -> Result<(Status, Vec<CallId>), JournalError> {
        self.journal.append(self.of_call(call).await, call, event, at_ms).await
    }

    pub(super) async fn reclaim(&self, at_ms: i64) -> Result<u64, JournalError> {
        let mut count = 0;
        for held in &self.leases().await.lanes {
            count += self.journal.reclaim(held, at_ms).await?;
        }
        Ok(count)
    }

    pub(super) async fn tally(&self, tallies: &[Tally]) -> Result<(), JournalError> {
        self.journal.tally(&self.leases().await.lanes[0], tallies).await
    }

    pub(super) async fn update(&self, update: &RunUpdate, at_ms: i64) -> Result<(), JournalError> {
        self.journal.update(&self.leases().await.lead, update, at_ms).await
    }

    pub(super) async fn invoke(
        &self,
        by: &Invoker,
        began_ms: i64,
        at_ms: i64,
    ) -> Result<(), JournalError> {
        self.journal.invoke(&self.leases().await.lead, by, began_ms, at_ms).await
    }

    /// Every row of the run's histories, its own first.
    pub(super) async fn rows(&self) -> Vec<HistoryRow> {
        whole_history(&*self.journal, &run_id()).await.expect("a history")
    }

    /// What the check of the run says.
    pub(super) async fn check(&self) -> CheckReport {
        check(&*self.journal, &run_id()).await.expect("checked")
    }

    pub(super) async fn close(self) -> Result<(), JournalError> {
        self.journal.close().await
    }
}
