//! What EC2 does, action by action, without HTTP around it.

use jiff::Timestamp;

use super::Aws;
use crate::model::GroupId;
use crate::sandbox::call::{Call, Refusal};
use crate::sandbox::dialect::Dialect as _;
use crate::sandbox::live::Live;
use crate::sandbox::{LiveRule, SandboxOptions, World};

const HUB: &str = "111111111111";
const TEAM: &str = "222222222222";
const G1: &str = "sg-0a1b2c3d4e5f60001";
const G2: &str = "sg-0a1b2c3d4e5f60002";
const WEB: &str = "sg-0a1b2c3d4e5f60009";

fn sandbox() -> Live {
    Live::open(SandboxOptions::new(World::sample())).expect("a sandbox in memory")
}

fn act(
    live: &mut Live,
    account: &str,
    action: &str,
    params: &[(&str, &str)],
) -> Result<String, Refusal> {
    let mut call = Call::for_test(action);
    call.account = account.into();
    call.region = "us-east-1".into();
    call.params = params.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    Aws::act(live, &call, Timestamp::UNIX_EPOCH)
}

fn code(outcome: Result<String, Refusal>) -> (u16, String) {
    let refusal = outcome.expect_err("a refusal");
    (refusal.status, refusal.code)
}

fn rules(live: &Live, group: &str) -> Vec<LiveRule> {
    live.world().groups[&GroupId::from(group)].rules.clone()
}

const TCP_22: [(&str, &str); 5] = [
    ("IpPermissions.1.IpProtocol", "6"),
    ("IpPermissions.1.FromPort", "22"),
    ("IpPermissions.1.ToPort", "22"),
    ("IpPermissions.1.Groups.1.GroupId", G2),
    ("IpPermissions.1.Groups.1.UserId", TEAM),
];

fn revoke_22(live: &mut Live, more: &[(&str, &str)]) -> Result<String, Refusal> {
    let mut params = vec![("GroupId", G1)];
    params.extend(TCP_22);
    params.extend_from_slice(more);
    act(live, HUB, "RevokeSecurityGroupIngress", &params)
}

#[test]
fn permissions_match_exactly_and_descriptions_do_not_count() {
    let mut live = sandbox();
    let before = rules(&live, G1).len();
    let body = revoke_22(&mut live, &[("IpPermissions.1.Groups.1.Description", "x")]);
    let body = body.expect("a success");
    assert!(body.contains("<return>true</return><revokedSecurityGroupRuleSet><item>"), "{body}");
    assert!(body.contains(&format!("<referencedGroupId>{G2}</referencedGroupId>")), "{body}");
    assert_eq!(rules(&live, G1).len(), before - 1);
    assert_eq!(code(revoke_22(&mut live, &[])), (400, "InvalidPermission.NotFound".to_owned()));
}

#[test]
fn one_unknown_permission_refuses_the_whole_call_outside_the_default_vpc() {
    let mut live = sandbox();
    let before = rules(&live, G1);
    let outcome = revoke_22(
        &mut live,
        &[
            ("IpPermissions.2.IpProtocol", "-1"),
            ("IpPermissions.2.Groups.1.GroupId", G2),
            ("IpPermissions.2.Groups.1.UserId", TEAM),
        ],
    );
    assert_eq!(code(outcome).1, "InvalidPermission.NotFound");
    assert_eq!(rules(&live, G1), before);
}

#[test]
fn in_the_default_vpc_what_is_unknown_is_told() {
    let mut live = sandbox();
    let params = [
        ("GroupName", "websrv"),
        ("IpPermissions.1.IpProtocol", "tcp"),
        ("IpPermissions.1.FromPort", "80"),
        ("IpPermissions.1.ToPort", "80"),
        ("IpPermissions.1.IpRanges.1.CidrIp", "205.192.7.7/16"),
        ("IpPermissions.1.IpRanges.2.CidrIp", "10.0.0.0/8"),
    ];
    let body = act(&mut live, TEAM, "RevokeSecurityGroupIngress", &params).expect("a success");
    assert!(body.contains("<unknownIpPermissionSet><item><ipProtocol>tcp</ipProtocol>"), "{body}");
    assert!(body.contains("<cidrIp>10.0.0.0/8</cidrIp>"), "{body}");
    assert!(body.contains("<cidrIpv4>205.192.0.0/16</cidrIpv4>"), "{body}");
    assert_eq!(rules(&live, WEB).len(), 1);
}

#[test]
fn a_rule_that_names_a_group_that_is_gone_is_matched_by_id_alone() {
    let mut live = sandbox();
    live.state.world.groups.remove(&GroupId::from(G2));
    let params: Vec<_> = TCP_22.into_iter().filter(|(name, _)| !name.ends_with("UserId")).collect();
    let mut with_group = vec![("GroupId", G1)];
    with_group.extend(params);
    let shown = act(&mut live, HUB, "DescribeSecurityGroupRules", &[]).expect("an answer");
    assert!(shown.contains(&format!("<groupId>{G2}</groupId></referencedGroupInfo>")), "{shown}");
    act(&mut live, HUB, "RevokeSecurityGroupIngress", &with_group).expect("a success");
    assert_eq!(
        code(act(&mut live, HUB, "RevokeSecurityGroupIngress", &with_group)).1,
        "InvalidGroup.NotFound"
    );
}

