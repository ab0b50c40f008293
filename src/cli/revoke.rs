//! `revoke`: plan, or take a stored plan, and carry it out.

use super::act::{How, act};
use super::args::RevokeArgs;
use super::confirm;
use super::exit::{Exit, Failure};
use super::guard::overrides;
use super::inputs;
use super::plan::{Chosen, begin, choose};
use super::session::Session;
use super::start::Context;
use crate::journal::{RunKind, RunRecord};

pub(super) async fn run(context: &Context, args: &RevokeArgs) -> Result<Exit, Failure> {
    confirm::can_ask(args.acting.yes)?;
    let config = context.config(&overrides(Some(&args.planning), Some(&args.acting)))?;
    let chosen = if args.run.is_some() {
        None
    } else {
        let keep_going = args.planning.pairs.keep_going;
        let manifests = inputs::manifests(&args.manifests, &config, keep_going)?;
        Some(choose(manifests, &config, &args.planning)?)
    };
    let mut session = Session::open(context, config).await?;
    let left_over = chosen.as_ref().map_or(Exit::Done, Chosen::exit);
    let run = match (&args.run, chosen) {
        (Some(id), _) => stored(&session, id, args.digest.as_deref()).await?,
        (None, Some(chosen)) => {
            let chosen = chosen.resolved(&mut session).await?;
            unfinished_or_new(&session, &chosen).await?
        }
        (None, None) => return Err(Failure::usage("name a manifest, or a run with --run")),
    };
    let how = How { frozen: args.run.is_some(), acting: &args.acting, left_over };
    let exit = act(context, &session, run, how).await?;
    session.close().await?;
    Ok(exit)
}

/// A stored plan, of the digest that is asked for.
pub(super) async fn stored(
    session: &Session,
    id: &str,
    digest: Option<&str>,
) -> Result<RunRecord, Failure> {
    let run = session.run(id).await?;
    if run.new.kind != RunKind::Revoke {
        return Err(Failure::usage(format!("run {} is no plan", run.new.id)));
    }
    let Some(stored) = run.digest.clone() else {
        return Err(Failure::usage(format!(
            "run {} was not planned to its end: `unpair resume {}` completes it",
            run.new.id, run.new.id
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
async fn unfinished_or_new(session: &Session, chosen: &Chosen) -> Result<RunRecord, Failure> {
    let content = chosen.pairs.content_digest().to_string();
    let ours = |run: &RunRecord| run.new.sandbox == session.is_sandbox() && is_unfinished(run);
    let unfinished: Vec<RunRecord> =
        session.journal.runs().await?.into_iter().filter(ours).collect();
    let same = unfinished.iter().find(|run| run.content == content && chosen.is_planned_as(run));
    if let Some(run) = same {
        tracing::warn!("going on with run {}, begun with the same pairs", run.new.id);
        return Ok(run.clone());
    }
    if let Some(run) = unfinished.first() {
        let what = if run.content == content { "options" } else { "pairs" };
        tracing::warn!("run {} is unfinished and has other {what}: this is a new run", run.new.id);
    }
    begin(session, chosen, RunKind::Revoke, true).await
}

/// Whether `resume` would take a run up: begun by `revoke`, or started, and not at its end.
pub(super) fn is_unfinished(run: &RunRecord) -> bool {
    run.new.kind == RunKind::Revoke
        && (run.new.may_act || run.started_ms.is_some())
        && run.exit != Some(0)
}
