//! From a plan to its end: who is asked, what is told, what it is worth.

use std::cell::Cell;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::args::Acting;
use super::exit::{Exit, Failure};
use super::guard;
use super::output::{Ended, tell};
use super::planned::{tell_planned, unreachable};
use super::session::Session;
use super::settings;
use super::start::Context;
use super::summary::whole;
use super::{confirm, events};
use crate::journal::{JournalError, RunRecord};
use crate::report::{Format, PlanView, exit_code, summarize, write_plan, write_report};
use crate::run::{
    self, Basis, Ending, Failures, Halt, Operator, Pause, Prepared, Refusal, RefusedBy, RunError,
    revoke,
};

/// How a run is carried out.
pub(super) struct How<'a> {
    /// What decides which calls it makes.
    pub(super) basis: Basis,
    /// The options of commands that act.
    pub(super) acting: &'a Acting,
}

/// Carries out a run from wherever it is, and prints what happened.
pub(super) async fn act(
    context: &Context,
    session: &Session,
    run: RunRecord,
    how: How<'_>,
) -> Result<Exit, Failure> {
    guard::share_is_known(&session.config, run.new.blind)?;
    let exchange = session.exchange(&run.new.id).await?;
    let process = session.process(&exchange);
    settings::take_over(session, &process, &run).await?;
    if let Err(failure) = guard::check_stored(&*session.journal, &run, &session.config).await {
        process.refuse(&run, failure.exit.into()).await?;
        return Err(failure.about(&run.new.id));
    }
    let pause = Pause::new(how.acting.pause_file.clone());
    let command =
        Command { context, session, how: &how, approved: Cell::new(0), thought: Cell::default() };
    let ended = revoke(&process, run, how.basis, pause, &command)
        .await
        .map_err(|halt| halted(session, halt))?;
    finish(context, session, ended).await
}

/// The command as a run sees it.
struct Command<'a> {
    context: &'a Context,
    session: &'a Session,
    how: &'a How<'a>,
    /// Rules of the plan that was approved last.
    approved: Cell<u64>,
    /// How long the last question was thought about.
    thought: Cell<Duration>,
}

#[async_trait(?Send)]
impl Operator for Command<'_> {
    type Refusal = Failure;
    type Exit = Exit;

    fn planned(&self, plan: &Prepared) {
        tell_planned(self.session, plan);
    }

    async fn approve(&self, plan: &Prepared) -> Result<Failures, Refusal<Failure>> {
        let by_guard = |reason| Refusal { by: RefusedBy::Guard, reason };
        self.thought.set(Duration::ZERO);
        guard::check_plan(self.session, plan).await.map_err(by_guard)?;
        // What is left of an approved plan is approved.
        if plan.run.rules.planned > self.approved.get() || !plan.reopened.is_empty() {
            self.confirm(plan).await?;
        }
        self.approved.set(plan.run.rules.planned);
        let limit = self.session.config.guard.max_failures;
        let planned = plan.run.rules.planned;
        Ok(Failures::new(limit.map(|limit| guard::allowed_failures(limit, planned))))
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

impl Command<'_> {
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
        let size = guard::size(&plan.estimate);
        if self.how.acting.yes || size.rules == 0 {
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

fn halted(session: &Session, halt: Halt) -> Failure {
    match halt {
        Halt::Acting(error) => tell_unrecorded(session, error),
        Halt::Journal(_) | Halt::OtherPlan { .. } => halt.into(),
    }
}

/// Prints what the journal could not take, one JSON object a line.
fn tell_unrecorded(session: &Session, error: RunError) -> Failure {
    session.clear_bars();
    let count = error.unrecorded.len();
    for lost in &error.unrecorded {
        match serde_json::to_string(lost) {
            Ok(line) => tell(&format!("{line}\n")),
            // Nothing that was sent goes untold.
            Err(_) => tell(&format!("{lost:?}\n")),
        }
    }
    let mut failure = Failure::from(error.journal);
    failure.messages.push(format!(
        "nothing was sent after this; answers that are not in the journal: {count}{}; once it can \
         be written, `unpair resume` reads back what they did",
        if count > 0 { " (one JSON line each, above)" } else { "" }
    ));
    failure
}

/// Prints the report of a run whose end is journalled, or why it was refused.
async fn finish(
    context: &Context,
    session: &Session,
    ended: run::Ended<Failure, Exit>,
) -> Result<Exit, Failure> {
    session.waits.tell();
    session.clear_bars();
    let run::Ended { run, read, parked, ending, exit } = ended;
    let mut messages = unreachable(&read);
    for (lane, reason) in &parked {
        events::left_alone(lane, reason);
        messages.push(format!("{lane}: {reason}"));
    }
    match ending {
        Ending::Refused(failure) => return Err(failure.about(&run.new.id)),
        Ending::Moved => return Err(moved(&run, read.moved).about(&run.new.id)),
        Ending::TooManyFailures(reason) => messages.push(reason),
        Ending::Interrupted | Ending::NobodyReached | Ending::Finished => {}
    }
    report(context, session, &run, Ended { exit, messages }).await?;
    Ok(exit)
}

fn moved(run: &RunRecord, mut messages: Vec<String>) -> Failure {
    messages.push(format!("rules changed since run {} was planned: plan again", run.new.id));
    Failure::of_many(Exit::Refused, messages)
}

/// Prints the report.
async fn report(
    context: &Context,
    session: &Session,
    run: &RunRecord,
    mut ended: Ended,
) -> Result<(), Failure> {
    let summary = whole(context, &*session.journal, run).await?;
    if ended.exit != Exit::Done {
        ended.messages.push(summary.verdict());
    }
    if context.output.format == Format::Json {
        context.output.summary(&summary, &ended)?;
    } else if !context.keeps_quiet(ended.exit) {
        let mut sink = context.output.open()?;
        let (format, style) = (context.output.format, context.output.style());
        write_report(&*session.journal, run, &summary, format, style, &mut sink).await?;
        sink.finish()?;
    }
    // The table ends with what to do next.
    if ended.exit == Exit::Interrupted && context.output.format != Format::Table {
        let (id, options) = (&run.new.id, &session.options);
        tracing::warn!("interrupted: `unpair resume {id}{options}` goes on");
    }
    Ok(())
}
