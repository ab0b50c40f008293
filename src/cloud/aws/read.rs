//! What the answers of EC2 and STS say, in the model's words.

use std::borrow::Cow;

use super::wire::Element;
pub(super) use super::wire::Unreadable;
use crate::cloud::{GroupInfo, GroupsPage, NamedGroups, RevokeReply, RulesPage};
use crate::model::{
    AccountId, Direction, Fields, GroupId, Identity, Partition, Peer, Policy, PortRange, Protocol,
    RegionId, Rule, RuleId,
};

#[cfg(test)]
mod tests;

/// Reads `DescribeSecurityGroups`; with `asked`, a group that was not asked for is unreadable.
pub(super) fn groups(
    root: &Element<'_>,
    asked: Option<&[GroupId]>,
) -> Result<GroupsPage, Unreadable> {
    let groups = required(root, "securityGroupInfo")?
        .iter()
        .map(|item| {
            let id = group_id(item, asked)?;
            Ok(GroupInfo {
                id,
                owner: item.text_of("ownerId").map(AccountId::from),
                name: text(item, "groupName").to_owned(),
                vpc: text(item, "vpcId").to_owned(),
                service_managed: false,
                names: names(item)?,
            })
        })
        .collect::<Result<_, Unreadable>>()?;
    Ok(GroupsPage { groups, next: next_page(root)? })
}

/// Reads `DescribeSecurityGroupRules`; a rule of a group that was not asked for is unreadable.
pub(super) fn rules(root: &Element<'_>, asked: &[GroupId]) -> Result<RulesPage, Unreadable> {
    let rules = required(root, "securityGroupRuleSet")?
        .iter()
        .map(|item| Ok((group_id(item, Some(asked))?, rule(item)?)))
        .collect::<Result<Vec<_>, Unreadable>>()?;
    let mut seen: Vec<GroupId> = rules.iter().map(|(group, _)| group.clone()).collect();
    seen.sort_unstable();
    seen.dedup();
    Ok(RulesPage { rules, seen, next: next_page(root)? })
}

/// Reads the answer to a revocation.
pub(super) fn revoked(root: &Element<'_>) -> Result<RevokeReply, Unreadable> {
    let mut unmatched = 0;
    for permission in root.items("unknownIpPermissionSet")? {
        unmatched += rules_of_permission(permission)?;
    }
    let revoked = root.items("revokedSecurityGroupRuleSet")?;
    Ok(RevokeReply {
        unmatched: Some(unmatched),
        revoked: revoked
            .iter()
            .map(|item| value(item, "securityGroupRuleId").map(RuleId::from))
            .collect::<Result<_, Unreadable>>()?,
        returned: boolean(root, "return")?,
    })
}

/// Reads `DescribeRegions`.
pub(super) fn regions(root: &Element<'_>) -> Result<Vec<RegionId>, Unreadable> {
    required(root, "regionInfo")?
        .iter()
        .map(|item| match item.text_of("regionName") {
            Some(name) if Partition::of_region(name).is_some() => Ok(RegionId::from(name)),
            other => Err(format!("regionName `{}`", other.unwrap_or_default())),
        })
        .collect()
}

/// Reads `GetCallerIdentity`.
pub(super) fn identity(root: &Element<'_>) -> Result<Identity, Unreadable> {
    let result = child(root, "GetCallerIdentityResult")?;
    let account = AccountId::from(value(result, "Account")?);
    if account.as_str().len() != 12 || !account.is_numeric() {
        return Err(format!("account `{account}`, expected 12 digits"));
    }
    Ok(Identity { account, arn: value(result, "Arn")?.to_owned() })
}

