//! The reads of ECS.

use serde_json::{Value, json};

use super::answer::{missing, refuse};
use super::checks::{check_region, find_own, own_group};
use crate::model::{Direction, GroupId, NicType, Peer, Policy, Provider};
use crate::sandbox::call::{Call, Refusal};
use crate::sandbox::live::Live;
use crate::sandbox::paging::page;
use crate::sandbox::world::{Group, LiveRule};

/// Rules on a page unless the call says otherwise, and what it may say.
const ATTRIBUTE_PAGE: (usize, std::ops::RangeInclusive<usize>) = (500, 10..=1000);
/// Groups on a page unless the call says otherwise, and what it may say.
const GROUPS_PAGE: (usize, std::ops::RangeInclusive<usize>) = (10, 1..=100);
/// Most groups of one `DescribeSecurityGroups` call.
const MOST_GROUPS: usize = 100;
/// Most groups of one `DescribeSecurityGroupReferences` call.
const MOST_REFERENCES: usize = 10;

/// `DescribeSecurityGroupAttribute`: a page of one group's rules.
pub(super) fn attribute(live: &Live, call: &Call) -> Result<Value, Refusal> {
    let group = own_group(live, call)?;
    let wanted = directions(call)?;
    check_nic_type(call)?;
    let rules: Vec<&LiveRule> =
        live.seen(group).iter().filter(|rule| wanted.contains(&rule.direction)).collect();
    let listing = format!("{} {wanted:?}", group.id);
    let size = page_size(call, &ATTRIBUTE_PAGE)?;
    let page = page(rules, &listing, call.param("NextToken"), size).map_err(|_| bad_token())?;
    let rules: Vec<_> = page.items.into_iter().map(|rule| rule_body(rule, group, live)).collect();
    Ok(json!({
        "RegionId": group.region,
        "SecurityGroupId": group.id,
        "SecurityGroupName": group.name,
        "Description": group.description,
        "VpcId": group.vpc,
        "InnerAccessPolicy": "Accept",
        "Permissions": { "Permission": rules },
        "NextToken": page.next.unwrap_or_default(),
    }))
}

fn directions(call: &Call) -> Result<Vec<Direction>, Refusal> {
    match call.param("Direction").unwrap_or("all") {
        "all" => Ok(vec![Direction::Ingress, Direction::Egress]),
        "ingress" => Ok(vec![Direction::Ingress]),
        "egress" => Ok(vec![Direction::Egress]),
        _ => Err(refuse("InvalidParamter", "The specified Direction is invalid.")),
    }
}

fn check_nic_type(call: &Call) -> Result<(), Refusal> {
    match call.param("NicType") {
        None | Some("intranet" | "internet") => Ok(()),
        Some(_) => {
            Err(refuse("InvalidNicType.ValueNotSupported", "The specified NicType does not exist."))
        }
    }
}

fn page_size(
    call: &Call,
    (default, range): &(usize, std::ops::RangeInclusive<usize>),
) -> Result<usize, Refusal> {
    let Some(text) = call.param("MaxResults") else { return Ok(*default) };
    let size = text.parse().ok().filter(|size| range.contains(size));
    size.ok_or_else(|| {
        refuse("InvalidParameter.MaxResults", "The specified MaxResults is not valid.")
    })
}

fn bad_token() -> Refusal {
    refuse("InvalidParameter.NextToken", "The specified NextToken is not valid.")
}

