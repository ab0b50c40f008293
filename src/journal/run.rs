//! A run, and what it is about: lanes and groups with their peers.

use serde::{Deserialize, Serialize};

use crate::model::{CallForm, GroupId, GroupIx, LaneKey, RuleCounts, RunId, Source};

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
    /// Of the embedded clouds (`--sandbox`): never carried out against real ones.
    #[serde(default)]
    pub sandbox: bool,
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
    /// Index into [`filters`](super::Journal::filters).
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
    /// When it was last read and planned, or found missing or not ours; absent if never, or if the
    /// last reading failed.
    pub read_ms: Option<i64>,
}
