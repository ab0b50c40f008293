//! The persistence port: what a run is, what was read, what was ordered, what came of it.
//!
//! A [`JournalRead`] tells it. A [`Journal`] writes as well: whoever holds the [`Lead`] of a run
//! writes its head, whoever holds a lane ([`Held`]) writes what happens in that. The ledger decides
//! what a command means for what is stored of a lane, and a store makes that durable.
//!
//! Every method that writes returns once the write is durable. Times are milliseconds since
//! 1970 and come from the caller.

#[doc(hidden)]
pub mod bench;
mod call;
mod cells;
mod check;
mod find;
mod frame;
mod invocation;
mod lease;
mod ledger;
#[cfg(test)]
mod memory;
mod open;
mod orders;
mod pack;
mod prune;
mod read;
mod reading;
mod run;
mod sqlite;
mod store;
mod stored;
mod table;
#[cfg(test)]
mod tests;
mod url;

use async_trait::async_trait;

use crate::model::{
    Digest, Event, GroupIx, IllegalTransition, PairSet, PlannedCall, RunId, Status, quote,
};

pub use crate::model::{Finding, PeerEntry};
pub use call::{
    CallId, CallRecord, Chain, Claim, HistoryRow, OpenCounts, Reopenable, RevocationRecord, Tally,
};
pub use check::{CheckReport, check};
pub use invocation::{Holder, Invocation, InvocationEnd, Invoker, Progress, Since};
pub use lease::{Held, Lead, Leases};
pub use ledger::Unstored;
pub use open::{open, open_as, open_to_read};
pub use orders::GroupOrders;
pub use prune::Pruning;
pub use read::{Head, JournalRead, stored_revocations, whole_history};
pub use reading::{GroupReading, GroupRecord, NamesPeer, Naming, Reading, SideReading, SideRecord};
pub use run::{GroupWork, Lane, NewRun, ReadingTimes, RunKind, RunRecord, RunState, RunUpdate};
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
    /// Another process took a lane over: what is known here of it is not true any more.
    #[error("the right to write {0} was lost: another process took it over")]
    Lost(String),
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

impl JournalError {
    /// The same error, for another write that it ends.
    fn again(&self) -> Self {
        match self {
            Self::Locked { journal, holder } => {
                Self::Locked { journal: journal.clone(), holder: holder.clone() }
            }
            Self::Lost(what) => Self::Lost(what.clone()),
            Self::Damaged(what) => Self::Damaged(what.clone()),
            Self::Database(what) => Self::Database(what.clone()),
            other => Self::Database(other.to_string()),
        }
    }
}

/// A journal that is open for writing.
#[async_trait]
pub trait Journal: JournalRead {
    /// Stores a run and its pairs, in one transaction, before its first call.
    async fn begin(&self, run: &NewRun, pairs: &PairSet) -> Result<(), JournalError>;

    /// The right to write the head of a run.
    async fn lead(&self, run: &RunId) -> Result<Lead, JournalError>;

    /// The rights to write up to `most` lanes of a run, in order.
    async fn lease(&self, lead: &Lead, most: usize) -> Result<Vec<Held>, JournalError>;

    /// Changes a run's head.
    async fn update(&self, lead: &Lead, update: &RunUpdate, at_ms: i64)
    -> Result<(), JournalError>;

    /// Stores who works on a run from now on; called once by each process, before anything else of it
    /// is written. The process began at `began_ms`.
    async fn invoke(
        &self,
        lead: &Lead,
        by: &Invoker,
        began_ms: i64,
        at_ms: i64,
    ) -> Result<(), JournalError>;

    /// Stores readings with their findings, and the plans made from them, a group at most once, in
    /// one transaction: no crash leaves a group that counts as read and was never planned. A plan
    /// replaces every call of its group that was never sent.
    async fn record(
        &self,
        held: &Held,
        readings: &[GroupReading],
        plans: &[(GroupIx, Vec<PlannedCall>)],
        at_ms: i64,
    ) -> Result<(), JournalError>;

    /// Stores that every group of the lane is planned from its rows alone: how much that comes to, and
    /// its digest. Its orders are stored by [`record`](Self::record), group by group, before they
    /// are sent.
    async fn record_by_rows(
        &self,
        held: &Held,
        counts: OpenCounts,
        digest: Digest,
        at_ms: i64,
    ) -> Result<(), JournalError>;

    /// Stores the digest of the lane's plan, which is complete: whatever is planned later takes the
    /// digest away.
    async fn complete_plan(
        &self,
        held: &Held,
        digest: Digest,
        at_ms: i64,
    ) -> Result<(), JournalError>;

    /// Up to `limit` calls of the lane that are not closed, from call `from` on, in order: those that
    /// its holder works off next.
    async fn open_page(
        &self,
        held: &Held,
        from: CallId,
        limit: u32,
    ) -> Result<Vec<CallRecord>, JournalError>;

    /// Stores the intent `event` (always [`Event::Started`]) and gives the right to send.
    async fn claim(
        &self,
        held: &Held,
        call: CallId,
        event: &Event,
        at_ms: i64,
    ) -> Result<Claim, JournalError>;

    /// Stores what came of a send.
    async fn conclude(
        &self,
        held: &Held,
        claim: Claim,
        event: &Event,
        at_ms: i64,
    ) -> Result<Status, JournalError>;

    /// Stores [`Event::Lapsed`], [`Event::Verified`] or [`Event::Reopened`], and returns the
    /// call's new status and the calls that were split off it.
    async fn append(
        &self,
        held: &Held,
        call: CallId,
        event: &Event,
        at_ms: i64,
    ) -> Result<(Status, Vec<CallId>), JournalError>;

    /// Marks every call of the lane that a former holder left in flight ([`Event::Reclaimed`]);
    /// returns how many.
    async fn reclaim(&self, held: &Held, at_ms: i64) -> Result<u64, JournalError>;

    /// Adds to the counts of exchanges of the lane.
    async fn tally(&self, held: &Held, tallies: &[Tally]) -> Result<(), JournalError>;
}

/// All that a process may write of a run: its head and every lane.
pub async fn take(journal: &dyn Journal, run: &RunId) -> Result<Leases, JournalError> {
    let lead = journal.lead(run).await?;
    let lanes = journal.lease(&lead, usize::MAX).await?;
    Ok(Leases { lead, lanes })
}
