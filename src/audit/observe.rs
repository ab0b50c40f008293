//! What one reading of a group means for its pairs.

use std::collections::BTreeMap;

use super::GroupRead;
use crate::cloud::Batch;
use crate::journal::{GroupReading, GroupWork, JournalError, JournalRead, Reading, RunRecord};
use crate::model::{CallForm, Filter, GroupIx, GroupRef, PlannedCall, Rule};
use crate::planner::{CallShape, PeerGroup, peer_groups, plan_by_rows, plan_group};

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
        let plan = plan_group(work.ix, &self.named(work, peers), rules, self.shape(batch));
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

    /// The calls that the rows of `work` ask for by themselves, whatever its rules are; its peers are
    /// among `peers`.
    pub fn by_rows(&self, work: &GroupWork, peers: &Peers) -> Vec<PlannedCall> {
        plan_by_rows(work.ix, &self.named(work, peers), CallShape::by_rows(self.run.new.form))
    }

    fn named<'p>(&'p self, work: &GroupWork, peers: &'p Peers) -> Vec<PeerGroup<'p>> {
        peer_groups(&work.peers, &self.filters, |ix| peers.get(&ix))
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
