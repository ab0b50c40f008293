//! `plan`: audit, then store the plan as a run.

use crate::cli::args::PlanArgs;
use crate::cli::chosen_pairs::ChosenPairs;
use crate::cli::complete_plan::complete_plan;
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure};
use crate::cli::inputs;
use crate::cli::new_run::begin;
use crate::cli::plan_limits::overrides;
use crate::cli::session::Session;
use crate::journal::RunKind;

pub(super) async fn run(context: &Context, args: &PlanArgs) -> Result<Exit, Failure> {
    let config = context.config(&overrides(Some(&args.planning), None))?;
    let manifests = inputs::manifests(&args.manifests, &config, args.planning.pairs.keep_going)?;
    let chosen = ChosenPairs::for_plan(manifests, &config, &args.planning)?;
    let mut session = Session::open(context, config).await?;
    let chosen = chosen.resolved(&mut session).await?;
    let run = begin(&session, &chosen.new_run(&session, RunKind::Revoke), &chosen.pairs).await?;
    let exit = complete_plan(context, &session, run).await?;
    session.close().await?;
    Ok(exit)
}
