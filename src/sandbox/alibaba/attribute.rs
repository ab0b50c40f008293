//! `DescribeSecurityGroupAttribute`: the rules of one group.

use serde_json::{Value, json};

use super::checks::own_group;
use super::describe::{bad_token, page_size};
use super::refusal::refuse;
use crate::model::{Direction, NicType, Peer, Policy, Provider};
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
    let [source, dest] = ends(rule, group, live);
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
        "SourceGroupId": source.group,
        "SourceGroupName": source.group_name,
        "SourceGroupOwnerAccount": source.owner,
        "SourceCidrIp": source.ipv4(),
        "Ipv6SourceCidrIp": source.ipv6(),
        "SourcePrefixListId": source.prefix_list,
        "SourcePrefixListName": "",
        "DestGroupId": dest.group,
        "DestGroupName": dest.group_name,
        "DestGroupOwnerAccount": dest.owner,
        "DestCidrIp": dest.ipv4(),
        "Ipv6DestCidrIp": dest.ipv6(),
        "DestPrefixListId": dest.prefix_list,
        "DestPrefixListName": "",
        "NicType": nic_type,
        "Policy": policy,
        "Priority": rule.priority.to_string(),
        "Description": rule.description,
        "CreateTime": rule.created,
    })
}

/// One end of a rule as it is shown; what does not apply is empty.
#[derive(Default)]
struct RuleEnd<'a> {
    group: &'a str,
    group_name: &'a str,
    owner: &'a str,
    cidr: &'a str,
    prefix_list: &'a str,
}

impl<'a> RuleEnd<'a> {
    /// The other end of a rule. Names are shown of the account's own groups alone.
    fn peer(rule: &'a LiveRule, group: &'a Group, live: &'a Live) -> Self {
        match &rule.peer {
            Peer::Group { id, owner } => {
                let own = live.world().group(Provider::Alibaba, &group.account, &group.region, id);
                Self {
                    group: id.as_str(),
                    group_name: own.map_or("", |own| own.name.as_str()),
                    owner: owner.as_ref().unwrap_or(&group.account).as_str(),
                    ..Self::default()
                }
            }
            Peer::Cidr(cidr) => Self { cidr, ..Self::default() },
            Peer::PrefixList(prefix_list) => Self { prefix_list, ..Self::default() },
            Peer::Other(_) | Peer::Unclear(_) => Self::default(),
        }
    }

    fn ipv4(&self) -> &'a str {
        if self.cidr.contains(':') { "" } else { self.cidr }
    }

    fn ipv6(&self) -> &'a str {
        if self.cidr.contains(':') { self.cidr } else { "" }
    }
}

/// The source and the destination of a rule.
fn ends<'a>(rule: &'a LiveRule, group: &'a Group, live: &'a Live) -> [RuleEnd<'a>; 2] {
    let peer = RuleEnd::peer(rule, group, live);
    let own = RuleEnd { cidr: rule.near.as_deref().unwrap_or_default(), ..RuleEnd::default() };
    match rule.direction {
        Direction::Ingress => [peer, own],
        Direction::Egress => [own, peer],
    }
}

/// Upper case, but for `ICMPv6`.
fn protocol_shown(word: &str) -> String {
    if word == "icmpv6" { "ICMPv6".to_owned() } else { word.to_uppercase() }
}
