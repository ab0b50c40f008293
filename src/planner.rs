//! A group's pairs and its live rules make its findings and calls: pure, one group at a time.

use std::collections::{BTreeMap, HashMap};

use crate::model::{
    CallForm, Direction, Fields, Filter, Finding, GroupIx, GroupRef, NicType, Peer, PlannedCall,
    Policy, PortRange, Protocol, Provider, Revocation, Rule, Scope,
};

/// A group that some row pairs with the group in hand.
#[derive(Clone, Debug)]
pub struct PeerGroup<'a> {
    /// Its number.
    pub ix: GroupIx,
    /// What it is.
    pub group: &'a GroupRef,
    /// What its rows ask for, each with its line, in order of lines.
    pub wants: Vec<(&'a Filter, u32)>,
}

/// What follows from one reading of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupPlan {
    /// Counts by peer, for each peer that any rule names.
    pub findings: Vec<Finding>,
    /// Grants that name groups no row pairs this group with.
    pub elsewhere: u32,
    /// The calls that remove what the rows ask for.
    pub calls: Vec<PlannedCall>,
}

/// How revocations become calls.
#[derive(Clone, Copy, Debug)]
pub struct CallShape {
    /// How rules are named.
    pub form: CallForm,
    /// Rules a call, at least 1.
    pub batch: usize,
}

