//! The changes of ECS: rules are revoked and authorised.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::checks::own_group;
use super::decode;
use super::refusal::refuse;
use crate::model::{Direction, GroupId, Peer, Provider, RuleId};
use crate::sandbox::call::{Call, Refusal};
use crate::sandbox::live::Live;
use crate::sandbox::world::{Group, LiveRule, Unmatched, World};

/// Most rules of one call, by id and by properties alike.
const MOST_RULES: usize = 100;

/// What a call names: rules by id, or rules by their properties.
enum RuleSelection {
    Ids(Vec<String>),
    Rules { rules: Vec<LiveRule>, unmatched: Unmatched },
}

/// `RevokeSecurityGroup` and `RevokeSecurityGroupEgress`.
pub(super) fn revoke(live: &mut Live, call: &Call, direction: Direction) -> Result<Value, Refusal> {
    let group = changeable(live, call)?;
    match named(live.world(), call, group, direction)? {
        RuleSelection::Ids(ids) => {
            let ids = by_ids(group, direction, &ids)?;
            let group = group.id.clone();
            live.remove(&group, ids);
        }
        RuleSelection::Rules { rules, unmatched } => {
            let group = group.id.clone();
            // One after the other: what went before a refusal stays gone.
            for rule in rules {
                let matching = by_properties(live.world(), &group, &rule, unmatched)?;
                live.remove(&group, matching);
            }
        }
    }
    Ok(json!({}))
}

/// The caller's group, unless a service of the provider manages it.
fn changeable<'a>(live: &'a Live, call: &Call) -> Result<&'a Group, Refusal> {
    let group = own_group(live, call)?;
    if group.managed {
        return Err(refuse(
            "InvalidOperation.ResourceManagedByCloudProduct",
            "The specified security group is managed by a cloud product and cannot be changed.",
        ));
    }
    Ok(group)
}

fn named(
    world: &World,
    call: &Call,
    group: &Group,
    direction: Direction,
) -> Result<RuleSelection, Refusal> {
    let ids = call.list("SecurityGroupRuleId");
    let has_permissions = !call.numbers("Permissions").is_empty();
    let is_flat = call.param("IpProtocol").is_some() || call.param("PortRange").is_some();
    if [!ids.is_empty(), has_permissions, is_flat].into_iter().filter(|form| *form).count() > 1 {
        return Err(refuse(
            "InvalidParam.Permissions",
            "SecurityGroupRuleId, Permissions and the parameters of a single rule exclude each other.",
        ));
    }
    if !ids.is_empty() {
        return Ok(RuleSelection::Ids(ids));
    }
    let manners = &world.manners;
    let unmatched =
        if has_permissions { manners.unmatched_permissions } else { manners.unmatched_flat };
    Ok(RuleSelection::Rules { rules: described(world, call, group, direction)?, unmatched })
}

/// The rules that the call describes: each `Permissions.N`, or the one of the flat parameters.
fn described(
    world: &World,
    call: &Call,
    group: &Group,
    direction: Direction,
) -> Result<Vec<LiveRule>, Refusal> {
    let numbers = call.numbers("Permissions");
    if numbers.is_empty() {
        return Ok(vec![decode::rule(world, call, "", group, direction)?]);
    }
    if numbers.len() > MOST_RULES {
        return Err(refuse("InvalidParam.Permissions", "At most 100 Permissions are allowed."));
    }
    let mut rules: Vec<LiveRule> = Vec::new();
    for number in numbers {
        let rule = decode::rule(world, call, &format!("Permissions.{number}."), group, direction)?;
        if rules.iter().any(|other| other.is_same_rule(&rule)) {
            return Err(refuse(
                "InvalidParam.DuplicatePermissions",
                "There are duplicate permissions in the request.",
            ));
        }
        rules.push(rule);
    }
    Ok(rules)
}