/// A rule in the provider's 26 fields; what does not apply is an empty text.
fn rule_body(rule: &LiveRule, group: &Group, live: &Live) -> Value {
    let near = rule.near.clone().unwrap_or_default();
    let cidr = if let Peer::Cidr(cidr) = &rule.peer { cidr.clone() } else { String::new() };
    let list = if let Peer::PrefixList(list) = &rule.peer { list.clone() } else { String::new() };
    let (peer, owner) = match &rule.peer {
        Peer::Group { id, owner } => {
            (id.to_string(), owner.as_ref().unwrap_or(&group.account).to_string())
        }
        Peer::Cidr(_) | Peer::PrefixList(_) | Peer::Other(_) => (String::new(), String::new()),
    };
    // Names are shown of the account's own groups alone.
    let name = live
        .world()
        .group(Provider::Alibaba, &group.account, &group.region, &GroupId::new(&peer))
        .map_or_else(String::new, |peer| peer.name.clone());
    let far = [peer, name, owner, list];
    let none = [const { String::new() }; 4];
    let (source, dest, source_cidr, dest_cidr) = match rule.direction {
        Direction::Ingress => (far, none, cidr, near),
        Direction::Egress => (none, far, near, cidr),
    };
    let (v4, v6) = (|c: &str| only(c, !c.contains(':')), |c: &str| only(c, c.contains(':')));
    let policy = if rule.policy == Policy::Accept { "Accept" } else { "Drop" };
    let nic_type = if rule.nic_type == NicType::Intranet { "intranet" } else { "internet" };
    json!({
        "SecurityGroupRuleId": rule.id,
        "Direction": rule.direction.as_str(),
        "IpProtocol": protocol_shown(rule.protocol.as_str()),
        "PortRange": rule.ports.to_string(),
        "PortRangeListId": "",
        "PortRangeListName": "",
        "SourcePortRange": rule.source_ports.map(|ports| ports.to_string()).unwrap_or_default(),
        "SourceGroupId": source[0],
        "SourceGroupName": source[1],
        "SourceGroupOwnerAccount": source[2],
        "SourceCidrIp": v4(&source_cidr),
        "Ipv6SourceCidrIp": v6(&source_cidr),
        "SourcePrefixListId": source[3],
        "SourcePrefixListName": "",
        "DestGroupId": dest[0],
        "DestGroupName": dest[1],
        "DestGroupOwnerAccount": dest[2],
        "DestCidrIp": v4(&dest_cidr),
        "Ipv6DestCidrIp": v6(&dest_cidr),
        "DestPrefixListId": dest[3],
        "DestPrefixListName": "",
        "NicType": nic_type,
        "Policy": policy,
        "Priority": rule.priority.to_string(),
        "Description": rule.description,
        "CreateTime": rule.created,
    })
}

fn only(text: &str, wanted: bool) -> String {
    if wanted { text.to_owned() } else { String::new() }
}

/// Upper case, but for `ICMPv6`.
fn protocol_shown(word: &str) -> String {
    if word == "icmpv6" { "ICMPv6".to_owned() } else { word.to_uppercase() }
}

/// `DescribeSecurityGroups`: a page of the caller's groups in the region.
pub(super) fn groups(live: &Live, call: &Call) -> Result<Value, Refusal> {
    check_region(live, call)?;
    if call.param("DryRun") == Some("true") {
        return Err(refuse(
            "DryRunOperation",
            "Request validation has been passed with DryRun flag set.",
        ));
    }
    let named = named_groups(call)?;
    let groups: Vec<&Group> = live
        .world()
        .groups
        .values()
        .filter(|group| is_asked_for(group, call, named.as_deref()))
        .collect();
    let size = page_size(call, &GROUPS_PAGE)?;
    let listing = format!("groups {} {named:?}", call.account);
    let page = page(groups, &listing, call.param("NextToken"), size).map_err(|_| bad_token())?;
    let groups: Vec<_> = page.items.into_iter().map(|group| group_body(group, live)).collect();
    Ok(json!({
        "RegionId": call.region,
        "SecurityGroups": { "SecurityGroup": groups },
        "NextToken": page.next.unwrap_or_default(),
    }))
}

