//! Sides that were called and are not ours to read any more: what is not done with there stands, as
//! far as anybody knows.

use std::collections::HashSet;

use super::revocations::Revocations;
use crate::journal::{JournalError, JournalRead, RunKind, RunRecord};
use crate::model::GroupIx;

/// Those of `partners`, groups that are not ours to read, that have revocations which are not
/// settled, each with the peer that these are about: of the run itself, or of the one that it
/// verifies.
pub(super) async fn unsettled(
    journal: &dyn JournalRead,
    run: &RunRecord,
    partners: &HashSet<GroupIx>,
) -> Result<HashSet<(GroupIx, GroupIx)>, JournalError> {
    let mut unsettled = HashSet::new();
    if partners.is_empty() {
        return Ok(unsettled);
    }
    let Some(of) = acted(journal, run).await? else { return Ok(unsettled) };
    let mut revocations = Revocations::new(journal, &of);
    while let Some(page) = revocations.next().await? {
        for record in &page {
            let (group, peer) = (record.revocation.group, record.revocation.peer);
            if !record.outcome.is_settled() && partners.contains(&group) {
                unsettled.insert((group, peer));
            }
        }
    }
    Ok(unsettled)
}

/// The run that changed something and is not done, if that is what `run` is about. The groups of a
/// verification have the numbers that they have in the run that it verifies.
async fn acted(
    journal: &dyn JournalRead,
    run: &RunRecord,
) -> Result<Option<RunRecord>, JournalError> {
    let of = match (run.new.kind, &run.new.parent) {
        (RunKind::Revoke, _) => run.clone(),
        (RunKind::Verify, Some(parent)) => match journal.run(parent.as_str()).await {
            Ok(parent) => parent,
            // It was pruned, which only a run that is done with is.
            Err(JournalError::NoSuchRun(_)) => return Ok(None),
            Err(error) => return Err(error),
        },
        _ => return Ok(None),
    };
    let rules = &of.rules;
    let left = rules.pending + rules.failed + rules.unknown + rules.still_present;
    Ok(Some(of).filter(|of| of.started_ms.is_some() && left > 0))
}
