use super::*;
use crate::model::{Fields, NicType, PortRange, Protocol, Provider, Scope};

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
    assert_eq!(sizes, [(Direction::Ingress, 2), (Direction::Ingress, 1), (Direction::Egress, 2)]);
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
    let novel_peer = Peer::Other("SourceSecurityGroup=sg-b".to_owned());
    let novel_end = Rule { peer: novel_peer, ..named.clone() };
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
        (&novel_end, &any, [0, 0, 0, 0, 1]),
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
fn rows_with_filters_add_up_and_the_rest_is_outside() {
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
    let calls = plan_by_rows(GroupIx(1), &peers, CallShape { form: CallForm::Flat, batch: 100 });
    assert_eq!(calls.len(), 1);
    let rule = &calls[0].revocations[0].rule;
    assert!(calls[0].revocations[0].is_blind());
    assert_eq!(rule.protocol, Protocol::all());
    assert_eq!(rule.ports, Some(PortRange::ALL));
    assert_eq!((rule.priority, rule.nic_type), (Some(1), Some(NicType::Intranet)));
}

#[test]
fn a_rule_without_an_owner_is_of_no_row_when_rows_call_its_group_by_several_owners() {
    let (filter, groups) = (Filter::default(), [group("2", "sg-b"), group("3", "SG-b")]);
    let peers: Vec<PeerGroup<'_>> = (5..)
        .zip(&groups)
        .map(|(ix, group)| PeerGroup { ix: GroupIx(ix), group, wants: vec![(&filter, ix)] })
        .collect();
    let bare = rule("sgr-1", Direction::Ingress, ("sg-b", None));
    let plan = plan_group(GroupIx(1), &peers, std::slice::from_ref(&bare), SHAPE);
    assert!(plan.calls.is_empty(), "{plan:?}");
    assert_eq!(plan.findings.iter().map(|found| found.unclear).collect::<Vec<_>>(), [1, 1]);
    let plan = plan_group(GroupIx(1), &peers[..1], &[bare], SHAPE);
    assert_eq!(plan.calls.len(), 1);
}

#[test]
fn the_totals_of_rows_are_those_of_the_calls_that_are_planned() {
    let narrowed = |change: &dyn Fn(&mut Filter)| {
        let mut filter = Filter::default();
        change(&mut filter);
        filter
    };
    let filters = [
        Filter::default(),
        narrowed(&|filter| filter.direction_given = true),
        narrowed(&|filter| filter.direction = Scope::Egress),
        narrowed(&|filter| filter.source_ports = Some(PortRange::ALL)),
        narrowed(&|filter| filter.ports = Some(PortRange { from: 22, to: 22 })),
        narrowed(&|filter| filter.policy = Some(Policy::Drop)),
        narrowed(&|filter| filter.priority = Some(1)),
        narrowed(&|filter| filter.priority = Some(7)),
    ];
    let named: Vec<GroupRef> = (0..3).map(|at| group("2", &format!("sg-{at}"))).collect();
    // Every set of filters for the first peer, and some for two others.
    for drawn in 1_u32..1 << filters.len() {
        let wants = |peer: u32, drawn: u32| {
            let chosen = (0..8_u16).filter(move |at| drawn >> at & 1 == 1);
            chosen.map(move |filter| PeerEntry { peer: GroupIx(peer), filter, line: 2 })
        };
        let entries: Vec<PeerEntry> =
            wants(0, drawn).chain(wants(1, drawn >> 3)).chain(wants(2, 1)).collect();
        for (form, batch) in [(CallForm::Permissions, 2), (CallForm::Flat, 2)] {
            let shape = CallShape { form, batch };
            let peers = peer_groups(&entries, &filters, |ix| named.get(ix.0 as usize));
            let mut told = Totals::default();
            for call in plan_by_rows(GroupIx(9), &peers, shape) {
                told.rules += call.revocations.len() as u64;
                told.ingress += u64::from(call.direction == Direction::Ingress);
                told.egress += u64::from(call.direction == Direction::Egress);
            }
            let totals = RowTotals::new(Provider::Alibaba, &filters, shape).of_group(&entries);
            assert_eq!(totals, told, "{drawn:b}");
        }
    }
}
