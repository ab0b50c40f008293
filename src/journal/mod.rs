//! The persistence port: what a run is, what was read, what was ordered, what came of it.
//!
//! Every method that writes returns once the write is durable. Times are milliseconds since
//! 1970 and come from the caller.

mod chain;
mod check;
mod compare;
mod fold;
mod open;
mod pack;
mod sqlite;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use crate::model::Finding;
use crate::model::{
    CallForm, ClientToken, Direction, Event, GroupId, GroupIx, GroupRef, IllegalTransition,
    LaneKey, Outcome, PairSet, PlannedCall, RequestId, Revocation, RevocationId, RuleCounts, RunId,
    Snapshot, Source, Status,
};

pub use check::{CheckReport, check};
pub use open::{Mode, open, prune};

/// What a run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunKind {
    /// Reads both sides.
    Audit,
    /// Plans, and carries out once started.
    Revoke,
    /// Reads back what another run did.
    Verify,
    /// Puts back what another run removed.
    Restore,
    /// Looks for partners.
    Discover,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// Groups are being read.
    Reading,
    /// Everything was read and the plan is complete.
    Planned,
    /// Calls are being made.
    Acting,
    /// Came to its end; the exit code says how.
    Finished,
    /// Ended by a signal or `--max-duration`.
    Interrupted,
    /// Ended by a guard or an error.
    Stopped,
}

/// What is fixed when a run begins.
#[expect(clippy::struct_excessive_bools, reason = "four independent choices of a command line")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewRun {
    /// Its id.
    pub id: RunId,
    /// What it does.
    pub kind: RunKind,
    /// The run it verifies or restores.
    pub parent: Option<RunId>,
    /// The command that made it may also carry it out (`revoke`, not `plan`).
    pub may_act: bool,
    /// How rules are named.
    pub form: CallForm,
    /// Planned from the manifest alone (`--no-audit`).
    pub blind: bool,
    /// A group that does not exist counts as clean (`--accept-gone`).
    pub accept_gone: bool,
    /// A side that is not ours makes the run unfinished (`--require-both`).
    pub require_both: bool,
    /// When it began.
    pub created_ms: i64,
    /// The version of the tool.
    pub tool: String,
}

/// A run as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// What was fixed at the start.
    #[serde(flatten)]
    pub new: NewRun,
    /// How far it is.
    pub state: RunState,
    /// The exit code it ended with.
    pub exit: Option<u8>,
    /// When its first calls were allowed; absent while it was only planned.
    pub started_ms: Option<i64>,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// Time spent in all invocations.
    pub elapsed_ms: i64,
    /// [`PairSet::content_digest`], hexadecimal.
    pub content: String,
    /// The digest of the plan, hexadecimal, once complete.
    pub digest: Option<String>,
    /// The estimate in seconds, once planned.
    pub estimate_s: Option<u64>,
    /// Distinct pairs.
    pub pairs: u64,
    /// Where the rows came from.
    pub sources: Vec<Source>,
    /// Rule counts by outcome, as of now (without `outside`).
    pub rules: RuleCounts,
}

/// A change of a run's head; absent fields stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunUpdate {
    /// New state.
    pub state: Option<RunState>,
    /// Exit code; `Some(None)` clears it when the run goes on.
    pub exit: Option<Option<u8>>,
    /// First calls allowed.
    pub started_ms: Option<i64>,
    /// Ended.
    pub ended_ms: Option<i64>,
    /// Added to the time spent.
    pub add_elapsed_ms: i64,
    /// The plan's digest.
    pub digest: Option<String>,
    /// The estimate.
    pub estimate_s: Option<u64>,
}

/// A lane of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Its number in the run, in [`LaneKey`] order.
    pub ix: u32,
    /// What it is.
    pub key: LaneKey,
    /// Its first group; a lane's groups are consecutive.
    pub first: GroupIx,
    /// How many groups it has.
    pub groups: u32,
}

/// What a manifest row asks of one group, seen from that group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerEntry {
    /// The other group.
    pub peer: GroupIx,
    /// Index into [`Journal::filters`].
    pub filter: u16,
    /// The manifest line, in the whole input.
    pub line: u32,
}

