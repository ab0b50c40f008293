//! A plan from wherever it is to its end: read, planned, stored, printed. `plan` and `resume` share it.

use super::allowed_groups::refuse_groups;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::CommandEnd;
use super::plan_limits::{check_plan, share_is_known};
use super::session::Session;
use super::settings;
use super::show_plan::{reached, show_plan, tell_planned, unreachable};
use crate::journal::{JournalError, RunRecord, RunState};
use crate::report::summarize;
use crate::run::Basis;

/// Reads what was not read yet, stores the plan and prints it.
pub(super) async fn complete_plan(
    context: &Context,
    session: &Session,
    run: RunRecord,
) -> Result<Exit, Failure> {
    share_is_known(&session.config, run.new.blind)?;
    let work = session.exchange(&run.new.id).await?;
    let driver = session.driver(&work);
    settings::take_over(session, &driver, &run).await?;
    refuse_groups(session, &driver, &run).await?;
    let plan = driver.prepare(run, Basis::Rows).await?;
    tell_planned(session, &plan);
    if let Err(failure) = check_plan(session, &plan).await {
        // The refusal is journalled; the run stays as it was planned.
        driver.end(&plan.run, RunState::Planned, failure.exit.into()).await?;
        return Err(failure.about(&plan.run.new.id));
    }
    let (state, exit) = if plan.read.interrupted {
        (RunState::Interrupted, Exit::Interrupted)
    } else {
        (RunState::Planned, worth(context, session, &plan.run).await?)
    };
    let exit = exit.worse(reached(&plan));
    let run = driver.end(&plan.run, state, exit.into()).await?;
    session.waits.tell();
    let ended = CommandEnd { exit, messages: unreachable(&plan.read) };
    show_plan(context, session, &run, Some(&plan.estimate), &ended).await?;
    Ok(exit)
}

/// What a plan is worth that lacks rows, or a side that could not be read. Nothing is read for one
/// that is made from the rows alone.
async fn worth(
    context: &Context,
    session: &Session,
    run: &RunRecord,
) -> Result<Exit, JournalError> {
    let unread = if run.new.blind {
        0
    } else {
        summarize(&*session.journal, run, context.command).await?.pairs.unknown
    };
    Ok(if unread + run.new.left_out > 0 { Exit::Unfinished } else { Exit::Done })
}
