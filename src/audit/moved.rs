//! What a reading shows beside the orders of its run: grants that an approved plan does not hold,
//! rules that were gone.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;

use super::again::Due;
use super::observe::{Observation, Peers};
use super::{Age, Audit, GroupRead, Planning};
use crate::journal::{GroupWork, JournalError, Reading};
use crate::model::{GroupIx, Rule, RuleId};

/// The rules that a frozen plan holds of these groups, which are in order.
pub(super) async fn approved(
    audit: &Audit<'_>,
    due: &[GroupWork],
) -> Result<HashMap<GroupIx, Vec<Rule>>, JournalError> {
    let (Planning::Frozen, [first, ..], [.., last]) = (&audit.planning, due, due) else {
        return Ok(HashMap::new());
    };
    ordered(audit, first.ix..=last.ix).await
}

/// Those of these groups, which are in order, that show a rule in a closing look which an order of
/// the run is done with. Rule ids are never given twice: a listing lags, or the rule was never gone.
pub(super) async fn shown_again(
    audit: &Audit<'_>,
    due: &[Due],
    reads: &[GroupRead],
) -> Result<HashSet<GroupIx>, JournalError> {
    let (Age::Closing { .. }, [first, ..], [.., last]) = (audit.age, due, due) else {
        return Ok(HashSet::new());
    };
    let ordered = ordered(audit, first.work.ix..=last.work.ix).await?;
    let shows = |(due, read): &(&Due, &GroupRead)| {
        let (Reading::Seen(snapshot), Some(done)) = (&read.reading, ordered.get(&due.work.ix))
        else {
            return false;
        };
        let done: HashSet<&RuleId> = done.iter().map(|rule| &rule.id).collect();
        snapshot.rules.iter().any(|rule| !rule.id.as_str().is_empty() && done.contains(&rule.id))
    };
    Ok(due.iter().zip(reads).filter(shows).map(|(due, _)| due.work.ix).collect())
}

/// The rules that the run's orders are about, of each of these groups that has any.
async fn ordered(
    audit: &Audit<'_>,
    groups: RangeInclusive<GroupIx>,
) -> Result<HashMap<GroupIx, Vec<Rule>>, JournalError> {
    let groups = groups.start().0..groups.end().0 + 1;
    let orders = audit.journal.orders(&audit.run.new.id, groups).await?;
    orders.iter().map(|of_group| Ok((of_group.group, of_group.rules()?))).collect()
}

/// The grants that the approved plan does not hold, in words. A rule of the plan that stands
/// again under another id is not among them: its revocation comes out as a conflict.
pub(super) fn new_grants(
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
                revocation.rule.ports_shown(),
                peer.unwrap_or_default(),
            )
        })
        .collect()
}