/// Plans the revocations of `group`, whose complete rules are `rules`.
pub fn plan_group(
    group: GroupIx,
    peers: &[PeerGroup<'_>],
    rules: &[Rule],
    shape: CallShape,
) -> GroupPlan {
    let mut by_id: HashMap<&str, Vec<&PeerGroup<'_>>> = HashMap::new();
    for peer in peers {
        by_id.entry(peer.group.group.as_str()).or_default().push(peer);
    }
    let mut findings: BTreeMap<GroupIx, Finding> = BTreeMap::new();
    let mut elsewhere = 0;
    let mut revocations = Vec::new();
    for rule in rules {
        let Peer::Group { id, .. } = &rule.peer else { continue };
        let named = by_id
            .get(id.as_str())
            .and_then(|named| named.iter().find(|peer| is_owner(&rule.peer, peer.group)));
        let Some(peer) = named else {
            elsewhere += u32::from(rule.policy == Policy::Accept);
            continue;
        };
        let finding = findings
            .entry(peer.ix)
            .or_insert_with(|| Finding { peer: peer.ix, ..Finding::default() });
        match peer.wants.iter().find(|(filter, _)| filter.matches(rule)) {
            Some((_, line)) => {
                finding.standing += 1;
                revocations.push(Revocation {
                    group,
                    peer: peer.ix,
                    line: *line,
                    rule: rule.clone(),
                });
            }
            None if rule.policy == Policy::Drop => finding.drops += 1,
            None => finding.outside += 1,
        }
    }
    GroupPlan {
        findings: findings.into_values().collect(),
        elsewhere,
        calls: into_calls(group, revocations, shape),
    }
}

/// Plans the revocations of `group` from its rows' own values, unread (`--no-audit`), as the
/// providers' manuals show: empty columns mean `ingress`, `all`, `-1/-1`, `intranet`, `accept`
/// and priority 1.
pub fn plan_blind(group: GroupIx, peers: &[PeerGroup<'_>], shape: CallShape) -> Vec<PlannedCall> {
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
    let alibaba = peer.cloud == Provider::Alibaba;
    let directions: &[Direction] = match filter.direction {
        Scope::Both if filter.direction_given => &[Direction::Ingress, Direction::Egress],
        Scope::Both | Scope::Ingress => &[Direction::Ingress],
        Scope::Egress => &[Direction::Egress],
    };
    let rule = |direction: &Direction| Rule {
        id: "".into(),
        direction: *direction,
        protocol: filter.protocol.clone().unwrap_or_else(Protocol::all),
        ports: filter.ports.unwrap_or(PortRange::ALL),
        source_ports: filter.source_ports,
        peer: Peer::Group { id: peer.group.clone(), owner: Some(peer.account.clone()) },
        policy: filter.policy.unwrap_or(Policy::Accept),
        priority: alibaba.then_some(filter.priority.unwrap_or(1)),
        nic_type: alibaba.then_some(filter.nic_type.unwrap_or(NicType::Intranet)),
        description: String::new(),
        fields: Fields::default(),
    };
    directions.iter().map(rule).collect()
}

/// Whether the rule's peer may be of `group`'s account. A provider that names no owner, and a
/// login name that is not mapped to an id, leave the group id to decide.
fn is_owner(peer: &Peer, group: &GroupRef) -> bool {
    match peer {
        Peer::Group { owner: Some(owner), .. } => {
            owner == &group.account || !group.account.is_numeric()
        }
        _ => true,
    }
}

fn into_calls(group: GroupIx, revocations: Vec<Revocation>, shape: CallShape) -> Vec<PlannedCall> {
    let batch = if shape.form == CallForm::Flat { 1 } else { shape.batch.max(1) };
    let (ingress, egress): (Vec<_>, Vec<_>) =
        revocations.into_iter().partition(|r| r.rule.direction == Direction::Ingress);
    let mut calls = Vec::new();
    for (direction, revocations) in [(Direction::Ingress, ingress), (Direction::Egress, egress)] {
        for members in revocations.chunks(batch) {
            calls.push(PlannedCall {
                group,
                direction,
                form: shape.form,
                revocations: members.to_vec(),
            });
        }
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(account: &str, id: &str) -> GroupRef {
        GroupRef {
            cloud: Provider::Alibaba,
            account: account.into(),
            region: "cn-beijing".into(),
            group: id.into(),
        }
    }

    fn rule(id: &str, direction: Direction, peer: (&str, Option<&str>)) -> Rule {
        Rule {
            id: id.into(),
            direction,
            protocol: "tcp".parse().expect("a protocol"),
            ports: PortRange { from: 22, to: 22 },
            source_ports: None,
            peer: Peer::Group { id: peer.0.into(), owner: peer.1.map(Into::into) },
            policy: Policy::Accept,
            priority: Some(1),
            nic_type: Some(NicType::Intranet),
            description: String::new(),
            fields: Fields::default(),
        }
    }

    const SHAPE: CallShape = CallShape { form: CallForm::RuleId, batch: 2 };

    fn plan(peer: &GroupRef, filters: &[Filter], rules: &[Rule]) -> GroupPlan {
        let wants = filters.iter().zip(2..).collect();
        let peers = [PeerGroup { ix: GroupIx(9), group: peer, wants }];
        plan_group(GroupIx(1), &peers, rules, SHAPE)
    }

    #[test]
    fn calls_hold_one_direction_and_at_most_a_batch() {
        let peer = group("2", "sg-b");
        let rules: Vec<Rule> = (0..5)
            .map(|n| {
                let direction = if n < 3 { Direction::Ingress } else { Direction::Egress };
                rule(&format!("sgr-{n}"), direction, ("sg-b", Some("2")))
            })
            .collect();
        let plan = plan(&peer, &[Filter::default()], &rules);
        let sizes: Vec<_> = plan.calls.iter().map(|c| (c.direction, c.revocations.len())).collect();
        assert_eq!(
            sizes,
            [(Direction::Ingress, 2), (Direction::Ingress, 1), (Direction::Egress, 2)]
        );
        assert_eq!(plan.findings[0].standing, 5);
    }

    #[test]
    fn a_group_of_the_same_id_in_another_account_is_another_group() {
        let peer = group("2", "sg-b");
        let rules = [rule("sgr-1", Direction::Ingress, ("sg-b", Some("3")))];
        let plan = plan(&peer, &[Filter::default()], &rules);
        assert_eq!((plan.calls.len(), plan.elsewhere), (0, 1));
    }

    #[test]
    fn a_rule_without_an_owner_matches_by_group_id() {
        let peer = group("2", "sg-b");
        let rules = [rule("sgr-1", Direction::Ingress, ("sg-b", None))];
        assert_eq!(plan(&peer, &[Filter::default()], &rules).calls.len(), 1);
    }

    #[test]
    fn drop_rules_are_findings_unless_a_row_asks_for_them() {
        let peer = group("2", "sg-b");
        let drop =
            Rule { policy: Policy::Drop, ..rule("sgr-1", Direction::Ingress, ("sg-b", Some("2"))) };
        let any = plan(&peer, &[Filter::default()], std::slice::from_ref(&drop));
        assert_eq!((any.calls.len(), any.findings[0].drops), (0, 1));
        let wanted = Filter { policy: Some(Policy::Drop), ..Filter::default() };
        assert_eq!(plan(&peer, &[wanted], &[drop]).calls.len(), 1);
    }

    #[test]
    fn narrowing_rows_add_up_and_the_rest_is_outside() {
        let peer = group("2", "sg-b");
        let udp = Rule {
            protocol: "udp".parse().expect("a protocol"),
            ..rule("sgr-2", Direction::Ingress, ("sg-b", Some("2")))
        };
        let gre = Rule { protocol: "gre".parse().expect("a protocol"), ..udp.clone() };
        let rules = [rule("sgr-1", Direction::Ingress, ("sg-b", Some("2"))), udp, gre];
        let only = |word: &str| Filter {
            protocol: Some(word.parse().expect("a protocol")),
            ..Filter::default()
        };
        let plan = plan(&peer, &[only("6"), only("udp")], &rules);
        assert_eq!((plan.findings[0].standing, plan.findings[0].outside), (2, 1));
        let lines: Vec<u32> = plan.calls[0].revocations.iter().map(|r| r.line).collect();
        assert_eq!(lines, [2, 3]);
    }

    #[test]
    fn blind_plans_use_the_manuals_defaults() {
        let peer = group("b@aliyun.com", "sg-b");
        let any = Filter::default();
        let peers = [PeerGroup { ix: GroupIx(9), group: &peer, wants: vec![(&any, 2)] }];
        let calls = plan_blind(GroupIx(1), &peers, CallShape { form: CallForm::Flat, batch: 100 });
        assert_eq!(calls.len(), 1);
        let rule = &calls[0].revocations[0].rule;
        assert!(calls[0].revocations[0].is_blind());
        assert_eq!(rule.protocol, Protocol::all());
        assert_eq!(rule.ports, PortRange::ALL);
        assert_eq!((rule.priority, rule.nic_type), (Some(1), Some(NicType::Intranet)));
    }
}
