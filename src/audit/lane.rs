//! One lane of an audit: its groups in order, a batch at a time.

use std::collections::HashMap;

use super::{Audit, AuditEnd, Filters, GroupRead, Planning, read_groups};
use crate::exchange::{Account, AccountError, ReadError, now_ms};
use crate::journal::{GroupReading, GroupWork, Journal, JournalError, Lane, Reading};
use crate::model::{CallForm, GroupIx, GroupRef, PlannedCall, Rule, RunId};
use crate::planner::{CallShape, GroupPlan, PeerGroup, plan_group};

/// How a lane came out.
pub(super) enum LaneEnd<'a> {
    Done(AuditEnd),
    /// The account is not ours: its groups are read from our side, once ours are read.
    NotOurs(&'a Lane),
}

/// Reads the groups of one lane.
pub(super) async fn read_lane<'a>(
    audit: &Audit<'_>,
    filters: &Filters,
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
            .filter(|group| group.read_ms.is_none_or(|at| at < audit.fresh_since_ms))
            .collect();
        if due.is_empty() {
            continue;
        }
        let ids: Vec<_> = due.iter().map(|group| group.group.clone()).collect();
        match read_groups(audit.exchange, &lane.key, &account, &ids).await {
            Ok(reads) => {
                for (group, read) in due.iter().zip(reads) {
                    take(audit, filters, &account, group, read, &mut end).await?;
                    audit.exchange.progress.advance(1);
                }
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

/// Journals one reading and plans from it.
async fn take(
    audit: &Audit<'_>,
    filters: &Filters,
    account: &Account,
    work: &GroupWork,
    read: GroupRead,
    end: &mut AuditEnd,
) -> Result<(), JournalError> {
    let run = &audit.run.new.id;
    let names = PeerNames::load(audit.journal, run, work).await?;
    let peers = names.peers(work, filters);
    let (rules, managed): (&[Rule], bool) = match &read.reading {
        Reading::Seen(snapshot) => (&snapshot.rules, snapshot.service_managed),
        _ => (&[], false),
    };
    let batch = account.client.batch();
    let shape = CallShape {
        form: audit.run.new.form,
        batch: match audit.run.new.form {
            CallForm::RuleId => batch.revoke_ids,
            CallForm::Permissions | CallForm::Flat => batch.revoke_permissions,
        },
    };
    let seen = matches!(read.reading, Reading::Seen(_));
    let GroupPlan { findings, elsewhere, calls } = plan_group(work.ix, &peers, rules, shape);
    // A group that a service of the provider manages is told, never touched.
    let calls = if managed { Vec::new() } else { calls };
    let reading = GroupReading {
        group: work.ix,
        at_ms: read.at_ms,
        request_ids: read.request_ids,
        reading: read.reading,
        findings,
        elsewhere,
    };
    audit.journal.record_readings(run, std::slice::from_ref(&reading)).await?;
    match &audit.planning {
        Planning::Plan if seen => audit.journal.plan_group(run, work.ix, &calls, now_ms()).await,
        Planning::Plan => Ok(()),
        Planning::Frozen(approved) => {
            end.moved.extend(new_grants(approved, work, &calls, &names));
            Ok(())
        }
    }
}

/// The grants of `calls` that the approved plan does not hold, in words.
fn new_grants(
    approved: &std::collections::HashSet<(GroupIx, crate::model::RuleId)>,
    work: &GroupWork,
    calls: &[PlannedCall],
    names: &PeerNames,
) -> Vec<String> {
    calls
        .iter()
        .flat_map(|call| &call.revocations)
        .filter(|revocation| !approved.contains(&(work.ix, revocation.rule.id.clone())))
        .map(|revocation| {
            let peer = names.0.get(&revocation.peer).map(ToString::to_string).unwrap_or_default();
            format!(
                "{} has a new {} rule {} ({} {}) that names {peer}",
                work.group,
                revocation.rule.direction,
                revocation.rule.id,
                revocation.rule.protocol,
                revocation.rule.ports,
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
                at_ms: now_ms(),
                request_ids: Vec::new(),
                reading: Reading::Failed {
                    code: error.code().to_owned(),
                    message: error.to_string(),
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

/// The peers of one group, spelled out.
struct PeerNames(HashMap<GroupIx, GroupRef>);

impl PeerNames {
    async fn load(
        journal: &dyn Journal,
        run: &RunId,
        work: &GroupWork,
    ) -> Result<Self, JournalError> {
        let mut ixs: Vec<GroupIx> = work.peers.iter().map(|entry| entry.peer).collect();
        ixs.dedup();
        let refs = journal.group_refs(run, &ixs).await?;
        Ok(Self(ixs.into_iter().zip(refs).collect()))
    }

    fn peers<'a>(&'a self, work: &GroupWork, filters: &'a Filters) -> Vec<PeerGroup<'a>> {
        work.peers
            .chunk_by(|x, y| x.peer == y.peer)
            .filter_map(|entries| {
                let ix = entries.first()?.peer;
                let mut wants: Vec<_> = entries
                    .iter()
                    .filter_map(|e| Some((filters.get(usize::from(e.filter))?, e.line)))
                    .collect();
                wants.sort_by_key(|(_, line)| *line);
                Some(PeerGroup { ix, group: self.0.get(&ix)?, wants })
            })
            .collect()
    }
}
