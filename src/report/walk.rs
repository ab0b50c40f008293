//! The pairs of a run, page by page.

use std::collections::VecDeque;

use crate::journal::{GroupWork, JournalError, JournalRead};
use crate::model::{GroupIx, RunId};

use super::evidence::{PAGE, PairSpan};

/// Groups asked of the journal at a time: each brings all its peers along.
const GROUPS: u32 = 100;

/// A walk over every pair of a run, each once, in plan order.
pub(super) struct PairWalk<'a> {
    journal: &'a dyn JournalRead,
    run: &'a RunId,
    from: GroupIx,
    /// Read, and not yet given out.
    held: VecDeque<PairSpan>,
}

impl<'a> PairWalk<'a> {
    /// Starts at the first group.
    pub(super) fn new(journal: &'a dyn JournalRead, run: &'a RunId) -> Self {
        Self { journal, run, from: GroupIx(0), held: VecDeque::new() }
    }

    /// Up to [`PAGE`] more pairs, at least one; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<PairSpan>>, JournalError> {
        while self.held.is_empty() {
            let groups = self.journal.groups(self.run, self.from, GROUPS).await?;
            let Some(last) = groups.last() else { return Ok(None) };
            self.from = GroupIx(last.ix.0 + 1);
            self.held.extend(groups.iter().flat_map(spans));
        }
        let some = self.held.len().min(PAGE as usize);
        Ok(Some(self.held.drain(..some).collect()))
    }
}

/// The pairs of which `work` is the lower group; the upper group's entry repeats them.
fn spans(work: &GroupWork) -> impl Iterator<Item = PairSpan> + '_ {
    work.peers.chunk_by(|x, y| x.peer == y.peer).filter_map(|rows| {
        let b = rows.first()?.peer;
        (b > work.ix).then(|| PairSpan { a: work.ix, b, rows: rows.to_vec() })
    })
}
