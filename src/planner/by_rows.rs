//! What follows from a pair and a row by rule alone (`--no-audit`).

use std::collections::HashMap;

use super::{CallShape, PeerGroup, into_calls};
use crate::model::{
    CallForm, Direction, Fields, Filter, GroupIx, GroupRef, NicType, Peer, PeerEntry, PlannedCall,
    Policy, PortRange, Protocol, Provider, Revocation, Rule, Scope,
};

/// Rules a call: below the limit of either cloud, so that the request stays small.
const BATCH: usize = 20;

impl CallShape {
    /// How calls are made from rows alone.
    pub const fn by_rows(form: CallForm) -> Self {
        Self { form, batch: BATCH }
    }
}

/// Plans the revocations of `group` from its rows' own values, unread (`--no-audit`), as the
/// providers' manuals show: empty columns mean `ingress`, `all`, `-1/-1`, `intranet`, `accept`
/// and priority 1.
pub fn plan_by_rows(group: GroupIx, peers: &[PeerGroup<'_>], shape: CallShape) -> Vec<PlannedCall> {
    let mut revocations: Vec<Revocation> = Vec::new();
    for peer in peers {
        for (filter, line) in &peer.wants {
            for rule in blind_rules(filter, peer.group) {
                let again = revocations
                    .iter()
                    .any(|other| other.peer == peer.ix && other.rule.same_traffic(&rule));
                if !again {
                    revocations.push(Revocation { group, peer: peer.ix, line: *line, rule });
                }
            }
        }
    }
    into_calls(group, revocations, shape)
}

/// The rules that a row names by its own values: one a direction.
pub fn blind_rules(filter: &Filter, peer: &GroupRef) -> Vec<Rule> {
    let has_policies = peer.cloud.facts().has_policies;
    let directions: &[Direction] = match filter.direction {
        Scope::Both if filter.direction_given => &[Direction::Ingress, Direction::Egress],
        Scope::Both | Scope::Ingress => &[Direction::Ingress],
        Scope::Egress => &[Direction::Egress],
    };
    let rule = |direction: &Direction| Rule {
        id: "".into(),
        direction: *direction,
        protocol: filter.protocol.clone().unwrap_or_else(Protocol::all),
        ports: Some(filter.ports.unwrap_or(PortRange::ALL)),
        source_ports: filter.source_ports,
        peer: Peer::Group { id: peer.group.clone(), owner: Some(peer.account.clone()) },
        policy: Some(filter.policy.unwrap_or(Policy::Accept)),
        priority: has_policies.then_some(filter.priority.unwrap_or(1)),
        nic_type: has_policies.then_some(filter.nic_type.unwrap_or(NicType::Intranet)),
        description: String::new(),
        fields: Fields::default(),
    };
    directions.iter().map(rule).collect()
}

/// What a rule admits, but for its peer: equal for rules of [`blind_rules`] that are
/// [`Rule::same_traffic`].
fn traffic(rule: &Rule) -> String {
    let Rule { direction, protocol, ports, policy, priority, nic_type, .. } = rule;
    let from = rule.source_ports.unwrap_or(PortRange::ALL);
    format!("{direction} {protocol} {ports:?} {from} {policy:?} {priority:?} {nic_type:?}")
}

/// How much a plan comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Calls for ingress rules.
    pub ingress: u64,
    /// Calls for egress rules.
    pub egress: u64,
    /// Rules that they are to remove.
    pub rules: u64,
}

/// Counts what [`plan_by_rows`] would plan, without making it: there may be millions of pairs.
pub struct RowTotals {
    /// Of each filter, what it asks for: rows that ask a peer for the same traffic are one order.
    asked: Vec<Vec<Asked>>,
    size: u64,
}

/// A direction, and the first filter that asks for the same traffic in it.
type Asked = (Direction, usize);

impl RowTotals {
    /// Of groups of one cloud.
    pub fn new(cloud: Provider, filters: &[Filter], shape: CallShape) -> Self {
        let any =
            GroupRef { cloud, account: "0".into(), region: "any".into(), group: "any".into() };
        let mut known: HashMap<String, usize> = HashMap::new();
        let asked = filters.iter().enumerate().map(|(at, filter)| {
            let rules = blind_rules(filter, &any)
                .into_iter()
                .map(|rule| (rule.direction, *known.entry(traffic(&rule)).or_insert(at)));
            rules.collect()
        });
        let asked = asked.collect();
        Self { asked, size: shape.size() as u64 }
    }

    /// What a group with these peers, sorted by peer, comes to.
    pub fn of_group(&self, entries: &[PeerEntry]) -> Totals {
        let (mut ingress, mut egress) = (0, 0);
        let mut all = Vec::new();
        for of_peer in entries.chunk_by(|one, other| one.peer == other.peer) {
            all.clear();
            for entry in of_peer {
                let asked = self.asked.get(usize::from(entry.filter));
                all.extend(asked.into_iter().flatten().copied());
            }
            if of_peer.len() > 1 {
                all.sort_unstable();
                all.dedup();
            }
            let inward = all.iter().filter(|(to, _)| *to == Direction::Ingress).count() as u64;
            ingress += inward;
            egress += all.len() as u64 - inward;
        }
        Totals {
            ingress: ingress.div_ceil(self.size),
            egress: egress.div_ceil(self.size),
            rules: ingress + egress,
        }
    }
}
