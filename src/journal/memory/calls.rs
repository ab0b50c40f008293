//! Calls with the members that they are about, and revocations with their sends.

use std::collections::BTreeMap;
use std::ops::Range;

use super::state::Run;
use crate::journal::ledger::{CallRow, CallState, MemberRow, PlannedBefore, RevocationRow, Stay};
use crate::journal::{
    CallId, CallRecord, GroupOrders, JournalError, Lane, OpenCounts, Reopenable, RevocationRecord,
};
use crate::model::{
    ClientToken, Direction, GroupIx, Outcome, RequestId, Revocation, RevocationId, Rule, Status,
};

impl Run {
    /// The open calls of a lane from `from` on, with their pending members.
    pub(super) fn open_calls(
        &self,
        lane: &Lane,
        from: CallId,
        limit: u32,
    ) -> Result<Vec<(CallRecord, CallState)>, JournalError> {
        let calls = self.open(lane).filter(|(id, _)| *id >= from).take(limit as usize);
        let told = calls.map(|(id, row)| {
            let members = self.members_of(id, |outcome| outcome == Outcome::Pending).cloned();
            Ok((self.call(id)?, CallState { row: row.clone(), members: members.collect() }))
        });
        told.collect()
    }

    fn open(&self, lane: &Lane) -> impl Iterator<Item = (CallId, &CallRow)> {
        let (ix, groups) = (lane.ix, lane.first.0..lane.first.0.saturating_add(lane.groups));
        let all = self.calls.iter().map(|(id, (row, _))| (*id, row));
        all.filter(move |(id, row)| {
            id.lane() == ix && groups.contains(&row.group) && !row.status.is_closed()
        })
    }

    pub(super) fn open_counts(&self, lane: &Lane) -> OpenCounts {
        let mut counts = OpenCounts::default();
        let mut groups = std::collections::BTreeSet::new();
        for (id, row) in self.open(lane) {
            match row.direction {
                Direction::Ingress => counts.ingress += 1,
                Direction::Egress => counts.egress += 1,
            }
            groups.insert(row.group);
            let pending = self.members_of(id, |outcome| outcome == Outcome::Pending);
            counts.rules += pending.count() as u64;
        }
        let counts = OpenCounts { groups: groups.len() as u64, ..counts };
        let unstored = self.lanes[lane.ix as usize].head.unstored;
        unstored.map_or(counts, |unstored| counts.plus(unstored.counts))
    }

    /// One call: while it is open with its pending members, then with those that are not settled.
    pub(super) fn call(&self, id: CallId) -> Result<CallRecord, JournalError> {
        let (row, _) = self.calls.get(&id).ok_or_else(|| missing("call", id.0))?;
        let group = GroupIx(row.group);
        let is_closed = row.status.is_closed();
        let is_told =
            |outcome| outcome == Outcome::Pending || is_closed && !Outcome::is_settled(outcome);
        let members = self.members_of(id, is_told);
        let members = members.map(|member| Ok((member.id, self.revocation(member.id)?)));
        Ok(CallRecord {
            id,
            group,
            group_id: self.pairs.groups.id(group).into(),
            direction: row.direction,
            form: row.form,
            status: row.status,
            first_sent_ms: row.first_sent_ms,
            reply_lost: row.reply_lost,
            accepted: row.accepted,
            looked_ms: self.groups[row.group as usize].looked_ms(),
            members: members.collect::<Result<_, JournalError>>()?,
        })
    }

    /// What is stored of calls of a lane, with the members that may change.
    pub(super) fn stored(&self, lane: u32, calls: &[CallId]) -> Vec<(CallId, CallState)> {
        let found = calls.iter().filter(|id| id.lane() == lane).filter_map(|id| {
            let (row, _) = self.calls.get(id)?;
            let members = self.members_of(*id, |outcome| !outcome.is_settled()).cloned();
            Some((*id, CallState { row: row.clone(), members: members.collect() }))
        });
        found.collect()
    }

    /// Calls of a lane after `after` that a process before `epoch` left in flight.
    pub(super) fn left_in_flight(
        &self,
        lane: u32,
        (after, epoch): (CallId, u64),
    ) -> impl Iterator<Item = CallId> {
        let is_left = move |id: CallId, row: &CallRow, by: u64| {
            let in_flight = matches!(row.status, Status::InFlight { .. });
            id > after && id.lane() == lane && in_flight && by < epoch
        };
        let calls = self.calls.iter();
        calls.filter(move |(id, (row, by))| is_left(**id, row, *by)).map(|(id, _)| *id)
    }

