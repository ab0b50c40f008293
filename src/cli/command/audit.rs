//! `audit`: read both sides of every pair; change nothing.

use crate::cli::args::AuditArgs;
use crate::cli::chosen_pairs::ChosenPairs;
use crate::cli::complete_audit::complete_audit;
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure};
use crate::cli::inputs;
use crate::cli::new_run::begin;
use crate::cli::session::Session;
use crate::config::Overrides;
use crate::journal::{NewRun, RunKind};

pub(super) async fn run(context: &Context, args: &AuditArgs) -> Result<Exit, Failure> {
    let config = context.config(&Overrides::default())?;
    let manifests = inputs::manifests(&args.manifests, &config, args.pairs.keep_going)?;
    let chosen = ChosenPairs::for_audit(manifests, &config, &args.pairs)?;
    let mut session = Session::open(context, config).await?;
    let chosen = chosen.resolved(&mut session).await?;
    let new =
        NewRun { expect_severed: args.expect_severed, ..chosen.new_run(&session, RunKind::Audit) };
    let run = begin(&session, &new, &chosen.pairs).await?;
    let exit = complete_audit(context, &session, run).await?;
    session.close().await?;
    Ok(exit)
}
