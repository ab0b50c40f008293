//! What one reading of a group means for its pairs.

use std::collections::BTreeMap;

use super::GroupRead;
use crate::cloud::Batch;
use crate::journal::{GroupReading, GroupWork, JournalError, JournalRead, Reading, RunRecord};
use crate::model::{CallForm, Filter, GroupIx, GroupRef, PlannedCall, Rule};
use crate::planner::{CallShape, PeerGroup, plan_group};

/// Turns reads into readings, with the pairs of one run in mind.
pub struct Observer<'a> {
    journal: &'a dyn JournalRead,
    run: &'a RunRecord,
    filters: Vec<Filter>,
}

/// Groups by their numbers, spelled out.
pub(super) type Peers = BTreeMap<GroupIx, GroupRef>;

/// Peers that are spelled out by one query at most.
const PEERS_AT_ONCE: usize = 4_096;

/// A reading and what it would take to do what the rows ask for.
pub struct Observation {
    /// The reading, not journalled yet.
    pub reading: GroupReading,
    /// The calls; none for a group that is managed by a service or was not seen.
    pub calls: Vec<PlannedCall>,
}

impl<'a> Observer<'a> {
    /// An observer for `run`.
    pub async fn new(
        journal: &'a dyn JournalRead,
        run: &'a RunRecord,
    ) -> Result<Self, JournalError> {
        let filters = journal.filters(&run.new.id).await?;
        Ok(Self { journal, run, filters })
    }

    /// The peers of these groups.
    pub async fn peers(&self, works: &[GroupWork]) -> Result<Peers, JournalError> {
        let mut ixs: Vec<GroupIx> =
            works.iter().flat_map(|work| &work.peers).map(|entry| entry.peer).collect();
        ixs.sort_unstable();
        ixs.dedup();
        let mut peers = Peers::new();
        for some in ixs.chunks(PEERS_AT_ONCE) {
            let refs = self.journal.group_refs(&self.run.new.id, some).await?;
            peers.extend(some.iter().copied().zip(refs));
        }
        Ok(peers)
    }

    /// What `read` means for the pairs of `work`, whose peers are among `peers`.
    pub fn observe(
        &self,
        work: &GroupWork,
        peers: &Peers,
        read: GroupRead,
        batch: Batch,
    ) -> Observation {
        let (rules, touchable): (&[Rule], bool) = match &read.reading {
            Reading::Seen(snapshot) => (&snapshot.rules, !snapshot.service_managed),
            _ => (&[], false),
        };
        let plan =
            plan_group(work.ix, &peer_groups(work, peers, &self.filters), rules, self.shape(batch));
        Observation {
            calls: if touchable { plan.calls } else { Vec::new() },
            reading: GroupReading {
                group: work.ix,
                at_ms: read.at_ms,
                request_ids: read.request_ids,
                reading: read.reading,
                findings: plan.findings,
                elsewhere: plan.elsewhere,
            },
        }
    }

    /// How this run's revocations become calls.
    pub fn shape(&self, batch: Batch) -> CallShape {
        CallShape {
            form: self.run.new.form,
            batch: match self.run.new.form {
                CallForm::RuleId => batch.revoke_ids,
                CallForm::Permissions | CallForm::Flat => batch.revoke_permissions,
            },
        }
    }
}

/// The peers of `work`, each with what its rows ask for in order of lines.
pub fn peer_groups<'a>(
    work: &GroupWork,
    peers: &'a Peers,
    filters: &'a [Filter],
) -> Vec<PeerGroup<'a>> {
    work.peers
        .chunk_by(|x, y| x.peer == y.peer)
        .filter_map(|entries| {
            let ix = entries.first()?.peer;
            let mut wants: Vec<_> = entries
                .iter()
                .filter_map(|e| Some((filters.get(usize::from(e.filter))?, e.line)))
                .collect();
            wants.sort_by_key(|(_, line)| *line);
            Some(PeerGroup { ix, group: peers.get(&ix)?, wants })
        })
        .collect()
}
