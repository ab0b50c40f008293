//! `audit`: read both sides of every pair; change nothing.

use super::args::AuditArgs;
use super::exit::{Exit, Failure};
use super::inputs;
use super::output::Ended;
use super::plan::{begin, choose_pairs, show};
use super::planned::{reached, tell_planned, unreachable};
use super::session::Session;
use super::start::Context;
use crate::config::Overrides;
use crate::journal::{RunKind, RunRecord, RunState};
use crate::report::summarize;
use crate::run::Basis;

pub(super) async fn run(context: &Context, args: &AuditArgs) -> Result<Exit, Failure> {
    let config = context.config(&Overrides::default())?;
    let manifests = inputs::manifests(&args.manifests, &config, args.pairs.keep_going)?;
    let chosen = choose_pairs(manifests, &config, &args.pairs)?;
    let mut session = Session::open(context, config).await?;
    let chosen = chosen.resolved(&mut session).await?;
    let run = begin(&session, &chosen, RunKind::Audit).await?;
    let exit = finish(context, &session, run, |summary| {
        let live = args.expect_severed && summary.live.standing > 0;
        if live { Exit::Unfinished } else { chosen.exit() }
    })
    .await?;
    session.close().await?;
    Ok(exit)
}

/// Reads what an interrupted audit had left.
pub(super) async fn complete(
    context: &Context,
    session: &Session,
    run: RunRecord,
) -> Result<Exit, Failure> {
    finish(context, session, run, |_| Exit::Done).await
}

/// Reads, journals the end, prints; `judge` says what the result means for the exit code.
pub(super) async fn finish(
    context: &Context,
    session: &Session,
    run: RunRecord,
    judge: impl Fn(&crate::report::Summary) -> Exit,
) -> Result<Exit, Failure> {
    let exchange = session.exchange(&run.new.id).await?;
    let process = session.process(&exchange);
    let plan = process.prepare(run, Basis::Rows).await?;
    tell_planned(session, &plan);
    let summary = summarize(&*session.journal, &plan.run, context.command).await?;
    let (state, exit) = if plan.read.interrupted {
        (RunState::Interrupted, Exit::Interrupted)
    } else {
        (RunState::Finished, reached(&plan).or(judge(&summary)))
    };
    let run = process.end(&plan.run, state, exit.into()).await?;
    let mut messages = unreachable(&plan.read);
    if exit != Exit::Done {
        messages.push(summary.verdict());
    }
    // An audit is there to be read; a verification that is well says so by its exit code.
    if run.new.kind != RunKind::Verify || !context.keeps_quiet(exit) {
        show(context, session, &run, None, &Ended { exit, messages }).await?;
    }
    Ok(exit)
}
