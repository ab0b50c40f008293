//! The reads of EC2 beside its groups: rules, references, regions.

use super::filters::{Filter, filters};
use super::groups::owned;
use super::pages::{next_token, page_of};
use super::partition::{arn, endpoint};
use super::response::refuse;
use super::xml::{leaf, leaf_if, node, set};
use crate::model::{Direction, Peer, Provider};
use crate::sandbox::call::{Call, Refusal};
use crate::sandbox::live::Live;
use crate::sandbox::world::{Group, LiveRule, World};

/// `DescribeSecurityGroupRules`: a page of the rules of the caller's groups.
pub(super) fn rules(live: &Live, call: &Call) -> Result<String, Refusal> {
    let (ids, filters) = (call.list("SecurityGroupRuleId"), filters(call)?);
    let mut found = Vec::new();
    for group in own_groups(live, call, &filters) {
        for rule in live.seen(group) {
            let by_id = ids.is_empty() || ids.iter().any(|id| id == rule.id.as_str());
            if by_id && passes_all(group, rule, &filters)? {
                found.push((group, rule));
            }
        }
    }
    if let Some(id) = ids.iter().find(|id| !found.iter().any(|(_, rule)| rule.id.as_str() == *id)) {
        let message = format!("The security group rule ID '{id}' does not exist");
        return Err(refuse("InvalidSecurityGroupRuleId.NotFound", message));
    }
    let listing = format!("rules {} {} {ids:?} {filters:?}", call.account, call.region);
    let page = page_of(found, &listing, call)?;
    let items = page.items.iter().map(|(group, rule)| rule_body(rule, group, live.world()));
    Ok(set("securityGroupRuleSet", items) + &next_token(page.next))
}

/// The caller's groups, narrowed at once where a filter names them: that is what audits ask, and
/// a world may hold many.
fn own_groups<'a>(live: &'a Live, call: &Call, filters: &[Filter]) -> Vec<&'a Group> {
    let exact = |filter: &&Filter| filter.name == "group-id" && !filter.has_wildcards();
    let named = filters.iter().find(exact).map(|filter| filter.values.as_slice());
    live.world().groups_of((Provider::Aws, &call.account, &call.region), named)
}

fn passes_all(group: &Group, rule: &LiveRule, filters: &[Filter]) -> Result<bool, Refusal> {
    for filter in filters {
        let passes = match filter.name.as_str() {
            "group-id" => filter.admits([&group.id.to_string()]),
            "security-group-rule-id" => filter.admits([&rule.id.to_string()]),
            "tag-key" => filter.admits(rule.tags.keys()),
            name => {
                let key = name.strip_prefix("tag:").ok_or_else(|| filter.unknown())?;
                filter.admits(rule.tags.get(key))
            }
        };
        if !passes {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A rule as `DescribeSecurityGroupRules` and the authorisations show it.
pub(super) fn rule_body(rule: &LiveRule, group: &Group, world: &World) -> String {
    let arn = arn(group, "security-group-rule", rule.id.as_str());
    let tags = rule.tags.iter().map(|(key, value)| leaf("key", key) + &leaf("value", value));
    leaf("securityGroupRuleId", rule.id.as_str())
        + &leaf("groupId", group.id.as_str())
        + &leaf("groupOwnerId", group.account.as_str())
        + &leaf("isEgress", (rule.direction == Direction::Egress).to_string())
        + &leaf("ipProtocol", rule.protocol.aws())
        + &leaf("fromPort", rule.ports.from.to_string())
        + &leaf("toPort", rule.ports.to.to_string())
        + &peer_body(rule, group, world)
        + &leaf_if("description", &rule.description)
        + &set("tagSet", tags)
        + &leaf("securityGroupRuleArn", arn)
}

/// The peer of a rule; the owner of a group that is gone is not known.
fn peer_body(rule: &LiveRule, group: &Group, world: &World) -> String {
    match &rule.peer {
        Peer::Group { id, owner } => {
            let known = world.groups.contains_key(id);
            let owner = if known { owner.as_ref().unwrap_or(&group.account).as_str() } else { "" };
            node("referencedGroupInfo", leaf("groupId", id.as_str()) + &leaf_if("userId", owner))
        }
        Peer::Cidr(cidr) if cidr.contains(':') => leaf("cidrIpv6", cidr),
        Peer::Cidr(cidr) => leaf("cidrIpv4", cidr),
        Peer::PrefixList(list) => leaf("prefixListId", list),
        Peer::Other(_) | Peer::Unclear(_) => String::new(),
    }
}

/// `DescribeSecurityGroupReferences`: which other VPCs name these groups; no more is told.
pub(super) fn references(live: &Live, call: &Call) -> Result<String, Refusal> {
    let ids = call.list("GroupId");
    if ids.is_empty() {
        return Err(refuse("MissingParameter", "The request must contain the parameter GroupId"));
    }
    let mut items = std::collections::BTreeSet::new();
    for id in &ids {
        let group = owned(live, call, id)?;
        let names = |rule: &LiveRule| rule.peer_group() == Some(&group.id);
        for by in live.world().groups.values() {
            let elsewhere = by.region == group.region && by.vpc != group.vpc;
            if by.cloud == Provider::Aws && elsewhere && live.seen(by).iter().any(names) {
                items.insert(leaf("groupId", id) + &leaf("referencingVpcId", &by.vpc));
            }
        }
    }
    Ok(set("securityGroupReferenceSet", items))
}

/// `DescribeRegions`.
pub(super) fn regions(live: &Live, call: &Call) -> Result<String, Refusal> {
    let (names, filters) = (call.list("RegionName"), filters(call)?);
    let mut items = Vec::new();
    for region in live.world().regions_of(Provider::Aws) {
        let mut wanted = names.is_empty() || names.iter().any(|name| name == region.as_str());
        for filter in &filters {
            wanted &= match filter.name.as_str() {
                "region-name" => filter.admits([region.as_str()]),
                "opt-in-status" => filter.admits(["opt-in-not-required"]),
                "endpoint" => filter.admits([endpoint(&region)]),
                _ => return Err(filter.unknown()),
            };
        }
        if wanted {
            items.push(
                leaf("regionName", region.as_str())
                    + &leaf("regionEndpoint", endpoint(&region))
                    + &leaf("optInStatus", "opt-in-not-required"),
            );
        }
    }
    Ok(set("regionInfo", items))
}
