//! A run that only reads, from wherever it is to its end. `audit`, `verify` and `resume` share it.

use super::allowed_groups::check_accounts;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::CommandEnd;
use super::session::Session;
use super::settings;
use super::show_plan::{reached, show_plan, tell_planned, unreachable};
use crate::journal::{RunKind, RunRecord, RunState};
use crate::report::{exit_code, summarize};
use crate::run::{Basis, Prepared};

/// Reads what is to be read, once more what an earlier invocation read, journals the end, prints.
pub(super) async fn complete_audit(
    context: &Context,
    session: &Session,
    run: RunRecord,
) -> Result<Exit, Failure> {
    let work = session.exchange(&run.new.id).await?;
    let driver = session.driver(&work);
    settings::take_over(session, &driver, &run).await?;
    if let Err(failure) = check_accounts(&*session.journal, &run, &session.config).await {
        driver.refuse(&run, failure.exit.into()).await?;
        return Err(failure);
    }
    let mut plan = driver.prepare(run, Basis::Rows).await?;
    let is_done = judge(context, session, &plan).await? == Exit::Done;
    if is_done && !driver.is_read_now(&plan.run).await? {
        plan = driver.look_again(&plan.run, Basis::Rows).await?;
    }
    tell_planned(session, &plan);
    let (state, exit) = match judge(context, session, &plan).await? {
        Exit::Interrupted => (RunState::Interrupted, Exit::Interrupted),
        exit => (RunState::Finished, exit),
    };
    let run = driver.end(&plan.run, state, exit.into()).await?;
    session.waits.tell();
    let mut messages = unreachable(&plan.read);
    if exit != Exit::Done {
        messages.push(summarize(&*session.journal, &run, context.command).await?.verdict());
    }
    // An audit is there to be read; a verification that is well says so by its exit code.
    if run.new.kind != RunKind::Verify || !context.keeps_quiet(exit) {
        show_plan(context, session, &run, None, &CommandEnd { exit, messages }).await?;
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
