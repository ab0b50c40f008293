//! A lane as its one writer knows it: each command is checked against it, applied to it, and told
//! as a [`Commit`].

use std::collections::BTreeMap;

use serde::Serialize;

use super::calls::{CallState, Calls, Step, Stepped};
use super::chain::canonical;
use super::columns::attempt;
use super::commit::Commit;
use super::head::LaneHead;
use super::planning::{self, Planned, PlannedBefore};
use super::reading::ReadingRow;
use crate::journal::{CallId, JournalError, Lane, OpenCounts, Tally};
use crate::model::{Digest, Event, Status};

/// What is known of a lane that is held.
pub(in crate::journal) struct LaneState {
    run_no: i64,
    epoch: u64,
    lane: u32,
    groups: std::ops::Range<u32>,
    head: LaneHead,
    /// Calls that are open and were looked at, and closed ones that are to be reopened.
    calls: Calls,
    /// Why nothing more can be written: a commit was refused, and what is known here is not true.
    lost: Option<JournalError>,
}

impl LaneState {
    pub(in crate::journal) fn new(run_no: i64, epoch: u64, lane: &Lane, head: LaneHead) -> Self {
        let groups = lane.group_numbers();
        Self { run_no, epoch, lane: lane.ix, groups, head, calls: Calls::default(), lost: None }
    }

    /// Whether what is stored of a call is known.
    pub(in crate::journal) fn knows(&self, call: CallId) -> bool {
        self.calls.get(call).is_some()
    }

    /// Takes in what is stored of calls.
    pub(in crate::journal) fn learn(
        &mut self,
        calls: impl IntoIterator<Item = (CallId, CallState)>,
    ) {
        for (id, state) in calls {
            self.calls.learn(id, state);
        }
    }

    /// Whether any group of the lane was ever planned with a call.
    fn has_orders(&self) -> bool {
        self.head.next_call.0 & u64::from(u32::MAX) > 1
    }

    /// Whether groups that are planned may have been planned before: of those that are planned from
    /// their rows alone none is planned twice.
    pub(in crate::journal) fn may_plan_again(&self) -> bool {
        self.has_orders() && self.head.unstored.is_none()
    }

    /// Where the lane ends.
    pub(in crate::journal) const fn head(&self) -> &LaneHead {
        &self.head
    }

    /// A commit was refused: what is known of the lane is not what is stored.
    pub(in crate::journal) fn lose(&mut self, why: &JournalError) {
        self.lost.get_or_insert_with(|| why.again());
    }

    /// Applies an event of a call; on an error nothing is changed.
    pub(in crate::journal) fn step(
        &mut self,
        step: &Step<'_>,
    ) -> Result<(Commit, Status, Vec<CallId>), JournalError> {
        let mut commit = self.draft()?;
        let (status, split) = self.add_step(&mut commit, step)?;
        Ok((self.done(commit), status, split))
    }