/// The groups that a group's permissions name, as far as they are shown.
fn names(item: &Element<'_>) -> Result<Option<NamedGroups>, Unreadable> {
    let lists = [("ipPermissions", Direction::Ingress), ("ipPermissionsEgress", Direction::Egress)];
    if lists.iter().all(|(list, _)| item.child(list).is_none()) {
        return Ok(None);
    }
    let mut named = NamedGroups::default();
    for (list, direction) in lists {
        if item.child(list).is_none() {
            named.leave_untold(direction);
        }
        for permission in item.items(list)? {
            for group in permission.items("groups")? {
                match group.text_of("groupId") {
                    Some(id) => named.add(direction, &GroupId::from(id)),
                    // Where there is no VPC a group is told by its name alone: nothing to compare.
                    None if text(item, "vpcId").is_empty() => return Ok(None),
                    // Elsewhere a rule without the id of its group is none that the rules show.
                    None => named.add(direction, &GroupId::from("")),
                }
            }
        }
    }
    Ok(Some(named))
}

/// Reads one rule of `securityGroupRuleSet`. Only its form must be right: a word newer than this
/// program, or one that is not there, leaves what it says untold.
fn rule(item: &Element<'_>) -> Result<Rule, Unreadable> {
    let protocol = Protocol::told(item.text_of("ipProtocol").unwrap_or_default());
    let egress = boolean(item, "isEgress").ok();
    let peers = peers(item);
    Ok(Rule {
        id: RuleId::from(item.text_of("securityGroupRuleId").unwrap_or_default()),
        // Without a direction the peer is unclear, and nothing follows from the rule.
        direction: if egress == Some(true) { Direction::Egress } else { Direction::Ingress },
        ports: ports(item, &protocol),
        protocol,
        source_ports: None,
        peer: if egress.is_some() { peer(item, peers) } else { Peer::Unclear(peers) },
        policy: Some(Policy::Accept),
        priority: None,
        nic_type: None,
        description: text(item, "description").to_owned(),
        fields: fields(item)?,
    })
}

/// Ports, or ICMP type and code, if they are told. Of a protocol that has none of them, nothing is
/// told, or all.
fn ports(item: &Element<'_>, protocol: &Protocol) -> Option<PortRange> {
    if *protocol == Protocol::all() {
        return Some(PortRange::ALL);
    }
    let may_lack =
        protocol.is_known() && !matches!(protocol.as_str(), "tcp" | "udp" | "icmp" | "icmpv6");
    let port = |name: &str| match item.text_of(name) {
        None => may_lack.then_some(-1),
        Some(text) => text.parse().ok(),
    };
    Some(PortRange { from: port("fromPort")?, to: port("toPort")? })
}

/// The fields of a rule that name no peer.
const BESIDE_PEERS: [&str; 10] = [
    "securityGroupRuleId",
    "groupId",
    "groupOwnerId",
    "isEgress",
    "ipProtocol",
    "fromPort",
    "toPort",
    "description",
    "tagSet",
    "securityGroupRuleArn",
];
/// Fields that are not kept: the id of a rule is kept beside them, and the ARN says nothing more than
/// account, region and id do. Together they are a third of all fields.
const KEPT_ELSEWHERE: [&str; 2] = ["securityGroupRuleId", "securityGroupRuleArn"];
/// Those that name one.
const PEERS: [&str; 4] = ["referencedGroupInfo", "cidrIpv4", "cidrIpv6", "prefixListId"];

/// The peer, if one is told.
fn peer(item: &Element<'_>, mut peers: Vec<Peer>) -> Peer {
    let is_filled = |child: &&Element<'_>| !child.children.is_empty() || !child.text.is_empty();
    let mut filled = item.children.iter().filter(is_filled).map(|child| child.name);
    match peers.len() {
        0 if !filled.clone().any(|name| PEERS.contains(&name)) => {
            // A kind of peer that is newer than this program, or none at all.
            match filled.find(|name| !BESIDE_PEERS.contains(name)) {
                Some(name) => Peer::Other(name.to_owned()),
                None => Peer::Unclear(peers),
            }
        }
        1 => peers.remove(0),
        _ => Peer::Unclear(peers),
    }
}

