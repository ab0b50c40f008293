//! The changes of EC2: rules are revoked and authorised, all of a call or none.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::decode;
use super::describe::rule_body;
use super::groups::{owned, permission_items};
use super::response::refuse;
use super::xml::{leaf, leaf_if, set};
use crate::model::{Direction, Peer, Provider};
use crate::sandbox::call::{Call, Refusal};
use crate::sandbox::live::Live;
use crate::sandbox::world::{Group, LiveRule, World};

/// `RevokeSecurityGroupIngress` and `RevokeSecurityGroupEgress`.
pub(super) fn revoke(
    live: &mut Live,
    call: &Call,
    direction: Direction,
) -> Result<String, Refusal> {
    let group = named_group(live, call, direction)?;
    let ids = call.list("SecurityGroupRuleId");
    let (removed, unknown) = if ids.is_empty() {
        let wanted = wanted(live.world(), call, group, direction)?;
        matching(live.world(), group, wanted)?
    } else {
        if !call.numbers("IpPermissions").is_empty() || call.param("IpProtocol").is_some() {
            let message =
                "The parameters securityGroupRuleIds and ipPermissions may not be used together";
            return Err(refuse("InvalidParameterCombination", message));
        }
        (by_ids(group, direction, &ids)?, Vec::new())
    };
    let answer = leaf("return", "true")
        + &unknown_set(&unknown, group)
        + &set("revokedSecurityGroupRuleSet", removed.iter().map(|rule| revoked_item(rule, group)));
    let group = group.id.clone();
    live.remove(&group, removed.into_iter().map(|rule| rule.id).collect());
    Ok(answer)
}

/// The group of a change: by id, or for ingress by its name in the default VPC.
fn named_group<'a>(
    live: &'a Live,
    call: &Call,
    direction: Direction,
) -> Result<&'a Group, Refusal> {
    let name = call.param("GroupName").filter(|_| direction == Direction::Ingress);
    match (call.param("GroupId"), name) {
        (Some(id), None) => owned(live, call, id),
        (None, Some(name)) => by_name(live, call, name),
        (Some(_), Some(_)) => {
            let message = "The parameters groupId and groupName may not be used together";
            Err(refuse("InvalidParameterCombination", message))
        }
        (None, None) => Err(refuse(
            "MissingParameter",
            "The request must contain the parameter groupName or groupId",
        )),
    }
}

fn by_name<'a>(live: &'a Live, call: &Call, name: &str) -> Result<&'a Group, Refusal> {
    let mut own = live.world().groups.values().filter(|group| {
        group.cloud == Provider::Aws && group.account == call.account && group.region == call.region
    });
    own.find(|group| group.default_vpc && group.name == name).ok_or_else(|| {
        let message = format!("The security group '{name}' does not exist in default VPC");
        refuse("InvalidGroup.NotFound", message)
    })
}

fn wanted(
    world: &World,
    call: &Call,
    group: &Group,
    direction: Direction,
) -> Result<Vec<LiveRule>, Refusal> {
    let wanted = decode::rules(world, call, group, direction)?;
    if wanted.is_empty() {
        let message = "Either 'ipPermissions' or 'securityGroupRuleIds' should be provided.";
        return Err(refuse("MissingParameter", message));
    }
    Ok(wanted)
}

/// The live rules that match, and what matched none. In a default VPC the latter is told, in
/// another the whole call is refused.
fn matching(
    world: &World,
    group: &Group,
    wanted: Vec<LiveRule>,
) -> Result<(Vec<LiveRule>, Vec<LiveRule>), Refusal> {
    let (mut found, mut unknown) = (Vec::new(), Vec::new());
    for rule in wanted {
        match group.rules.iter().find(|live| is_meant(world, live, &rule)) {
            Some(live) => found.push(live.clone()),
            None => unknown.push(rule),
        }
    }
    let Some(first) = unknown.first().filter(|_| !group.default_vpc) else {
        return Ok((found, unknown));
    };
    match first.peer_group().filter(|id| !world.groups.contains_key(*id)) {
        Some(id) => Err(refuse(
            "InvalidGroup.NotFound",
            format!("The security group '{id}' does not exist"),
        )),
        None => Err(refuse(
            "InvalidPermission.NotFound",
            "The specified rule does not exist in this security group.",
        )),
    }
}

/// Whether `wanted` means the rule `live`. Of a group that is gone nobody knows the owner.
fn is_meant(world: &World, live: &LiveRule, wanted: &LiveRule) -> bool {
    if live.is_same_rule(wanted) {
        return true;
    }
    let (Some(id), Some(other)) = (live.peer_group(), wanted.peer_group()) else { return false };
    let gone = id == other && !world.groups.contains_key(id);
    gone && live.is_same_rule(&LiveRule { peer: live.peer.clone(), ..wanted.clone() })
}

