//! Calls in memory: each event is checked, then applied. What is written is made here, and so is
//! what a check expects. No I/O.

mod rows;

use std::collections::{BTreeMap, BTreeSet};

use crate::journal::{CallId, JournalError};
use crate::model::{
    Event, IllegalTransition, Outcome, RequestId, RevocationId, RunId, Settled, Status,
};

pub(in crate::journal) use rows::{CallRow, MemberRow, Stay};

/// A call's number with that of its run.
pub(in crate::journal) type Key = (i64, u64);

/// One event to store.
pub(in crate::journal) struct Step {
    pub(in crate::journal) run: RunId,
    pub(in crate::journal) run_no: i64,
    pub(in crate::journal) call: CallId,
    pub(in crate::journal) event: Event,
    pub(in crate::journal) at_ms: i64,
    pub(in crate::journal) by: By,
}

/// Which method of the journal brings an event; each may bring some kinds alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::journal) enum By {
    Claim,
    /// With the status of the claim.
    Conclude(Status),
    Append,
    Reclaim,
}

impl By {
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

/// The end of an attempt: call, generation, number, event, request id, time.
pub(in crate::journal) type Ended = (i64, u64, u32, u32, &'static str, Option<RequestId>, i64);

/// What a batch works on and what it changed.
#[derive(Default)]
pub(in crate::journal) struct Desk {
    pub(in crate::journal) calls: BTreeMap<Key, CallRow>,
    pub(in crate::journal) members: BTreeMap<Key, Vec<MemberRow>>,
    /// Calls to be saved.
    pub(in crate::journal) changed: BTreeSet<Key>,
    /// Calls whose members are to be saved.
    pub(in crate::journal) moved: BTreeSet<Key>,
    pub(in crate::journal) ended: Vec<Ended>,
}

impl Desk {
    /// Applies one event; on an error nothing is changed. `next_call` numbers split-off calls.
    pub(in crate::journal) fn apply(
        &mut self,
        step: &Step,
        next_call: &mut u64,
    ) -> Result<(Status, Vec<CallId>), JournalError> {
        let key = (step.run_no, step.call.0);
        let row = self.calls.get(&key).cloned().ok_or_else(|| {
            JournalError::Damaged(format!("run {} has no call {}", step.run, step.call.0))
        })?;
        let illegal = IllegalTransition { from: row.status, event: step.event.kind() };
        if !step.by.may_bring(&step.event, row.status) {
            return Err(illegal.into());
        }
        let status = row.status.next(&step.event)?;
        let split = match &step.event {
            Event::Verified { settled, retry } => {
                self.verify(key, &row, (settled, retry), step.at_ms, next_call).ok_or(illegal)?
            }
            Event::Reopened { members } => {
                self.reopen(key, row.status.generation(), members).ok_or(illegal)?;
                Vec::new()
            }
            Event::Refused { code, .. } => {
                self.fail(key, row.status.generation(), code, step.at_ms);
                Vec::new()
            }
            _ => Vec::new(),
        };
        self.end_attempt(key, row.status, step);
        self.calls.insert(key, advanced(row, status, step));
        self.changed.insert(key);
        Ok((status, split))
    }

    fn end_attempt(&mut self, (run_no, call): Key, from: Status, step: &Step) {
        if let Status::InFlight { generation, attempt } = from {
            let kind = step.event.kind().as_str();
            let id = request_id(&step.event).cloned();
            self.ended.push((run_no, call, generation, attempt, kind, id, step.at_ms));
        }
    }

    fn fail(&mut self, key: Key, generation: u32, code: &str, at_ms: i64) {
        let members = self.members.entry(key).or_default();
        for member in members.iter_mut().filter(|member| member.outcome == Outcome::Pending) {
            let failed = Settled {
                id: member.id,
                outcome: Outcome::Failed,
                reply_lost: false,
                reason: Some(code.to_owned()),
            };
            member.settle(generation, failed, at_ms);
        }
        self.moved.insert(key);
    }

    /// `None` unless every member is named and may be reopened.
    fn reopen(&mut self, key: Key, generation: u32, ids: &[RevocationId]) -> Option<()> {
        let members = self.members.entry(key).or_default();
        let wanted: BTreeSet<RevocationId> = ids.iter().copied().collect();
        let open = members.iter().filter(|member| !member.outcome.is_settled());
        let known: BTreeSet<RevocationId> = open.map(|member| member.id).collect();
        if ids.is_empty() || !wanted.is_subset(&known) {
            return None;
        }
        for member in members.iter_mut().filter(|member| wanted.contains(&member.id)) {
            member.reopen(key.1, generation);
        }
        self.moved.insert(key);
        Some(())
    }

    /// `None` unless every pending member is named exactly once, and nothing else is.
    fn verify(
        &mut self,
        key: Key,
        row: &CallRow,
        (settled, retry): (&[Settled], &[Vec<RevocationId>]),
        at_ms: i64,
        next_call: &mut u64,
    ) -> Option<Vec<CallId>> {
        let generation = row.status.generation();
        let mut members = self.members.get(&key).cloned().unwrap_or_default();
        if !names_each_once(&members, settled, retry) {
            return None;
        }
        for verdict in settled {
            let member = members.iter_mut().find(|member| member.id == verdict.id)?;
            member.settle(generation, verdict.clone(), at_ms);
        }
        let mut split = Vec::new();
        for list in retry.iter().skip(1) {
            let (mut leaving, staying): (Vec<_>, Vec<_>) =
                members.into_iter().partition(|member| list.contains(&member.id));
            members = staying;
            for member in &mut leaving {
                member.move_from(key.1, generation);
            }
            let call = CallId(*next_call);
            *next_call += 1;
            self.add_split((key.0, call.0), row, key.1, leaving);
            split.push(call);
        }
        self.members.insert(key, members);
        self.moved.insert(key);
        Some(split)
    }

    /// A call split off another keeps what its members went through: `reply_lost`, `accepted`.
    fn add_split(&mut self, key: Key, row: &CallRow, origin: u64, members: Vec<MemberRow>) {
        let call = CallRow {
            status: Status::NEW,
            first_sent_ms: None,
            origin: Some(origin),
            ..row.clone()
        };
        self.calls.insert(key, call);
        self.members.insert(key, members);
        self.changed.insert(key);
        self.moved.insert(key);
    }
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

fn advanced(mut row: CallRow, status: Status, step: &Step) -> CallRow {
    match (&step.event, status) {
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
