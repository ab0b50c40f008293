use std::collections::BTreeMap;

use super::*;
use crate::model::{NicType, Policy};

fn node(json: &serde_json::Value) -> Node {
    Node::parse(json.to_string().as_bytes()).expect("whole")
}

/// An answer with these rules, as the API gives them: every field is there, most are empty.
fn attribute(rules: &[&[(&str, &str)]]) -> Node {
    let rules: Vec<_> = rules
        .iter()
        .map(|given| {
            let mut fields: BTreeMap<&str, &str> = RULE_FIELDS.map(|name| (name, "")).into();
            fields.extend([
                ("SecurityGroupRuleId", "sgr-1"),
                ("Direction", "ingress"),
                ("IpProtocol", "TCP"),
                ("PortRange", "22/22"),
                ("Policy", "Accept"),
                ("Priority", "1"),
                ("NicType", "intranet"),
            ]);
            fields.extend(given.iter().copied());
            fields
        })
        .collect();
    node(&serde_json::json!({
        "RequestId": "R", "RegionId": "cn-beijing", "SecurityGroupId": "sg-1", "NextToken": "",
        "Permissions": { "Permission": rules },
    }))
}

fn page(node: &Node) -> Result<RulesPage, Unreadable> {
    rules(node, &"cn-beijing".into(), &"sg-1".into(), Some("before"))
}

fn only(given: &[(&str, &str)]) -> Rule {
    page(&attribute(&[given])).expect("readable").rules.remove(0).1
}

#[test]
fn a_rule_of_another_accounts_group_is_read_with_all_its_fields() {
    let rule = only(&[
        ("SourceGroupId", "sg-2"),
        ("SourceGroupOwnerAccount", "1649796836582446"),
        ("SourcePortRange", "-1/-1"),
        ("Description", "a note"),
        ("CreateTime", "2018-12-12T07:28:38Z"),
    ]);
    let owner = Some("1649796836582446".into());
    assert_eq!(rule.peer, Peer::Group { id: "sg-2".into(), owner });
    assert_eq!((rule.protocol.as_str(), rule.policy), ("tcp", Some(Policy::Accept)));
    assert_eq!((rule.priority, rule.nic_type), (Some(1), Some(NicType::Intranet)));
    assert_eq!(rule.source_ports, Some(PortRange::ALL));
    assert_eq!(rule.fields.get("IpProtocol"), Some("TCP"));
    assert_eq!(rule.fields.get("CreateTime"), Some("2018-12-12T07:28:38Z"));
    assert_eq!(rule.fields.get("DestCidrIp"), None, "empty fields are left out");
    assert_eq!(rule.fields.iter().count(), 12);
}

#[test]
fn empty_ports_and_owners_mean_what_the_api_leaves_out() {
    let rule = only(&[("SourceGroupId", "sg-2"), ("PortRange", ""), ("IpProtocol", "ALL")]);
    assert_eq!(rule.peer, Peer::Group { id: "sg-2".into(), owner: None });
    assert_eq!((rule.ports, rule.source_ports), (Some(PortRange::ALL), None));
}

#[test]
fn the_peer_is_the_end_that_is_not_the_groups_own() {
    let egress =
        only(&[("Direction", "egress"), ("DestGroupId", "sg-3"), ("SourceCidrIp", "10.0.0.0/8")]);
    assert_eq!(egress.peer, Peer::Group { id: "sg-3".into(), owner: None });
    assert_eq!(only(&[("SourceCidrIp", "10.0.0.0/8")]).peer, Peer::Cidr("10.0.0.0/8".into()));
    assert_eq!(only(&[("Ipv6SourceCidrIp", "::/0")]).peer, Peer::Cidr("::/0".into()));
    assert_eq!(only(&[("SourcePrefixListId", "pl-1")]).peer, Peer::PrefixList("pl-1".into()));
}

#[test]
fn a_rule_that_fills_several_peers_or_none_is_unclear_and_names_every_group_of_them() {
    let group =
        |id: &str, owner: Option<&str>| Peer::Group { id: id.into(), owner: owner.map(Into::into) };
    let range = Peer::Cidr("10.0.0.0/8".into());
    for (given, peers) in [
        (
            &[("SourceGroupId", "sg-2"), ("SourceCidrIp", "10.0.0.0/8")][..],
            vec![group("sg-2", None), range.clone()],
        ),
        (
            &[("SourceGroupId", "sg-2"), ("DestGroupId", "sg-3"), ("DestGroupOwnerAccount", "7")],
            vec![group("sg-2", None), group("sg-3", Some("7"))],
        ),
        (&[("DestGroupId", "sg-3")], vec![group("sg-3", None)]),
        (&[("SourceGroupOwnerAccount", "7"), ("SourceCidrIp", "10.0.0.0/8")], vec![]),
        (&[("SourceGroupName", "web")], vec![]),
        (&[("DestCidrIp", "10.0.0.0/8")], vec![]),
        (&[], vec![]),
        (&[("Direction", "sideways"), ("DestGroupId", "sg-3")], vec![group("sg-3", None)]),
        (&[("Direction", ""), ("SourceCidrIp", "10.0.0.0/8")], vec![range]),
    ] {
        assert_eq!(only(given).peer, Peer::Unclear(peers), "{given:?}");
    }
    let own = only(&[("SourceGroupId", "sg-2"), ("DestGroupId", "SG-1")]);
    assert_eq!(own.peer, group("sg-2", None), "the other end is the group's own");
    let newer = only(&[("SourceServiceId", "svc-1")]);
    assert_eq!(newer.peer, Peer::Other("SourceServiceId=svc-1".into()));
}

