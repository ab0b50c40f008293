//! From a run in the journal to a plan that may be acted on: prove, read, plan.

use super::{Basis, Driver, Halt, Prepared};
use crate::audit::{Age, Audit, AuditEnd, Planning, audit, plan_unread};
use crate::journal::{JournalError, Reopenable, RunRecord, RunState, RunUpdate};
use crate::run::plan_digest::found_plan;
use crate::run::{Operation, complete_plan, estimate, planted};

/// Which groups are read.
struct Reading {
    planning: Planning,
    age: Age,
    since_ms: i64,
}

impl Driver<'_> {
    /// Reads what is not fresh and completes the plan, or holds an approved plan against the
    /// rules as they are now. Refuses a complete plan that is not the one that was stored.
    pub async fn prepare(&self, run: RunRecord, basis: Basis) -> Result<Prepared, Halt> {
        self.prove_plan(&run).await?;
        if basis == Basis::Rows {
            self.begin_reading(&run, RunUpdate::default()).await?;
        }
        let read = self.read(&run, basis).await?;
        let reopened = planted::shown(self.journal.reopenable(&run.new.id).await?);
        self.prepared(run, read, reopened, basis).await
    }

    /// The same once this process has acted: what failed meanwhile is not taken up again.
    pub(super) async fn prepare_again(
        &self,
        run: RunRecord,
        basis: Basis,
    ) -> Result<Prepared, Halt> {
        if basis == Basis::Rows {
            self.begin_reading(&run, RunUpdate::default()).await?;
        }
        let read = self.read(&run, basis).await?;
        self.prepared(run, read, Vec::new(), basis).await
    }

    /// Whether every reading counts for a verdict: none is too old, and none was made by an earlier
    /// invocation but in a closing look.
    pub async fn is_read_now(&self, run: &RunRecord) -> Result<bool, JournalError> {
        let times = self.journal.reading_times(&run.new.id).await?;
        let clock = &self.exchange.clock;
        Ok(times.is_none_or(|times| self.fresh.proves(clock, &times, run.closing_ms)))
    }

    /// The closing look: reads once more every side whose last reading does not count.
    pub async fn look_again(&self, run: &RunRecord, basis: Basis) -> Result<Prepared, Halt> {
        let clock = &self.exchange.clock;
        let since_ms = self.fresh.since_ms(clock);
        let unfinished_ms = run.closing_ms.filter(|closing| since_ms <= *closing);
        let closing_ms = unfinished_ms.is_none().then_some(Some(clock.now_ms()));
        let begun = RunUpdate { closing_ms, ..RunUpdate::default() };
        let planning = match basis {
            _ if run.new.blind => Planning::Keep,
            Basis::Rows => Planning::Plan,
            Basis::ApprovedPlan => Planning::Frozen,
        };
        if matches!(planning, Planning::Plan) {
            self.begin_reading(run, begun).await?;
        } else {
            self.update(begun).await?;
        }
        let reading = Reading { planning, age: Age::Closing { since_ms: unfinished_ms }, since_ms };
        let read = self.audit(run, reading).await?;
        self.prepared(run.clone(), read, Vec::new(), basis).await
    }

    /// Journals that a plan is being made again: it has no digest until it is complete.
    async fn begin_reading(&self, run: &RunRecord, update: RunUpdate) -> Result<(), JournalError> {
        let state = Some(RunState::Reading);
        // What is planned from the rows alone is never planned again.
        let digest = (!run.new.blind).then_some(None);
        self.update(RunUpdate { state, digest, ..update }).await
    }

    async fn prepared(
        &self,
        run: RunRecord,
        read: AuditEnd,
        reopened: Vec<Reopenable>,
        basis: Basis,
    ) -> Result<Prepared, Halt> {
        let estimate =
            estimate(self.journal, &run, Operation::Revoke, &self.exchange.pacer, &reopened)
                .await?;
        let planned_before = run.rules.planned;
        let mut prepared = Prepared { run, read, estimate, reopened, planned_before };
        if basis == Basis::Rows && !prepared.read.interrupted && !prepared.nobody_reached() {
            self.store_plan(&prepared).await?;
        }
        prepared.run = self.record(&prepared.run).await?;
        Ok(prepared)
    }

    async fn prove_plan(&self, run: &RunRecord) -> Result<(), Halt> {
        let Some(stored) = run.digest.clone() else { return Ok(()) };
        let found = found_plan(self.journal, run, self.leases).await?.to_string();
        if found == stored {
            return Ok(());
        }
        Err(Halt::OtherPlan { run: run.new.id.clone(), found, stored })
    }

    /// Reads the groups, or plans from the rows alone.
    async fn read(&self, run: &RunRecord, basis: Basis) -> Result<AuditEnd, JournalError> {
        let clock = &self.exchange.clock;
        if run.new.blind {
            if run.digest.is_none() {
                plan_unread(self.journal, run, self.leases, clock.now_ms()).await?;
            }
            return Ok(AuditEnd::default());
        }
        let since_ms = self.fresh.since_ms(clock);
        let reading = match basis {
            Basis::Rows => Reading { planning: Planning::Plan, age: Age::OfPlan, since_ms },
            // An approved plan is held against the rules as they are now, before its first call.
            Basis::ApprovedPlan => Reading {
                planning: Planning::Frozen,
                age: Age::OfReading,
                since_ms: if run.is_frozen() && run.is_started() {
                    since_ms
                } else {
                    clock.now_ms()
                },
            },
        };
        self.audit(run, reading).await
    }

    async fn audit(&self, run: &RunRecord, reading: Reading) -> Result<AuditEnd, JournalError> {
        let Self { journal, leases, exchange, .. } = *self;
        let Reading { planning, age, since_ms: fresh_since_ms } = reading;
        audit(&Audit { exchange, journal, run, leases, fresh_since_ms, age, planning }).await
    }

    async fn store_plan(&self, plan: &Prepared) -> Result<(), JournalError> {
        let now_ms = self.exchange.clock.now_ms();
        let digest = complete_plan(self.journal, &plan.run, self.leases, now_ms).await?;
        let planned = RunUpdate {
            state: Some(RunState::Planned),
            digest: Some(Some(digest.to_string())),
            estimate_s: Some(plan.estimate.seconds),
            ..RunUpdate::default()
        };
        self.update(planned).await
    }
}
