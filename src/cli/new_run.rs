//! A new run in the journal, before its first call.

use super::exit::Failure;
use super::session::Session;
use crate::journal::{NewRun, RunRecord};
use crate::model::PairSet;

/// Puts a new run that only reads into the journal, before its first call.
pub(super) async fn begin(
    session: &Session,
    new: &NewRun,
    pairs: &PairSet,
) -> Result<RunRecord, Failure> {
    session.journal.begin(new, pairs).await?;
    let run = session.journal.run(new.id.as_str()).await?;
    tell_begun(&run);
    Ok(run)
}

/// Tells that a run is in the journal.
pub(super) fn tell_begun(run: &RunRecord) {
    tracing::info!("run {} is in the journal: {} pairs", run.new.id, run.pairs);
}
