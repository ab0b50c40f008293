//! A group's pairs and its live rules make its findings and calls: pure, one group at a time.

use std::collections::{BTreeMap, HashMap};

use crate::model::{
    CallForm, Direction, Fields, Filter, Finding, Fit, GroupIx, GroupRef, NicType, Peer,
    PlannedCall, Policy, PortRange, Protocol, Provider, Revocation, Rule, Scope,
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
    let named = Named::new(peers);
    let mut findings: BTreeMap<GroupIx, Finding> = BTreeMap::new();
    let mut elsewhere = 0;
    let mut revocations = Vec::new();
    for rule in rules {
        let mut is_paired = false;
        for (peer, is_owner) in named.by(&rule.peer) {
            is_paired = true;
            let finding = findings
                .entry(peer.ix)
                .or_insert_with(|| Finding { peer: peer.ix, ..Finding::default() });
            match sort(rule, peer, is_owner) {
                Sorted::Standing(line) => {
                    finding.standing += 1;
                    let rule = rule.clone();
                    revocations.push(Revocation { group, peer: peer.ix, line, rule });
                }
                Sorted::Outside => finding.outside += 1,
                Sorted::Drop => finding.drops += 1,
                Sorted::Misowned => finding.misowned += 1,
                Sorted::Unclear => finding.unclear += 1,
            }
        }
        let names_others = !is_paired && rule.peer.groups().next().is_some();
        elsewhere += u32::from(names_others && rule.policy != Some(Policy::Drop));
    }
    GroupPlan {
        findings: findings.into_values().collect(),
        elsewhere,
        calls: into_calls(group, revocations, shape),
    }
}

/// The groups that rows pair a group with, by their ids in lower case.
struct Named<'a, 'p> {
    all: &'a [PeerGroup<'p>],
    by_id: HashMap<String, Vec<&'a PeerGroup<'p>>>,
}

impl<'a, 'p> Named<'a, 'p> {
    fn new(all: &'a [PeerGroup<'p>]) -> Self {
        let mut by_id: HashMap<String, Vec<&PeerGroup<'_>>> = HashMap::new();
        for peer in all {
            by_id.entry(peer.group.group.as_str().to_ascii_lowercase()).or_default().push(peer);
        }
        Self { all, by_id }
    }

    /// Those that a rule with `peer` may be about, each with whether the rule tells its owner, or
    /// none. A rule that tells no peer at all may be about any of them.
    fn by(&self, peer: &Peer) -> Vec<(&'a PeerGroup<'p>, bool)> {
        let mut named: Vec<(&PeerGroup<'_>, bool)> = Vec::new();
        if matches!(peer, Peer::Unclear(several) if several.is_empty()) {
            return self.all.iter().map(|peer| (peer, true)).collect();
        }
        for (id, owner) in peer.groups() {
            let id = id.as_str();
            let peers = if id.bytes().any(|byte| byte.is_ascii_uppercase()) {
                self.by_id.get(&id.to_ascii_lowercase())
            } else {
                self.by_id.get(id)
            };
            for peer in peers.into_iter().flatten() {
                if !named.iter().any(|(known, _)| known.ix == peer.ix) {
                    // Who tells no owner leaves the id to decide: it names one group.
                    named.push((peer, owner.is_none_or(|o| o.is_same(&peer.group.account))));
                }
            }
        }
        named
    }
}

/// What a rule is to a row that pairs its group with one that it names.
enum Sorted {
    /// What the row of this line asks for.
    Standing(u32),
    /// A grant that no row asks for.
    Outside,
    /// A drop rule that no row asks for.
    Drop,
    /// It names the id under another owner than the row: one of them is wrong.
    Misowned,
    /// It does not tell what it takes to say what it is.
    Unclear,
}

