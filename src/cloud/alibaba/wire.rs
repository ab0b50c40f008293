//! What the answers of ECS and STS say, in the words of `unpair`.

use std::str::FromStr;

use super::node::{Node, Unreadable};
use crate::cloud::{GroupInfo, GroupsPage, Reference, References, RulesPage};
use crate::failpoint::{Bug, planted};
use crate::model::{
    Direction, Fields, GroupId, Identity, Peer, PortRange, Protocol, RegionId, Rule,
};

/// What stands for the owner of a reference that tells none.
const UNTOLD_OWNER: &str = "(not told)";

/// The fields of a rule (`DescribeSecurityGroupAttribute`, `Permission`); all are text, and the
/// provider leaves those empty that do not apply.
const RULE_FIELDS: [&str; 26] = [
    "CreateTime",
    "Description",
    "DestCidrIp",
    "DestGroupId",
    "DestGroupName",
    "DestGroupOwnerAccount",
    "DestPrefixListId",
    "DestPrefixListName",
    "Direction",
    "IpProtocol",
    "Ipv6DestCidrIp",
    "Ipv6SourceCidrIp",
    "NicType",
    "Policy",
    "PortRange",
    "PortRangeListId",
    "PortRangeListName",
    "Priority",
    "SecurityGroupRuleId",
    "SourceCidrIp",
    "SourceGroupId",
    "SourceGroupName",
    "SourceGroupOwnerAccount",
    "SourcePortRange",
    "SourcePrefixListId",
    "SourcePrefixListName",
];

/// `GetCallerIdentity`.
pub(super) fn identity(node: &Node) -> Result<Identity, Unreadable> {
    Ok(Identity {
        account: node.required("AccountId")?.into(),
        arn: node.required("Arn")?.to_owned(),
    })
}

/// `DescribeSecurityGroups`. No group but those `named` may come back.
pub(super) fn groups(
    node: &Node,
    named: Option<&[GroupId]>,
    page: Option<&str>,
) -> Result<GroupsPage, Unreadable> {
    let list = node.list("SecurityGroups", "SecurityGroup")?;
    let groups = list.into_iter().map(|node| group(node, named)).collect::<Result<Vec<_>, _>>()?;
    Ok(GroupsPage { groups, next: next(node, page)? })
}

fn group(node: &Node, named: Option<&[GroupId]>) -> Result<GroupInfo, Unreadable> {
    Ok(GroupInfo {
        id: match named {
            Some(named) => asked_for(node, named)?,
            None => node.required("SecurityGroupId")?.into(),
        },
        owner: None,
        names: None,
        name: node.text("SecurityGroupName").to_owned(),
        vpc: node.text("VpcId").to_owned(),
        service_managed: node.text("ServiceManaged").eq_ignore_ascii_case("true"),
    })
}

/// The group that an entry is about, as it was asked for.
fn asked_for(node: &Node, asked: &[GroupId]) -> Result<GroupId, Unreadable> {
    let id = GroupId::from(node.required("SecurityGroupId")?);
    GroupId::among(asked, &id)
        .cloned()
        .ok_or_else(|| Unreadable(format!("group {id} was not asked for")))
}

/// `DescribeSecurityGroupAttribute`. The answer must name the region and group asked for: it is
/// the proof that the group exists and that these are its rules.
pub(super) fn rules(
    node: &Node,
    region: &RegionId,
    group: &GroupId,
    page: Option<&str>,
) -> Result<RulesPage, Unreadable> {
    for (name, asked) in [("RegionId", region.as_str()), ("SecurityGroupId", group.as_str())] {
        let told = node.required(name)?;
        if !told.eq_ignore_ascii_case(asked) {
            return Err(Unreadable(format!("`{name}` is {told}, expected {asked}")));
        }
    }
    let list = node.list("Permissions", "Permission")?;
    let rules = list.into_iter().map(|node| Ok((group.clone(), rule(node, group)?)));
    Ok(RulesPage {
        rules: rules.collect::<Result<_, Unreadable>>()?,
        seen: vec![group.clone()],
        next: next(node, page)?,
    })
}

/// A rule. Only its form must be right: a word newer than this program, or one that is not there,
/// leaves what it says untold, and whoever needs it finds that it is.
fn rule(node: &Node, own: &GroupId) -> Result<Rule, Unreadable> {
    let fields = fields(node)?;
    let told: Option<Direction> = word(node, "Direction");
    let protocol = Protocol::told(node.text("IpProtocol"));
    Ok(Rule {
        id: node.text("SecurityGroupRuleId").into(),
        // Without a direction the peer is unclear, and nothing follows from the rule.
        direction: told.unwrap_or(Direction::Ingress),
        ports: ports(node, &protocol),
        protocol,
        source_ports: word(node, "SourcePortRange"),
        peer: peer(node, told, own),
        policy: word(node, "Policy"),
        priority: word(node, "Priority"),
        nic_type: word(node, "NicType"),
        description: node.text("Description").to_owned(),
        fields,
    })
}

