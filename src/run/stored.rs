//! The pairs of a stored run, for a run over the same pairs.

use std::collections::BTreeMap;

use crate::journal::{Journal, JournalError, RunRecord};
use crate::model::{GroupIx, PairSet, Row};

/// Groups that are taken from the journal at once.
const PAGE: u32 = 1_000;

/// The pairs of `run` as its manifests named them.
pub async fn stored_pairs(journal: &dyn Journal, run: &RunRecord) -> Result<PairSet, JournalError> {
    let id = &run.new.id;
    let mut pairs = PairSet {
        sources: run.sources.clone(),
        filters: journal.filters(id).await?,
        notes: journal.notes(id).await?.into_iter().collect::<BTreeMap<_, _>>(),
        ..PairSet::default()
    };
    let mut from = GroupIx(0);
    loop {
        let page = journal.groups(id, from, PAGE).await?;
        let ixs: Vec<GroupIx> = page.iter().map(|work| work.ix).collect();
        pairs.groups.extend(journal.group_refs(id, &ixs).await?);
        for work in &page {
            // Every pair stands under both its groups; it is taken from the first.
            let entries = work.peers.iter().filter(|entry| entry.peer > work.ix);
            pairs.rows.extend(entries.map(|entry| Row {
                a: work.ix,
                b: entry.peer,
                filter: entry.filter,
                line: entry.line,
            }));
        }
        match page.last() {
            Some(last) if page.len() >= PAGE as usize => from = GroupIx(last.ix.0 + 1),
            _ => break,
        }
    }
    pairs.rows.sort_unstable();
    Ok(pairs)
}
