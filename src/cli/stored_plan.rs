//! A plan that is in the journal already, and is taken up.

use super::exit::Failure;
use super::session::Session;
use crate::journal::{RunKind, RunRecord};
use crate::run::Basis;

/// What decides which calls a run that is taken up makes: a plan that was approved as it was stored
/// is carried out as that.
pub(super) const fn basis(run: &RunRecord) -> Basis {
    if run.is_frozen() { Basis::ApprovedPlan } else { Basis::Rows }
}

/// A stored plan, of the digest that is asked for.
pub(super) async fn stored_plan(
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
