//! From a run in the journal to a plan that may be acted on: read, plan, check.

use super::exit::{Exit, Failure};
use super::session::Session;
use crate::audit::{Audit, AuditEnd, Planning, audit, plan_unread};
use crate::exchange::{Exchange, now_ms};
use crate::journal::{JournalError, RunRecord, RunState, RunUpdate};
use crate::model::Estimate;
use crate::run::{estimate, plan_digest};

/// What was read longer ago is read again before it is acted on.
const FRESH_MS: i64 = 3_600_000;

/// A run that is ready to act.
pub(super) struct Prepared {
    /// The run as it stands now.
    pub(super) run: RunRecord,
    /// The way to the accounts.
    pub(super) exchange: Exchange,
    /// How reading went.
    pub(super) end: AuditEnd,
    /// What acting would take.
    pub(super) estimate: Estimate,
}

/// Reads what was not read of late and completes the plan. With `frozen` the plan stays as it
/// was stored.
pub(super) async fn prepare(
    session: &Session,
    run: RunRecord,
    frozen: bool,
) -> Result<Prepared, Failure> {
    let journal = &*session.journal;
    prove_plan(session, &run).await?;
    let exchange = session.exchange(&run.new.id).await?;
    if !frozen {
        // A plan that is being made again has no digest to hold it against.
        let reading = RunUpdate { state: Some(RunState::Reading), ..RunUpdate::default() };
        journal.update(&run.new.id, &reading, now_ms()).await?;
    }
    let end = read(session, &exchange, &run, frozen).await?;
    session.clear_bars();
    for (lane, reason) in &end.unreachable {
        tracing::warn!("{lane}: {reason}");
    }
    let estimate = estimate(journal, &run, &exchange.pacer).await?;
    for lane in &estimate.lanes {
        tracing::info!(
            "{}: {} rules of {} groups in {} calls and {} reads, about {:.0} s",
            lane.lane,
            lane.rules,
            lane.groups,
            lane.calls,
            lane.reads,
            lane.seconds
        );
    }
    if !end.interrupted && !frozen && end.nobody_reached() == Exit::Done {
        // A plan of which no group was planned again is the one that was proved above.
        let proved = run.digest.clone().filter(|_| run.state != RunState::Reading && !end.has_read);
        let digest = match proved {
            Some(digest) => digest,
            None => plan_digest(journal, &run.new.id).await?.to_string(),
        };
        let update = RunUpdate {
            state: Some(RunState::Planned),
            digest: Some(digest),
            estimate_s: Some(estimate.seconds),
            ..RunUpdate::default()
        };
        journal.update(&run.new.id, &update, now_ms()).await?;
    }
    let before = run.rules.planned;
    let run = journal.run(run.new.id.as_str()).await?;
    if run.started_ms.is_some() && run.rules.planned != before {
        let after = run.rules.planned;
        tracing::warn!("the world moved: the plan had {before} rules and now has {after}");
    }
    Ok(Prepared { run, exchange, end, estimate })
}

/// Refuses a complete plan that is not the one that was stored.
pub(super) async fn prove_plan(session: &Session, run: &RunRecord) -> Result<(), Failure> {
    let Some(stored) = run.digest.as_deref().filter(|_| run.state != RunState::Reading) else {
        return Ok(());
    };
    let found = plan_digest(&*session.journal, &run.new.id).await?.to_string();
    if found == stored {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "the plan of run {} is not the one that was stored: its digest is {found}, stored was \
         {stored}; nothing was sent",
        run.new.id
    )))
}

/// Reads the groups, or plans from the rows alone.
async fn read(
    session: &Session,
    exchange: &Exchange,
    run: &RunRecord,
    frozen: bool,
) -> Result<AuditEnd, JournalError> {
    let journal = &*session.journal;
    if run.new.blind {
        if run.digest.is_none() {
            plan_unread(journal, run, now_ms()).await?;
        }
        return Ok(AuditEnd::default());
    }
    let planning = if frozen { Planning::Frozen } else { Planning::Plan };
    // An approved plan is held against the world as it is now, before its first call.
    let unproven = frozen && run.started_ms.is_none();
    let fresh_since_ms = if unproven { now_ms() } else { now_ms() - FRESH_MS };
    audit(&Audit { exchange, journal, run, fresh_since_ms, planning }).await
}

impl AuditEnd {
    /// Exit code 7 if there was somebody to call and nobody could be reached.
    pub(super) fn nobody_reached(&self) -> Exit {
        if self.reached == 0 && !self.unreachable.is_empty() { Exit::NoAccount } else { Exit::Done }
    }

    /// Why accounts could not be called, in words.
    pub(super) fn messages(&self) -> Vec<String> {
        self.unreachable.iter().map(|(lane, reason)| format!("{lane}: {reason}")).collect()
    }
}
