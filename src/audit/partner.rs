//! Groups of accounts that are not ours, read as far as our own credentials allow.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::lane::Pages;
use super::{Audit, AuditEnd};
use crate::cloud::{Action, Answer, CloudError, Reference, References};
use crate::exchange::{AccountError, ReadError};
use crate::journal::{GroupReading, GroupWork, Held, JournalError, Lane, Naming, Reading};
use crate::model::{AccountId, ErrorClass, GroupId, GroupIx, GroupRef, RequestId};

/// Groups of a partner that are journalled at once.
const PAGE: u32 = 200;

/// Which groups name one of ours; `None` if that could not be seen.
pub(super) type NamedBy = HashMap<GroupIx, Option<Referrers>>;

/// The groups that name one of ours, each with its account.
#[derive(Default)]
pub(super) struct Referrers {
    pub(super) groups: Vec<(AccountId, GroupId)>,
    /// The provider's name of the exchange that told them.
    request_id: Option<RequestId>,
    /// There may be more, which were cut off: one that is not among them may name ours too.
    is_cut: bool,
}

/// Journals the groups of a lane that is not ours, with those of our groups that they name.
pub(super) async fn read_partner(audit: &Audit<'_>, held: &Held) -> Result<AuditEnd, JournalError> {
    let lane = &held.lane;
    let mut end = AuditEnd::default();
    let mut pages = Pages::of(lane, PAGE);
    while let Some(mut work) = pages.next(audit).await? {
        work.retain(|group| audit.is_due(group));
        let at_ms = audit.exchange.clock.now_ms();
        let Some(named_by) = references_to_peers(audit, &work).await? else {
            end.interrupted = true;
            return Ok(end);
        };
        let readings: Vec<GroupReading> =
            work.iter().map(|group| reading(lane, group, &named_by, at_ms)).collect();
        audit.journal.record(held, &readings, &[], at_ms).await?;
        audit.exchange.progress.advance(&lane.key, readings.len() as u64);
    }
    Ok(end)
}

fn reading(lane: &Lane, work: &GroupWork, named_by: &NamedBy, at_ms: i64) -> GroupReading {
    let mut peers: Vec<GroupIx> = work.peers.iter().map(|entry| entry.peer).collect();
    peers.dedup();
    let mut naming = Naming::default();
    let mut request_ids: Vec<RequestId> = Vec::new();
    for peer in &peers {
        let Some(Some(by)) = named_by.get(peer) else {
            naming.unseen.push(*peer);
            continue;
        };
        request_ids.extend(by.request_id.clone().filter(|id| !request_ids.contains(id)));
        let owners = by.groups.iter().filter(|(_, group)| group.is_same(&work.group));
        let (own, others): (Vec<_>, Vec<_>) =
            owners.map(|(owner, _)| owner).partition(|owner| owner.is_same(&lane.key.account));
        match (own.as_slice(), others.as_slice()) {
            ([_, ..], _) => naming.named.push(*peer),
            ([], [other, ..]) => naming.misowned.push((*peer, (*other).clone())),
            ([], []) if by.is_cut => naming.unseen.push(*peer),
            ([], []) => {}
        }
    }
    let is_unseen = naming.unseen.len() == peers.len();
    GroupReading {
        group: work.ix,
        at_ms,
        request_ids,
        reading: Reading::NotOurs { naming: (!is_unseen).then_some(naming) },
        findings: Vec::new(),
        elsewhere: 0,
    }
}

/// Who names the peers of `work`, asked with the credentials of each peer's own account. `None`
/// when told to stop.
pub(super) async fn references_to_peers(
    audit: &Audit<'_>,
    work: &[GroupWork],
) -> Result<Option<NamedBy>, JournalError> {
    let peers: BTreeSet<GroupIx> =
        work.iter().flat_map(|group| group.peers.iter().map(|entry| entry.peer)).collect();
    let peers: Vec<GroupIx> = peers.into_iter().collect();
    let refs = audit.journal.group_refs(&audit.run.new.id, &peers).await?;
    // Peers are in order, and so are the lanes: those of one lane follow each other.
    let mut by_lane: Vec<(&Lane, Vec<(GroupIx, GroupRef)>)> = Vec::new();
    for (peer, group) in peers.into_iter().zip(refs) {
        let Some(held) = audit.leases.of_group(peer) else { continue };
        match by_lane.last_mut().filter(|(lane, _)| lane.ix == held.lane.ix) {
            Some((_, of_lane)) => of_lane.push((peer, group)),
            None => by_lane.push((&held.lane, vec![(peer, group)])),
        }
    }
    let mut naming = NamedBy::new();
    for (lane, groups) in by_lane {
        match references(audit, lane, groups).await {
            Some(found) => naming.extend(found),
            None => return Ok(None),
        }
    }
    Ok(Some(naming))
}

