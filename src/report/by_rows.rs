//! Revocations that follow from the rows of a run and are not stored before they are sent
//! (`--no-audit`).

use std::collections::BTreeMap;

use crate::journal::{JournalError, JournalRead, Lane, RevocationRecord, RunRecord, Unstored};
use crate::model::{Filter, GroupIx, GroupRef, Outcome, Revocation, RevocationId, RowText, RunId};
use crate::planner::{CallShape, peer_groups, plan_by_rows};

/// Groups whose revocations are made at a time.
const GROUPS: u32 = 100;

/// What is not stored yet of a run.
#[derive(Default)]
pub(super) struct ByRows {
    filters: Vec<Filter>,
    /// What is left to be told, by lane, with the number of the next revocation.
    left: BTreeMap<u32, (Unstored, RevocationId)>,
}

impl ByRows {
    pub(super) async fn open(journal: &dyn JournalRead, run: &RunId) -> Result<Self, JournalError> {
        let left = journal.unstored(run).await?;
        let filters = if left.is_empty() { Vec::new() } else { journal.filters(run).await? };
        Ok(Self { filters, left })
    }

    /// The groups of a lane whose revocations are stored. Whoever carries the run out may store more
    /// meanwhile: they are told here.
    pub(super) fn stored_part(&self, lane: &Lane) -> Lane {
        let groups = match self.left.get(&lane.ix) {
            Some((unstored, _)) => unstored.from.0.saturating_sub(lane.first.0),
            None => lane.groups,
        };
        Lane { groups, ..lane.clone() }
    }

    /// Passes over what is left: of how many groups that is.
    pub(super) fn pass_over(&mut self) -> u64 {
        let left = std::mem::take(&mut self.left);
        left.values().map(|(unstored, _)| unstored.counts.groups).sum()
    }

    /// The next revocations of a lane; none at its end.
    pub(super) async fn next(
        &mut self,
        journal: &dyn JournalRead,
        run: &RunRecord,
        lane: &Lane,
    ) -> Result<Vec<RevocationRecord>, JournalError> {
        let mut records = Vec::new();
        while records.is_empty() {
            let Some((unstored, next)) = self.left.get_mut(&lane.ix) else { break };
            let limit = GROUPS.min(lane.group_numbers().end.saturating_sub(unstored.from.0));
            let works = journal.groups(&run.new.id, unstored.from, limit).await?;
            let Some(last) = works.last() else {
                self.left.remove(&lane.ix);
                break;
            };
            unstored.from = GroupIx(last.ix.0 + 1);
            let known = Known::of(
                journal,
                &run.new.id,
                works.iter().flat_map(|work| {
                    let ends = work.peers.iter().map(|entry| (entry.peer, Some(entry.line)));
                    ends.chain([(work.ix, None)])
                }),
            )
            .await?;
            for work in &works {
                let peers = peer_groups(&work.peers, &self.filters, |ix| known.groups.get(&ix));
                let calls = plan_by_rows(work.ix, &peers, CallShape::by_rows(run.new.form));
                unstored.counts.groups -= u64::from(!calls.is_empty()).min(unstored.counts.groups);
                for revocation in calls.into_iter().flat_map(|call| call.revocations) {
                    records.push(known.record(*next, revocation)?);
                    next.0 += 1;
                }
            }
        }
        Ok(records)
    }
}

/// Groups and notes that revocations are told with.
struct Known {
    groups: BTreeMap<GroupIx, GroupRef>,
    notes: BTreeMap<u32, RowText>,
}

impl Known {
    /// Those of these groups and lines.
    async fn of(
        journal: &dyn JournalRead,
        run: &RunId,
        ends: impl Iterator<Item = (GroupIx, Option<u32>)>,
    ) -> Result<Self, JournalError> {
        let (mut ixs, mut lines) = (Vec::new(), Vec::new());
        for (ix, line) in ends {
            ixs.push(ix);
            lines.extend(line);
        }
        lines.sort_unstable();
        lines.dedup();
        ixs.sort_unstable();
        ixs.dedup();
        let refs = journal.group_refs(run, &ixs).await?;
        let notes = journal.notes_of(run, &lines).await?;
        Ok(Self { groups: ixs.into_iter().zip(refs).collect(), notes })
    }

    fn record(
        &self,
        id: RevocationId,
        revocation: Revocation,
    ) -> Result<RevocationRecord, JournalError> {
        let named = |ix: GroupIx| {
            let missing = || JournalError::Damaged(format!("the run has no group {}", ix.0));
            self.groups.get(&ix).cloned().ok_or_else(missing)
        };
        Ok(RevocationRecord {
            id,
            call: None,
            group: named(revocation.group)?,
            peer: named(revocation.peer)?,
            note: self.notes.get(&revocation.line).cloned().unwrap_or_default(),
            revocation,
            outcome: Outcome::Pending,
            reply_lost: false,
            reason: None,
            attempts: 0,
            request_ids: Vec::new(),
            tokens: Vec::new(),
            first_sent_ms: None,
            settled_ms: None,
        })
    }
}
