//! What a run asks of the command that carries it out: whether it may begin, and which exit code it has.

use std::cell::Cell;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use crate::cli::confirm;
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::tell;
use crate::cli::plan_limits::{allowed_failures, check_plan, size};
use crate::cli::session::Session;
use crate::cli::show_plan::tell_planned;
use crate::cli::summary::whole;
use crate::journal::{JournalError, RunRecord};
use crate::report::{Format, PlanView, exit_code, summarize, write_plan};
use crate::run::{Ending, FailureLimit, Hooks, Prepared, Refusal, RefusedBy};

/// What a run asks of the command that carries it out.
pub(super) struct CommandHooks<'a> {
    context: &'a Context,
    session: &'a Session,
    /// Whether nobody is to be asked (`--yes`).
    agreed: bool,
    /// Rules of the plan that was approved last.
    approved: Cell<u64>,
    /// How long the last question was thought about.
    thought: Cell<Duration>,
}

#[async_trait(?Send)]
impl Hooks for CommandHooks<'_> {
    type Refusal = Failure;
    type Exit = Exit;

    fn planned(&self, plan: &Prepared) {
        tell_planned(self.session, plan);
    }

    async fn approve(&self, plan: &Prepared) -> Result<FailureLimit, Refusal<Failure>> {
        let by_guard = |reason| Refusal { by: RefusedBy::Guard, reason };
        self.thought.set(Duration::ZERO);
        check_plan(self.session, plan).await.map_err(by_guard)?;
        // What is left of an approved plan is approved.
        if plan.run.rules.planned > self.approved.get() || !plan.reopened.is_empty() {
            self.confirm(plan).await?;
        }
        self.approved.set(plan.run.rules.planned);
        let limit = self.session.config.guard.max_failures;
        let planned = plan.run.rules.planned;
        Ok(FailureLimit::new(limit.map(|limit| allowed_failures(limit, planned))))
    }

    fn thought(&self) -> Duration {
        self.thought.get()
    }

    async fn exit(&self, run: &RunRecord, ending: &Ending<Failure>) -> Result<Exit, JournalError> {
        Ok(match ending {
            Ending::Interrupted => Exit::Interrupted,
            Ending::Moved | Ending::TooManyFailures(_) => Exit::Refused,
            Ending::NobodyReached => Exit::NoAccount,
            Ending::Refused(failure) => failure.exit,
            Ending::Finished => self.worth(run).await?,
        })
    }
}

impl<'a> CommandHooks<'a> {
    pub(super) fn new(context: &'a Context, session: &'a Session, agreed: bool) -> Self {
        Self { context, session, agreed, approved: Cell::new(0), thought: Cell::default() }
    }

    /// The exit code that the pairs of a run that came to its end call for.
    async fn worth(&self, run: &RunRecord) -> Result<Exit, JournalError> {
        let summary = summarize(&*self.session.journal, run, self.context.command).await?;
        Ok(match exit_code(&summary.pairs, &run.new) {
            0 => Exit::Done,
            _ => Exit::Unfinished,
        })
    }

    /// Shows the plan and asks, unless `--yes` or there is nothing to do.
    async fn confirm(&self, plan: &Prepared) -> Result<(), Refusal<Failure>> {
        let size = size(&plan.estimate);
        if self.agreed || size.rules == 0 {
            return Ok(());
        }
        let unanswered = |reason| Refusal { by: RefusedBy::Nobody, reason };
        self.show(plan).await.map_err(unanswered)?;
        let asked = Instant::now();
        let answer = confirm::ask(size, &self.session.waits).await;
        self.thought.set(asked.elapsed());
        answer
    }

    async fn show(&self, plan: &Prepared) -> Result<(), Failure> {
        let (context, journal) = (self.context, &*self.session.journal);
        let summary = whole(context, journal, &plan.run).await?;
        let mut shown = Vec::new();
        let style = context.output.style();
        let view = PlanView { run: &plan.run, summary: &summary, estimate: Some(&plan.estimate) };
        write_plan(journal, view, Format::Table, style, &mut shown).await?;
        tell(&String::from_utf8_lossy(&shown));
        Ok(())
    }
}
