//! Revocations: what they hit, what they are refused for, what they are answered.

use super::*;

#[test]
fn flat_parameters_hit_the_one_rule_written_that_way() {
    let mut live = sandbox();
    let before = rules(&live, HUB).len();
    for other in [("Priority", "2"), ("Policy", "drop"), ("SourcePortRange", "1/2")] {
        act(&mut live, "RevokeSecurityGroup", &flat(&[other])).expect("a silent success");
    }
    assert_eq!(rules(&live, HUB).len(), before);
    act(&mut live, "RevokeSecurityGroup", &flat(&[("NicType", "intranet")])).expect("a success");
    assert_eq!(rules(&live, HUB).len(), before - 1);
}

#[test]
fn without_an_owner_the_peer_is_the_callers_own() {
    let mut live = sandbox();
    let before = rules(&live, HUB).len();
    let params: Vec<_> =
        flat(&[]).into_iter().filter(|(name, _)| *name != "SourceGroupOwnerId").collect();
    act(&mut live, "RevokeSecurityGroup", &params).expect("a silent success");
    assert_eq!(rules(&live, HUB).len(), before);
}

#[test]
fn a_range_comes_before_a_group() {
    let mut live = sandbox();
    let before = rules(&live, HUB);
    act(&mut live, "RevokeSecurityGroup", &flat(&[("SourceCidrIp", "10.0.0.0/8")])).expect("ok");
    assert_eq!(rules(&live, HUB), before);
}

#[test]
fn what_matches_nothing_is_refused_where_the_world_says_so() {
    let mut live = sandbox();
    live.state.world.manners.unmatched_flat = Unmatched::RuleNotExist;
    let outcome = act(&mut live, "RevokeSecurityGroup", &flat(&[("Priority", "2")]));
    assert_eq!(code(outcome), (400, "InvalidSecurityGroupRule.RuleNotExist".to_owned()));
}

#[test]
fn permissions_are_not_atomic() {
    let mut live = sandbox();
    live.state.world.manners.unmatched_permissions = Unmatched::RuleNotExist;
    let before = rules(&live, HUB).len();
    let named: Vec<(String, &str)> = ["22/22", "1/2", "80/80"]
        .iter()
        .enumerate()
        .flat_map(|(n, ports)| {
            let at = move |name: &str| format!("Permissions.{}.{name}", n + 1);
            [
                (at("IpProtocol"), "TCP"),
                (at("PortRange"), *ports),
                (at("SourceGroupId"), TEAM),
                (at("SourceGroupOwnerAccount"), "b@aliyun.com"),
            ]
        })
        .collect();
    let mut params = vec![("SecurityGroupId", HUB)];
    params.extend(named.iter().map(|(name, value)| (name.as_str(), *value)));
    let outcome = act(&mut live, "RevokeSecurityGroup", &params);
    assert_eq!(code(outcome).1, "InvalidSecurityGroupRule.RuleNotExist");
    assert_eq!(rules(&live, HUB).len(), before - 1, "the first went, the third stands");
}

#[test]
fn rule_ids_of_the_other_direction_are_unknown_and_nothing_is_revoked() {
    let mut live = sandbox();
    let all = rules(&live, HUB);
    let id = |direction| {
        let rule = all.iter().find(|rule| rule.direction == direction).expect("a rule");
        rule.id.to_string()
    };
    let (ingress, egress) = (id(Direction::Ingress), id(Direction::Egress));
    let params = [
        ("SecurityGroupId", HUB),
        ("SecurityGroupRuleId.1", ingress.as_str()),
        ("SecurityGroupRuleId.2", egress.as_str()),
    ];
    let outcome = act(&mut live, "RevokeSecurityGroup", &params);
    assert_eq!(code(outcome), (400, "InvalidParam.SecurityGroupRuleId".to_owned()));
    assert_eq!(rules(&live, HUB), all);
}

#[test]
fn every_bad_parameter_has_its_code() {
    let mut live = sandbox();
    let cases = [
        (("IpProtocol", "sctp"), "InvalidIpProtocol.ValueNotSupported"),
        (("PortRange", "22"), "InvalidParam.PortRange"),
        (("PortRange", "200/1"), "InvalidIpPortRange.Malformed"),
        (("PortRange", "-1/-1"), "InvalidIpPortRange.Malformed"),
        (("SourcePortRange", "x"), "InvalidSourcePortRange.Malformed"),
        (("Policy", "allow"), "InvalidPolicy.Malformed"),
        (("Priority", "high"), "InvalidPriority.Malformed"),
        (("Priority", "101"), "InvalidPriority.ValueNotSupported"),
        (("NicType", "wifi"), "InvalidNicType.ValueNotSupported"),
        (("SourceCidrIp", "10.0.0.0/33"), "InvalidSourceCidrIp.Malformed"),
        (("DestCidrIp", "::/0"), "InvalidDestCidrIp.Malformed"),
        (("Ipv6SourceCidrIp", "10.0.0.0/8"), "InvalidParam.Ipv6SourceCidrIp"),
        (("SourceGroupId", HUB), "InvalidParamter.Conflict"),
        (("SourceGroupId", ""), "MissingParameter.Source"),
        (("SourceGroupId", "sg-gone"), "InvalidSourceGroupId.NotFound"),
        (("PortRange", ""), "MissingParameter"),
        (("SecurityGroupId", ""), "MissingParameter"),
        (("SecurityGroupId", "1.23457E+15"), "InvalidSecurityGroupId.Malformed"),
        (("SecurityGroupId", TEAM), "InvalidSecurityGroupId.NotFound"),
        (
            ("SecurityGroupId", "sg-hz0managed00000000a6"),
            "InvalidOperation.ResourceManagedByCloudProduct",
        ),
        (("SecurityGroupRuleId.1", "sgr-1"), "InvalidParam.Permissions"),
        (("ClientToken", "令牌"), "InvalidClientToken.ValueNotSupported"),
    ];
    for ((name, value), expected) in cases {
        let outcome = act(&mut live, "RevokeSecurityGroup", &flat(&[(name, value)]));
        assert_eq!(code(outcome).1, expected, "{name}={value}");
    }
}

#[test]
fn a_token_replays_its_first_answer_and_touches_nothing() {
    let mut live = sandbox();
    let params = flat(&[("ClientToken", "t-1")]);
    act(&mut live, "RevokeSecurityGroup", &params).expect("a success");
    act(&mut live, "AuthorizeSecurityGroup", &flat(&[])).expect("put back");
    let before = rules(&live, HUB);
    act(&mut live, "RevokeSecurityGroup", &params).expect("the first answer");
    assert_eq!(rules(&live, HUB), before);
    assert!(live.effects.replayed);
    let other =
        act(&mut live, "RevokeSecurityGroup", &flat(&[("ClientToken", "t-1"), ("Priority", "2")]));
    assert_eq!(code(other), (400, "IdempotentParameterMismatch".to_owned()));
}