/// All of them or none: the rules of these ids.
fn by_ids(group: &Group, direction: Direction, ids: &[String]) -> Result<Vec<LiveRule>, Refusal> {
    let distinct: BTreeSet<_> = ids.iter().collect();
    if distinct.len() < ids.len() {
        let message = "The same security group rule must not appear multiple times";
        return Err(refuse("InvalidParameterValue", message));
    }
    ids.iter().map(|id| by_id(group, direction, id)).collect()
}

fn by_id(group: &Group, direction: Direction, id: &str) -> Result<LiveRule, Refusal> {
    if !id.starts_with("sgr-") {
        let message = format!("Invalid id: \"{id}\" (expecting \"sgr-...\")");
        return Err(refuse("InvalidSecurityGroupRuleId.Malformed", message));
    }
    let is_it = |rule: &&LiveRule| rule.id.as_str() == id && rule.direction == direction;
    group.rules.iter().find(is_it).cloned().ok_or_else(|| {
        let message = format!("The security group rule ID '{id}' does not exist");
        refuse("InvalidSecurityGroupRuleId.NotFound", message)
    })
}

fn unknown_set(unknown: &[LiveRule], group: &Group) -> String {
    let unknown: Vec<_> = unknown.iter().collect();
    if unknown.is_empty() {
        return String::new();
    }
    set("unknownIpPermissionSet", permission_items(&unknown, group, None))
}

/// A rule in `revokedSecurityGroupRuleSet`, which does not tell the account of a group.
fn revoked_item(rule: &LiveRule, group: &Group) -> String {
    let peer = match &rule.peer {
        Peer::Group { id, .. } => leaf("referencedGroupId", id.as_str()),
        Peer::Cidr(cidr) if cidr.contains(':') => leaf("cidrIpv6", cidr),
        Peer::Cidr(cidr) => leaf("cidrIpv4", cidr),
        Peer::PrefixList(list) => leaf("prefixListId", list),
        Peer::Other(_) | Peer::Unclear(_) => String::new(),
    };
    leaf("securityGroupRuleId", rule.id.as_str())
        + &leaf("groupId", group.id.as_str())
        + &leaf("isEgress", (rule.direction == Direction::Egress).to_string())
        + &leaf("ipProtocol", rule.protocol.aws())
        + &leaf("fromPort", rule.ports.from.to_string())
        + &leaf("toPort", rule.ports.to.to_string())
        + &peer
        + &leaf_if("description", &rule.description)
}

/// `AuthorizeSecurityGroupIngress` and `AuthorizeSecurityGroupEgress`.
pub(super) fn authorize(
    live: &mut Live,
    call: &Call,
    direction: Direction,
    now: Timestamp,
) -> Result<String, Refusal> {
    let group = named_group(live, call, direction)?;
    let mut rules = wanted(live.world(), call, group, direction)?;
    let tags = tags(call);
    for rule in &mut rules {
        rule.tags.clone_from(&tags);
        check_new(live.world(), group, rule)?;
    }
    check_limit(live.world(), group, &rules)?;
    let id = group.id.clone();
    let group = group.clone();
    let added = live.add(Provider::Aws, &id, rules, now);
    let items = added.iter().map(|rule| rule_body(rule, &group, live.world()));
    Ok(leaf("return", "true") + &set("securityGroupRuleSet", items))
}

fn check_new(world: &World, group: &Group, rule: &LiveRule) -> Result<(), Refusal> {
    if group.rules.iter().any(|live| live.is_same_rule(rule)) {
        return Err(refuse("InvalidPermission.Duplicate", "the specified rule already exists"));
    }
    if let Peer::Group { id, owner } = &rule.peer {
        let is_there = world.groups.get(id).is_some_and(|peer| {
            peer.cloud == Provider::Aws
                && owner.as_ref() == Some(&peer.account)
                && peer.region == group.region
        });
        if !is_there {
            let message = format!("The security group '{id}' does not exist");
            return Err(refuse("InvalidGroup.NotFound", message));
        }
    }
    Ok(())
}

fn check_limit(world: &World, group: &Group, new: &[LiveRule]) -> Result<(), Refusal> {
    let most = world.manners.max_rules;
    let is_same_way = |rule: &&LiveRule| new.iter().any(|other| other.direction == rule.direction);
    let count = group.rules.iter().filter(is_same_way).count() + new.len();
    if most == 0 || count <= most {
        return Ok(());
    }
    let message = "The maximum number of rules per security group has been reached.";
    Err(refuse("RulesPerSecurityGroupLimitExceeded", message))
}

/// The tags of new rules, from the tag specifications for rules.
fn tags(call: &Call) -> BTreeMap<String, String> {
    let mut tags = BTreeMap::new();
    for n in call.numbers("TagSpecification") {
        let at = format!("TagSpecification.{n}");
        if call.param(&format!("{at}.ResourceType")) != Some("security-group-rule") {
            continue;
        }
        for m in call.numbers(&format!("{at}.Tag")) {
            let get = |name: &str| {
                call.param(&format!("{at}.Tag.{m}.{name}")).unwrap_or_default().to_owned()
            };
            tags.insert(get("Key"), get("Value"));
        }
    }
    tags
}
