//! What ECS does, action by action, without HTTP around it.

mod revoke;

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
    live.state.world.manners.max_group_rules = 7;
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
    live.state.world.accounts[1].external_id = Some("x-1".to_owned());
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
