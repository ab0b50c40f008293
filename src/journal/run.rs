//! A run, and what it is about: lanes and groups with their peers.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::invocation::{Invocation, InvocationEnd, Progress};
use crate::failpoint::{Bug, planted};
use crate::model::{CallForm, GroupId, GroupIx, LaneKey, PeerEntry, RuleCounts, RunId, Source};

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
#[expect(clippy::struct_excessive_bools, reason = "independent choices of a command line")]
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
    /// The command that made it had `--yes`: nobody needs to be asked before its first change.
    #[serde(default)]
    pub agreed: bool,
    /// How rules are named.
    pub form: CallForm,
    /// Planned from the manifest alone (`--no-audit`).
    pub blind: bool,
    /// A group that does not exist counts as clean (`--accept-gone`).
    pub accept_gone: bool,
    /// A side that is not ours makes the run unfinished (`--require-both`).
    pub require_both: bool,
    /// Whatever is live or cannot be told makes an audit end with exit code 3
    /// (`--expect-severed`).
    #[serde(default)]
    pub expect_severed: bool,
    /// Rows of the manifests that `--keep-going` left out: whoever finishes the run ends with
    /// exit code 3 for them.
    #[serde(default)]
    pub left_out: u64,
    /// Of the embedded clouds (`--sandbox`): never carried out against real ones.
    #[serde(default)]
    pub sandbox: bool,
    /// When it began.
    pub created_ms: i64,
    /// The version of the tool.
    pub tool: String,
}

impl NewRun {
    /// A run that does no more than its kind says: rules are named by their ids, and no option is
    /// set.
    pub fn new(id: RunId, kind: RunKind, created_ms: i64) -> Self {
        Self {
            id,
            kind,
            parent: None,
            may_act: false,
            agreed: false,
            form: CallForm::RuleId,
            blind: false,
            accept_gone: false,
            require_both: false,
            expect_severed: false,
            left_out: 0,
            sandbox: false,
            created_ms,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
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
    /// When its first change was allowed; absent while it was only planned.
    pub started_ms: Option<i64>,
    /// When somebody last said no to its plan, or a guard did before its first change; absent once
    /// it is approved.
    pub declined_ms: Option<i64>,
    /// Since when it is carried out as its stored plan was approved (`revoke --run`): no rule is
    /// added to that.
    pub frozen_ms: Option<i64>,
    /// When the closing look began that its last invocation did not finish; absent after a change.
    pub closing_ms: Option<i64>,
    /// What its last invocation was configured with, by key: JSON.
    pub settings: Option<String>,
    /// Why what is pending was not sent by its last invocation: a reason for each lane that was
    /// left alone, by [`LaneKey`], and under [`RunRecord::OTHERS`] that for all others.
    #[serde(default)]
    pub unsent: BTreeMap<String, String>,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// Time spent in all invocations, without the time that a person thought: of one that was
    /// killed, until it was last heard of.
    pub elapsed_ms: i64,
    /// The processes that worked on it, in order.
    #[serde(default)]
    pub invocations: Vec<Invocation>,
    /// What is done of it, while another process works on it.
    #[serde(default)]
    pub running: Option<Progress>,
    /// [`content_digest`](crate::model::PairSet::content_digest), hexadecimal.
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

impl RunRecord {
    /// The key of the lanes that have no reason of their own.
    pub const OTHERS: &str = "";

    /// Why what is pending in a lane was not sent by the last invocation, if that told.
    pub fn why_unsent(&self, lane: &LaneKey) -> Option<&str> {
        let own = self.unsent.get(&lane.to_string());
        own.or_else(|| self.unsent.get(Self::OTHERS)).map(String::as_str)
    }

    /// How long a process that has told no end waited for a person's answers.
    pub fn asked_ms(&self) -> i64 {
        let open = self.invocations.last().filter(|last| last.end == InvocationEnd::Open);
        open.map_or(0, |open| open.asked_ms)
    }

    /// Whether a change was allowed to leave: the question was answered or `--yes` given, and no
    /// guard refused. A plan that was declined since waits for `revoke --run`.
    pub fn is_started(&self) -> bool {
        if planted(Bug::DeclinedTakenUp) {
            return self.new.may_act || self.started_ms.is_some();
        }
        self.declined_ms.is_none() && (self.started_ms.is_some() || self.new.agreed)
    }

    /// Whether nothing of it was read: it is planned from its rows alone and was not begun.
    pub const fn is_unread(&self) -> bool {
        self.new.blind && self.started_ms.is_none()
    }

    /// Whether its stored plan is what was approved, and nothing may be added to it.
    pub const fn is_frozen(&self) -> bool {
        self.frozen_ms.is_some() || !self.new.may_act
    }
}

/// A change of a run's head; absent fields stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunUpdate {
    /// New state.
    pub state: Option<RunState>,
    /// Exit code; `Some(None)` clears it when the run goes on.
    pub exit: Option<Option<u8>>,
    /// First change allowed.
    pub started_ms: Option<i64>,
    /// Its plan was declined; `Some(None)` once it is approved.
    pub declined_ms: Option<Option<i64>>,
    /// Its stored plan is carried out as it is from now on.
    pub frozen_ms: Option<i64>,
    /// Its closing look began; `Some(None)` when something is to be changed after it.
    pub closing_ms: Option<Option<i64>>,
    /// What it is configured with now.
    pub settings: Option<String>,
    /// See [`RunRecord::unsent`].
    pub unsent: Option<BTreeMap<String, String>>,
    /// Ended.
    pub ended_ms: Option<i64>,
    /// Added to the time spent.
    pub add_elapsed_ms: i64,
    /// Added to the time that this process waited for a person's answers.
    #[serde(default)]
    pub add_asked_ms: i64,
    /// The plan's digest; `Some(None)` while it is made again.
    pub digest: Option<Option<String>>,
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

impl Lane {
    /// The numbers of its groups.
    pub const fn group_numbers(&self) -> Range<u32> {
        self.first.0..self.first.0.saturating_add(self.groups)
    }
}

/// A group of a run with its peers, sorted by peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupWork {
    /// Its number.
    pub ix: GroupIx,
    /// Its id.
    pub group: GroupId,
    /// Its peers; one entry a filter.
    pub peers: Vec<PeerEntry>,
    /// When it was last read and planned, or found missing or not ours; absent if never, or if the
    /// last reading failed.
    pub read_ms: Option<i64>,
    /// When it was last read, planned or not; absent if never, or if the last reading failed.
    pub looked_ms: Option<i64>,
    /// Whether this process made that reading: it holds the journal since.
    pub looked_now: bool,
}

/// When the last readings of a run's groups were made, of those that told something (milliseconds
/// since 1970).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadingTimes {
    /// The oldest of them.
    pub oldest_ms: i64,
    /// The newest.
    pub newest_ms: i64,
    /// The oldest of those that an earlier process made.
    pub earlier_ms: Option<i64>,
}

/// Where the history of a run ends, and what it leaves open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Last {
    /// The time of its last event.
    pub(super) at_ms: i64,
    /// Calls that are not closed.
    pub(super) open: u64,
    /// Calls that may be in flight.
    pub(super) in_flight: u64,
}