/// The value of a field, if it is one that is known.
fn word<T: FromStr>(node: &Node, name: &str) -> Option<T> {
    node.text(name).parse().ok()
}

/// The range of ports, if exactly one is told. Protocols without ports have no other than all.
fn ports(node: &Node, protocol: &Protocol) -> Option<PortRange> {
    match (node.text("PortRange"), node.text("PortRangeListId")) {
        ("", _) if planted(Bug::AbsentPortsAreAll) => Some(PortRange::ALL),
        ("", "") => {
            let has_none = matches!(protocol.as_str(), "all" | "icmp" | "icmpv6" | "gre");
            has_none.then_some(PortRange::ALL)
        }
        (range, "") => range.parse().ok(),
        _ => None,
    }
}

fn fields(node: &Node) -> Result<Fields, Unreadable> {
    let mut told = Vec::with_capacity(RULE_FIELDS.len());
    for name in RULE_FIELDS {
        let value = node.told(name)?;
        if !value.is_empty() {
            told.push((name, value));
        }
    }
    Ok(told.into_iter().collect())
}

/// The end that is not the group's own: the source of ingress, the destination of egress. Of a rule
/// that fills several, or names a group at the other end, it is not told which of them counts.
fn peer(node: &Node, direction: Option<Direction>, own: &GroupId) -> Peer {
    let (mut peers, is_partial) = match direction {
        Some(Direction::Ingress) => peers_at(node, "Source"),
        Some(Direction::Egress) => peers_at(node, "Dest"),
        None => {
            let (mut peers, is_partial) = peers_at(node, "Source");
            let (more, too) = peers_at(node, "Dest");
            peers.extend(more);
            return if is_partial || too { Peer::Unclear(vec![]) } else { Peer::Unclear(peers) };
        }
    };
    let far = peers.len();
    let near = if direction == Some(Direction::Ingress) { "Dest" } else { "Source" };
    let at_near = peers_at(node, near).0.into_iter();
    peers.extend(at_near.filter(|peer| peer.groups().any(|(id, _)| !id.is_same(own))));
    match peers.len() {
        _ if is_partial => Peer::Unclear(vec![]),
        0 => match node.filled().find(|name| !RULE_FIELDS.contains(name)) {
            // A kind of peer that is newer than this program.
            Some(name) => Peer::Other(format!("{name}={}", node.text(name))),
            None => Peer::Unclear(vec![]),
        },
        1 if far == 1 => peers.remove(0),
        _ => Peer::Unclear(peers),
    }
}

/// Every peer that the fields of one end name, and whether they tell of a group without its id.
fn peers_at(node: &Node, end: &str) -> (Vec<Peer>, bool) {
    let text = |name: &str| node.text(&name.replace("{end}", end));
    let filled = |name: &str| Some(text(name)).filter(|text| !text.is_empty());
    let owner = filled("{end}GroupOwnerAccount");
    let group = filled("{end}GroupId")
        .map(|id| Peer::Group { id: id.into(), owner: owner.map(Into::into) });
    let is_partial = group.is_none() && (owner.is_some() || filled("{end}GroupName").is_some());
    let ranges = [filled("{end}CidrIp"), filled("Ipv6{end}CidrIp")];
    let ranges = ranges.into_iter().flatten().map(|range| Peer::Cidr(range.to_owned()));
    let list = filled("{end}PrefixListId").map(|list| Peer::PrefixList(list.to_owned()));
    (group.into_iter().chain(ranges).chain(list).collect(), is_partial)
}

/// `DescribeSecurityGroupReferences`. No group but those asked about may come back.
pub(super) fn references(node: &Node, groups: &[GroupId]) -> Result<References, Unreadable> {
    let mut out = References::default();
    for entry in node.list("SecurityGroupReferences", "SecurityGroupReference")? {
        let group = asked_for(entry, groups)?;
        for by in entry.list("ReferencingSecurityGroups", "ReferencingSecurityGroup")? {
            out.all.push(Reference {
                group: group.clone(),
                by: by.required("SecurityGroupId")?.into(),
                // An owner that is not told is not known to be the row's.
                account: match by.told("AliUid")? {
                    "" => UNTOLD_OWNER.into(),
                    owner => owner.into(),
                },
            });
        }
        out.mentioned.push(group);
    }
    Ok(out)
}

/// `DescribeRegions`.
pub(super) fn regions(node: &Node) -> Result<Vec<RegionId>, Unreadable> {
    let list = node.list("Regions", "Region")?;
    list.into_iter().map(|region| Ok(region.required("RegionId")?.into())).collect()
}

/// The token of the next page. One that repeats would never end.
fn next(node: &Node, page: Option<&str>) -> Result<Option<String>, Unreadable> {
    match node.told("NextToken")? {
        "" => Ok(None),
        token if Some(token) == page => Err(Unreadable("`NextToken` repeats".into())),
        token => Ok(Some(token.to_owned())),
    }
}

#[cfg(test)]
mod tests;
