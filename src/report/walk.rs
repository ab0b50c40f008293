//! The pairs of a run, page by page.

use crate::journal::{GroupWork, Journal, JournalError};
use crate::model::{GroupIx, GroupRef, RunId};

use super::evidence::{PAGE, PairSpan};

/// A walk over every pair of a run, each once, in plan order.
pub(super) struct PairWalk<'a> {
    journal: &'a dyn Journal,
    run: &'a RunId,
    from: GroupIx,
}

impl<'a> PairWalk<'a> {
    /// Starts at the first group.
    pub(super) fn new(journal: &'a dyn Journal, run: &'a RunId) -> Self {
        Self { journal, run, from: GroupIx(0) }
    }

    /// The pairs whose lower group is among the next [`PAGE`] groups; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<PairSpan>>, JournalError> {
        let page = self.journal.groups(self.run, self.from, PAGE).await?;
        let Some(last) = page.last() else { return Ok(None) };
        self.from = GroupIx(last.ix.0 + 1);
        Ok(Some(page.iter().flat_map(spans).collect()))
    }
}

/// The pairs of which `work` is the lower group; the upper group's entry repeats them.
fn spans(work: &GroupWork) -> impl Iterator<Item = PairSpan> + '_ {
    work.peers.chunk_by(|x, y| x.peer == y.peer).filter_map(|rows| {
        let b = rows.first()?.peer;
        (b > work.ix).then(|| PairSpan { a: work.ix, b, rows: rows.to_vec() })
    })
}

/// Groups spelled out, looked up by number.
pub(super) struct Names(Vec<(GroupIx, GroupRef)>);

impl Names {
    /// Asks the journal for `groups`, in any order and with repetitions.
    pub(super) async fn load(
        journal: &dyn Journal,
        run: &RunId,
        mut groups: Vec<GroupIx>,
    ) -> Result<Self, JournalError> {
        groups.sort_unstable();
        groups.dedup();
        let mut names = Vec::with_capacity(groups.len());
        for page in groups.chunks(PAGE as usize) {
            let refs = journal.group_refs(run, page).await?;
            names.extend(page.iter().copied().zip(refs));
        }
        Ok(Self(names))
    }

    /// The group at `ix`; damage if the journal did not know it.
    pub(super) fn get(&self, ix: GroupIx) -> Result<&GroupRef, JournalError> {
        self.0
            .binary_search_by_key(&ix, |(ix, _)| *ix)
            .ok()
            .and_then(|at| self.0.get(at))
            .map(|(_, group)| group)
            .ok_or_else(|| JournalError::Damaged(format!("group {} of a run is missing", ix.0)))
    }
}
