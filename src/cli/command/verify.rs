//! `verify`: read back again and compare with the journal.

use crate::cli::args::VerifyArgs;
use crate::cli::complete_audit::complete_audit;
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure};
use crate::cli::session::Session;
use crate::config::Overrides;
use crate::exchange::now_ms;
use crate::journal::{NewRun, RunKind, RunRecord};
use crate::model::RunId;
use crate::run::stored_pairs;

pub(super) async fn run(context: &Context, args: &VerifyArgs) -> Result<Exit, Failure> {
    let config = context.config(&Overrides::default())?;
    let session = Session::open_existing(context, config).await?;
    let parent = choose(&session, args.run.as_deref()).await?;
    let run = begin(&session, &parent).await?;
    let exit = complete_audit(context, &session, run).await?;
    session.close().await?;
    Ok(exit)
}

/// A run of its own over the pairs of the run that is verified.
async fn begin(session: &Session, parent: &RunRecord) -> Result<RunRecord, Failure> {
    let pairs = stored_pairs(&*session.journal, parent).await?;
    let new = NewRun {
        id: RunId::new(uuid::Uuid::now_v7().to_string()),
        kind: RunKind::Verify,
        parent: Some(parent.new.id.clone()),
        may_act: false,
        agreed: false,
        blind: false,
        // They are no part of what is read back.
        left_out: 0,
        created_ms: now_ms(),
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        ..parent.new.clone()
    };
    session.journal.begin(&new, &pairs).await?;
    Ok(session.journal.run(new.id.as_str()).await?)
}

async fn choose(session: &Session, id: Option<&str>) -> Result<RunRecord, Failure> {
    if let Some(id) = id {
        return session.run(id).await;
    }
    let started = |run: &RunRecord| run.new.kind == RunKind::Revoke && run.started_ms.is_some();
    session.latest(started).await?.ok_or_else(|| {
        Failure::usage("no run to verify: none was started; `unpair runs` lists them")
    })
}
