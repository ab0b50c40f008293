//! The pairs of a stored run, put together again from its groups.

use super::{JournalError, JournalRead, PeerEntry};
use crate::model::{Draft, GroupIx, Groups, PairSet, Rows, RunId};

/// Groups that are taken from the journal at once.
const PAGE: u32 = 1_000;

/// The groups, filters and rows of `run`.
///
/// # Errors
/// [`JournalError::Damaged`] where the two groups of a pair do not name each other.
pub async fn stored_pairs(journal: &dyn JournalRead, run: &RunId) -> Result<PairSet, JournalError> {
    let filters = journal.filters(run).await?;
    let mut ends = Ends::default();
    let mut groups = Groups::default();
    for lane in journal.lanes(run).await? {
        let end = lane.first.0.saturating_add(lane.groups);
        let mut from = lane.first;
        while from.0 < end {
            let page = journal.groups(run, from, PAGE.min(end - from.0)).await?;
            let Some(last) = page.last() else { return Err(damaged("a lane lacks groups")) };
            for work in &page {
                let pushed = groups.push(&lane.key, work.group.as_str());
                pushed.map_err(|error| damaged(&error.to_string()))?;
                work.peers.iter().for_each(|entry| ends.add(work.ix, entry));
            }
            from = GroupIx(last.ix.0 + 1);
        }
    }
    if ends.largest as usize >= groups.len() && ends.largest > 0 {
        return Err(damaged("a pair names a group that is not there"));
    }
    if ends.last_filter.is_some_and(|last| usize::from(last) >= filters.len()) {
        return Err(damaged("a pair names a filter that is not there"));
    }
    let (rows, repeated) = Rows::numbered(ends.smaller, groups.len(), filters.len());
    let (mirrored, again) = Rows::numbered(ends.larger, groups.len(), filters.len());
    if rows != mirrored || !repeated.is_empty() || !again.is_empty() {
        return Err(damaged("the two groups of a pair do not name each other"));
    }
    Ok(PairSet { groups, filters, rows, ..PairSet::default() })
}

/// Every row as its smaller and as its larger end tell it.
#[derive(Default)]
struct Ends {
    smaller: Draft,
    larger: Draft,
    largest: u32,
    last_filter: Option<u16>,
}

impl Ends {
    fn add(&mut self, own: GroupIx, entry: &PeerEntry) {
        let draft = if own < entry.peer { &mut self.smaller } else { &mut self.larger };
        draft.push([own.0, entry.peer.0], entry.filter.into(), entry.line);
        self.largest = self.largest.max(own.0).max(entry.peer.0);
        self.last_filter = self.last_filter.max(Some(entry.filter));
    }
}

fn damaged(what: &str) -> JournalError {
    JournalError::Damaged(what.to_owned())
}
