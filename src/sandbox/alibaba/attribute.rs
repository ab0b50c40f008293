//! `DescribeSecurityGroupAttribute`: the rules of one group.

use serde_json::{Value, json};

use super::answer::refuse;
use super::checks::own_group;
use super::describe::{bad_token, page_size};
use crate::model::{Direction, GroupId, NicType, Peer, Policy, Provider};
use crate::sandbox::call::{Call, Refusal};
use crate::sandbox::live::Live;
use crate::sandbox::paging::page;
use crate::sandbox::world::{Group, LiveRule};

/// Rules on a page unless the call says otherwise, and what it may say.
const ATTRIBUTE_PAGE: (usize, std::ops::RangeInclusive<usize>) = (500, 10..=1000);
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

/// A rule in the provider's 26 fields; what does not apply is an empty text.
fn rule_body(rule: &LiveRule, group: &Group, live: &Live) -> Value {
    let near = rule.near.clone().unwrap_or_default();
    let cidr = if let Peer::Cidr(cidr) = &rule.peer { cidr.clone() } else { String::new() };
    let list = if let Peer::PrefixList(list) = &rule.peer { list.clone() } else { String::new() };
    let (peer, owner) = match &rule.peer {
        Peer::Group { id, owner } => {
            (id.to_string(), owner.as_ref().unwrap_or(&group.account).to_string())
        }
        Peer::Cidr(_) | Peer::PrefixList(_) | Peer::Other(_) | Peer::Unclear(_) => {
            (String::new(), String::new())
        }
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
