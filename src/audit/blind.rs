//! Planning without reading: the rows' own values, as the providers' manuals show.

use std::collections::BTreeMap;

use super::observe::peer_groups;
use crate::journal::{Journal, JournalError, RunRecord};
use crate::model::GroupIx;
use crate::planner::{CallShape, plan_blind};

/// Groups that are planned at once.
const PAGE: u32 = 200;
/// Rules a call: below the limit of either cloud, so that the request stays small.
const BATCH: usize = 20;

/// Plans every group of a run from its rows alone. Needs neither network nor credentials.
pub async fn plan_unread(
    journal: &dyn Journal,
    run: &RunRecord,
    at_ms: i64,
) -> Result<(), JournalError> {
    let id = &run.new.id;
    let filters = journal.filters(id).await?;
    let shape = CallShape { form: run.new.form, batch: BATCH };
    let mut from = GroupIx(0);
    loop {
        let page = journal.groups(id, from, PAGE).await?;
        let mut planned = Vec::with_capacity(page.len());
        for work in &page {
            let mut ixs: Vec<GroupIx> = work.peers.iter().map(|entry| entry.peer).collect();
            ixs.dedup();
            let refs = journal.group_refs(id, &ixs).await?;
            let peers: BTreeMap<_, _> = ixs.into_iter().zip(refs).collect();
            let calls = plan_blind(work.ix, &peer_groups(work, &peers, &filters), shape);
            planned.push((work.ix, calls));
        }
        // All at once: the journal commits them together.
        let planning = planned.iter().map(|(ix, calls)| journal.plan_group(id, *ix, calls, at_ms));
        futures_util::future::try_join_all(planning).await?;
        match page.last() {
            Some(last) if page.len() >= PAGE as usize => from = GroupIx(last.ix.0 + 1),
            _ => return Ok(()),
        }
    }
}
