//! `revoke`: plan, or take a stored plan, and carry it out.

use crate::cli::args::RevokeArgs;
use crate::cli::chosen_pairs::ChosenPairs;
use crate::cli::confirm;
use crate::cli::context::Context;
use crate::cli::execute::execute;
use crate::cli::exit::{Exit, Failure};
use crate::cli::inputs;
use crate::cli::new_run::tell_begun;
use crate::cli::plan_limits::overrides;
use crate::cli::session::Session;
use crate::cli::stored_plan::{basis, stored_plan};
use crate::config::Config;
use crate::journal::{NewRun, RunKind, RunRecord};
use crate::run::{Basis, Differs, Taken, take_or_begin};

pub(super) async fn run(context: &Context, args: &RevokeArgs) -> Result<Exit, Failure> {
    confirm::can_ask(args.execute.yes)?;
    let config = context.config(&overrides(Some(&args.planning), Some(&args.execute)))?;
    match &args.run {
        Some(id) => run_stored(context, config, args, id).await,
        None => run_manifests(context, config, args).await,
    }
}

/// Carries out a plan that was made, and perhaps approved, before.
async fn run_stored(
    context: &Context,
    config: Config,
    args: &RevokeArgs,
    id: &str,
) -> Result<Exit, Failure> {
    let session = Session::open_existing(context, config).await?;
    let run = stored_plan(&session, id, args.digest.as_deref()).await?;
    let exit = execute(context, &session, run, Basis::ApprovedPlan, &args.execute).await?;
    session.close().await?;
    Ok(exit)
}

/// Plans what manifests ask for and carries it out, or goes on where that was begun.
async fn run_manifests(
    context: &Context,
    config: Config,
    args: &RevokeArgs,
) -> Result<Exit, Failure> {
    // Bad rows are told before anything is opened.
    let keep_going = args.planning.pairs.keep_going;
    let manifests = inputs::manifests(&args.manifests, &config, keep_going)?;
    let chosen = ChosenPairs::for_plan(manifests, &config, &args.planning)?;
    let mut session = Session::open(context, config).await?;
    let chosen = chosen.resolved(&mut session).await?;
    let run = unfinished_or_new(&session, &chosen, args.execute.yes).await?;
    let basis = basis(&run);
    let exit = execute(context, &session, run, basis, &args.execute).await?;
    session.close().await?;
    Ok(exit)
}

/// The latest started, unfinished run of the same pairs, or a new one.
async fn unfinished_or_new(
    session: &Session,
    chosen: &ChosenPairs,
    agreed: bool,
) -> Result<RunRecord, Failure> {
    let new = NewRun { may_act: true, agreed, ..chosen.new_run(session, RunKind::Revoke) };
    match take_or_begin(&*session.journal, &new, &chosen.pairs).await? {
        Taken::Unfinished(run) => {
            tracing::warn!("going on with run {}, begun with the same pairs", run.new.id);
            Ok(run)
        }
        Taken::New(run, other) => {
            if let Some((id, differs)) = other {
                let what = match differs {
                    Differs::Pairs => "pairs",
                    Differs::Options => "options",
                };
                tracing::warn!("run {id} is unfinished and has other {what}: this is a new run");
            }
            tell_begun(&run);
            Ok(run)
        }
    }
}