fn sort(rule: &Rule, peer: &PeerGroup<'_>, is_owner: bool) -> Sorted {
    if !is_owner {
        return Sorted::Misowned;
    }
    let best = peer.wants.iter().map(|(filter, line)| (filter.fit(rule), *line)).min();
    let is_clear = !matches!(rule.peer, Peer::Unclear(_)) && !rule.id.as_str().is_empty();
    match (best, rule.policy) {
        (Some((Fit::Yes, line)), _) if is_clear => Sorted::Standing(line),
        (Some((Fit::Yes | Fit::Untold, _)), _) | (_, None) => Sorted::Unclear,
        (_, Some(Policy::Drop)) => Sorted::Drop,
        (_, Some(Policy::Accept)) => Sorted::Outside,
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
        ports: Some(filter.ports.unwrap_or(PortRange::ALL)),
        source_ports: filter.source_ports,
        peer: Peer::Group { id: peer.group.clone(), owner: Some(peer.account.clone()) },
        policy: Some(filter.policy.unwrap_or(Policy::Accept)),
        priority: alibaba.then_some(filter.priority.unwrap_or(1)),
        nic_type: alibaba.then_some(filter.nic_type.unwrap_or(NicType::Intranet)),
        description: String::new(),
        fields: Fields::default(),
    };
    directions.iter().map(rule).collect()
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
            ports: Some(PortRange { from: 22, to: 22 }),
            source_ports: None,
            peer: Peer::Group { id: peer.0.into(), owner: peer.1.map(Into::into) },
            policy: Some(Policy::Accept),
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

    /// What the only finding of a plan counts: standing, outside, drops, misowned, unclear.
    fn counts(plan: &GroupPlan) -> [u32; 5] {
        let [found] = plan.findings.as_slice() else { panic!("one finding: {plan:?}") };
        let counts = [found.standing, found.outside, found.drops, found.misowned, found.unclear];
        let ordered: usize = plan.calls.iter().map(|call| call.revocations.len()).sum();
        assert_eq!(found.standing as usize, ordered);
        counts
    }

    #[test]
    fn a_rule_that_names_the_id_under_another_owner_is_neither_removed_nor_passed_over() {
        for (account, owner) in [
            ("2", "3"),
            ("1234567890123402", "1234567890123400"),
            ("1234567890123402", "b@aliyun.com"),
            ("b@aliyun.com", "1234567890123402"),
            ("b@aliyun.com", "B@aliyun.com"),
            ("011112222333", "11112222333"),
            ("2", "1"),
        ] {
            let peer = group(account, "sg-b");
            for rule in [
                rule("sgr-1", Direction::Ingress, ("sg-b", Some(owner))),
                rule("sgr-1", Direction::Egress, ("SG-B", Some(owner))),
                Rule {
                    policy: Some(Policy::Drop),
                    ..rule("sgr-1", Direction::Ingress, ("sg-b", Some(owner)))
                },
            ] {
                let only = Filter {
                    direction: Scope::Ingress,
                    ports: Some(PortRange::ALL),
                    ..Filter::default()
                };
                for filter in [Filter::default(), only] {
                    let plan = plan(&peer, &[filter], std::slice::from_ref(&rule));
                    assert_eq!((counts(&plan), plan.elsewhere), ([0, 0, 0, 1, 0], 0), "{owner}");
                }
            }
        }
    }

    #[test]
    fn an_owner_counts_however_its_number_is_spelled_and_an_id_whatever_its_case() {
        for (account, owner) in [
            ("111122223333", "1111-2222-3333"),
            ("１１１１２２２２３３３３", "111122223333"),
            ("b@aliyun.com", "b@aliyun.com"),
        ] {
            let peer = group(account, "sg-Bb");
            let rules = [rule("sgr-1", Direction::Ingress, ("SG-bB", Some(owner)))];
            assert_eq!(counts(&plan(&peer, &[Filter::default()], &rules)), [1, 0, 0, 0, 0]);
        }
    }

    #[test]
    fn of_two_rows_with_one_id_the_one_with_another_owner_is_in_doubt() {
        let (right, wrong) = (group("2", "sg-b"), group("3", "sg-b"));
        let any = Filter::default();
        let peers = [(4, &right), (5, &wrong)].map(|(ix, group)| PeerGroup {
            ix: GroupIx(ix),
            group,
            wants: vec![(&any, ix)],
        });
        let rules = [rule("sgr-1", Direction::Ingress, ("sg-b", Some("2")))];
        let plan = plan_group(GroupIx(1), &peers, &rules, SHAPE);
        let told = plan.findings.iter().map(|f| (f.peer.0, f.standing, f.misowned));
        assert_eq!(told.collect::<Vec<_>>(), [(4, 1, 0), (5, 0, 1)]);
    }

    #[test]
    fn a_value_that_is_not_told_decides_nothing() {
        let peer = group("2", "sg-b");
        let named = rule("sgr-1", Direction::Ingress, ("sg-b", Some("2")));
        let ports = Filter { ports: Some(PortRange::ALL), ..Filter::default() };
        let tcp = Filter { protocol: "tcp".parse().ok(), ..Filter::default() };
        let drop = Filter { policy: Some(Policy::Drop), ..Filter::default() };
        let first = Filter { priority: Some(1), ..Filter::default() };
        let nic = Filter { nic_type: Some(NicType::Intranet), ..Filter::default() };
        let any = Filter::default();
        let portless = Rule { ports: None, ..named.clone() };
        let fields = [("PortRangeListId", "prl-1")].into_iter().collect();
        let listed = Rule { fields, ..portless.clone() };
        let novel = Rule { protocol: Protocol::told("QUIC"), ..named.clone() };
        let silent = Rule { policy: None, ..named.clone() };
        let bare = Rule { priority: None, nic_type: None, ..named.clone() };
        let nameless = Rule { id: "".into(), ..named.clone() };
        let both = vec![named.peer.clone(), Peer::Cidr("10.0.0.0/8".to_owned())];
        let double = Rule { peer: Peer::Unclear(both), ..named.clone() };
        let peerless = Rule { peer: Peer::Unclear(vec![]), ..named.clone() };
        for (rule, filter, expected) in [
            (&portless, &any, [1, 0, 0, 0, 0]),
            (&portless, &ports, [0, 0, 0, 0, 1]),
            (&listed, &any, [1, 0, 0, 0, 0]),
            (&listed, &ports, [0, 1, 0, 0, 0]),
            (&novel, &any, [1, 0, 0, 0, 0]),
            (&novel, &tcp, [0, 0, 0, 0, 1]),
            (&novel, &ports, [0, 1, 0, 0, 0]),
            (&silent, &any, [0, 0, 0, 0, 1]),
            (&silent, &drop, [0, 0, 0, 0, 1]),
            (&silent, &ports, [0, 0, 0, 0, 1]),
            (&bare, &any, [1, 0, 0, 0, 0]),
            (&bare, &first, [0, 0, 0, 0, 1]),
            (&bare, &nic, [0, 0, 0, 0, 1]),
            (&nameless, &any, [0, 0, 0, 0, 1]),
            (&nameless, &ports, [0, 1, 0, 0, 0]),
            (&double, &any, [0, 0, 0, 0, 1]),
            (&peerless, &any, [0, 0, 0, 0, 1]),
            (&named, &tcp, [1, 0, 0, 0, 0]),
        ] {
            let plan = plan(&peer, std::slice::from_ref(filter), std::slice::from_ref(rule));
            assert_eq!(counts(&plan), expected, "{rule:?} for {filter:?}");
        }
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
        let drop = Rule {
            policy: Some(Policy::Drop),
            ..rule("sgr-1", Direction::Ingress, ("sg-b", Some("2")))
        };
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
        assert_eq!(rule.ports, Some(PortRange::ALL));
        assert_eq!((rule.priority, rule.nic_type), (Some(1), Some(NicType::Intranet)));
    }
}
