//! Grants that an approved plan does not hold.

use std::collections::{HashMap, HashSet};

use super::observe::{Observation, Peers};
use super::{Audit, Planning};
use crate::journal::{GroupWork, JournalError};
use crate::model::{GroupIx, Rule, RuleId};

/// The rules that a frozen plan holds of these groups, which are in order.
pub(super) async fn approved(
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
