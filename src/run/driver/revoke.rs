//! The order of a run that revokes: prepare, ask, carry out, look once more, judge, end.
//!
//! A run that was killed goes the same way on `resume`, and so its next call comes after:
//!
//! 1. [`Driver::prepare`]: the stored plan is proved, what is not fresh is read and planned, and
//!    what earlier processes left failed, unknown or still present is found.
//! 2. [`Hooks::approve`]: the guards and the question see everything that may be sent.
//! 3. `begin`: the journal has it that the run is started.
//! 4. `take_up`: what was in flight, or is reopened, is to be read back.
//! 5. `send`: each lane reads those groups back, and sends what still stands.

use std::collections::BTreeMap;

use super::{Basis, Driver, DriverEnd, Ending, Halt, Hooks, Prepared, Refusal, RefusedBy};
use crate::journal::{JournalError, RunRecord, RunState, RunUpdate};
use crate::model::LaneKey;
use crate::run::{
    CarryOut, FailureLimit, Operation, Patience, Pause, RunEnd, carry_out, planted, take_up,
};

/// Times in a row that groups are read again without anything being sent: a long pause makes one of
/// them, groups that cannot be read any more would go on for ever.
const MAX_IDLE: u32 = 3;

/// Carries out `run` from wherever it is to the end of this process, and journals that end.
pub async fn revoke<O: Hooks + ?Sized>(
    driver: &Driver<'_>,
    run: RunRecord,
    basis: Basis,
    pause: Pause,
    hooks: &O,
) -> Result<DriverEnd<O::Refusal, O::Exit>, Halt> {
    let plan = driver.prepare(run, basis).await?;
    let mut work = Acting { driver, basis, pause, failures: None, left_alone: Vec::new(), idle: 0 };
    let (plan, ending) = work.go_on(plan, hooks).await?;
    let run = driver.record(&plan.run).await?;
    let exit = hooks.exit(&run, &ending).await?;
    let left = plan.read.unreachable.iter().chain(&work.left_alone);
    driver.keep_unsent(&run, unsent(&run, left, &ending)).await?;
    let run = driver.end(&run, ending.state(&run), exit.into()).await?;
    Ok(DriverEnd { run, read: plan.read, left_alone: work.left_alone, ending, exit })
}

/// What a process holds on to from one round of acting to the next.
struct Acting<'a> {
    driver: &'a Driver<'a>,
    basis: Basis,
    pause: Pause,
    /// What failed so far, of how much may.
    failures: Option<FailureLimit>,
    /// Lanes that were left alone while acting, each with the reason.
    left_alone: Vec<(LaneKey, String)>,
    /// Rounds in a row in which nothing could be sent because every reading was too old.
    idle: u32,
}

/// What a round of acting came to.
enum RoundEnd<R> {
    /// Nothing more is done.
    Over(Ending<R>),
    /// What is left rests on readings that are not fresh any more.
    Stale,
}

impl Acting<'_> {
    /// Asks, acts, and reads again what that rests on, until nothing is left to do.
    async fn go_on<O: Hooks + ?Sized>(
        &mut self,
        mut plan: Prepared,
        hooks: &O,
    ) -> Result<(Prepared, Ending<O::Refusal>), Halt> {
        loop {
            hooks.planned(&plan);
            if let Some(ending) = unready(&plan) {
                return Ok((plan, ending));
            }
            let approved = hooks.approve(&plan).await;
            let thought_ms = i64::try_from(hooks.thought().as_millis()).unwrap_or(i64::MAX);
            let failures = match approved {
                Ok(failures) => failures,
                Err(Refusal { by, reason }) => {
                    self.driver.decline(&plan.run, by, thought_ms).await?;
                    return Ok((plan, Ending::Refused(reason)));
                }
            };
            self.failures.get_or_insert(failures);
            let pending = plan.run.rules.pending;
            let next = match self.act(&plan, thought_ms).await? {
                RoundEnd::Over(Ending::Finished) => {
                    let look = self.closing_look(&plan, hooks).await?;
                    look.filter(|look| !is_clean(look))
                }
                RoundEnd::Over(ending) => return Ok((plan, ending)),
                RoundEnd::Stale => self.read_anew(&plan, pending).await?,
            };
            let Some(mut next) = next else { return Ok((plan, Ending::Finished)) };
            // What could not be reached in the first place is told at the end, too.
            next.read.unreachable.append(&mut plan.read.unreachable);
            plan = next;
        }
    }

    /// Sends what is to be sent, from where former processes left it.
    async fn act<R>(&mut self, plan: &Prepared, thought_ms: i64) -> Result<RoundEnd<R>, Halt> {
        let now_ms = self.driver.exchange.clock.now_ms();
        self.begin(plan, thought_ms, now_ms).await?;
        self.take_up(plan, now_ms).await?;
        self.send(plan).await
    }

    /// Journals that calls are made from now on.
    async fn begin(
        &self,
        plan: &Prepared,
        thought_ms: i64,
        now_ms: i64,
    ) -> Result<(), JournalError> {
        let started = RunUpdate { add_asked_ms: thought_ms, ..self.started(plan, now_ms) };
        self.driver.update(started).await
    }

    /// Takes up what former processes left: it is to be read back before it is sent again.
    async fn take_up(&self, plan: &Prepared, now_ms: i64) -> Result<(), JournalError> {
        let Driver { journal, leases, .. } = *self.driver;
        let reopened = planted::taken_up(journal, &plan.run.new.id, &plan.reopened).await?;
        take_up(journal, leases, &reopened, now_ms).await
    }

    /// Reads back and sends, lane by lane, and judges what that came to.
    async fn send<R>(&mut self, plan: &Prepared) -> Result<RoundEnd<R>, Halt> {
        let driver = self.driver;
        let run = driver.record(&plan.run).await?;
        let work = CarryOut {
            exchange: driver.exchange,
            journal: driver.journal,
            operation: Operation::Revoke,
            run: &run,
            leases: driver.leases,
            pause: &self.pause,
            patience: Patience::default(),
            lane_work: plan.estimate.lane_work(),
            failures: self.failures.get_or_insert_default(),
            fresh: driver.fresh,
        };
        let end = carry_out(&work).await?;
        let round = driver.judge(&work, &end).await?;
        self.left_alone.extend(end.left_alone);
        Ok(round)
    }

    /// What is journalled before anything is sent.
    fn started(&self, plan: &Prepared, now_ms: i64) -> RunUpdate {
        let run = &plan.run;
        let freezes = self.basis == Basis::ApprovedPlan && run.frozen_ms.is_none();
        let changes = run.rules.pending > 0 || !plan.reopened.is_empty();
        RunUpdate {
            state: Some(RunState::Acting),
            exit: Some(None),
            started_ms: run.started_ms.or(Some(now_ms)),
            declined_ms: run.declined_ms.is_some().then_some(None),
            frozen_ms: freezes.then_some(now_ms),
            // What was looked at before a change says nothing of what is true after it.
            closing_ms: (changes && run.closing_ms.is_some()).then_some(None),
            ..RunUpdate::default()
        }
    }

    /// Reads again what is not fresh any more; nothing if that did not help [`MAX_IDLE`] times.
    async fn read_anew(&mut self, plan: &Prepared, pending: u64) -> Result<Option<Prepared>, Halt> {
        let run = self.driver.record(&plan.run).await?;
        self.idle = if run.rules.pending < pending { 0 } else { self.idle + 1 };
        if self.idle > MAX_IDLE {
            tracing::warn!(
                "{} rules were not sent: their groups could not be read again within the time \
                 that [guard] fresh allows",
                run.rules.pending
            );
            return Ok(None);
        }
        self.driver.prepare_again(run, self.basis).await.map(Some)
    }

    /// The closing look, if the run would end well without one.
    async fn closing_look<O: Hooks + ?Sized>(
        &self,
        plan: &Prepared,
        hooks: &O,
    ) -> Result<Option<Prepared>, Halt> {
        let run = self.driver.record(&plan.run).await?;
        if self.driver.is_read_now(&run).await? {
            return Ok(None);
        }
        let exit: u8 = hooks.exit(&run, &Ending::Finished).await?.into();
        if exit != 0 {
            return Ok(None);
        }
        self.driver.look_again(&run, self.basis).await.map(Some)
    }
}

