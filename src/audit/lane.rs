//! One lane of an audit: its groups in order, a batch at a time.

use std::collections::{HashMap, HashSet};

use super::observe::{Observation, Observer, Peers};
use super::{Audit, AuditEnd, GroupRead, Planning, read_groups};
use crate::exchange::{Account, AccountError, ReadError};
use crate::failpoint::hit;
use crate::journal::{GroupReading, GroupWork, JournalError, Lane, Reading};
use crate::model::{GroupIx, Rule, RuleId};

/// How a lane came out.
pub(super) enum LaneEnd<'a> {
    Done(AuditEnd),
    /// The account is not ours: its groups are read from our side, once ours are read.
    NotOurs(&'a Lane),
}

/// Reads the groups of one lane.
pub(super) async fn read_lane<'a>(
    audit: &Audit<'_>,
    observer: &Observer<'_>,
    lane: &'a Lane,
) -> Result<LaneEnd<'a>, JournalError> {
    let account = match audit.exchange.account(&lane.key).await {
        Ok(account) => account,
        Err(AccountError::NotOurs) => return Ok(LaneEnd::NotOurs(lane)),
        Err(AccountError::Stopped) => {
            return Ok(LaneEnd::Done(AuditEnd { interrupted: true, ..AuditEnd::default() }));
        }
        Err(error) => return Ok(LaneEnd::Done(unreachable_lane(audit, lane, &error).await?)),
    };
    let mut end = AuditEnd { reached: 1, ..AuditEnd::default() };
    let batch = u32::try_from(account.client.batch().groups).unwrap_or(1).max(1);
    let mut pages = Pages::of(lane, batch);
    while let Some(work) = pages.next(audit).await? {
        let due: Vec<GroupWork> = work
            .into_iter()
            .filter(|group| !group.read_ms.is_some_and(|at| audit.is_fresh(at)))
            .collect();
        if due.is_empty() {
            continue;
        }
        let ids: Vec<_> = due.iter().map(|group| group.group.clone()).collect();
        match read_groups(audit.exchange, &lane.key, &account, &ids).await {
            Ok(reads) => {
                take(audit, observer, &account, &due, reads, &mut end).await?;
                audit.exchange.progress.advance(due.len() as u64);
            }
            Err(ReadError::Stopped) => {
                end.interrupted = true;
                break;
            }
            // `read_groups` turns every other failure into a reading.
            Err(ReadError::Cloud(error)) => {
                end.unreachable.push((lane.key.clone(), error.to_string()));
                break;
            }
        }
    }
    Ok(LaneEnd::Done(end))
}

/// Journals readings together with the plans made from them.
async fn take(
    audit: &Audit<'_>,
    observer: &Observer<'_>,
    account: &Account,
    due: &[GroupWork],
    reads: Vec<GroupRead>,
    end: &mut AuditEnd,
) -> Result<(), JournalError> {
    let run = &audit.run.new.id;
    let (mut readings, mut plans) = (Vec::new(), Vec::new());
    let peers = observer.peers(due).await?;
    let approved = approved(audit, due).await?;
    end.has_read |= !due.is_empty();
    for (work, read) in due.iter().zip(reads) {
        let seen = observer.observe(work, &peers, read, account.client.batch());
        match &audit.planning {
            Planning::Plan if matches!(seen.reading.reading, Reading::Seen(_)) => {
                plans.push((work.ix, seen.calls));
            }
            Planning::Plan => {}
            Planning::Frozen => {
                let approved = approved.get(&work.ix).map_or(&[][..], Vec::as_slice);
                end.moved.extend(new_grants(approved, work, &seen, &peers));
            }
        }
        readings.push(seen.reading);
    }
    let now_ms = audit.exchange.clock.now_ms();
    hit("before-reading");
    audit.journal.record_planned(run, &readings, &plans, now_ms).await?;
    hit("after-reading");
    Ok(())
}

/// The rules that a frozen plan holds of these groups, which are in order.
async fn approved(
    audit: &Audit<'_>,
    due: &[GroupWork],
) -> Result<HashMap<GroupIx, Vec<Rule>>, JournalError> {
    let (Planning::Frozen, [first, ..], [.., last]) = (&audit.planning, due, due) else {
        return Ok(HashMap::new());
    };
    let orders = audit.journal.orders(&audit.run.new.id, first.ix.0..last.ix.0 + 1).await?;
    orders.iter().map(|of_group| Ok((of_group.group, of_group.rules()?))).collect()
}

/// The grants that the approved plan does not hold, in words. A rule of the plan that stands
/// again under another id is not among them: its revocation comes out as a conflict.
fn new_grants(
    approved: &[Rule],
    work: &GroupWork,
    seen: &Observation,
    peers: &Peers,
) -> Vec<String> {
    let live: HashSet<&RuleId> = seen
        .calls
        .iter()
        .flat_map(|call| &call.revocations)
        .map(|revocation| &revocation.rule.id)
        .collect();
    let is_planned = |rule: &Rule| {
        approved
            .iter()
            .any(|old| old.id == rule.id || (!live.contains(&old.id) && old.same_traffic(rule)))
    };
    seen.calls
        .iter()
        .flat_map(|call| &call.revocations)
        .filter(|revocation| !is_planned(&revocation.rule))
        .map(|revocation| {
            let peer = peers.get(&revocation.peer).map(ToString::to_string);
            format!(
                "{} has a new {} rule {} ({} {}) that names {}",
                work.group,
                revocation.rule.direction,
                revocation.rule.id,
                revocation.rule.protocol,
                revocation.rule.ports,
                peer.unwrap_or_default(),
            )
        })
        .collect()
}

/// Journals every group of a lane that cannot be called as such.
async fn unreachable_lane(
    audit: &Audit<'_>,
    lane: &Lane,
    error: &AccountError,
) -> Result<AuditEnd, JournalError> {
    let mut pages = Pages::of(lane, 1_000);
    while let Some(work) = pages.next(audit).await? {
        let readings: Vec<GroupReading> = work
            .iter()
            .map(|group| GroupReading {
                group: group.ix,
                at_ms: audit.exchange.clock.now_ms(),
                request_ids: Vec::new(),
                reading: Reading::Failed {
                    code: error.code().to_owned(),
                    message: error.message(),
                },
                findings: Vec::new(),
                elsewhere: 0,
            })
            .collect();
        audit.journal.record_readings(&audit.run.new.id, &readings).await?;
        audit.exchange.progress.advance(readings.len() as u64);
    }
    Ok(AuditEnd { unreachable: vec![(lane.key.clone(), error.to_string())], ..AuditEnd::default() })
}

/// The groups of a lane, a page at a time.
pub(super) struct Pages {
    next: u32,
    end: u32,
    size: u32,
}

impl Pages {
    pub(super) fn of(lane: &Lane, size: u32) -> Self {
        Self { next: lane.first.0, end: lane.first.0 + lane.groups, size }
    }

    pub(super) async fn next(
        &mut self,
        audit: &Audit<'_>,
    ) -> Result<Option<Vec<GroupWork>>, JournalError> {
        if self.next >= self.end {
            return Ok(None);
        }
        let limit = self.size.min(self.end - self.next);
        let page = audit.journal.groups(&audit.run.new.id, GroupIx(self.next), limit).await?;
        self.next += limit;
        Ok(Some(page))
    }
}