#[test]
fn every_bad_parameter_has_its_code() {
    let mut live = sandbox();
    let cases = [
        (("GroupId", "x"), "InvalidGroupId.Malformed"),
        (("GroupId", G2), "InvalidGroup.NotFound"),
        (("GroupId", ""), "MissingParameter"),
        (("GroupName", "hub"), "InvalidParameterCombination"),
        (("IpPermissions.1.IpProtocol", "ipx"), "InvalidPermission.Malformed"),
        (("IpPermissions.1.FromPort", "x"), "InvalidParameterValue"),
        (("IpPermissions.1.ToPort", "1"), "InvalidParameterValue"),
        (("IpPermissions.1.ToPort", ""), "MissingParameter"),
        (("IpPermissions.1.Groups.1.UserId", "me"), "InvalidUserID.Malformed"),
        (("IpPermissions.1.Groups.1.GroupName", "team"), "InvalidParameterCombination"),
        (("IpPermissions.1.Groups.1.GroupId", "x"), "InvalidGroupId.Malformed"),
        (("IpPermissions.1.IpRanges.1.CidrIp", "10.0.0.0"), "InvalidParameterValue"),
        (("SecurityGroupRuleId.1", "sgr-0"), "InvalidParameterCombination"),
        (("DryRun", "true"), "DryRunOperation"),
    ];
    for ((name, value), expected) in cases {
        assert_eq!(code(revoke_22(&mut live, &[(name, value)])).1, expected, "{name}={value}");
    }
    let id = |id| [("GroupId", G1), ("SecurityGroupRuleId.1", id)];
    let mut by_id = |value| code(act(&mut live, HUB, "RevokeSecurityGroupIngress", &id(value))).1;
    assert_eq!(by_id("rule-1"), "InvalidSecurityGroupRuleId.Malformed");
    assert_eq!(by_id("sgr-0fffffffffffffff0"), "InvalidSecurityGroupRuleId.NotFound");
}

#[test]
fn a_batch_by_rule_ids_is_all_or_nothing() {
    let mut live = sandbox();
    let before = rules(&live, G1);
    let (first, second) = (before[0].id.to_string(), before[1].id.to_string());
    let mut revoke = |two: &str| {
        let params = [
            ("GroupId", G1),
            ("SecurityGroupRuleId.1", first.as_str()),
            ("SecurityGroupRuleId.2", two),
        ];
        act(&mut live, HUB, "RevokeSecurityGroupIngress", &params)
    };
    assert_eq!(code(revoke("sgr-0fffffffffffffff0")).1, "InvalidSecurityGroupRuleId.NotFound");
    assert_eq!(code(revoke(&first)).1, "InvalidParameterValue");
    revoke(&second).expect("both are there");
    assert_eq!(rules(&live, G1), before[2..]);
}

#[test]
fn a_new_rule_needs_a_peer_that_exists_and_room() {
    let mut live = sandbox();
    let authorize = |live: &mut Live, more: &[(&str, &str)]| {
        let mut params = vec![("GroupId", G1)];
        params.extend(TCP_22);
        params.extend_from_slice(more);
        act(live, HUB, "AuthorizeSecurityGroupIngress", &params)
    };
    let outcome = authorize(&mut live, &[]);
    assert_eq!(code(outcome).1, "InvalidPermission.Duplicate");
    let other_port = [("IpPermissions.1.ToPort", "23")];
    live.state.world.manners.max_rules = 8;
    assert_eq!(code(authorize(&mut live, &other_port)).1, "RulesPerSecurityGroupLimitExceeded");
    live.state.world.manners.max_rules = 0;
    let owner = [other_port[0], ("IpPermissions.1.Groups.1.UserId", HUB)];
    assert_eq!(code(authorize(&mut live, &owner)).1, "InvalidGroup.NotFound");
    authorize(&mut live, &other_port).expect("added");
}

#[test]
fn rule_filters_may_be_satisfied_by_different_rules() {
    let mut live = sandbox();
    let params = [
        ("Filter.1.Name", "ip-permission.group-id"),
        ("Filter.1.Value.1", G2),
        ("Filter.2.Name", "ip-permission.cidr"),
        ("Filter.2.Value.1", "10.0.0.0/8"),
    ];
    let body = act(&mut live, HUB, "DescribeSecurityGroups", &params).expect("an answer");
    assert!(body.contains(&format!("<groupId>{G1}</groupId><groupName>")), "{body}");
    let unknown = [("Filter.1.Name", "colour"), ("Filter.1.Value.1", "red")];
    assert_eq!(
        code(act(&mut live, HUB, "DescribeSecurityGroups", &unknown)).1,
        "InvalidParameterValue"
    );
}
