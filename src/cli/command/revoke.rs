//! `revoke`: plan, or take a stored plan, and carry it out.

use super::act::{How, act};
use super::args::RevokeArgs;
use super::confirm;
use super::exit::{Exit, Failure};
use super::guard::overrides;
use super::inputs;
use super::plan::{Chosen, choose, tell_begun};
use super::session::Session;
use super::start::Context;
use crate::config::Config;
use crate::journal::{NewRun, RunKind, RunRecord};
use crate::run::{Basis, Differs, Taken, take_or_begin};

pub(super) async fn run(context: &Context, args: &RevokeArgs) -> Result<Exit, Failure> {
    confirm::can_ask(args.acting.yes)?;
    let config = context.config(&overrides(Some(&args.planning), Some(&args.acting)))?;
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
    let run = stored(&session, id, args.digest.as_deref()).await?;
    let how = How { basis: Basis::ApprovedPlan, acting: &args.acting };
    let exit = act(context, &session, run, how).await?;
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
    let chosen = choose(manifests, &config, &args.planning)?;
    let mut session = Session::open(context, config).await?;
    let chosen = chosen.resolved(&mut session).await?;
    let run = unfinished_or_new(&session, &chosen, args.acting.yes).await?;
    let how = How { basis: basis(&run), acting: &args.acting };
    let exit = act(context, &session, run, how).await?;
    session.close().await?;
    Ok(exit)
}

/// What decides which calls a run that is taken up makes: a plan that was approved as it was stored
/// is carried out as that.
pub(super) const fn basis(run: &RunRecord) -> Basis {
    if run.is_frozen() { Basis::ApprovedPlan } else { Basis::Rows }
}

/// A stored plan, of the digest that is asked for.
pub(super) async fn stored(
    session: &Session,
    id: &str,
    digest: Option<&str>,
) -> Result<RunRecord, Failure> {
    let run = session.run(id).await?;
    if run.new.kind != RunKind::Revoke {
        return Err(Failure::usage(format!("run {} is not a plan", run.new.id)));
    }
    let Some(stored) = run.digest.clone() else {
        return Err(Failure::usage(format!(
            "run {0} was not planned to its end: `unpair resume {0}{1}` completes it",
            run.new.id, session.options
        )));
    };
    match digest.filter(|digest| *digest != stored) {
        Some(digest) => Err(Failure::refused(format!(
            "run {} has digest {stored}, not {digest}: nothing was sent",
            run.new.id
        ))),
        None => Ok(run),
    }
}

/// The latest started, unfinished run of the same pairs, or a new one.
async fn unfinished_or_new(
    session: &Session,
    chosen: &Chosen,
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