/// A group of a run with its peers, sorted by peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupWork {
    /// Its number.
    pub ix: GroupIx,
    /// Its id.
    pub group: GroupId,
    /// Its peers; one entry a narrowing.
    pub peers: Vec<PeerEntry>,
    /// When it was last read well or found missing or not ours; absent if never.
    pub read_ms: Option<i64>,
}

/// What one attempt to read a group showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reading", rename_all = "snake_case")]
pub enum Reading {
    /// All pages, the group proven.
    Seen(Snapshot),
    /// Not in this account and region.
    Missing {
        /// The provider's code.
        code: String,
    },
    /// Not ours to read. `naming` lists those of our groups that this group's rules name, where
    /// the provider let us see it from our side; it covers ingress rules alone.
    NotOurs {
        /// See above; `None` if it could not be seen.
        naming: Option<Vec<GroupIx>>,
    },
    /// Could not be read.
    Failed {
        /// The provider's code, or a word of ours.
        code: String,
        /// What was said.
        message: String,
    },
}

/// A reading with what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupReading {
    /// The group.
    pub group: GroupIx,
    /// When the read began.
    pub at_ms: i64,
    /// The provider's names of the exchanges.
    pub request_ids: Vec<RequestId>,
    /// What was read.
    pub reading: Reading,
    /// One entry for each peer that any rule names, sorted by peer.
    pub findings: Vec<Finding>,
    /// Grants of this group that name other groups, of any account, that no row pairs it with.
    pub elsewhere: u32,
}

/// The last reading of a group, without its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideRecord {
    /// The group.
    pub group: GroupIx,
    /// When; absent if it was never read.
    pub at_ms: Option<i64>,
    /// How it went.
    pub state: SideReading,
    /// See [`GroupReading::elsewhere`].
    pub elsewhere: u32,
}

/// [`Reading`] without the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SideReading {
    /// Never read.
    Unread,
    /// Read well; `service_managed` as in the snapshot.
    Seen {
        /// See [`Snapshot::service_managed`].
        service_managed: bool,
    },
    /// The group does not exist there.
    Missing {
        /// The provider's code.
        code: String,
    },
    /// Not ours to read.
    NotOurs {
        /// See [`Reading::NotOurs`].
        naming: Option<Vec<GroupIx>>,
    },
    /// Could not be read.
    Failed {
        /// The provider's code, or a word of ours.
        code: String,
        /// What was said.
        message: String,
    },
}

/// A call's number in its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(pub u64);

/// A call with those of its members that have no final outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct CallRecord {
    /// Its number.
    pub id: CallId,
    /// The group.
    pub group: GroupIx,
    /// The group's id.
    pub group_id: GroupId,
    /// The direction.
    pub direction: Direction,
    /// How rules are named.
    pub form: CallForm,
    /// Where it is in its life.
    pub status: Status,
    /// When its current generation was first sent.
    pub first_sent_ms: Option<i64>,
    /// Whether a send of any generation had no answer, or one that proves nothing.
    pub reply_lost: bool,
    /// Whether a send of any generation was accepted.
    pub accepted: bool,
    /// Members to be removed, by revocation number.
    pub members: Vec<(RevocationId, Revocation)>,
}

/// The right to send one request: given by [`Journal::claim`], used up by
/// [`Journal::conclude`]. Not `Clone`, so that one intent is one send.
#[expect(clippy::manual_non_exhaustive, reason = "sealed within the crate, not only outside")]
#[derive(Debug)]
#[must_use = "a claim that is not concluded stays in flight until the next resume"]
pub struct Claim {
    /// The run.
    pub run: RunId,
    /// The call.
    pub call: CallId,
    /// Its status: always in flight.
    pub status: Status,
    _sealed: (),
}

impl Claim {
    /// For implementations of [`Journal::claim`] alone.
    pub(in crate::journal) const fn new(run: RunId, call: CallId, status: Status) -> Self {
        Self { run, call, status, _sealed: () }
    }
}

/// How often an action was answered with a code, since the last tally.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// The lane.
    pub lane: LaneKey,
    /// The provider's name of the action.
    pub action: String,
    /// The provider's code; empty for success.
    pub code: String,
    /// How often.
    pub count: u64,
    /// How many of them were sent again.
    pub retried: u64,
    /// How many of them were refused by the provider's rate limit.
    pub throttled: u64,
    /// The last time.
    pub last_ms: i64,
}

