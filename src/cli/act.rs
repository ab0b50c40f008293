//! From a plan to its end: ask, carry out, tell what happened.

use super::args::Acting;
use super::confirm;
use super::exit::{Exit, Failure};
use super::guard;
use super::output::{Ended, tell};
use super::prepare::{Prepared, prepare};
use super::session::Session;
use super::signals;
use super::start::Context;
use crate::exchange::{Exchange, now_ms};
use crate::journal::{RunRecord, RunState, RunUpdate};
use crate::model::Estimate;
use crate::report::{Format, PlanView, exit_code, summarize, write_plan, write_report};
use crate::run::{CarryOut, Failures, Patience, RunError, carry_out, take_up};

/// How a run is carried out.
pub(super) struct How<'a> {
    /// The stored plan is carried out as it is (`--run`).
    pub(super) frozen: bool,
    /// The options of commands that act.
    pub(super) acting: &'a Acting,
    /// What rows that were left out come to.
    pub(super) left_over: Exit,
}

/// How a run came to its end.
struct End {
    state: RunState,
    exit: Exit,
    messages: Vec<String>,
}

/// Carries out a run from wherever it is, and prints what happened.
pub(super) async fn act(
    context: &Context,
    session: &Session,
    run: RunRecord,
    how: How<'_>,
) -> Result<Exit, Failure> {
    if let Some(limit) = how.acting.max_duration {
        signals::stop_after(limit, session.stop.clone());
    }
    guard::check_stored(&*session.journal, &run, &session.config).await?;
    let prepared = prepare(session, run, how.frozen).await?;
    let end = match before_acting(context, session, &prepared, how.acting).await? {
        Some(end) => end,
        None => revoke(context, session, &prepared, &how).await?,
    };
    finish(context, session, &prepared, end).await
}

/// What keeps a plan from being acted on: an end, or a refusal.
async fn before_acting(
    context: &Context,
    session: &Session,
    prepared: &Prepared,
    acting: &Acting,
) -> Result<Option<End>, Failure> {
    let Prepared { run, exchange, end, estimate } = prepared;
    if end.interrupted {
        return Ok(Some(End {
            state: RunState::Interrupted,
            exit: Exit::Interrupted,
            messages: end.messages(),
        }));
    }
    if !end.moved.is_empty() {
        let mut messages = end.moved.clone();
        messages.push(format!("the world moved since run {} was planned: plan again", run.new.id));
        return Err(refuse(session, exchange, run, Failure { exit: Exit::Refused, messages }).await);
    }
    if end.nobody_reached() == Exit::NoAccount {
        return Ok(Some(End {
            state: RunState::Stopped,
            exit: Exit::NoAccount,
            messages: end.messages(),
        }));
    }
    let confirmed = match guard::check_plan(session, run, estimate).await {
        Ok(()) => confirm_plan(context, session, run, estimate, acting).await,
        Err(failure) => Err(failure),
    };
    match confirmed {
        Ok(()) => Ok(None),
        Err(failure) => Err(refuse(session, exchange, run, failure).await),
    }
}

/// Journals a refusal; the run stays as it was planned.
pub(super) async fn refuse(
    session: &Session,
    exchange: &Exchange,
    run: &RunRecord,
    failure: Failure,
) -> Failure {
    let exit = failure.exit as u8;
    match session.end_run(exchange, &run.new.id, RunState::Planned, exit).await {
        Ok(_) => failure,
        Err(journal) => journal,
    }
}

