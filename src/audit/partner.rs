//! Groups of accounts that are not ours, read as far as our own credentials allow.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::lane::Pages;
use super::{Audit, AuditEnd};
use crate::cloud::{Action, Reference};
use crate::exchange::ReadError;
use crate::journal::{GroupReading, GroupWork, JournalError, Lane, Reading};
use crate::model::{AccountId, GroupId, GroupIx, GroupRef};

/// Groups of a partner that are journalled at once.
const PAGE: u32 = 200;

/// Which groups name one of ours; `None` if that could not be seen.
type Naming = HashMap<GroupIx, Option<BTreeSet<(AccountId, GroupId)>>>;

/// Journals the groups of a lane that is not ours, with those of our groups that they name.
pub(super) async fn read_partner(
    audit: &Audit<'_>,
    lane: &Lane,
    lanes: &[Lane],
) -> Result<AuditEnd, JournalError> {
    let mut end = AuditEnd::default();
    let mut pages = Pages::of(lane, PAGE);
    while let Some(mut work) = pages.next(audit).await? {
        work.retain(|group| audit.is_due(group));
        let Some(naming) = references_to_peers(audit, &work, lanes).await? else {
            end.interrupted = true;
            return Ok(end);
        };
        let at_ms = audit.exchange.clock.now_ms();
        let readings: Vec<GroupReading> =
            work.iter().map(|group| reading(lane, group, &naming, at_ms)).collect();
        audit.journal.record_readings(&audit.run.new.id, &readings).await?;
        audit.exchange.progress.advance(&lane.key, readings.len() as u64);
    }
    Ok(end)
}

fn reading(lane: &Lane, work: &GroupWork, naming: &Naming, at_ms: i64) -> GroupReading {
    let me = (lane.key.account.clone(), work.group.clone());
    let mut peers: Vec<GroupIx> = work.peers.iter().map(|entry| entry.peer).collect();
    peers.dedup();
    // One peer that could not be asked about leaves the group unseen.
    let mut named = Some(Vec::new());
    for peer in peers {
        match naming.get(&peer) {
            Some(Some(by)) if by.contains(&me) => {
                if let Some(named) = &mut named {
                    named.push(peer);
                }
            }
            Some(Some(_)) => {}
            Some(None) | None => named = None,
        }
    }
    GroupReading {
        group: work.ix,
        at_ms,
        request_ids: Vec::new(),
        reading: Reading::NotOurs { naming: named },
        findings: Vec::new(),
        elsewhere: 0,
    }
}

/// Who names the peers of `work`, asked with the credentials of each peer's own account. `None`
/// when told to stop.
async fn references_to_peers(
    audit: &Audit<'_>,
    work: &[GroupWork],
    lanes: &[Lane],
) -> Result<Option<Naming>, JournalError> {
    let peers: BTreeSet<GroupIx> =
        work.iter().flat_map(|group| group.peers.iter().map(|entry| entry.peer)).collect();
    let peers: Vec<GroupIx> = peers.into_iter().collect();
    let refs = audit.journal.group_refs(&audit.run.new.id, &peers).await?;
    let mut by_lane: BTreeMap<usize, Vec<(GroupIx, GroupRef)>> = BTreeMap::new();
    for (peer, group) in peers.into_iter().zip(refs) {
        let lane = lanes.partition_point(|lane| lane.first <= peer).saturating_sub(1);
        by_lane.entry(lane).or_default().push((peer, group));
    }
    let mut naming = Naming::new();
    for (lane, groups) in by_lane {
        let Some(lane) = lanes.get(lane) else { continue };
        match references(audit, lane, &groups).await {
            Ok(found) => naming.extend(found),
            Err(ReadError::Stopped) => return Ok(None),
            Err(ReadError::Cloud(_)) => {
                naming.extend(groups.into_iter().map(|(ix, _)| (ix, None)));
            }
        }
    }
    Ok(Some(naming))
}

async fn references(
    audit: &Audit<'_>,
    lane: &Lane,
    groups: &[(GroupIx, GroupRef)],
) -> Result<Naming, ReadError> {
    let Ok(account) = audit.exchange.account(&lane.key).await else {
        return Ok(groups.iter().map(|(ix, _)| (*ix, None)).collect());
    };
    let batch = account.client.batch().references;
    let mut naming = Naming::new();
    if batch == 0 {
        // This provider does not tell which groups name ours (AWS tells VPCs alone).
        naming.extend(groups.iter().map(|(ix, _)| (*ix, None)));
        return Ok(naming);
    }
    for chunk in groups.chunks(batch) {
        let ids: Vec<GroupId> = chunk.iter().map(|(_, group)| group.group.clone()).collect();
        let answer = audit
            .exchange
            .read(&lane.key, Action::References, &*account.client, || {
                account.client.references(&lane.key.region, &ids)
            })
            .await?;
        let found = answer.map(|answer| answer.value);
        naming.extend(
            chunk
                .iter()
                .map(|(ix, group)| (*ix, found.as_ref().map(|found| naming_of(group, found)))),
        );
    }
    Ok(naming)
}

fn naming_of(group: &GroupRef, found: &[Reference]) -> BTreeSet<(AccountId, GroupId)> {
    found
        .iter()
        .filter(|reference| reference.group == group.group)
        .map(|reference| (reference.account.clone(), reference.by.clone()))
        .collect()
}
