//! `resume`: go on with an unfinished run.

use super::act::{How, act};
use super::args::ResumeArgs;
use super::exit::{Exit, Failure};
use super::guard::overrides;
use super::revoke::stored;
use super::session::Session;
use super::start::Context;
use super::{audit, confirm, plan};
use crate::journal::{RunKind, RunRecord};
use crate::run::{Basis, is_unfinished};

pub(super) async fn run(context: &Context, args: &ResumeArgs) -> Result<Exit, Failure> {
    confirm::can_ask(args.acting.yes)?;
    let config = context.config(&overrides(None, Some(&args.acting)))?;
    let session = Session::open(context, config).await?;
    let run = choose(&session, args.run.as_deref()).await?;
    let exit = match run.new.kind {
        RunKind::Revoke if is_half_planned(&run) => {
            plan::complete(context, &session, run, Exit::Done).await?
        }
        RunKind::Revoke => {
            // A plan that was approved by its digest is carried out as it was approved.
            let (run, basis) = if run.new.may_act {
                (run, Basis::Rows)
            } else {
                (stored(&session, run.new.id.as_str(), None).await?, Basis::ApprovedPlan)
            };
            let how = How { basis, acting: &args.acting, left_over: Exit::Done };
            act(context, &session, run, how).await?
        }
        RunKind::Audit | RunKind::Verify => audit::complete(context, &session, run).await?,
        RunKind::Restore | RunKind::Discover => {
            return Err(Failure::usage(format!(
                "run {} is of a kind that this version does not know",
                run.new.id
            )));
        }
    };
    session.close().await?;
    Ok(exit)
}

async fn choose(session: &Session, id: Option<&str>) -> Result<RunRecord, Failure> {
    let Some(id) = id else {
        return session.latest(is_unfinished).await?.ok_or_else(|| {
            Failure::usage("no unfinished run to resume; `unpair runs` lists them")
        });
    };
    let run = session.run(id).await?;
    if is_planned_alone(&run) && !is_half_planned(&run) {
        return Err(Failure::usage(format!(
            "run {} was only planned: `unpair revoke --run {}` starts it",
            run.new.id, run.new.id
        )));
    }
    Ok(run)
}

/// Made by `plan` and never started.
fn is_planned_alone(run: &RunRecord) -> bool {
    run.new.kind == RunKind::Revoke && !run.new.may_act && run.started_ms.is_none()
}

/// A `plan` that was interrupted: `resume` completes the plan and sends nothing.
fn is_half_planned(run: &RunRecord) -> bool {
    is_planned_alone(run) && run.digest.is_none()
}