/// Sends what is to be sent.
async fn revoke(
    context: &Context,
    session: &Session,
    prepared: &Prepared,
    how: &How<'_>,
) -> Result<End, Failure> {
    let (journal, id) = (&*session.journal, &prepared.run.new.id);
    let started = RunUpdate {
        state: Some(RunState::Acting),
        exit: Some(None),
        started_ms: prepared.run.started_ms.or(Some(now_ms())),
        ..RunUpdate::default()
    };
    journal.update(id, &started, now_ms()).await?;
    take_up(journal, &prepared.run, now_ms()).await?;
    let run = journal.run(id.as_str()).await?;
    let max_failures = session.config.guard.max_failures;
    let work = CarryOut {
        exchange: &prepared.exchange,
        journal,
        run: &run,
        pause_file: how.acting.pause_file.clone(),
        patience: Patience::default(),
        outlook: prepared.estimate.outlook(),
        failures: Failures::new(
            max_failures.map(|limit| guard::allowed_failures(limit, run.rules.planned)),
        ),
    };
    let end = carry_out(&work).await.map_err(|error| tell_unrecorded(session, error))?;
    let mut messages = prepared.end.messages();
    for (lane, reason) in &end.parked {
        tracing::warn!("{lane}: left alone: {reason}");
        messages.push(format!("{lane}: {reason}"));
    }
    let (state, exit) = match work.failures.verdict() {
        Some(reason) => {
            messages.push(reason);
            (RunState::Stopped, Exit::Refused)
        }
        None if end.interrupted && is_open(session, &run).await? => {
            (RunState::Interrupted, Exit::Interrupted)
        }
        None if end.nobody_reached() => (RunState::Stopped, Exit::NoAccount),
        None => (RunState::Finished, end_code(context, session, &run).await?.or(how.left_over)),
    };
    Ok(End { state, exit, messages })
}

/// Whether something is left to do: a signal after the last read-back interrupts nothing.
async fn is_open(session: &Session, run: &RunRecord) -> Result<bool, Failure> {
    Ok(session.journal.run(run.new.id.as_str()).await?.rules.pending > 0)
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

/// The exit code that the pairs of a run that came to its end call for.
async fn end_code(context: &Context, session: &Session, run: &RunRecord) -> Result<Exit, Failure> {
    let run = session.journal.run(run.new.id.as_str()).await?;
    let summary = summarize(&*session.journal, &run, context.command).await?;
    Ok(match exit_code(&summary.pairs, run.new.require_both) {
        0 => Exit::Done,
        _ => Exit::Unfinished,
    })
}

/// Journals the end and prints the report.
async fn finish(
    context: &Context,
    session: &Session,
    prepared: &Prepared,
    end: End,
) -> Result<Exit, Failure> {
    let id = &prepared.run.new.id;
    let run = session.end_run(&prepared.exchange, id, end.state, end.exit as u8).await?;
    let summary = summarize(&*session.journal, &run, context.command).await?;
    let mut ended = Ended { exit: end.exit, messages: end.messages };
    if ended.exit != Exit::Done {
        ended.messages.push(summary.verdict());
    }
    if context.output.format == Format::Json {
        context.output.summary(&summary, &ended)?;
    } else if !context.keeps_quiet(ended.exit) {
        let mut sink = context.output.open()?;
        let (format, style) = (context.output.format, context.output.style());
        write_report(&*session.journal, &run, &summary, format, style, &mut sink).await?;
        sink.finish()?;
    }
    // The table ends with what to do next.
    if ended.exit == Exit::Interrupted && context.output.format != Format::Table {
        tracing::warn!("interrupted: `unpair resume {id}` goes on");
    }
    Ok(ended.exit)
}

/// Shows the plan and asks, unless `--yes` or there is nothing to do.
async fn confirm_plan(
    context: &Context,
    session: &Session,
    run: &RunRecord,
    estimate: &Estimate,
    acting: &Acting,
) -> Result<(), Failure> {
    let size = guard::size(estimate);
    if acting.yes || size.rules == 0 {
        return Ok(());
    }
    let summary = summarize(&*session.journal, run, context.command).await?;
    let mut shown = Vec::new();
    let style = context.output.style();
    let view = PlanView { run, summary: &summary, estimate: Some(estimate) };
    write_plan(&*session.journal, view, Format::Table, style, &mut shown).await?;
    tell(&String::from_utf8_lossy(&shown));
    confirm::ask(size, &session.stop).await
}