#[test]
fn a_word_that_is_not_known_is_untold_and_shown_as_it_came() {
    let policy = only(&[("Policy", "Maybe")]);
    assert_eq!((policy.policy, policy.policy_shown()), (None, "Maybe"));
    assert_eq!(only(&[("Policy", "")]).policy, None);
    let protocol = only(&[("IpProtocol", "QUIC")]).protocol;
    assert_eq!((protocol.as_str(), protocol.is_known()), ("QUIC", false));
    assert!(!only(&[("IpProtocol", "")]).protocol.is_known());
    let ports = only(&[("PortRange", "any")]);
    assert_eq!((ports.ports, ports.ports_shown()), (None, "any".to_owned()));
    assert_eq!(only(&[("PortRange", "")]).ports, None, "of tcp, nothing is not everything");
    assert_eq!(only(&[("Priority", "high")]).priority, None);
    assert_eq!(only(&[("NicType", "wired")]).nic_type, None);
    assert_eq!(only(&[("SecurityGroupRuleId", "")]).id.as_str(), "");
}

#[test]
fn a_list_of_ports_is_no_range() {
    let listed = only(&[("PortRange", ""), ("PortRangeListId", "prl-1")]);
    assert_eq!((listed.ports, listed.port_list()), (None, Some("prl-1")));
    assert_eq!(listed.ports_shown(), "prl-1");
    let both = only(&[("PortRangeListId", "prl-1")]);
    assert_eq!(
        (both.ports, both.port_list(), both.ports_shown()),
        (None, None, "22/22".to_owned())
    );
}

#[test]
fn a_field_that_is_no_text_makes_the_answer_unreadable() {
    for bad in [
        serde_json::json!({"SecurityGroupRuleId": "sgr-1", "SourceGroupId": {"Id": "sg-2"}}),
        serde_json::json!({"SecurityGroupRuleId": "sgr-1", "SourceGroupId": ["sg-2", "sg-3"]}),
    ] {
        let answer = node(&serde_json::json!({
            "RegionId": "cn-beijing", "SecurityGroupId": "sg-1",
            "Permissions": { "Permission": [bad] },
        }));
        assert!(page(&answer).is_err());
    }
    let answer = node(&serde_json::json!({
        "RegionId": "cn-beijing", "SecurityGroupId": "SG-1", "NextToken": {"Token": "t"},
        "Permissions": { "Permission": [] },
    }));
    assert!(page(&answer).is_err(), "a token that is no text is not the end");
}

#[test]
fn an_answer_about_another_group_or_region_is_not_taken() {
    let answer = attribute(&[]);
    assert_eq!(page(&answer).map(|page| page.seen), Ok(vec!["sg-1".into()]));
    assert!(rules(&answer, &"cn-beijing".into(), &"sg-2".into(), None).is_err());
    assert!(rules(&answer, &"cn-hangzhou".into(), &"sg-1".into(), None).is_err());
    let silent = node(&serde_json::json!({"RequestId": "R", "Permissions": {"Permission": []}}));
    assert!(page(&silent).is_err());
}

#[test]
fn a_page_token_that_repeats_is_refused() {
    let answer = |next: &str| {
        node(&serde_json::json!({"NextToken": next, "SecurityGroups": {"SecurityGroup": []}}))
    };
    let read = |next: &str| groups(&answer(next), None, Some("before")).map(|page| page.next);
    assert_eq!(read(""), Ok(None));
    assert_eq!(read("after"), Ok(Some("after".into())));
    assert!(read("before").is_err());
}

#[test]
fn groups_tell_name_network_and_who_manages_them() {
    let answer = node(&serde_json::json!({"SecurityGroups": {"SecurityGroup": [
        {"SecurityGroupId": "sg-1", "SecurityGroupName": "web", "VpcId": "vpc-1", "ServiceManaged": true},
        {"SecurityGroupId": "sg-2", "ServiceManaged": false},
    ]}}));
    let page = groups(&answer, None, None).expect("readable");
    let told: Vec<_> = page
        .groups
        .iter()
        .map(|group| {
            (group.id.as_str(), group.name.as_str(), group.vpc.as_str(), group.service_managed)
        })
        .collect();
    assert_eq!(told, [("sg-1", "web", "vpc-1", true), ("sg-2", "", "", false)]);
    assert!(groups(&answer, Some(&["sg-1".into()]), None).is_err(), "sg-2 was not asked for");
}

#[test]
fn references_are_flattened_and_must_be_of_groups_asked_about() {
    let answer = node(&serde_json::json!({"SecurityGroupReferences": {"SecurityGroupReference": [
        {"SecurityGroupId": "sg-1", "ReferencingSecurityGroups": {"ReferencingSecurityGroup": [
            {"SecurityGroupId": "sg-8", "AliUid": "42"}, {"SecurityGroupId": "sg-9", "AliUid": 43},
            {"SecurityGroupId": "sg-7"},
        ]}},
    ]}}));
    let found = references(&answer, &["sg-1".into()]).expect("readable");
    let told: Vec<_> = found.all.iter().map(|r| (r.by.as_str(), r.account.as_str())).collect();
    assert_eq!(told, [("sg-8", "42"), ("sg-9", "43"), ("sg-7", UNTOLD_OWNER)]);
    assert_eq!(found.mentioned, ["sg-1".into()]);
    assert!(references(&answer, &["sg-2".into()]).is_err());
    let other_case = references(&answer, &["SG-1".into()]).expect("the same group");
    assert!(other_case.all.iter().all(|found| found.group.as_str() == "SG-1"));
    let listless = serde_json::json!({"SecurityGroupReferences": {"SecurityGroupReference": [
        {"SecurityGroupId": "sg-1"},
    ]}});
    assert!(references(&node(&listless), &["sg-1".into()]).is_err(), "no list is no empty list");
}
