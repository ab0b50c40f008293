//! The order of a run that revokes: prepare, ask, carry out, look once more, judge, end.

use std::collections::BTreeMap;

use super::{Basis, Ended, Ending, Halt, Operator, Prepared, Process, Refusal, RefusedBy};
use crate::journal::{JournalError, RunRecord, RunState, RunUpdate};
use crate::model::LaneKey;
use crate::run::{CarryOut, Failures, Patience, Pause, RunEnd, carry_out, planted, take_up};

/// Times in a row that groups are read again without anything being sent: a long pause makes one of
/// them, groups that cannot be read any more would go on for ever.
const MAX_IDLE: u32 = 3;

/// Carries out `run` from wherever it is to the end of this process, and journals that end.
pub async fn revoke<O: Operator + ?Sized>(
    process: &Process<'_>,
    run: RunRecord,
    basis: Basis,
    pause: Pause,
    operator: &O,
) -> Result<Ended<O::Refusal, O::Exit>, Halt> {
    let plan = process.prepare(run, basis).await?;
    let mut work = Work { process, basis, pause, failures: None, parked: Vec::new(), idle: 0 };
    let (plan, ending) = work.go_on(plan, operator).await?;
    let run = process.record(&plan.run).await?;
    let exit = operator.exit(&run, &ending).await?;
    let left = plan.read.unreachable.iter().chain(&work.parked);
    process.keep_unsent(&run, unsent(&run, left, &ending)).await?;
    let run = process.end(&run, ending.state(&run), exit.into()).await?;
    Ok(Ended { run, read: plan.read, parked: work.parked, ending, exit })
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

/// What a process holds on to from one round of acting to the next.
struct Work<'a> {
    process: &'a Process<'a>,
    basis: Basis,
    pause: Pause,
    /// What failed so far, of how much may.
    failures: Option<Failures>,
    /// Lanes that were left alone while acting, each with the reason.
    parked: Vec<(LaneKey, String)>,
    /// Rounds in a row in which nothing could be sent because every reading was too old.
    idle: u32,
}

/// What a round of acting came to.
enum Round<R> {
    /// Nothing more is done.
    Over(Ending<R>),
    /// What is left rests on readings that are not fresh any more.
    Stale,
}

impl Work<'_> {
    /// Asks, acts, and reads again what that rests on, until nothing is left to do.
    async fn go_on<O: Operator + ?Sized>(
        &mut self,
        mut plan: Prepared,
        operator: &O,
    ) -> Result<(Prepared, Ending<O::Refusal>), Halt> {
        loop {
            operator.planned(&plan);
            if let Some(ending) = unready(&plan) {
                return Ok((plan, ending));
            }
            let approved = operator.approve(&plan).await;
            let thought_ms = i64::try_from(operator.thought().as_millis()).unwrap_or(i64::MAX);
            let failures = match approved {
                Ok(failures) => failures,
                Err(Refusal { by, reason }) => {
                    self.process.decline(&plan.run, by, thought_ms).await?;
                    return Ok((plan, Ending::Refused(reason)));
                }
            };
            self.failures.get_or_insert(failures);
            let pending = plan.run.rules.pending;
            let next = match self.act(&plan, thought_ms).await? {
                Round::Over(Ending::Finished) => {
                    let look = self.closing_look(&plan, operator).await?;
                    look.filter(|look| !is_clean(look))
                }
                Round::Over(ending) => return Ok((plan, ending)),
                Round::Stale => self.read_anew(&plan, pending).await?,
            };
            let Some(mut next) = next else { return Ok((plan, Ending::Finished)) };
            // What could not be reached in the first place is told at the end, too.
            next.read.unreachable.append(&mut plan.read.unreachable);
            plan = next;
        }
    }

    /// Sends what is to be sent, from where former processes left it.
    async fn act<R>(&mut self, plan: &Prepared, thought_ms: i64) -> Result<Round<R>, Halt> {
        let (process, run) = (self.process, &plan.run);
        let now_ms = process.exchange.clock.now_ms();
        let started = RunUpdate { add_asked_ms: thought_ms, ..self.started(plan, now_ms) };
        process.update(started).await?;
        let reopened = planted::taken_up(process.journal, &run.new.id, &plan.reopened).await?;
        take_up(process.journal, process.leases, &reopened, now_ms).await?;
        let run = process.record(run).await?;
        let failures = self.failures.get_or_insert_default();
        let work = CarryOut {
            exchange: process.exchange,
            journal: process.journal,
            run: &run,
            leases: process.leases,
            pause: &self.pause,
            patience: Patience::default(),
            outlook: plan.estimate.outlook(),
            failures,
            fresh: process.fresh,
        };
        let end = carry_out(&work).await?;
        let round = process.judge(&work, &end).await?;
        self.parked.extend(end.parked);
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
        let run = self.process.record(&plan.run).await?;
        self.idle = if run.rules.pending < pending { 0 } else { self.idle + 1 };
        if self.idle > MAX_IDLE {
            tracing::warn!(
                "{} rules were not sent: their groups could not be read again within the time                  that [guard] fresh allows",
                run.rules.pending
            );
            return Ok(None);
        }
        self.process.prepare_again(run, self.basis).await.map(Some)
    }

    /// The closing look, if the run would end well without one.
    async fn closing_look<O: Operator + ?Sized>(
        &self,
        plan: &Prepared,
        operator: &O,
    ) -> Result<Option<Prepared>, Halt> {
        let run = self.process.record(&plan.run).await?;
        if self.process.is_read_now(&run).await? {
            return Ok(None);
        }
        let exit: u8 = operator.exit(&run, &Ending::Finished).await?.into();
        if exit != 0 {
            return Ok(None);
        }
        self.process.look_again(&run, self.basis).await.map(Some)
    }
}

impl Process<'_> {
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

    async fn judge<R>(&self, work: &CarryOut<'_>, end: &RunEnd) -> Result<Round<R>, JournalError> {
        if let Some(reason) = work.failures.verdict() {
            return Ok(Round::Over(Ending::TooManyFailures(reason)));
        }
        // A signal after the last read-back interrupts nothing.
        if end.interrupted && self.record(work.run).await?.rules.pending > 0 {
            return Ok(Round::Over(Ending::Interrupted));
        }
        Ok(match end {
            end if end.nobody_reached() => Round::Over(Ending::NobodyReached),
            end if end.is_stale => Round::Stale,
            _ => Round::Over(Ending::Finished),
        })
    }
}