    /// Applies an event to each of these calls, which all are known.
    pub(in crate::journal) fn steps(&mut self, steps: &[Step<'_>]) -> Result<Commit, JournalError> {
        let mut commit = self.draft()?;
        for step in steps {
            self.add_step(&mut commit, step)?;
        }
        Ok(self.done(commit))
    }

    /// Stores readings, and the plans made from them. `before` is what is stored of the orders of
    /// the groups that are planned; those that it does not name have none.
    pub(in crate::journal) fn record(
        &mut self,
        readings: Vec<ReadingRow>,
        plans: Vec<Planned>,
        before: &BTreeMap<u32, PlannedBefore>,
        at_ms: i64,
    ) -> Result<Commit, JournalError> {
        let groups =
            readings.iter().map(|row| row.group).chain(plans.iter().map(|plan| plan.group));
        for group in groups {
            if !self.groups.contains(&group) {
                let lane = self.lane;
                let told = format!("the run has no group {group} in lane {lane}");
                return Err(JournalError::Damaged(told));
            }
        }
        let mut commit = self.draft()?;
        for mut row in readings {
            let body = std::mem::take(&mut row.body);
            commit.record(row.at_ms, "read", None, body);
            commit.readings.push(row);
        }
        let nothing = PlannedBefore::default();
        for plan in plans {
            let before = before.get(&plan.group).unwrap_or(&nothing);
            for call in planning::add(&mut commit, plan, before, (self.groups.end, at_ms))? {
                self.calls.remove(call);
            }
        }
        Ok(self.done(commit))
    }

    /// Stores that every group of the lane is planned from its rows alone, and what that comes to.
    pub(in crate::journal) fn record_by_rows(
        &mut self,
        counts: OpenCounts,
        digest: Digest,
        at_ms: i64,
    ) -> Result<Commit, JournalError> {
        let mut commit = self.draft()?;
        if self.has_orders() || self.head.unstored.is_some() {
            let told = format!("lane {} is planned from its rows once more", self.lane);
            return Err(JournalError::Damaged(told));
        }
        let body = ByRows { counts, digest: digest.to_string() };
        commit.record(at_ms, "planned_by_rows", None, canonical(&body)?);
        commit.head.plan_by_rows(self.groups.start, counts, digest);
        Ok(self.done(commit))
    }

    /// Stores the digest of the lane's plan, which is complete.
    pub(in crate::journal) fn complete_plan(
        &mut self,
        digest: Digest,
        at_ms: i64,
    ) -> Result<Commit, JournalError> {
        let mut commit = self.draft()?;
        let body = canonical(&serde_json::json!({ "digest": digest.to_string() }))?;
        commit.record(at_ms, "plan_complete", None, body);
        commit.head.digest = Some(digest);
        Ok(self.done(commit))
    }

    /// Adds to the counts of exchanges.
    pub(in crate::journal) fn tally(
        &mut self,
        tallies: &[Tally],
    ) -> Result<Option<Commit>, JournalError> {
        let Some(last_ms) = tallies.iter().map(|tally| tally.last_ms).max() else {
            return Ok(None);
        };
        let mut commit = self.draft()?;
        let body = canonical(&serde_json::json!({ "tallies": tallies }))?;
        commit.record(last_ms, "tallied", None, body);
        commit.tallies = tallies.to_vec();
        Ok(Some(self.done(commit)))
    }

    fn draft(&self) -> Result<Commit, JournalError> {
        match &self.lost {
            Some(why) => Err(why.again()),
            None => Ok(Commit::after(self.run_no, self.lane, self.epoch, self.head.clone())),
        }
    }

    fn done(&mut self, commit: Commit) -> Commit {
        self.head = commit.head.clone();
        commit
    }

    fn add_step(
        &mut self,
        commit: &mut Commit,
        step: &Step<'_>,
    ) -> Result<(Status, Vec<CallId>), JournalError> {
        let head = &mut commit.head;
        let stepped = self.calls.apply(step, &mut head.next_call, &mut head.counts)?;
        head.learn_identity(step.event);
        let Stepped { status, split, moved, ended } = stepped;
        commit.begun.extend(attempt(step, status));
        commit.ended.extend(ended);
        for id in split.iter().chain([&step.call]) {
            let Some(call) = self.calls.get(*id) else { continue };
            commit.calls.push((*id, call.row.clone()));
            if moved {
                commit.members.extend(call.members.iter().map(|member| (*id, member.clone())));
            }
        }
        let body = body(step.event, &split)?;
        commit.record(step.at_ms, step.event.kind().as_str(), Some(step.call), body);
        if status.is_closed() {
            self.calls.remove(step.call);
        }
        Ok((status, split))
    }
}

/// What a history row of kind `planned_by_rows` says.
#[derive(Serialize)]
struct ByRows {
    #[serde(flatten)]
    counts: OpenCounts,
    digest: String,
}

/// What a history row of an event says: the event, and the calls that were split off.
fn body(event: &Event, split: &[CallId]) -> Result<String, JournalError> {
    let no_form = |error| JournalError::Damaged(format!("an event has no JSON form: {error}"));
    if split.is_empty() {
        return serde_json::to_string(event).map_err(no_form);
    }
    let mut body = serde_json::to_value(event).map_err(no_form)?;
    body["split"] = split.iter().map(|call| call.0).collect();
    serde_json::to_string(&body).map_err(no_form)
}