/// Which groups name these of one lane; `None` when told to stop.
async fn references(
    audit: &Audit<'_>,
    lane: &Lane,
    groups: Vec<(GroupIx, GroupRef)>,
) -> Option<NamedBy> {
    let account = match audit.exchange.account(&lane.key).await {
        // Where a provider does not tell groups (AWS tells VPCs alone), there is nothing to ask.
        Ok(account) if account.client.batch().references > 0 => account,
        // What an earlier look showed of the partner is not taken back by one that is cut short.
        Err(AccountError::Stopped) => return None,
        _ => return Some(groups.into_iter().map(|(ix, _)| (ix, None)).collect()),
    };
    let mut named_by = NamedBy::new();
    let batch = account.client.batch().references;
    let mut todo: Vec<Vec<(GroupIx, GroupRef)>> = groups.chunks(batch).map(<[_]>::to_vec).collect();
    let mut asked_again = HashSet::new();
    // What cut answers told: another one that is cut elsewhere takes nothing of it back.
    let mut cut = Vec::new();
    while let Some(mut chunk) = todo.pop() {
        let ids: Vec<GroupId> = chunk.iter().map(|(_, group)| group.group.clone()).collect();
        let answer = audit
            .exchange
            .read(&lane.key, Action::References, &*account.client, || {
                account.client.references(&lane.key.region, &ids)
            })
            .await;
        let found = match answer {
            Ok(answer) => answer,
            Err(ReadError::Stopped) => return None,
            // One group that is not there fails the call for all.
            Err(ReadError::Cloud(error)) if is_of_one(&error) && chunk.len() > 1 => {
                let rest = chunk.split_off(chunk.len() / 2);
                todo.extend([rest, chunk]);
                continue;
            }
            Err(ReadError::Cloud(_)) => None,
        };
        let Some(Answer { value: found, request_id, .. }) = found else {
            named_by.extend(chunk.into_iter().map(|(ix, _)| (ix, None)));
            continue;
        };
        if found.is_cut() && chunk.len() > 1 {
            cut.extend(found.all);
            let rest = chunk.split_off(chunk.len() / 2);
            todo.extend([rest, chunk]);
            continue;
        }
        // An answer that passes over some of the groups, and not over all, may have lost them.
        let is_passed_over = |group: &GroupRef| {
            !found.mentioned.is_empty() && !found.mentioned.contains(&group.group)
        };
        let (again, told): (Vec<_>, Vec<_>) = chunk
            .into_iter()
            .partition(|(ix, group)| is_passed_over(group) && asked_again.insert(*ix));
        let of = |group: &GroupRef| Referrers {
            request_id: Some(request_id.clone()),
            ..named_by_of(group, &found, &cut)
        };
        named_by.extend(told.iter().map(|(ix, group)| (*ix, Some(of(group)))));
        if !again.is_empty() {
            todo.push(again);
        }
    }
    Some(named_by)
}

/// Whether a call of several groups failed for one of them.
fn is_of_one(error: &CloudError) -> bool {
    error.class == ErrorClass::GroupMissing
}

fn named_by_of(group: &GroupRef, found: &References, cut: &[Reference]) -> Referrers {
    let before = cut.iter().filter(|_| found.is_cut());
    let of_group =
        found.all.iter().chain(before).filter(|reference| reference.group == group.group);
    Referrers {
        groups: of_group.map(|found| (found.account.clone(), found.by.clone())).collect(),
        request_id: None,
        is_cut: found.is_cut(),
    }
}
