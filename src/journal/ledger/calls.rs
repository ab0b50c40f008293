//! The calls of one lane in memory: each event is checked, then applied. What is written is made
//! here, and so is what a check expects.

use std::collections::{BTreeMap, BTreeSet};

use super::rows::{CallRow, MemberRow};
use crate::journal::{CallId, JournalError};
use crate::model::{
    Event, IllegalTransition, Outcome, RequestId, RevocationId, RuleCounts, Settled, Status,
};

/// One event of a call, to be applied.
pub(in crate::journal) struct Step<'a> {
    pub(in crate::journal) call: CallId,
    pub(in crate::journal) event: &'a Event,
    pub(in crate::journal) at_ms: i64,
    pub(in crate::journal) origin: Origin,
}

/// Which method of the journal brings an event; each may bring some kinds alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::journal) enum Origin {
    Claim,
    /// With the status of the claim.
    Conclude(Status),
    Append,
    Reclaim,
}

impl Origin {
    /// The method that brings this event to a call of this status.
    pub(in crate::journal) const fn of(event: &Event, from: Status) -> Self {
        match event {
            Event::Started { .. } => Self::Claim,
            Event::Reclaimed => Self::Reclaim,
            Event::Lapsed { .. } | Event::Verified { .. } | Event::Reopened { .. } => Self::Append,
            Event::Accepted { .. }
            | Event::Deferred { .. }
            | Event::MemberMissing { .. }
            | Event::Refused { .. }
            | Event::Ambiguous { .. } => Self::Conclude(from),
        }
    }

    fn may_bring(self, event: &Event, from: Status) -> bool {
        self == Self::of(event, from)
    }
}

/// A call with those of its members that may still change.
#[derive(Clone, Debug)]
pub(in crate::journal) struct CallState {
    pub(in crate::journal) row: CallRow,
    pub(in crate::journal) members: Vec<MemberRow>,
}

/// The end of an attempt.
#[derive(Clone, Debug)]
pub(in crate::journal) struct Ended {
    pub(in crate::journal) call: CallId,
    pub(in crate::journal) generation: u32,
    pub(in crate::journal) attempt: u32,
    pub(in crate::journal) result: &'static str,
    pub(in crate::journal) request_id: Option<RequestId>,
    pub(in crate::journal) done_ms: i64,
}

/// What one event did.
pub(in crate::journal) struct Stepped {
    /// The call's new status.
    pub(in crate::journal) status: Status,
    /// The calls that were split off it.
    pub(in crate::journal) split: Vec<CallId>,
    /// Whether members changed: those of the call and of what was split off it.
    pub(in crate::journal) moved: bool,
    /// The attempt that the event ended.
    pub(in crate::journal) ended: Option<Ended>,
}

/// Calls by number.
#[derive(Default)]
pub(in crate::journal) struct Calls(BTreeMap<CallId, CallState>);

impl Calls {
    pub(in crate::journal) fn get(&self, call: CallId) -> Option<&CallState> {
        self.0.get(&call)
    }

    /// Takes a call in as it is stored; one that is there stays as it is.
    pub(in crate::journal) fn learn(&mut self, call: CallId, state: CallState) {
        self.0.entry(call).or_insert(state);
    }

    pub(in crate::journal) fn remove(&mut self, call: CallId) -> Option<CallState> {
        self.0.remove(&call)
    }

    pub(in crate::journal) fn iter(&self) -> impl Iterator<Item = (CallId, &CallState)> {
        self.0.iter().map(|(id, state)| (*id, state))
    }

    /// Applies one event; on an error nothing is changed. `next_call` numbers split-off calls,
    /// `counts` follow the outcomes.
    pub(in crate::journal) fn apply(
        &mut self,
        step: &Step<'_>,
        next_call: &mut CallId,
        counts: &mut RuleCounts,
    ) -> Result<Stepped, JournalError> {
        let state =
            self.0.get(&step.call).cloned().ok_or_else(|| {
                JournalError::Damaged(format!("the run has no call {}", step.call.0))
            })?;
        let CallState { row, mut members } = state;
        let illegal = IllegalTransition { from: row.status, event: step.event.kind() };
        if !step.origin.may_bring(step.event, row.status) {
            return Err(illegal.into());
        }
        let (before, status) = (outcomes(&members), row.status.next(step.event)?);
        let generation = row.status.generation();
        let mut leaving = Vec::new();
        match step.event {
            Event::Verified { settled, retry } => {
                verify(&mut members, generation, (settled, retry), step.at_ms).ok_or(illegal)?;
                leaving = split(&mut members, step.call, generation, retry);
            }
            Event::Reopened { members: ids } => {
                reopen(&mut members, step.call, generation, ids).ok_or(illegal)?;
            }
            Event::Refused { code, .. } => fail(&mut members, generation, code, step.at_ms),
            _ => {}
        }
        let after = members.iter().chain(leaving.iter().flatten());
        recount(counts, &before, after);
        let split: Vec<CallId> = leaving
            .into_iter()
            .map(|members| self.add_split(&row, step.call, members, next_call))
            .collect();
        let moved = matches!(
            step.event,
            Event::Verified { .. } | Event::Reopened { .. } | Event::Refused { .. }
        );
        let ended = ended(row.status, step);
        self.0.insert(step.call, CallState { row: advanced(row, status, step), members });
        Ok(Stepped { status, split, moved, ended })
    }

