//! `DescribeSecurityGroups`: groups with their rules folded into permissions.

use super::decode::malformed_group;
use super::filters::{Filter, filters};
use super::pages::{next_token, page_of};
use super::partition::arn;
use super::response::refuse;
use super::xml::{leaf, leaf_if, set};
use crate::model::{Direction, GroupId, Peer, PortRange, Protocol, Provider};
use crate::sandbox::call::{Call, Refusal};
use crate::sandbox::live::Live;
use crate::sandbox::world::{Group, LiveRule, World};

/// A group of the caller by id.
pub(super) fn owned<'a>(live: &'a Live, call: &Call, id: &str) -> Result<&'a Group, Refusal> {
    let digits = id.strip_prefix("sg-").ok_or_else(|| malformed_group(id))?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(malformed_group(id));
    }
    live.world().group(Provider::Aws, &call.account, &call.region, &GroupId::from(id)).ok_or_else(
        || refuse("InvalidGroup.NotFound", format!("The security group '{id}' does not exist")),
    )
}

/// `DescribeSecurityGroups`.
pub(super) fn groups(live: &Live, call: &Call) -> Result<String, Refusal> {
    let ids = call.list("GroupId");
    if !ids.is_empty() && call.param("MaxResults").is_some() {
        let message = "The parameter GroupIds cannot be used with the parameter MaxResults";
        return Err(refuse("InvalidParameterCombination", message));
    }
    ids.iter().try_for_each(|id| owned(live, call, id).map(|_| ()))?;
    let (names, filters) = (call.list("GroupName"), filters(call)?);
    let mut found = Vec::new();
    let wanted = (!ids.is_empty()).then_some(ids.as_slice());
    let place = (Provider::Aws, &call.account, &call.region);
    for group in live.world().groups_of(place, wanted) {
        let by_name = names.is_empty() || (group.default_vpc && names.contains(&group.name));
        if by_name && passes_all(group, live.seen(group), &filters)? {
            found.push(group);
        }
    }
    let listing = format!("groups {} {} {filters:?}", call.account, call.region);
    let page = page_of(found, &listing, call)?;
    let items = page.items.iter().map(|group| group_item(live, group));
    Ok(set("securityGroupInfo", items) + &next_token(page.next))
}

