//! From a run in the journal to its end: read, plan, guard, ask, carry out.

use std::collections::HashSet;

use super::args::Acting;
use super::confirm;
use super::exit::{Exit, Failure};
use super::guard;
use super::output::{Ended, Output};
use super::session::Session;
use super::signals;
use super::start::Context;
use crate::audit::{Audit, AuditEnd, Planning, audit, plan_unread};
use crate::exchange::{Exchange, now_ms};
use crate::journal::{JournalError, RunRecord, RunState, RunUpdate};
use crate::model::{GroupIx, RuleId};
use crate::report::{Format, exit_code, summarize, write_plan, write_report};
use crate::run::{CarryOut, Estimate, Failures, carry_out, estimate, plan_digest, take_up};

/// What was read longer ago is read again before it is acted on.
const FRESH_MS: i64 = 3_600_000;
/// Revocations that are taken from the journal at once.
const PAGE: u32 = 1_000;

/// A run that is ready to act.
pub(super) struct Prepared {
    pub(super) run: RunRecord,
    pub(super) exchange: Exchange,
    pub(super) end: AuditEnd,
    pub(super) estimate: Estimate,
}

/// Reads what was not read of late, completes the plan and checks it against its limits. With
/// `frozen` the plan stays as it was stored.
pub(super) async fn prepare(
    session: &Session,
    run: RunRecord,
    frozen: bool,
) -> Result<Prepared, Failure> {
    let exchange = session.exchange(&run.new.id).await?;
    let journal = &*session.journal;
    let end = if run.new.blind {
        if run.digest.is_none() {
            plan_unread(journal, &run).await?;
        }
        AuditEnd::default()
    } else {
        let planning = if frozen {
            Planning::Frozen(planned_rules(session, &run).await?)
        } else {
            Planning::Plan
        };
        let fresh_since_ms = now_ms() - FRESH_MS;
        let audit_of = Audit { exchange: &exchange, journal, run: &run, fresh_since_ms, planning };
        audit(&audit_of).await?
    };
    session.clear_bars();
    for (lane, reason) in &end.unreachable {
        tracing::warn!("{lane}: {reason}");
    }
    let estimate = estimate(journal, &run, &exchange.pacer).await?;
    if !end.interrupted && end.moved.is_empty() {
        let digest = plan_digest(journal, &run.new.id).await?.to_string();
        let update = RunUpdate {
            state: Some(RunState::Planned),
            digest: Some(digest),
            estimate_s: Some(estimate.seconds),
            ..RunUpdate::default()
        };
        if !frozen {
            journal.update(&run.new.id, &update, now_ms()).await?;
        }
    }
    let run = journal.run(run.new.id.as_str()).await?;
    guard::check_plan(journal, &run, guard::size(&estimate), &session.config.guard).await?;
    Ok(Prepared { run, exchange, end, estimate })
}