/// All of them or none: the rules of these ids.
fn by_ids(group: &Group, direction: Direction, ids: &[String]) -> Result<Vec<RuleId>, Refusal> {
    let distinct: BTreeSet<_> = ids.iter().collect();
    if distinct.len() < ids.len() {
        return Err(refuse(
            "InvalidParam.SecurityGroupRuleIdRepeated",
            "The specified SecurityGroupRuleId is repeated.",
        ));
    }
    let is_live = |id: &String| {
        group.rules.iter().any(|rule| rule.id.as_str() == id && rule.direction == direction)
    };
    if ids.len() > MOST_RULES || !ids.iter().all(is_live) {
        return Err(refuse(
            "InvalidParam.SecurityGroupRuleId",
            "The specified SecurityGroupRuleId is not valid.",
        ));
    }
    Ok(ids.iter().map(RuleId::new).collect())
}

/// The rules written exactly this way; none is a success or not, as the world's manners say.
fn by_properties(
    world: &World,
    group: &GroupId,
    wanted: &LiveRule,
    unmatched: Unmatched,
) -> Result<Vec<RuleId>, Refusal> {
    let live = world.groups.get(group).map(|group| group.rules.as_slice()).unwrap_or_default();
    let matching: Vec<_> =
        live.iter().filter(|rule| rule.is_same_rule(wanted)).map(|rule| rule.id.clone()).collect();
    if !matching.is_empty() {
        return Ok(matching);
    }
    if let Some(peer) = wanted.peer_group()
        && !world.groups.contains_key(peer)
    {
        return Err(no_peer(wanted.direction));
    }
    match unmatched {
        Unmatched::Silent => Ok(matching),
        Unmatched::RuleNotExist => Err(refuse(
            "InvalidSecurityGroupRule.RuleNotExist",
            "The specified rule does not exist.",
        )),
    }
}

fn no_peer(direction: Direction) -> Refusal {
    match direction {
        Direction::Ingress => {
            refuse("InvalidSourceGroupId.NotFound", "The specified SourceGroupId does not exist.")
        }
        Direction::Egress => {
            refuse("InvalidDestGroupId.NotFound", "The specified DestGroupId does not exist.")
        }
    }
}

/// `AuthorizeSecurityGroup` and `AuthorizeSecurityGroupEgress`: a rule that is there already is
/// a success that adds nothing.
pub(super) fn authorize(
    live: &mut Live,
    call: &Call,
    direction: Direction,
    now: Timestamp,
) -> Result<Value, Refusal> {
    let group = changeable(live, call)?;
    let mut rules = described(live.world(), call, group, direction)?;
    rules.iter().try_for_each(|rule| check_new(live.world(), rule))?;
    rules.retain(|rule| !group.rules.iter().any(|live| live.is_same_rule(rule)));
    check_limit(live.world(), group, &rules)?;
    let group = group.id.clone();
    live.add(Provider::Alibaba, &group, rules, now);
    Ok(json!({}))
}

fn check_new(world: &World, rule: &LiveRule) -> Result<(), Refusal> {
    if rule.description.chars().count() > 512 {
        return Err(refuse(
            "InvalidSecurityGroupDiscription.Malformed",
            "The specified Description is not valid.",
        ));
    }
    let Peer::Group { id, owner } = &rule.peer else { return Ok(()) };
    let peer = world.groups.get(id).filter(|peer| peer.cloud == Provider::Alibaba);
    let peer = peer.ok_or_else(|| no_peer(rule.direction))?;
    if owner.as_ref() == Some(&peer.account) {
        return Ok(());
    }
    let far = if rule.direction == Direction::Ingress { "Source" } else { "Dest" };
    let message = format!("The specified {far}GroupId does not belong to the specified owner.");
    Err(refuse(&format!("Invalid{far}GroupId.Mismatch"), message))
}

fn check_limit(world: &World, group: &Group, new: &[LiveRule]) -> Result<(), Refusal> {
    let most = world.manners.max_group_rules;
    let named = group.rules.iter().chain(new).filter(|rule| rule.peer_group().is_some()).count();
    if most == 0 || named <= most {
        return Ok(());
    }
    let message = format!("The number of rules that name groups exceeds the limit of {most}.");
    Err(refuse("AuthorizedGroupRule.LimitExceed", message))
}
