//! From a run in the journal to a plan that may be acted on: prove, read, plan.

use super::{Basis, Halt, Prepared, Process};
use crate::audit::{Audit, AuditEnd, Planning, audit, plan_unread};
use crate::journal::{JournalError, RunRecord, RunState, RunUpdate};
use crate::run::{estimate, plan_digest};

/// What was read longer ago is read again before it is acted on.
const FRESH_MS: i64 = 3_600_000;

impl Process<'_> {
    /// Reads what was not read of late and completes the plan, or holds an approved plan against
    /// the world. Refuses a complete plan that is not the one that was stored.
    pub async fn prepare(&self, run: RunRecord, basis: Basis) -> Result<Prepared, Halt> {
        self.prove_plan(&run).await?;
        if basis == Basis::Rows {
            // A plan that is being made again has no digest to hold it against.
            let reading = RunUpdate { state: Some(RunState::Reading), ..RunUpdate::default() };
            self.update(&run, reading).await?;
        }
        let read = self.read(&run, basis).await?;
        let estimate = estimate(self.journal, &run, &self.exchange.pacer).await?;
        let planned_before = run.rules.planned;
        let mut prepared = Prepared { run, read, estimate, planned_before };
        if basis == Basis::Rows && !prepared.read.interrupted && !prepared.nobody_reached() {
            self.store_plan(&prepared).await?;
        }
        prepared.run = self.record(&prepared.run).await?;
        Ok(prepared)
    }

    async fn prove_plan(&self, run: &RunRecord) -> Result<(), Halt> {
        let Some(stored) = stored_digest(run) else { return Ok(()) };
        let found = plan_digest(self.journal, &run.new.id).await?.to_string();
        if found == stored {
            return Ok(());
        }
        Err(Halt::OtherPlan { run: run.new.id.clone(), found, stored })
    }

    /// Reads the groups, or plans from the rows alone.
    async fn read(&self, run: &RunRecord, basis: Basis) -> Result<AuditEnd, JournalError> {
        let Self { journal, exchange, .. } = *self;
        let now_ms = exchange.clock.now_ms();
        if run.new.blind {
            if run.digest.is_none() {
                plan_unread(journal, run, now_ms).await?;
            }
            return Ok(AuditEnd::default());
        }
        let planning = match basis {
            Basis::Rows => Planning::Plan,
            Basis::ApprovedPlan => Planning::Frozen,
        };
        // An approved plan is held against the world as it is now, before its first call.
        let unproven = basis == Basis::ApprovedPlan && run.started_ms.is_none();
        let fresh_since_ms = if unproven { now_ms } else { now_ms - FRESH_MS };
        audit(&Audit { exchange, journal, run, fresh_since_ms, planning }).await
    }

    async fn store_plan(&self, plan: &Prepared) -> Result<(), JournalError> {
        // A plan of which no group was planned again is the one that was proved.
        let proved = stored_digest(&plan.run).filter(|_| !plan.read.has_read);
        let digest = match proved {
            Some(digest) => digest,
            None => plan_digest(self.journal, &plan.run.new.id).await?.to_string(),
        };
        let planned = RunUpdate {
            state: Some(RunState::Planned),
            digest: Some(digest),
            estimate_s: Some(plan.estimate.seconds),
            ..RunUpdate::default()
        };
        self.update(&plan.run, planned).await
    }
}

/// The digest of a plan that is complete: one that is being made again has none.
fn stored_digest(run: &RunRecord) -> Option<String> {
    run.digest.clone().filter(|_| run.state != RunState::Reading)
}
