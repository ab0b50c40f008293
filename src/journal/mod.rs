//! The persistence port: what a run is, what was read, what was ordered, what came of it.
//!
//! Every method that writes returns once the write is durable. Times are milliseconds since
//! 1970 and come from the caller.

#[doc(hidden)]
pub mod bench;
mod call;
mod cells;
mod chain;
mod check;
mod columns;
mod compare;
mod desk;
mod expect;
mod fold;
mod head;
mod invocation;
mod open;
mod orders;
mod pack;
mod prune;
mod reading;
mod run;
mod sqlite;
mod stored;
mod table;
#[cfg(test)]
mod tests;
mod url;

use std::collections::BTreeMap;
use std::ops::Range;

use async_trait::async_trait;

use crate::model::{
    Event, GroupIx, GroupRef, Groups, Identity, IllegalTransition, PairSet, PlannedCall,
    RevocationId, RunId, Snapshot, Status, quote,
};

pub use crate::model::Finding;
pub use call::{
    CallId, CallRecord, Claim, HistoryRow, OpenCounts, Reopenable, RevocationRecord, Tally,
};
pub use check::{CheckReport, check};
pub use head::head;
pub use invocation::{Holder, Invocation, InvocationEnd, Invoker, Progress, Since};
pub use open::{Mode, open, open_as};
pub use orders::GroupOrders;
pub use prune::Pruning;
pub use reading::{GroupReading, NamesPeer, Naming, Reading, SideReading, SideRecord};
pub use run::{
    GroupWork, Lane, NewRun, PeerEntry, ReadingTimes, RunKind, RunRecord, RunState, RunUpdate,
};
pub use stored::stored_pairs;
pub use table::Table;
pub use url::file_of;

/// A journal that cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process holds it.
    #[error(
        "{journal} is held by {holder}; wait for it, or look with `unpair runs --watch --journal {}`",
        quote(journal)
    )]
    Locked {
        /// Which journal.
        journal: String,
        /// By whom.
        holder: Box<Holder>,
    },
    /// Its URL names no journal.
    #[error("{journal}: {reason}")]
    Url {
        /// The URL, without a password.
        journal: String,
        /// Why, and how it is spelled.
        reason: String,
    },
    /// It is not there, cannot be opened or is not a journal of this version.
    #[error("{journal}: {reason}")]
    Unusable {
        /// Which journal.
        journal: String,
        /// Why, and what to do.
        reason: String,
    },
    /// There is no such run: says which runs there are.
    #[error("{0}")]
    NoSuchRun(String),
    /// More than one run has an id that begins so: says which.
    #[error("{0}")]
    SeveralRuns(String),
    /// Not in the state that the caller took it to be in.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// What is stored cannot be read: edited or damaged.
    #[error("the journal is damaged: {0}")]
    Damaged(String),
    /// The database refused: full disk, I/O error, lost connection. Nothing may be sent after it.
    #[error(
        "cannot write the journal: {0}; what was done is in it: make room or mend the disk, then \
         `unpair resume`"
    )]
    Database(String),
}