async fn planned_rules(
    session: &Session,
    run: &RunRecord,
) -> Result<HashSet<(GroupIx, RuleId)>, JournalError> {
    let mut rules = HashSet::new();
    let mut after = None;
    loop {
        let page = session.journal.revocations(&run.new.id, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(rules) };
        after = Some(last.id);
        rules.extend(page.iter().map(|r| (r.revocation.group, r.revocation.rule.id.clone())));
    }
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

/// Carries out a run from wherever it is, and prints what happened.
pub(super) async fn act(
    context: &Context,
    session: &Session,
    run: RunRecord,
    how: How<'_>,
) -> Result<Exit, Failure> {
    let Prepared { run, exchange, end, estimate } = prepare(session, run, how.frozen).await?;
    let id = run.new.id.clone();
    if end.interrupted {
        return finish(
            context,
            session,
            &exchange,
            &run,
            RunState::Interrupted,
            Exit::Interrupted,
            end.messages(),
        )
        .await;
    }
    if !end.moved.is_empty() {
        let mut messages = end.moved;
        messages.push(format!("the world moved since run {id} was planned: plan again"));
        session.end_run(&exchange, &id, RunState::Stopped, Exit::Refused as u8).await?;
        return Err(Failure { exit: Exit::Refused, messages });
    }
    if end.nobody_reached() == Exit::NoAccount && run.rules.pending == 0 {
        return finish(
            context,
            session,
            &exchange,
            &run,
            RunState::Stopped,
            Exit::NoAccount,
            end.messages(),
        )
        .await;
    }
    if let Err(failure) = confirm_plan(context, session, &run, &estimate, how.acting).await {
        session.end_run(&exchange, &id, RunState::Planned, failure.exit as u8).await?;
        return Err(failure);
    }
    if let Some(limit) = how.acting.max_duration {
        signals::stop_after(limit, session.stop.clone());
    }
    let started = RunUpdate {
        state: Some(RunState::Acting),
        exit: Some(None),
        started_ms: run.started_ms.or(Some(now_ms())),
        ..RunUpdate::default()
    };
    session.journal.update(&id, &started, now_ms()).await?;
    take_up(&*session.journal, &run).await?;
    let run = session.journal.run(id.as_str()).await?;
    let max_failures = session.config.guard.max_failures;
    let work = CarryOut {
        exchange: &exchange,
        journal: &*session.journal,
        run: &run,
        pause_file: how.acting.pause_file.clone(),
        failures: Failures::new(
            max_failures.map(|limit| guard::allowed_failures(limit, run.rules.planned)),
        ),
    };
    let run_end = carry_out(&work).await?;
    for (lane, reason) in &run_end.parked {
        tracing::warn!("{lane}: left alone: {reason}");
    }
    let mut messages = end.messages();
    messages.extend(run_end.parked.iter().map(|(lane, reason)| format!("{lane}: {reason}")));
    let (state, exit) = match work.failures.verdict() {
        Some(reason) => {
            messages.push(reason);
            (RunState::Stopped, Exit::Refused)
        }
        None if run_end.interrupted => (RunState::Interrupted, Exit::Interrupted),
        None => (RunState::Finished, end_code(session, context, &id, how.left_over).await?),
    };
    finish(context, session, &exchange, &run, state, exit, messages).await
}

/// How a run is carried out.
pub(super) struct How<'a> {
    /// The stored plan is carried out as it is (`--run`).
    pub(super) frozen: bool,
    pub(super) acting: &'a Acting,
    /// What rows that were left out come to.
    pub(super) left_over: Exit,
}

/// The exit code that the pairs of a run that came to its end call for.
async fn end_code(
    session: &Session,
    context: &Context,
    run: &crate::model::RunId,
    left_over: Exit,
) -> Result<Exit, Failure> {
    let run = session.journal.run(run.as_str()).await?;
    let summary = summarize(&*session.journal, &run, context.command).await?;
    let exit = match exit_code(&summary.pairs, run.new.require_both) {
        0 => Exit::Done,
        _ => Exit::Unfinished,
    };
    Ok(exit.or(left_over))
}

/// Journals the end and prints the report.
async fn finish(
    context: &Context,
    session: &Session,
    exchange: &Exchange,
    run: &RunRecord,
    state: RunState,
    exit: Exit,
    mut messages: Vec<String>,
) -> Result<Exit, Failure> {
    let run = session.end_run(exchange, &run.new.id, state, exit as u8).await?;
    let summary = summarize(&*session.journal, &run, context.command).await?;
    if exit != Exit::Done {
        messages.push(summary.verdict());
    }
    let ended = Ended { exit, messages };
    if context.output.format == Format::Json {
        context.output.summary(&summary, &ended)?;
    } else {
        let mut sink = context.output.open()?;
        let Output { format, .. } = context.output;
        let style = context.output.style();
        write_report(&*session.journal, &run, &summary, format, style, &mut sink).await?;
        sink.finish()?;
    }
    if exit == Exit::Interrupted {
        tracing::warn!("interrupted: `unpair resume {}` goes on", run.new.id);
    }
    Ok(exit)
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
    write_plan(&*session.journal, run, &summary, Format::Table, context.output.style(), &mut shown)
        .await?;
    eprint!("{}", String::from_utf8_lossy(&shown));
    confirm::ask(size)
}
