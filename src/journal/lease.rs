//! The right to write: of a lane, and of a run's head.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::ledger::{LaneHead, LaneState};
use super::{CallId, Lane, Unstored};
use crate::model::{Digest, GroupIx, RunId};

/// The right to write a run's head, given by [`lead`](super::Journal::lead). Not `Clone`: a run has
/// one lead.
#[derive(Debug)]
pub struct Lead {
    run: RunId,
    pub(super) run_no: i64,
    pub(super) epoch: u64,
}

impl Lead {
    /// For stores alone.
    pub(super) const fn new(run: RunId, run_no: i64, epoch: u64) -> Self {
        Self { run, run_no, epoch }
    }

    /// The run that it leads.
    pub const fn run(&self) -> &RunId {
        &self.run
    }
}

/// The right to write one lane of a run, given by [`lease`](super::Journal::lease), with what its
/// holder knows of the lane. Not `Clone`: a lane has one writer.
pub struct Held {
    /// The lane.
    pub lane: Lane,
    run: RunId,
    pub(super) epoch: u64,
    state: Mutex<LaneState>,
}

impl Held {
    /// For stores alone: a lane that ends with `head`.
    pub(super) fn new(lead: &Lead, lane: Lane, head: LaneHead) -> Self {
        let state = Mutex::new(LaneState::new(lead.run_no, lead.epoch, &lane, head));
        let run = lead.run.clone();
        Self { lane, run, epoch: lead.epoch, state }
    }

    /// The run that the lane is of.
    pub const fn run(&self) -> &RunId {
        &self.run
    }

    /// What is planned from the rows alone and not stored as orders yet.
    pub fn unstored(&self) -> Option<Unstored> {
        self.state().head().unstored
    }

    /// The digest of the lane's plan, once that is complete.
    pub fn plan_digest(&self) -> Option<Digest> {
        self.state().head().digest
    }

    pub(super) fn state(&self) -> MutexGuard<'_, LaneState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Held {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Held")
            .field("run", &self.run)
            .field("lane", &self.lane)
            .finish_non_exhaustive()
    }
}

/// What a process may write of a run: its head, and lanes of it in their order.
#[derive(Debug)]
pub struct Leases {
    /// The right to write the head.
    pub lead: Lead,
    /// The rights to write lanes.
    pub lanes: Vec<Held>,
}

impl Leases {
    /// The lane that a group is in, if it is held.
    pub fn of_group(&self, group: GroupIx) -> Option<&Held> {
        let after = self.lanes.partition_point(|held| held.lane.first <= group);
        self.lanes[..after].last().filter(|held| held.lane.group_numbers().contains(&group.0))
    }

    /// The lane that a call is in, if it is held.
    pub fn of_call(&self, call: CallId) -> Option<&Held> {
        let at = self.lanes.binary_search_by_key(&call.lane(), |held| held.lane.ix);
        at.ok().map(|at| &self.lanes[at])
    }
}
