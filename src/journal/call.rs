//! Calls, the right to send one, and what is told of them afterwards.

use serde::{Deserialize, Serialize};

use crate::model::{
    CallForm, ClientToken, Direction, GroupId, GroupIx, GroupRef, LaneKey, Outcome, RequestId,
    Revocation, RevocationId, RowText, Status,
};

/// A call's number in its run: that of its lane, shifted by 32 bits, and one within the lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(pub u64);

impl CallId {
    /// The number of the lane that it is in.
    pub const fn lane(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

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
    /// When its group was last read; absent if never, or if the last reading failed.
    pub looked_ms: Option<i64>,
    /// Members to be removed, by revocation number.
    pub members: Vec<(RevocationId, Revocation)>,
}

/// A closed call with members that are not settled: `resume` takes them up again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reopenable {
    /// The call.
    pub call: CallId,
    /// Its group.
    pub group: GroupIx,
    /// Its direction.
    pub direction: Direction,
    /// The members that are failed, unknown or still present.
    pub members: Vec<RevocationId>,
}

/// What a lane has to do: its calls that are not closed, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenCounts {
    /// Calls for ingress rules.
    pub ingress: u64,
    /// Calls for egress rules.
    pub egress: u64,
    /// Groups that they are about.
    pub groups: u64,
    /// Rules that they are to remove.
    pub rules: u64,
}

impl OpenCounts {
    /// Adds those of other groups.
    pub(in crate::journal) const fn plus(self, other: Self) -> Self {
        Self {
            ingress: self.ingress + other.ingress,
            egress: self.egress + other.egress,
            groups: self.groups + other.groups,
            rules: self.rules + other.rules,
        }
    }
}

/// The right to send one request: given by [`claim`](super::Journal::claim), used up by
/// [`conclude`](super::Journal::conclude). Not `Clone`, so that one intent is one send.
#[expect(clippy::manual_non_exhaustive, reason = "sealed within the crate, not only outside")]
#[derive(Debug)]
#[must_use = "a claim that is not concluded stays in flight until the next resume"]
pub struct Claim {
    /// The call.
    pub call: CallId,
    /// Its status: always in flight.
    pub status: Status,
    _sealed: (),
}

impl Claim {
    /// For implementations of [`claim`](super::Journal::claim) alone.
    pub(in crate::journal) const fn new(call: CallId, status: Status) -> Self {
        Self { call, status, _sealed: () }
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
    /// The call that carries it; absent while it is planned from its row alone and not stored.
    pub call: Option<CallId>,
    /// What was ordered.
    pub revocation: Revocation,
    /// The group, spelled out.
    pub group: GroupRef,
    /// The peer, spelled out.
    pub peer: GroupRef,
    /// The row's free text.
    pub note: RowText,
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

/// Whose history: the run's own, or that of one of its lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chain {
    /// Its beginning, who worked on it, and every change of its head.
    Run,
    /// What was read, planned and done in the lane of this number.
    Lane(u32),
}

/// One row of a run's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryRow {
    /// Whose history it is of.
    pub chain: Chain,
    /// 1-based.
    pub seq: u64,
    /// When.
    pub at_ms: i64,
    /// What: `begun`, `invoked`, `updated` of a run; `read`, `planned`,
    /// `planned_by_rows`, `plan_complete`, `tallied` or an
    /// [`crate::model::EventKind`] of a lane.
    pub kind: String,
    /// The call, for events of a call.
    pub call: Option<CallId>,
    /// The lease epoch of the process that wrote it.
    pub epoch: u64,
    /// Its content, canonical JSON.
    pub body: String,
    /// SHA-256 over the hash of the row before it in its chain and this row's fields, hexadecimal.
    pub hash: String,
}