/// Every peer that a rule names.
fn peers(item: &Element<'_>) -> Vec<Peer> {
    let info = item.child("referencedGroupInfo");
    let group = info.and_then(|info| {
        let owner = info.text_of("userId").map(AccountId::from);
        Some(Peer::Group { id: GroupId::from(info.text_of("groupId")?), owner })
    });
    let ranges = ["cidrIpv4", "cidrIpv6"].into_iter().filter_map(|name| item.text_of(name));
    let ranges = ranges.map(|range| Peer::Cidr(range.to_owned()));
    let list = item.text_of("prefixListId").map(|list| Peer::PrefixList(list.to_owned()));
    group.into_iter().chain(ranges).chain(list).collect()
}

/// Every field by its name, but for those that are kept elsewhere: nested ones as `outer.inner`, tags as `tag:KEY`.
fn fields(item: &Element<'_>) -> Result<Fields, Unreadable> {
    let mut fields = Vec::new();
    let is_told =
        |child: &&Element<'_>| child.name != "tagSet" && !KEPT_ELSEWHERE.contains(&child.name);
    for child in item.children.iter().filter(is_told) {
        flatten(&mut fields, child.name.into(), child);
    }
    for tag in item.items("tagSet")? {
        fields.push((format!("tag:{}", text(tag, "key")).into(), text(tag, "value")));
    }
    Ok(fields.into_iter().collect())
}

fn flatten<'a>(
    fields: &mut Vec<(Cow<'a, str>, &'a str)>,
    name: Cow<'a, str>,
    from: &'a Element<'_>,
) {
    for child in &from.children {
        flatten(fields, format!("{name}.{}", child.name).into(), child);
    }
    if from.children.is_empty() {
        fields.push((name, &from.text));
    }
}

/// How many rules one permission stands for: one for each peer.
fn rules_of_permission(permission: &Element<'_>) -> Result<usize, Unreadable> {
    let mut peers = 0;
    for list in ["groups", "ipRanges", "ipv6Ranges", "prefixListIds"] {
        peers += permission.items(list)?.len();
    }
    Ok(peers.max(1))
}

fn group_id(item: &Element<'_>, asked: Option<&[GroupId]>) -> Result<GroupId, Unreadable> {
    let id = GroupId::from(value(item, "groupId")?);
    let Some(asked) = asked else { return Ok(id) };
    let asked = GroupId::among(asked, &id).cloned();
    asked.ok_or_else(|| format!("group {id}, which was not asked for"))
}

/// The items of a list that must be there, even if it is empty.
fn required<'a>(root: &'a Element<'a>, list: &str) -> Result<&'a [Element<'a>], Unreadable> {
    child(root, list)?;
    root.items(list)
}

pub(super) fn child<'a>(
    element: &'a Element<'a>,
    name: &str,
) -> Result<&'a Element<'a>, Unreadable> {
    element.child(name).ok_or_else(|| format!("no {name}"))
}

pub(super) fn value<'a>(element: &'a Element<'a>, name: &str) -> Result<&'a str, Unreadable> {
    element.text_of(name).ok_or_else(|| format!("no {name}"))
}

fn boolean(element: &Element<'_>, name: &str) -> Result<bool, Unreadable> {
    match value(element, name)? {
        "true" => Ok(true),
        "false" => Ok(false),
        other => Err(format!("{name} `{other}`, expected true or false")),
    }
}

/// The text of a child exactly as it came; empty if there is none.
fn text<'a>(element: &'a Element<'_>, name: &str) -> &'a str {
    element.child(name).map_or("", |child| &child.text)
}

/// The token of the next page. What is there and is no text is not the end.
fn next_page(root: &Element<'_>) -> Result<Option<String>, Unreadable> {
    match root.child("nextToken") {
        Some(token) if !token.children.is_empty() => Err("nextToken is not text".to_owned()),
        _ => Ok(root.text_of("nextToken").map(str::to_owned)),
    }
}
