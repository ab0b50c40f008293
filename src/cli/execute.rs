//! A started run, or one that is to be started, from wherever it is to its end and its report.

mod hooks;
mod result;

use self::hooks::CommandHooks;
use super::allowed_groups::refuse_groups;
use super::args::ExecuteArgs;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::plan_limits::share_is_known;
use super::session::Session;
use super::settings;
use crate::journal::RunRecord;
use crate::run::{Basis, Pause, revoke};

/// Carries out a run, and prints what happened. `basis` decides which calls it makes.
pub(super) async fn execute(
    context: &Context,
    session: &Session,
    run: RunRecord,
    basis: Basis,
    options: &ExecuteArgs,
) -> Result<Exit, Failure> {
    share_is_known(&session.config, run.new.blind)?;
    let work = session.exchange(&run.new.id).await?;
    let driver = session.driver(&work);
    settings::take_over(session, &driver, &run).await?;
    refuse_groups(session, &driver, &run).await?;
    let pause = Pause::new(options.pause_file.clone());
    let hooks = CommandHooks::new(context, session, options.yes);
    let ended = revoke(&driver, run, basis, pause, &hooks)
        .await
        .map_err(|halt| result::halted(session, halt))?;
    result::finish(context, session, ended).await
}
