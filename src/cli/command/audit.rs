//! `audit`: read both sides of every pair; change nothing.

use super::args::AuditArgs;
use super::exit::{Exit, Failure};
use super::output::Ended;
use super::plan::{begin, choose_pairs, show};
use super::planned::{reached, tell_planned, unreachable};
use super::session::Session;
use super::start::Context;
use super::{guard, inputs, settings};
use crate::config::Overrides;
use crate::journal::{NewRun, RunKind, RunRecord, RunState};
use crate::report::{exit_code, summarize};
use crate::run::{Basis, Prepared};

pub(super) async fn run(context: &Context, args: &AuditArgs) -> Result<Exit, Failure> {
    let config = context.config(&Overrides::default())?;
    let manifests = inputs::manifests(&args.manifests, &config, args.pairs.keep_going)?;
    let chosen = choose_pairs(manifests, &config, &args.pairs)?;
    let mut session = Session::open(context, config).await?;
    let chosen = chosen.resolved(&mut session).await?;
    let new =
        NewRun { expect_severed: args.expect_severed, ..chosen.new_run(&session, RunKind::Audit) };
    let run = begin(&session, &new, &chosen.pairs).await?;
    let exit = finish(context, &session, run).await?;
    session.close().await?;
    Ok(exit)
}

/// Reads what is to be read, once more what an earlier invocation read, journals the end, prints.
pub(super) async fn finish(
    context: &Context,
    session: &Session,
    run: RunRecord,
) -> Result<Exit, Failure> {
    let exchange = session.exchange(&run.new.id).await?;
    let process = session.process(&exchange);
    settings::take_over(session, &process, &run).await?;
    if let Err(failure) = guard::check_accounts(&*session.journal, &run, &session.config).await {
        process.refuse(&run, failure.exit.into()).await?;
        return Err(failure);
    }
    let mut plan = process.prepare(run, Basis::Rows).await?;
    let is_done = judge(context, session, &plan).await? == Exit::Done;
    if is_done && !process.is_read_now(&plan.run).await? {
        plan = process.look_again(&plan.run, Basis::Rows).await?;
    }
    tell_planned(session, &plan);
    let (state, exit) = match judge(context, session, &plan).await? {
        Exit::Interrupted => (RunState::Interrupted, Exit::Interrupted),
        exit => (RunState::Finished, exit),
    };
    let run = process.end(&plan.run, state, exit.into()).await?;
    session.waits.tell();
    let mut messages = unreachable(&plan.read);
    if exit != Exit::Done {
        messages.push(summarize(&*session.journal, &run, context.command).await?.verdict());
    }
    // An audit is there to be read; a verification that is well says so by its exit code.
    if run.new.kind != RunKind::Verify || !context.keeps_quiet(exit) {
        show(context, session, &run, None, &Ended { exit, messages }).await?;
    }
    Ok(exit)
}

/// What was read so far means for the exit code.
async fn judge(context: &Context, session: &Session, plan: &Prepared) -> Result<Exit, Failure> {
    if plan.read.interrupted {
        return Ok(Exit::Interrupted);
    }
    let summary = summarize(&*session.journal, &plan.run, context.command).await?;
    let asked = match exit_code(&summary.pairs, &plan.run.new) {
        0 => Exit::Done,
        _ => Exit::Unfinished,
    };
    Ok(reached(plan).worse(asked))
}
