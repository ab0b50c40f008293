//! The end of a run whose journal failed: what had been sent is told, for the journal cannot.

use serde::Serialize;

use super::active_call::ActiveCall;
use crate::journal::{CallId, JournalError, Lane};
use crate::model::{ClientToken, Direction, Event, GroupId, LaneKey, RuleId, RunId};

/// A send whose intent is in the journal and whose answer is not. It serializes as one line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unrecorded {
    /// The run.
    pub run: RunId,
    /// The call.
    pub call: CallId,
    /// Its lane.
    #[serde(flatten)]
    pub lane: LaneKey,
    /// The group.
    pub group: GroupId,
    /// The direction.
    pub direction: Direction,
    /// The rules that were to be removed.
    pub rules: Vec<RuleId>,
    /// The client token, where the provider takes one.
    pub token: Option<ClientToken>,
    /// What came of the send.
    #[serde(flatten)]
    pub event: Event,
}

impl Unrecorded {
    pub(super) fn new(
        run: &RunId,
        lane: &Lane,
        call: &ActiveCall,
        token: Option<ClientToken>,
        event: Event,
    ) -> Self {
        let record = &call.record;
        Self {
            run: run.clone(),
            call: record.id,
            lane: lane.key.clone(),
            group: record.group_id.clone(),
            direction: record.direction,
            rules: record.members.iter().map(|(_, member)| member.rule.id.clone()).collect(),
            token,
            event,
        }
    }
}

/// A run that the journal could not follow. Nothing is in flight any more, and nothing was sent
/// after the error.
#[derive(Debug, thiserror::Error)]
#[error("{journal}")]
pub struct RunError {
    /// The first refusal of the journal.
    #[source]
    pub journal: JournalError,
    /// Every send whose answer came and could not be journalled.
    pub unrecorded: Vec<Unrecorded>,
}

impl From<JournalError> for RunError {
    fn from(journal: JournalError) -> Self {
        Self { journal, unrecorded: Vec::new() }
    }
}

impl RunError {
    /// Adds a later error to the first one.
    pub(super) fn join(trouble: &mut Option<Self>, later: Self) {
        match trouble {
            Some(first) => first.unrecorded.extend(later.unrecorded),
            None => *trouble = Some(later),
        }
    }
}