/// One revocation with all that a report says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct RevocationRecord {
    /// Its number.
    pub id: RevocationId,
    /// The call that carries it.
    pub call: CallId,
    /// What was ordered.
    pub revocation: Revocation,
    /// The group, spelled out.
    pub group: GroupRef,
    /// The peer, spelled out.
    pub peer: GroupRef,
    /// The row's note; empty if none.
    pub note: String,
    /// How it stands.
    pub outcome: Outcome,
    /// Gone after a call whose answer never came.
    pub reply_lost: bool,
    /// The provider's code or the reason.
    pub reason: Option<String>,
    /// Sends of its call while it was a member.
    pub attempts: u32,
    /// The provider's names of those sends.
    pub request_ids: Vec<RequestId>,
    /// The tokens of those sends.
    pub tokens: Vec<ClientToken>,
    /// When its call was first sent.
    pub first_sent_ms: Option<i64>,
    /// When its outcome was settled.
    pub settled_ms: Option<i64>,
}

/// One row of a run's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryRow {
    /// 1-based.
    pub seq: u64,
    /// When.
    pub at_ms: i64,
    /// What: `begun`, `updated`, `read`, `planned`, or an [`crate::model::EventKind`].
    pub kind: String,
    /// The call, for events of a call.
    pub call: Option<CallId>,
    /// The lease epoch of the process that wrote it.
    pub epoch: u64,
    /// Its content, canonical JSON.
    pub body: String,
    /// SHA-256 over the hash before it and this row's fields, hexadecimal.
    pub hash: String,
}

/// A journal that cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process holds it.
    #[error(
        "{journal}: another process holds this journal; wait for it to end, or use another --journal"
    )]
    Locked {
        /// Which journal.
        journal: String,
    },
    /// It is not there, cannot be opened or is not a journal of this version.
    #[error("{journal}: {reason}")]
    Unusable {
        /// Which journal.
        journal: String,
        /// Why, and what to do.
        reason: String,
    },
    /// There is no such run.
    #[error("no run {0} in this journal; `unpair runs` lists them")]
    NoSuchRun(String),
    /// Not in the state that the caller took it to be in.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// What is stored cannot be read: edited or damaged.
    #[error("the journal is damaged: {0}")]
    Damaged(String),
    /// The database refused: full disk, I/O error, lost connection. Nothing may be sent after it.
    #[error("cannot write the journal: {0}")]
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

    /// The note of every line that has one.
    async fn notes(&self, run: &RunId) -> Result<BTreeMap<u32, String>, JournalError>;

    /// Stores readings, each with its findings, in one transaction.
    async fn record_readings(
        &self,
        run: &RunId,
        readings: &[GroupReading],
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

    /// Stores [`Event::Verified`] or [`Event::Reopened`], and returns the call's new status and
    /// the calls that were split off it.
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
    async fn reopenable(
        &self,
        run: &RunId,
    ) -> Result<Vec<(CallId, Vec<RevocationId>)>, JournalError>;

    /// Adds to the counts of exchanges.
    async fn tally(&self, run: &RunId, tallies: &[Tally]) -> Result<(), JournalError>;

    /// The counts of exchanges of a run.
    async fn tallies(&self, run: &RunId) -> Result<Vec<Tally>, JournalError>;

    /// Exchanges of any run at or after `since_ms`: what limiters start from.
    async fn recent(&self, since_ms: i64) -> Result<Vec<Tally>, JournalError>;

    /// Up to `limit` revocations of a run after `after`, in order.
    async fn revocations(
        &self,
        run: &RunId,
        after: Option<RevocationId>,
        limit: u32,
    ) -> Result<Vec<RevocationRecord>, JournalError>;

    /// Up to `limit` rows of a run's history after `after`.
    async fn history(
        &self,
        run: &RunId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<HistoryRow>, JournalError>;

    /// Finishes writing and lets go of the lock.
    async fn close(self: Box<Self>) -> Result<(), JournalError>;
}
