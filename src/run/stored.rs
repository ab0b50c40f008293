//! The pairs of a stored run, for a run over the same pairs.

use crate::journal::{self, JournalError, JournalRead, RunRecord};
use crate::model::PairSet;

/// The pairs of `run` as its manifests named them.
pub async fn stored_pairs(
    journal: &dyn JournalRead,
    run: &RunRecord,
) -> Result<PairSet, JournalError> {
    Ok(PairSet {
        sources: run.sources.clone(),
        notes: journal.notes(&run.new.id).await?,
        ..journal::stored_pairs(journal, &run.new.id).await?
    })
}
