//! The order of a run that revokes: prepare, ask, carry out, judge, end.

use super::{Basis, Ended, Ending, Halt, Operator, Prepared, Process};
use crate::journal::{JournalError, RunRecord, RunState, RunUpdate};
use crate::run::{CarryOut, Failures, Patience, Pause, RunEnd, carry_out, take_up};

/// Carries out `run` from wherever it is to the end of this process, and journals that end.
pub async fn revoke<O: Operator + ?Sized>(
    process: &Process<'_>,
    run: RunRecord,
    basis: Basis,
    pause: Pause,
    operator: &O,
) -> Result<Ended<O::Refusal, O::Exit>, Halt> {
    let plan = process.prepare(run, basis).await?;
    operator.planned(&plan);
    let mut parked = Vec::new();
    let ending = match unready(&plan) {
        Some(ending) => ending,
        None => match operator.approve(&plan).await {
            Err(refusal) => Ending::Refused(refusal),
            Ok(failures) => {
                let (end, ending) = process.act(&plan, pause, failures).await?;
                parked = end.parked;
                ending
            }
        },
    };
    let exit = operator.exit(&process.record(&plan.run).await?, &ending).await?;
    let run = process.end(&plan.run, ending.state(), exit.into()).await?;
    Ok(Ended { run, read: plan.read, parked, ending, exit })
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

impl Process<'_> {
    /// Sends what is to be sent, from where former processes left it.
    async fn act<R>(
        &self,
        plan: &Prepared,
        pause: Pause,
        failures: Failures,
    ) -> Result<(RunEnd, Ending<R>), Halt> {
        let (run, now_ms) = (&plan.run, self.exchange.clock.now_ms());
        let started = RunUpdate {
            state: Some(RunState::Acting),
            exit: Some(None),
            started_ms: run.started_ms.or(Some(now_ms)),
            ..RunUpdate::default()
        };
        self.update(run, started).await?;
        take_up(self.journal, run, now_ms).await?;
        let run = self.record(run).await?;
        let Self { exchange, journal, .. } = *self;
        let work = CarryOut {
            exchange,
            journal,
            run: &run,
            pause,
            patience: Patience::default(),
            outlook: plan.estimate.outlook(),
            failures,
        };
        let end = carry_out(&work).await?;
        let ending = self.judge(&work, &end).await?;
        Ok((end, ending))
    }

    async fn judge<R>(&self, work: &CarryOut<'_>, end: &RunEnd) -> Result<Ending<R>, JournalError> {
        if let Some(reason) = work.failures.verdict() {
            return Ok(Ending::TooManyFailures(reason));
        }
        // A signal after the last read-back interrupts nothing.
        if end.interrupted && self.record(work.run).await?.rules.pending > 0 {
            return Ok(Ending::Interrupted);
        }
        Ok(if end.nobody_reached() { Ending::NobodyReached } else { Ending::Finished })
    }
}
