//! Planning without reading: the rows' own values, as the providers' manuals show.

use super::observe::peer_groups;
use crate::journal::{GroupWork, Held, Journal, JournalError, Leases, PeerEntry, RunRecord};
use crate::model::{Filter, GroupIx, Groups, PlannedCall};
use crate::planner::{CallShape, plan_blind};

/// Groups that are planned at once.
const PAGE: u32 = 200;
/// Rules a call: below the limit of either cloud, so that the request stays small.
const BATCH: usize = 20;

/// Plans every group of a run from its rows alone. Needs neither network nor credentials.
pub async fn plan_unread(
    journal: &dyn Journal,
    run: &RunRecord,
    leases: &Leases,
    at_ms: i64,
) -> Result<(), JournalError> {
    let id = &run.new.id;
    let rows = Rows {
        journal,
        filters: journal.filters(id).await?,
        names: journal.names(id).await?,
        shape: CallShape { form: run.new.form, batch: BATCH },
    };
    for held in &leases.lanes {
        // While the journal stores what is planned, what comes next is planned.
        let mut planned = Vec::new();
        for from in held.lane.group_numbers().step_by(PAGE as usize) {
            let stored = journal.record(held, &[], &planned, at_ms);
            let (stored, next) = futures_util::future::join(stored, rows.plan(held, from)).await;
            stored?;
            planned = next?;
        }
        journal.record(held, &[], &planned, at_ms).await?;
    }
    Ok(())
}

/// What the rows of a run ask for.
struct Rows<'a> {
    journal: &'a dyn Journal,
    filters: Vec<Filter>,
    names: Groups,
    shape: CallShape,
}

impl Rows<'_> {
    /// The plans of a page of a lane's groups, from this one on.
    async fn plan(
        &self,
        held: &Held,
        from: u32,
    ) -> Result<Vec<(GroupIx, Vec<PlannedCall>)>, JournalError> {
        let limit = PAGE.min(held.lane.group_numbers().end - from);
        let page = self.journal.groups(held.run(), GroupIx(from), limit).await?;
        page.iter().map(|work| Ok((work.ix, self.plan_group(work)?))).collect()
    }

    fn plan_group(&self, work: &GroupWork) -> Result<Vec<PlannedCall>, JournalError> {
        let named = |entry: &PeerEntry| {
            let is_there = (entry.peer.0 as usize) < self.names.len();
            let missing =
                || JournalError::Damaged(format!("the run has no group {}", entry.peer.0));
            is_there.then(|| (entry.peer, self.names.get(entry.peer))).ok_or_else(missing)
        };
        let peers = work.peers.iter().map(named).collect::<Result<_, _>>()?;
        Ok(plan_blind(work.ix, &peer_groups(work, &peers, &self.filters), self.shape))
    }
}