/// The ids that the call names: `SecurityGroupIds` is a JSON array.
fn named_groups(call: &Call) -> Result<Option<Vec<String>>, Refusal> {
    let mut named: Option<Vec<String>> = None;
    if let Some(text) = call.param("SecurityGroupIds") {
        let malformed = || {
            refuse(
                "InvalidSecurityGroupId.Malformed",
                "The specified SecurityGroupIds is not valid.",
            )
        };
        let ids: Vec<String> = serde_json::from_str(text).map_err(|_| malformed())?;
        if ids.len() > MOST_GROUPS {
            return Err(malformed());
        }
        named = Some(ids);
    }
    if let Some(id) = call.param("SecurityGroupId") {
        named.get_or_insert_default().push(id.to_owned());
    }
    Ok(named)
}

fn is_asked_for(group: &Group, call: &Call, named: Option<&[String]>) -> bool {
    let says = |name: &str, value: &str| call.param(name).is_none_or(|wanted| wanted == value);
    let network = if group.vpc.is_empty() { "classic" } else { "vpc" };
    group.cloud == Provider::Alibaba
        && group.account == call.account
        && group.region == call.region
        && named.is_none_or(|ids| ids.iter().any(|id| id == group.id.as_str()))
        && says("SecurityGroupName", &group.name)
        && says("VpcId", &group.vpc)
        && says("NetworkType", network)
        && says("SecurityGroupType", "normal")
        && says("ServiceManaged", if group.managed { "true" } else { "false" })
}

fn group_body(group: &Group, live: &Live) -> Value {
    let rules = live.seen(group);
    json!({
        "SecurityGroupId": group.id,
        "SecurityGroupName": group.name,
        "SecurityGroupType": "normal",
        "VpcId": group.vpc,
        "Description": group.description,
        "ResourceGroupId": "",
        "ServiceManaged": group.managed,
        "CreationTime": "2025-06-01T00:00:00Z",
        "RuleCount": rules.len(),
        "GroupToGroupRuleCount": rules.iter().filter(|rule| rule.peer_group().is_some()).count(),
        "Tags": { "Tag": [] },
    })
}

/// `DescribeSecurityGroupReferences`: which groups, of whatever account, authorise these.
pub(super) fn references(live: &Live, call: &Call) -> Result<Value, Refusal> {
    check_region(live, call)?;
    let ids = call.list("SecurityGroupId");
    if ids.is_empty() || ids.len() > MOST_REFERENCES {
        let message = "SecurityGroupId is essential and size should less than 10.";
        return Err(if ids.is_empty() {
            missing("MissingParameter", "SecurityGroupId")
        } else {
            refuse("InvalidSecurityGroupId.Malformed", message)
        });
    }
    let mut answered = Vec::new();
    for id in &ids {
        let group = find_own(live, call, id)?;
        let by: Vec<_> = referencing(live, group)
            .map(|by| json!({"SecurityGroupId": by.id, "AliUid": by.account}))
            .collect();
        if !by.is_empty() {
            answered.push(json!({
                "SecurityGroupId": id,
                "ReferencingSecurityGroups": { "ReferencingSecurityGroup": by },
            }));
        }
    }
    Ok(json!({ "SecurityGroupReferences": { "SecurityGroupReference": answered } }))
}

/// The groups with an ingress rule that names `group`.
fn referencing<'a>(live: &'a Live, group: &'a Group) -> impl Iterator<Item = &'a Group> {
    let names = |rule: &LiveRule| {
        rule.direction == Direction::Ingress && rule.peer_group() == Some(&group.id)
    };
    live.world()
        .groups
        .values()
        .filter(|by| by.cloud == Provider::Alibaba && by.region == group.region)
        .filter(move |by| live.seen(by).iter().any(names))
}

/// `DescribeRegions`.
pub(super) fn regions(live: &Live) -> Value {
    let regions: Vec<_> = live
        .world()
        .regions_of(Provider::Alibaba)
        .into_iter()
        .map(|id| {
            json!({
                "RegionId": id,
                "RegionEndpoint": format!("ecs.{id}.aliyuncs.com"),
                "LocalName": id,
                "Status": "available",
            })
        })
        .collect();
    json!({ "Regions": { "Region": regions } })
}