/// The journal. Implementations pass one contract suite.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Stores a run and its pairs, in one transaction, before its first call.
    async fn begin(&self, run: &NewRun, pairs: &PairSet) -> Result<(), JournalError>;

    /// One run, by its id or a unique beginning of it.
    async fn run(&self, id: &str) -> Result<RunRecord, JournalError>;

    /// Every run, latest first.
    async fn runs(&self) -> Result<Vec<RunRecord>, JournalError>;

    /// Changes a run's head.
    async fn update(&self, run: &RunId, update: &RunUpdate, at_ms: i64)
    -> Result<(), JournalError>;

    /// Stores who works on a run from now on; called once by each process, before anything else of it
    /// is written. The process began at `began_ms`.
    async fn invoke(
        &self,
        run: &RunId,
        by: &Invoker,
        began_ms: i64,
        at_ms: i64,
    ) -> Result<(), JournalError>;

    /// The identities that sent changes for a run.
    async fn identities(&self, run: &RunId) -> Result<Vec<Identity>, JournalError>;

    /// The lanes of a run.
    async fn lanes(&self, run: &RunId) -> Result<Vec<Lane>, JournalError>;

    /// The distinct filters of a run.
    async fn filters(&self, run: &RunId) -> Result<Vec<crate::model::Filter>, JournalError>;

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

    /// The note of every line that has one.
    async fn notes(&self, run: &RunId) -> Result<BTreeMap<u32, String>, JournalError>;

    /// The note of each of these lines that has one.
    async fn notes_of(
        &self,
        run: &RunId,
        lines: &[u32],
    ) -> Result<BTreeMap<u32, String>, JournalError>;

    /// Stores readings, each with its findings, in one transaction.
    async fn record_readings(
        &self,
        run: &RunId,
        readings: &[GroupReading],
    ) -> Result<(), JournalError>;

    /// Stores readings and the plans made from them, a group at most once, in one transaction: no
    /// crash leaves a group that counts as read and was never planned.
    async fn record_planned(
        &self,
        run: &RunId,
        readings: &[GroupReading],
        plans: &[(GroupIx, Vec<PlannedCall>)],
        at_ms: i64,
    ) -> Result<(), JournalError>;

    /// Replaces every call of `group` that was never sent by `calls`: planning, and planning
    /// again after a later read.
    async fn plan_group(
        &self,
        run: &RunId,
        group: GroupIx,
        calls: &[PlannedCall],
        at_ms: i64,
    ) -> Result<(), JournalError>;

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

    /// The last snapshot of a group.
    async fn snapshot(&self, run: &RunId, group: GroupIx)
    -> Result<Option<Snapshot>, JournalError>;

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

    /// Stores the intent `event` (always [`Event::Started`]) and gives the right to send.
    async fn claim(
        &self,
        run: &RunId,
        call: CallId,
        event: &Event,
        at_ms: i64,
    ) -> Result<Claim, JournalError>;

    /// Stores what came of a send.
    async fn conclude(
        &self,
        claim: Claim,
        event: &Event,
        at_ms: i64,
    ) -> Result<Status, JournalError>;

    /// Stores [`Event::Lapsed`], [`Event::Verified`] or [`Event::Reopened`], and returns the
    /// call's new status and the calls that were split off it.
    async fn append(
        &self,
        run: &RunId,
        call: CallId,
        event: &Event,
        at_ms: i64,
    ) -> Result<(Status, Vec<CallId>), JournalError>;

    /// Marks every call that a former process left in flight ([`Event::Reclaimed`]); returns
    /// how many.
    async fn reclaim(&self, run: &RunId, at_ms: i64) -> Result<u64, JournalError>;

    /// Closed calls that have members whose outcome is not settled, for `resume` to reopen.
    async fn reopenable(&self, run: &RunId) -> Result<Vec<Reopenable>, JournalError>;

    /// Adds to the counts of exchanges.
    async fn tally(&self, run: &RunId, tallies: &[Tally]) -> Result<(), JournalError>;

    /// The counts of exchanges of a run.
    async fn tallies(&self, run: &RunId) -> Result<Vec<Tally>, JournalError>;

    /// Exchanges of any run at or after `since_ms`: what limiters start from.
    async fn recent(&self, since_ms: i64) -> Result<Vec<Tally>, JournalError>;

    /// Up to `limit` revocations of a run after `after`, by group and then by number: the same
    /// order however the run was planned.
    async fn revocations(
        &self,
        run: &RunId,
        after: Option<RevocationId>,
        limit: u32,
    ) -> Result<Vec<RevocationRecord>, JournalError>;

    /// Every revocation of each of these groups that has any.
    async fn orders(
        &self,
        run: &RunId,
        groups: Range<u32>,
    ) -> Result<Vec<GroupOrders>, JournalError>;

    /// Up to `limit` rows of a run's history after `after`.
    async fn history(
        &self,
        run: &RunId,
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
    ) -> Result<Vec<serde_json::Value>, JournalError>;

    /// Finishes writing and lets go of the lock.
    async fn close(self: Box<Self>) -> Result<(), JournalError>;
}
