//! Planning without reading: the rows' own values, as the providers' manuals show.

use std::collections::BTreeMap;

use super::observe::peer_groups;
use crate::journal::{Held, Journal, JournalError, Leases, RunRecord};
use crate::model::{Filter, GroupIx};
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
    let filters = journal.filters(&run.new.id).await?;
    let shape = CallShape { form: run.new.form, batch: BATCH };
    for held in &leases.lanes {
        plan_lane(journal, held, &filters, shape, at_ms).await?;
    }
    Ok(())
}

async fn plan_lane(
    journal: &dyn Journal,
    held: &Held,
    filters: &[Filter],
    shape: CallShape,
    at_ms: i64,
) -> Result<(), JournalError> {
    let (id, end) = (held.run(), held.lane.first.0 + held.lane.groups);
    for from in (held.lane.first.0..end).step_by(PAGE as usize) {
        let page = journal.groups(id, GroupIx(from), PAGE.min(end - from)).await?;
        let mut planned = Vec::with_capacity(page.len());
        for work in &page {
            let mut ixs: Vec<GroupIx> = work.peers.iter().map(|entry| entry.peer).collect();
            ixs.dedup();
            let refs = journal.group_refs(id, &ixs).await?;
            let peers: BTreeMap<_, _> = ixs.into_iter().zip(refs).collect();
            let calls = plan_blind(work.ix, &peer_groups(work, &peers, filters), shape);
            planned.push((work.ix, calls));
        }
        journal.record(held, &[], &planned, at_ms).await?;
    }
    Ok(())
}
