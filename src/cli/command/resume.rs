//! `resume`: go on with an unfinished run.

use crate::cli::args::ResumeArgs;
use crate::cli::complete_audit::complete_audit;
use crate::cli::complete_plan::complete_plan;
use crate::cli::confirm;
use crate::cli::context::Context;
use crate::cli::execute::execute;
use crate::cli::exit::{Exit, Failure};
use crate::cli::plan_limits::overrides;
use crate::cli::session::Session;
use crate::cli::stored_plan::basis;
use crate::journal::{RunKind, RunRecord};
use crate::run::is_unfinished;

pub(super) async fn run(context: &Context, args: &ResumeArgs) -> Result<Exit, Failure> {
    confirm::can_ask(args.execute.yes)?;
    let config = context.config(&overrides(None, Some(&args.execute)))?;
    let session = Session::open_existing(context, config).await?;
    let run = choose(&session, args.run.as_deref()).await?;
    let exit = match run.new.kind {
        // What was not started is planned to its end, and nothing of it is sent.
        RunKind::Revoke if !run.is_started() => complete_plan(context, &session, run).await?,
        RunKind::Revoke => {
            let basis = basis(&run);
            execute(context, &session, run, basis, &args.execute).await?
        }
        RunKind::Audit | RunKind::Verify => complete_audit(context, &session, run).await?,
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
    if run.new.kind == RunKind::Revoke && !run.is_started() && run.digest.is_some() {
        let why = match (run.declined_ms, run.new.may_act) {
            (Some(_), _) => "was declined, or refused by a guard",
            (None, true) => "was never approved",
            (None, false) => "was only planned",
        };
        return Err(Failure::usage(format!(
            "run {0} {why}: `unpair revoke --run {0}{1}` carries it out; nothing was sent",
            run.new.id, session.options
        )));
    }
    Ok(run)
}