    /// What is stored of the orders of these groups.
    pub(super) fn planned_before(
        &self,
        groups: &[u32],
    ) -> Result<BTreeMap<u32, PlannedBefore>, JournalError> {
        let mut all = BTreeMap::<u32, PlannedBefore>::new();
        for (id, (row, _)) in self.calls.iter().filter(|(_, (row, _))| groups.contains(&row.group))
        {
            let before = all.entry(row.group).or_default();
            if row.status == Status::NEW && row.origin.is_none() {
                before.unsent.push((*id, self.members_of(*id, |_| true).count() as u64));
                continue;
            }
            for member in self.members_of(*id, |outcome| !outcome.is_settled()) {
                let rule = self.revocation(member.id)?.rule.id.to_string();
                before.ordered.extend(Some(rule).filter(|rule| !rule.is_empty()));
            }
        }
        Ok(all)
    }

    /// Closed calls that have members whose outcome is not settled.
    pub(super) fn reopenable(&self) -> Vec<Reopenable> {
        let closed = self.calls.iter().filter(|(_, (row, _))| row.status.is_closed());
        let told = closed.map(|(id, (row, _))| Reopenable {
            call: *id,
            group: GroupIx(row.group),
            direction: row.direction,
            members: self
                .members_of(*id, |outcome| !outcome.is_settled())
                .map(|it| it.id)
                .collect(),
        });
        told.filter(|one| !one.members.is_empty()).collect()
    }

    fn revocation(&self, id: RevocationId) -> Result<Revocation, JournalError> {
        let row = self.revocations.get(&id).ok_or_else(|| missing("revocation", id.0))?;
        let damaged = |error: serde_json::Error| JournalError::Damaged(error.to_string());
        let rule: Rule = serde_json::from_str(&row.rule).map_err(damaged)?;
        let fields = serde_json::from_str(&row.fields).map_err(damaged)?;
        let (group, peer) = (GroupIx(row.group), GroupIx(row.peer));
        Ok(Revocation { group, peer, line: row.line, rule: Rule { fields, ..rule } })
    }

    /// Revocations after `after`, by group and then by number.
    pub(super) fn told_revocations(
        &self,
        lane: &Lane,
        after: Option<RevocationId>,
        limit: u32,
    ) -> Result<Vec<RevocationRecord>, JournalError> {
        let groups = lane.group_numbers();
        let key = |row: &RevocationRow| (row.group, row.id);
        let after = after.and_then(|id| self.revocations.get(&id)).map(key);
        let mut keys: Vec<_> =
            self.revocations.values().filter(|row| groups.contains(&row.group)).map(key).collect();
        keys.sort_unstable();
        let next = keys.into_iter().filter(|key| Some(*key) > after).take(limit as usize);
        next.map(|(_, id)| self.told_revocation(id)).collect()
    }

    fn told_revocation(&self, id: RevocationId) -> Result<RevocationRecord, JournalError> {
        let revocation = self.revocation(id)?;
        let (call, member) = self.members.get(&id).ok_or_else(|| missing("member", id.0))?;
        let sends: Vec<_> = stays(*call, member)
            .flat_map(|Stay(call, since, until)| {
                let of_call = self.attempts.range((call, 0, 0)..=(call, u32::MAX, u32::MAX));
                of_call.filter(move |((_, generation, _), _)| (since..=until).contains(generation))
            })
            .map(|(_, (begun, ended))| (begun, ended.as_ref()))
            .collect();
        let requests = sends.iter().filter_map(|(_, ended)| ended.as_ref()?.request_id.clone());
        let request_ids: Vec<RequestId> = requests.collect();
        let tokens = sends.iter().filter_map(|(begun, _)| begun.token.as_ref());
        let mut tokens: Vec<ClientToken> = tokens.map(ClientToken::new).collect();
        tokens.dedup();
        Ok(RevocationRecord {
            id,
            call: Some(*call),
            group: self.pairs.group(revocation.group),
            peer: self.pairs.group(revocation.peer),
            note: self.pairs.notes.get(&revocation.line).cloned().unwrap_or_default(),
            outcome: member.outcome,
            reply_lost: member.reply_lost,
            reason: member.reason.clone(),
            attempts: u32::try_from(sends.len()).unwrap_or(u32::MAX),
            request_ids,
            tokens,
            first_sent_ms: sends.first().map(|(begun, _)| begun.sent_ms),
            settled_ms: member.settled_ms,
            revocation,
        })
    }

    pub(super) fn orders(&self, groups: Range<u32>) -> Vec<GroupOrders> {
        let mut texts = BTreeMap::<u32, Vec<String>>::new();
        for row in self.revocations.values().filter(|row| groups.contains(&row.group)) {
            texts.entry(row.group).or_default().push(format!("{} {}", row.peer, row.rule));
        }
        let told = texts.into_iter();
        told.map(|(group, lines)| GroupOrders::new(GroupIx(group), lines.join("\n"))).collect()
    }
}

/// The generations of calls during which a revocation was a member, in order.
fn stays(call: CallId, member: &MemberRow) -> impl Iterator<Item = Stay> {
    let last = Stay(call, member.since, member.until.unwrap_or(u32::MAX));
    member.past.iter().copied().chain([last])
}

fn missing(what: &str, number: u64) -> JournalError {
    JournalError::Damaged(format!("the run has no {what} {number}"))
}