impl Driver<'_> {
    /// Journals that the plan was not approved. A guard that refuses a run after its first change
    /// leaves it to be taken up, by the guards of then.
    pub(super) async fn decline(
        &self,
        run: &RunRecord,
        by: RefusedBy,
        thought_ms: i64,
    ) -> Result<(), JournalError> {
        let is_final = match by {
            RefusedBy::Person => true,
            RefusedBy::Guard => run.started_ms.is_none(),
            RefusedBy::Nobody => false,
        };
        if !is_final && thought_ms == 0 {
            return Ok(());
        }
        let declined_ms = is_final.then(|| Some(self.exchange.clock.now_ms()));
        let declined = RunUpdate { declined_ms, add_asked_ms: thought_ms, ..RunUpdate::default() };
        self.update(declined).await
    }

    async fn judge<R>(
        &self,
        work: &CarryOut<'_>,
        end: &RunEnd,
    ) -> Result<RoundEnd<R>, JournalError> {
        if let Some(reason) = work.failures.verdict(work.operation) {
            return Ok(RoundEnd::Over(Ending::TooManyFailures(reason)));
        }
        // A signal after the last read-back interrupts nothing.
        if end.interrupted && self.record(work.run).await?.rules.pending > 0 {
            return Ok(RoundEnd::Over(Ending::Interrupted));
        }
        Ok(match end {
            end if end.nobody_reached() => RoundEnd::Over(Ending::NobodyReached),
            end if end.is_stale => RoundEnd::Stale,
            _ => RoundEnd::Over(Ending::Finished),
        })
    }
}

/// Why what is pending was not sent: for each lane that was left alone, and for all others.
fn unsent<'a, R>(
    run: &RunRecord,
    left: impl Iterator<Item = &'a (LaneKey, String)>,
    ending: &Ending<R>,
) -> BTreeMap<String, String> {
    if run.rules.pending == 0 {
        return BTreeMap::new();
    }
    let others = match ending {
        Ending::Interrupted => "interrupted; `unpair resume` goes on",
        Ending::Moved => "grants stand that the approved plan does not hold",
        Ending::NobodyReached => "no account could be reached with the right identity",
        Ending::Refused(_) => "the plan was not approved",
        Ending::TooManyFailures(reason) => reason,
        Ending::Finished => "its group could not be read again before; `unpair resume` goes on",
    };
    let others = (RunRecord::OTHERS.to_owned(), others);
    let left = left.map(|(lane, reason)| (lane.to_string(), reason.as_str()));
    left.chain([others]).map(|(lane, reason)| (lane, format!("not sent: {reason}"))).collect()
}

/// What keeps a plan from being acted on before anybody is asked.
fn unready<R>(plan: &Prepared) -> Option<Ending<R>> {
    if plan.read.interrupted {
        return Some(Ending::Interrupted);
    }
    if !plan.read.moved.is_empty() {
        return Some(Ending::Moved);
    }
    plan.nobody_reached().then_some(Ending::NobodyReached)
}

/// Whether a closing look found nothing that is to be done.
fn is_clean(look: &Prepared) -> bool {
    look.run.rules.pending == 0 && look.read.moved.is_empty() && !look.read.interrupted
}
