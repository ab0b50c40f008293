//! What ECS does, action by action, without HTTP around it.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::Alibaba;
use crate::model::{Direction, GroupId, Policy};
use crate::sandbox::call::{Call, Refusal};
use crate::sandbox::dialect::Dialect as _;
use crate::sandbox::live::Live;
use crate::sandbox::{LiveRule, SandboxOptions, Unmatched, World};

const A: &str = "1234567890123401";
const B: &str = "1234567890123402";
const HUB: &str = "sg-hz0hub000000000000a1";
const TEAM: &str = "sg-hz0team00000000000b1";

fn sandbox() -> Live {
    Live::open(SandboxOptions::new(World::sample())).expect("a sandbox in memory")
}

fn act(live: &mut Live, action: &str, params: &[(&str, &str)]) -> Result<Value, Refusal> {
    act_as(live, A, action, params)
}

fn act_as(
    live: &mut Live,
    account: &str,
    action: &str,
    params: &[(&str, &str)],
) -> Result<Value, Refusal> {
    let mut call = Call::for_test(action);
    call.account = account.into();
    call.region = "cn-hangzhou".into();
    call.params = params.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    Alibaba::act(live, &call, Timestamp::UNIX_EPOCH)
}

fn code(outcome: Result<Value, Refusal>) -> (u16, String) {
    let refusal = outcome.expect_err("a refusal");
    (refusal.status, refusal.code)
}

fn rules(live: &Live, group: &str) -> Vec<LiveRule> {
    live.world().groups[&GroupId::from(group)].rules.clone()
}

const TCP_22: [(&str, &str); 4] = [
    ("IpProtocol", "tcp"),
    ("PortRange", "22/22"),
    ("SourceGroupId", TEAM),
    ("SourceGroupOwnerId", B),
];

fn flat<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut params = vec![("SecurityGroupId", HUB)];
    params.extend(TCP_22);
    params.extend_from_slice(more);
    params
}

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
    live.kept.world.manners.unmatched_flat = Unmatched::RuleNotExist;
    let outcome = act(&mut live, "RevokeSecurityGroup", &flat(&[("Priority", "2")]));
    assert_eq!(code(outcome), (400, "InvalidSecurityGroupRule.RuleNotExist".to_owned()));
}

#[test]
fn permissions_are_not_atomic() {
    let mut live = sandbox();
    live.kept.world.manners.unmatched_permissions = Unmatched::RuleNotExist;
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
    assert!(live.deeds.replayed);
    let other =
        act(&mut live, "RevokeSecurityGroup", &flat(&[("ClientToken", "t-1"), ("Priority", "2")]));
    assert_eq!(code(other), (400, "IdempotentParameterMismatch".to_owned()));
}

#[test]
fn authorizing_is_idempotent_and_gives_new_ids() {
    let mut live = sandbox();
    let before = rules(&live, HUB);
    act(&mut live, "AuthorizeSecurityGroup", &flat(&[])).expect("it is there already");
    assert_eq!(rules(&live, HUB), before);
    act(&mut live, "RevokeSecurityGroup", &flat(&[])).expect("a success");
    act(&mut live, "AuthorizeSecurityGroup", &flat(&[("Description", "back")])).expect("added");
    let after = rules(&live, HUB);
    let added = after.last().expect("a rule");
    assert_eq!((after.len(), added.description.as_str()), (before.len(), "back"));
    assert!(before.iter().all(|rule| rule.id != added.id));
    let stranger = flat(&[("SourceGroupOwnerId", A), ("Priority", "9")]);
    let outcome = act(&mut live, "AuthorizeSecurityGroup", &stranger);
    assert_eq!(code(outcome).1, "InvalidSourceGroupId.Mismatch");
    live.kept.world.manners.max_group_rules = 7;
    let outcome = act(&mut live, "AuthorizeSecurityGroup", &flat(&[("Priority", "9")]));
    assert_eq!(code(outcome).1, "AuthorizedGroupRule.LimitExceed");
}

