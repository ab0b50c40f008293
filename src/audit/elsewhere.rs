//! Missing groups that `--accept-gone` would take for gone: whether another account owns them.

use std::collections::BTreeMap;

use super::Audit;
use super::partner::{Referrers, references_to_peers};
use crate::journal::{GroupReading, GroupWork, Held, JournalError, Reading, SideReading};
use crate::model::{AccountId, GroupIx};

/// Sides that are looked through at a time.
const PAGE: u32 = 1_000;

/// Asks, of each group that was not found since `since_ms`, who names its peers. One that names them
/// under another owner is not gone: the row's account is wrong. False when told to stop.
pub(super) async fn doubt_missing(audit: &Audit<'_>, since_ms: i64) -> Result<bool, JournalError> {
    let missing = missing(audit, since_ms).await?;
    if missing.is_empty() {
        return Ok(true);
    }
    let at_ms = audit.exchange.clock.now_ms();
    let Some(named_by) = references_to_peers(audit, &missing).await? else {
        return Ok(false);
    };
    let mut doubted: BTreeMap<u32, (&Held, Vec<GroupReading>)> = BTreeMap::new();
    for group in &missing {
        let by = group.peers.iter().filter_map(|entry| named_by.get(&entry.peer)?.as_ref());
        let owner = by.flat_map(|by| owners(by, group)).next();
        if let (Some(owner), Some(held)) = (owner, audit.leases.of_group(group.ix)) {
            let of_lane = doubted.entry(held.lane.ix).or_insert((held, Vec::new()));
            of_lane.1.push(reading(group, owner, at_ms));
        }
    }
    for (held, readings) in doubted.values() {
        audit.journal.record(held, readings, &[], at_ms).await?;
    }
    Ok(true)
}

/// The groups that were not found since `since_ms`.
async fn missing(audit: &Audit<'_>, since_ms: i64) -> Result<Vec<GroupWork>, JournalError> {
    let (journal, run) = (audit.journal, &audit.run.new.id);
    let (mut missing, mut from) = (Vec::new(), GroupIx(0));
    loop {
        let page = journal.sides(run, from, PAGE).await?;
        let Some(last) = page.last() else { return Ok(missing) };
        from = GroupIx(last.group.0 + 1);
        for side in &page {
            let is_missing = matches!(side.state, SideReading::Missing { .. });
            if is_missing && side.at_ms.is_some_and(|at| at >= since_ms) {
                missing.extend(journal.groups(run, side.group, 1).await?);
            }
        }
    }
}

/// The owners of groups with the id of `group` that name the peer which `by` is about.
fn owners<'a>(by: &'a Referrers, group: &GroupWork) -> impl Iterator<Item = &'a AccountId> {
    let id = group.group.clone();
    by.groups.iter().filter(move |(_, named)| named.is_same(&id)).map(|(owner, _)| owner)
}

fn reading(group: &GroupWork, owner: &AccountId, at_ms: i64) -> GroupReading {
    GroupReading {
        group: group.ix,
        at_ms,
        request_ids: Vec::new(),
        reading: Reading::Failed {
            code: "OtherOwner".to_owned(),
            message: format!(
                "there is no such group in the row's account, and one of {owner} has its id and \
                 names the other side: check the row's account"
            ),
        },
        findings: Vec::new(),
        elsewhere: 0,
    }
}
