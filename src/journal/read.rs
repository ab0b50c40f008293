//! What a journal tells.

use std::collections::BTreeMap;
use std::ops::Range;

use async_trait::async_trait;
use serde_json::Value;

use super::{
    CallId, CallRecord, Chain, GroupOrders, GroupRecord, GroupWork, HistoryRow, JournalError, Lane,
    OpenCounts, ReadingTimes, Reopenable, RevocationRecord, RunRecord, SideRecord, Table, Tally,
    Unstored,
};
use crate::model::{
    Filter, Finding, GroupIx, GroupRef, Groups, Identity, RevocationId, RowText, RunId,
};

/// Where the history of a run ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The rows of the run's own chain.
    pub seq: u64,
    /// The rows of all its chains.
    pub rows: u64,
    /// The hash of the last row of its own chain, hexadecimal. That row seals the lanes as they
    /// were then.
    pub hash: String,
    /// When the last row of any chain was written (milliseconds since 1970).
    pub last_ms: i64,
}

/// A journal that is open for reading: beside whoever writes it, or as a part of [`Journal`].
///
/// [`Journal`]: super::Journal
#[async_trait]
pub trait JournalRead: Send + Sync {
    /// One run, by its id or a unique beginning of it.
    async fn run(&self, id: &str) -> Result<RunRecord, JournalError>;

    /// Every run, latest first.
    async fn runs(&self) -> Result<Vec<RunRecord>, JournalError>;

    /// Where a run's history ends.
    async fn head(&self, run: &RunId) -> Result<Head, JournalError>;

    /// The lanes of a run that have a history, each with the number of its last row.
    async fn lane_ends(&self, run: &RunId) -> Result<Vec<(u32, u64)>, JournalError>;

    /// The identities that sent changes for a run.
    async fn identities(&self, run: &RunId) -> Result<Vec<Identity>, JournalError>;

    /// The lanes of a run.
    async fn lanes(&self, run: &RunId) -> Result<Vec<Lane>, JournalError>;

    /// The distinct filters of a run.
    async fn filters(&self, run: &RunId) -> Result<Vec<Filter>, JournalError>;

    /// Up to `limit` groups of a run from `from` on, with their peers, in order.
    async fn groups(
        &self,
        run: &RunId,
        from: GroupIx,
        limit: u32,
    ) -> Result<Vec<GroupWork>, JournalError>;

    /// The groups with these numbers, spelled out, in the order asked for.
    async fn group_refs(
        &self,
        run: &RunId,
        groups: &[GroupIx],
    ) -> Result<Vec<GroupRef>, JournalError>;

    /// Every group of a run, by its number.
    async fn names(&self, run: &RunId) -> Result<Groups, JournalError>;

    /// The free text of every line that has any.
    async fn notes(&self, run: &RunId) -> Result<BTreeMap<u32, RowText>, JournalError>;

    /// The free text of each of these lines that has any.
    async fn notes_of(
        &self,
        run: &RunId,
        lines: &[u32],
    ) -> Result<BTreeMap<u32, RowText>, JournalError>;

    /// The last reading of each of up to `limit` groups from `from` on, in order.
    async fn sides(
        &self,
        run: &RunId,
        from: GroupIx,
        limit: u32,
    ) -> Result<Vec<SideRecord>, JournalError>;

    /// When the last readings were made; `None` if none told anything.
    async fn reading_times(&self, run: &RunId) -> Result<Option<ReadingTimes>, JournalError>;

    /// The findings of the last reading of every group that has any, as `(group, finding)`.
    async fn findings(&self, run: &RunId) -> Result<Vec<(GroupIx, Finding)>, JournalError>;

    /// A group as its last complete read showed it; `None` if there was none.
    async fn group(&self, run: &RunId, group: GroupIx)
    -> Result<Option<GroupRecord>, JournalError>;

    /// Up to `limit` calls of the groups `first..first + groups` that are not closed, from call
    /// `from` on, in order.
    async fn open_calls(
        &self,
        run: &RunId,
        lane: &Lane,
        from: CallId,
        limit: u32,
    ) -> Result<Vec<CallRecord>, JournalError>;

    /// How much of a lane is not closed.
    async fn open_counts(&self, run: &RunId, lane: &Lane) -> Result<OpenCounts, JournalError>;

    /// One call, open or closed, with its members that have no settled outcome.
    async fn call(&self, run: &RunId, call: CallId) -> Result<CallRecord, JournalError>;

    /// Closed calls that have members whose outcome is not settled, for `resume` to reopen.
    async fn reopenable(&self, run: &RunId) -> Result<Vec<Reopenable>, JournalError>;

    /// The counts of exchanges of a run.
    async fn tallies(&self, run: &RunId) -> Result<Vec<Tally>, JournalError>;

    /// Exchanges of any run at or after `since_ms`: what limiters start from.
    async fn recent(&self, since_ms: i64) -> Result<Vec<Tally>, JournalError>;

    /// Up to `limit` stored revocations of a lane after `after`, by group and then by number: the same
    /// order however the run was planned.
    async fn revocations(
        &self,
        run: &RunId,
        lane: &Lane,
        after: Option<RevocationId>,
        limit: u32,
    ) -> Result<Vec<RevocationRecord>, JournalError>;

    /// What is planned from the rows alone and not stored as orders yet, by the number of the lane,
    /// with the number that the first of these orders gets.
    async fn unstored(
        &self,
        run: &RunId,
    ) -> Result<BTreeMap<u32, (Unstored, RevocationId)>, JournalError>;

    /// Every stored revocation of each of these groups that has any.
    async fn orders(
        &self,
        run: &RunId,
        groups: Range<u32>,
    ) -> Result<Vec<GroupOrders>, JournalError>;

    /// Up to `limit` rows of one of a run's histories after row `after`.
    async fn history(
        &self,
        run: &RunId,
        chain: Chain,
        after: u64,
        limit: u32,
    ) -> Result<Vec<HistoryRow>, JournalError>;

    /// The rows of a table that belong to a run and have these keys, in order: what a check reads.
    /// Each is a JSON array of its columns but for the run; bytes are lower-case hexadecimal.
    async fn rows(
        &self,
        run: &RunId,
        table: Table,
        keys: Range<i64>,
    ) -> Result<Vec<Value>, JournalError>;

    /// Finishes writing, if it may write, and lets go of the lock.
    async fn close(self: Box<Self>) -> Result<(), JournalError>;
}

/// All rows of a run's histories, its own first, then lane by lane.
pub async fn whole_history(
    journal: &dyn JournalRead,
    run: &RunId,
) -> Result<Vec<HistoryRow>, JournalError> {
    const PAGE: u32 = 4_096;
    let lanes = journal.lanes(run).await?;
    let mut rows: Vec<HistoryRow> = Vec::new();
    for chain in [Chain::Run].into_iter().chain(lanes.iter().map(|lane| Chain::Lane(lane.ix))) {
        let mut after = 0;
        loop {
            let page = journal.history(run, chain, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            rows.extend(page);
        }
    }
    Ok(rows)
}

/// All stored revocations of a run, lane by lane.
pub async fn stored_revocations(
    journal: &dyn JournalRead,
    run: &RunId,
) -> Result<Vec<RevocationRecord>, JournalError> {
    const PAGE: u32 = 4_096;
    let mut all: Vec<RevocationRecord> = Vec::new();
    for lane in journal.lanes(run).await? {
        let mut after = None;
        loop {
            let page = journal.revocations(run, &lane, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            all.extend(page);
        }
    }
    Ok(all)
}