#[test]
fn references_show_who_names_a_group_across_accounts() {
    let mut live = sandbox();
    let mut by = |account: &str, group: &str| {
        let params = [("SecurityGroupId.1", group)];
        let body = act_as(&mut live, account, "DescribeSecurityGroupReferences", &params)
            .expect("an answer");
        let found = &body["SecurityGroupReferences"]["SecurityGroupReference"][0];
        let by = found["ReferencingSecurityGroups"]["ReferencingSecurityGroup"].as_array().cloned();
        by.unwrap_or_default().iter().map(|one| one["SecurityGroupId"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(by(A, HUB), [TEAM]);
    assert_eq!(by(B, TEAM), [HUB, "sg-hz0keep00000000000a5"]);
    assert!(by(A, "sg-hz0partner0000000a4").is_empty());
    let eleven: Vec<_> = (1..=11).map(|n| (format!("SecurityGroupId.{n}"), HUB)).collect();
    let eleven: Vec<_> = eleven.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    assert!(act(&mut live, "DescribeSecurityGroupReferences", &eleven).is_err());
}

#[test]
fn pages_are_as_long_as_asked_and_never_longer_than_allowed() {
    let mut live = sandbox();
    let big = ("SecurityGroupId", "sg-hz0biggroup0000000a3");
    let mut counts = |more: &[(&str, &str)]| {
        let (mut counts, mut token) = (Vec::new(), String::new());
        loop {
            let mut params = vec![big, ("NextToken", token.as_str())];
            params.extend_from_slice(more);
            let body =
                act(&mut live, "DescribeSecurityGroupAttribute", &params).map_err(|r| r.code)?;
            counts.push(body["Permissions"]["Permission"].as_array().map_or(0, Vec::len));
            token = body["NextToken"].as_str().unwrap_or_default().to_owned();
            if token.is_empty() {
                return Ok::<_, String>(counts);
            }
        }
    };
    assert_eq!(counts(&[]), Ok(vec![500, 150]));
    assert_eq!(counts(&[("MaxResults", "1000")]), Ok(vec![650]));
    assert_eq!(counts(&[("Direction", "egress")]), Ok(vec![0]));
    assert_eq!(counts(&[("MaxResults", "9")]), Err("InvalidParameter.MaxResults".to_owned()));
    assert_eq!(counts(&[("MaxResults", "1001")]), Err("InvalidParameter.MaxResults".to_owned()));
}

#[test]
fn reads_still_show_a_revoked_rule_until_the_delay_is_over() {
    let options = SandboxOptions {
        visibility_delay: Duration::from_hours(1),
        ..SandboxOptions::new(World::sample())
    };
    let mut live = Live::open(options).expect("a sandbox in memory");
    let shown = |live: &mut Live| {
        let params = [("SecurityGroupId", HUB)];
        let body = act(live, "DescribeSecurityGroupAttribute", &params).expect("an answer");
        body["Permissions"]["Permission"].as_array().map_or(0, Vec::len)
    };
    let before = shown(&mut live);
    act(&mut live, "RevokeSecurityGroup", &flat(&[])).expect("a success");
    assert_eq!(shown(&mut live), before);
    assert_eq!(rules(&live, HUB).len(), before - 1);
}

#[test]
fn the_sample_holds_a_drop_rule_between_the_pair() {
    let live = sandbox();
    let drops = rules(&live, HUB).into_iter().filter(|rule| rule.policy == Policy::Drop);
    assert_eq!(drops.count(), 1);
}

#[test]
fn a_role_is_assumed_with_the_right_external_id_and_never_in_a_partners_account() {
    let mut live = sandbox();
    live.kept.world.accounts[1].external_id = Some("x-1".to_owned());
    let mut assume = |account: &str, more: &[(&str, &str)]| {
        let arn = format!("acs:ram::{account}:role/unpair");
        let mut params = vec![("RoleArn", arn.as_str()), ("RoleSessionName", "run-1")];
        params.extend_from_slice(more);
        act(&mut live, "AssumeRole", &params).map_err(|refusal| refusal.code)
    };
    assert_eq!(assume(B, &[]), Err("NoPermission".to_owned()));
    assert_eq!(assume("1234567890123403", &[]), Err("NoPermission".to_owned()));
    assert_eq!(assume("42", &[]), Err("EntityNotExist.Role".to_owned()));
    assert_eq!(
        assume(B, &[("ExternalId", "x-1"), ("DurationSeconds", "60")]),
        Err("InvalidParameter.DurationSeconds".to_owned())
    );
    let answer = assume(B, &[("ExternalId", "x-1")]).expect("credentials");
    assert_eq!(answer["Credentials"]["Expiration"], "1970-01-01T01:00:00Z");
    let key = answer["Credentials"]["AccessKeyId"].as_str().expect("a key");
    let world = live.world().clone();
    let caller =
        live.sessions.find(&world, crate::model::Provider::Alibaba, key).expect("it is known");
    assert_eq!(caller.account.as_str(), B);
    assert!(caller.is_expired(Timestamp::now()));
}