    /// A call split off another keeps what its members went through: `reply_lost`, `accepted`.
    fn add_split(
        &mut self,
        row: &CallRow,
        origin: CallId,
        members: Vec<MemberRow>,
        next_call: &mut CallId,
    ) -> CallId {
        let row = CallRow {
            status: Status::NEW,
            first_sent_ms: None,
            origin: Some(origin),
            ..row.clone()
        };
        let call = *next_call;
        next_call.0 += 1;
        self.0.insert(call, CallState { row, members });
        call
    }
}

fn outcomes(members: &[MemberRow]) -> BTreeMap<RevocationId, Outcome> {
    members.iter().map(|member| (member.id, member.outcome)).collect()
}

fn recount<'m>(
    counts: &mut RuleCounts,
    before: &BTreeMap<RevocationId, Outcome>,
    after: impl Iterator<Item = &'m MemberRow>,
) {
    for member in after {
        if let Some(was) = before.get(&member.id) {
            counts.change(*was, member.outcome);
        }
    }
}

fn ended(from: Status, step: &Step<'_>) -> Option<Ended> {
    let Status::InFlight { generation, attempt } = from else { return None };
    Some(Ended {
        call: step.call,
        generation,
        attempt,
        result: step.event.kind().as_str(),
        request_id: request_id(step.event).cloned(),
        done_ms: step.at_ms,
    })
}

fn fail(members: &mut [MemberRow], generation: u32, code: &str, at_ms: i64) {
    for member in members.iter_mut().filter(|member| member.outcome == Outcome::Pending) {
        let failed = Settled {
            id: member.id,
            outcome: Outcome::Failed,
            reply_lost: false,
            reason: Some(code.to_owned()),
        };
        member.settle(generation, failed, at_ms);
    }
}

/// `None` unless every member is named and may be reopened.
fn reopen(
    members: &mut [MemberRow],
    call: CallId,
    generation: u32,
    ids: &[RevocationId],
) -> Option<()> {
    let wanted: BTreeSet<RevocationId> = ids.iter().copied().collect();
    let open = members.iter().filter(|member| !member.outcome.is_settled());
    let known: BTreeSet<RevocationId> = open.map(|member| member.id).collect();
    if ids.is_empty() || !wanted.is_subset(&known) {
        return None;
    }
    for member in members.iter_mut().filter(|member| wanted.contains(&member.id)) {
        member.reopen(call, generation);
    }
    Some(())
}

/// `None` unless every pending member is named exactly once, and nothing else is.
fn verify(
    members: &mut [MemberRow],
    generation: u32,
    (settled, retry): (&[Settled], &[Vec<RevocationId>]),
    at_ms: i64,
) -> Option<()> {
    if !names_each_once(members, settled, retry) {
        return None;
    }
    for verdict in settled {
        let member = members.iter_mut().find(|member| member.id == verdict.id)?;
        member.settle(generation, verdict.clone(), at_ms);
    }
    Some(())
}

/// Takes the members of every list but the first out: each list becomes a call of its own.
fn split(
    members: &mut Vec<MemberRow>,
    call: CallId,
    generation: u32,
    retry: &[Vec<RevocationId>],
) -> Vec<Vec<MemberRow>> {
    let take = |list: &Vec<RevocationId>| {
        let mut leaving: Vec<MemberRow> =
            members.extract_if(.., |member| list.contains(&member.id)).collect();
        for member in &mut leaving {
            member.move_from(call, generation);
        }
        leaving
    };
    retry.iter().skip(1).map(take).collect()
}

fn names_each_once(
    members: &[MemberRow],
    settled: &[Settled],
    retry: &[Vec<RevocationId>],
) -> bool {
    let mut named: Vec<RevocationId> =
        settled.iter().map(|verdict| verdict.id).chain(retry.iter().flatten().copied()).collect();
    named.sort_unstable();
    let pending = members.iter().filter(|member| member.outcome == Outcome::Pending);
    retry.iter().all(|list| !list.is_empty())
        && settled.iter().all(|verdict| verdict.outcome != Outcome::Pending)
        && pending.map(|member| member.id).eq(named)
}

fn advanced(mut row: CallRow, status: Status, step: &Step<'_>) -> CallRow {
    match (step.event, status) {
        (Event::Started { .. }, Status::InFlight { attempt: 1, .. }) => {
            row.first_sent_ms = Some(step.at_ms);
        }
        (Event::Accepted { .. }, _) => row.accepted = true,
        (Event::Ambiguous { .. } | Event::Reclaimed, _) => row.reply_lost = true,
        (_, Status::Pending { .. }) => row.first_sent_ms = None,
        _ => {}
    }
    row.status = status;
    row
}

fn request_id(event: &Event) -> Option<&RequestId> {
    match event {
        Event::Accepted { request_id, .. }
        | Event::Deferred { request_id, .. }
        | Event::MemberMissing { request_id, .. }
        | Event::Refused { request_id, .. }
        | Event::Ambiguous { request_id, .. } => request_id.as_ref(),
        Event::Started { .. }
        | Event::Reclaimed
        | Event::Lapsed { .. }
        | Event::Verified { .. }
        | Event::Reopened { .. } => None,
    }
}