fn passes_all(group: &Group, rules: &[LiveRule], filters: &[Filter]) -> Result<bool, Refusal> {
    for filter in filters {
        if !passes(group, rules, filter)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Rule filters are satisfied by any rule each, not all by one: as the manual warns.
fn passes(group: &Group, rules: &[LiveRule], filter: &Filter) -> Result<bool, Refusal> {
    let of_group = match filter.name.as_str() {
        "group-id" => Some(group.id.as_str()),
        "group-name" => Some(group.name.as_str()),
        "owner-id" => Some(group.account.as_str()),
        "vpc-id" => Some(group.vpc.as_str()),
        "description" => Some(group.description.as_str()),
        _ => None,
    };
    if let Some(text) = of_group {
        return Ok(filter.admits([text]));
    }
    let (direction, field) = match filter.name.strip_prefix("egress.") {
        Some(rest) => (Direction::Egress, rest),
        None => (Direction::Ingress, filter.name.as_str()),
    };
    let field = field.strip_prefix("ip-permission.").ok_or_else(|| filter.unknown())?;
    let rules = rules.iter().filter(|rule| rule.direction == direction);
    let values: Result<Vec<_>, NoSuchField> = rules.map(|rule| field_of(rule, field)).collect();
    Ok(filter.admits(values.map_err(|_| filter.unknown())?.into_iter().flatten()))
}

/// A filter's field that rules do not have.
struct NoSuchField;

/// A rule's value of a filter's field, if the rule has any.
fn field_of(rule: &LiveRule, field: &str) -> Result<Option<String>, NoSuchField> {
    Ok(match (field, &rule.peer) {
        ("from-port", _) => Some(rule.ports.from.to_string()),
        ("to-port", _) => Some(rule.ports.to.to_string()),
        ("protocol", _) => Some(rule.protocol.aws().to_owned()),
        ("group-id", Peer::Group { id, .. }) => Some(id.to_string()),
        ("user-id", Peer::Group { owner, .. }) => owner.as_ref().map(ToString::to_string),
        ("cidr", Peer::Cidr(cidr)) if !cidr.contains(':') => Some(cidr.clone()),
        ("ipv6-cidr", Peer::Cidr(cidr)) if cidr.contains(':') => Some(cidr.clone()),
        ("prefix-list-id", Peer::PrefixList(list)) => Some(list.clone()),
        ("group-id" | "user-id" | "cidr" | "ipv6-cidr" | "prefix-list-id", _) => None,
        _ => return Err(NoSuchField),
    })
}

fn group_item(live: &Live, group: &Group) -> String {
    let (ingress, egress): (Vec<_>, Vec<_>) =
        live.seen(group).iter().partition(|rule| rule.direction == Direction::Ingress);
    let arn = arn(group, "security-group", group.id.as_str());
    let world = Some(live.world());
    leaf("ownerId", group.account.as_str())
        + &leaf("groupId", group.id.as_str())
        + &leaf("groupName", &group.name)
        + &leaf("groupDescription", &group.description)
        + &leaf_if("vpcId", &group.vpc)
        + &leaf("securityGroupArn", arn)
        + &set("ipPermissions", permission_items(&ingress, group, world))
        + &set("ipPermissionsEgress", permission_items(&egress, group, world))
}

/// Rules folded into permissions: one for each protocol and port range, in order of appearance.
/// With a world, the owner of a group that is gone is left out.
pub(super) fn permission_items(
    rules: &[&LiveRule],
    group: &Group,
    world: Option<&World>,
) -> Vec<String> {
    let mut shapes: Vec<(&Protocol, PortRange)> = Vec::new();
    for rule in rules {
        if !shapes.contains(&(&rule.protocol, rule.ports)) {
            shapes.push((&rule.protocol, rule.ports));
        }
    }
    let folded = shapes.into_iter().map(|(protocol, ports)| {
        let same: Vec<&LiveRule> = rules
            .iter()
            .copied()
            .filter(|rule| rule.protocol == *protocol && rule.ports == ports)
            .collect();
        permission_item(protocol, ports, &same, group, world)
    });
    folded.collect()
}

fn permission_item(
    protocol: &Protocol,
    ports: PortRange,
    rules: &[&LiveRule],
    group: &Group,
    world: Option<&World>,
) -> String {
    let items = |pick: &dyn Fn(&LiveRule) -> Option<String>| -> Vec<String> {
        let described =
            |rule: &&LiveRule| Some(pick(rule)? + &leaf_if("description", &rule.description));
        rules.iter().filter_map(described).collect()
    };
    let mut item = leaf("ipProtocol", protocol.aws());
    if protocol.aws() != "-1" {
        item += &leaf("fromPort", ports.from.to_string());
        item += &leaf("toPort", ports.to.to_string());
    }
    item + &set("groups", items(&|rule| group_pair(rule, group, world)))
        + &set("ipRanges", items(&|rule| cidr(rule, false, "cidrIp")))
        + &set("ipv6Ranges", items(&|rule| cidr(rule, true, "cidrIpv6")))
        + &set("prefixListIds", items(&prefix_list))
}

fn group_pair(rule: &LiveRule, group: &Group, world: Option<&World>) -> Option<String> {
    let Peer::Group { id, owner } = &rule.peer else { return None };
    let is_gone = world.is_some_and(|world| !world.groups.contains_key(id));
    let owner = if is_gone { "" } else { owner.as_ref().unwrap_or(&group.account).as_str() };
    Some(leaf("groupId", id.as_str()) + &leaf_if("userId", owner))
}

fn cidr(rule: &LiveRule, v6: bool, name: &str) -> Option<String> {
    let Peer::Cidr(cidr) = &rule.peer else { return None };
    (cidr.contains(':') == v6).then(|| leaf(name, cidr))
}

fn prefix_list(rule: &LiveRule) -> Option<String> {
    let Peer::PrefixList(list) = &rule.peer else { return None };
    Some(leaf("prefixListId", list))
}
