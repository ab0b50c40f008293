//! Layer 0: the nouns. No I/O, no async, no clock, no randomness.

mod bad_value;
mod estimate;
mod event;
mod fault;
mod fields;
mod id;
mod pair;
mod pair_outcome;
mod pairs;
mod partition;
mod peer;
mod plan;
mod protocol;
mod provider;
mod report;
mod row_text;
mod rule;
mod status;
mod text;
mod word;

pub use bad_value::BadValue;
pub use estimate::{Estimate, LaneEstimate, LaneWork};
pub use event::{Event, EventKind, Outcome, Settled};
pub use fault::ErrorClass;
pub use fields::Fields;
pub use id::{
    AccountId, ClientToken, GroupId, Identity, LaneKey, RegionId, RequestId, RuleId, RunId,
};
pub use pair::{Filter, Fit, GroupRef, PeerEntry, Scope, Side};
pub use pair_outcome::{PairOutcome, SideState, judge_pair};
pub use pairs::{BothEnds, Draft, Groups, LaneIds, PairSet, Row, Rows, Source};
pub use partition::Partition;
pub use peer::Peer;
pub use plan::{CallForm, Digest, Finding, GroupIx, Hasher, PlannedCall, Revocation, RevocationId};
pub use protocol::Protocol;
pub use provider::{
    AccountIdForm, Batch, GroupIdForm, PerCloud, Provider, ProviderFacts, UnknownProvider,
};
pub use report::{PairCounts, RuleCounts};
pub use row_text::{RowText, TextColumn};
pub use rule::{Direction, NicType, Policy, PortRange, Rule, Snapshot};
pub use status::{IllegalTransition, Status};
pub use text::{clock, escape_control, hex, is_hostile, quote, thousands, unhex};
