//! What the answers of ECS and STS say, in the words of `unpair`.

use std::str::FromStr;

use super::node::{Node, Unreadable};
use crate::cloud::{GroupInfo, GroupsPage, Reference, RulesPage};
use crate::model::{Direction, Fields, GroupId, Identity, Peer, PortRange, RegionId, Rule};

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
    let groups = list.into_iter().map(group).collect::<Result<Vec<_>, _>>()?;
    if let Some(stray) = groups.iter().find(|group| named.is_some_and(|n| !n.contains(&group.id))) {
        return Err(Unreadable(format!("group {} was not asked for", stray.id)));
    }
    Ok(GroupsPage { groups, next: next(node, page)? })
}

fn group(node: &Node) -> Result<GroupInfo, Unreadable> {
    Ok(GroupInfo {
        id: node.required("SecurityGroupId")?.into(),
        owner: None,
        name: node.text("SecurityGroupName").to_owned(),
        vpc: node.text("VpcId").to_owned(),
        service_managed: node.text("ServiceManaged").eq_ignore_ascii_case("true"),
    })
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
        if told != asked {
            return Err(Unreadable(format!("`{name}` is {told}, expected {asked}")));
        }
    }
    let list = node.list("Permissions", "Permission")?;
    let rules = list.into_iter().map(|node| Ok((group.clone(), rule(node)?)));
    Ok(RulesPage {
        rules: rules.collect::<Result<_, Unreadable>>()?,
        seen: vec![group.clone()],
        next: next(node, page)?,
    })
}

fn rule(node: &Node) -> Result<Rule, Unreadable> {
    let direction: Direction = required(node, "Direction")?;
    Ok(Rule {
        id: node.required("SecurityGroupRuleId")?.into(),
        direction,
        protocol: required(node, "IpProtocol")?,
        ports: optional(node, "PortRange")?.unwrap_or(PortRange::ALL),
        source_ports: optional(node, "SourcePortRange")?,
        peer: peer(node, direction),
        policy: required(node, "Policy")?,
        priority: optional(node, "Priority")?,
        nic_type: optional(node, "NicType")?,
        description: node.text("Description").to_owned(),
        fields: fields(node),
    })
}

fn fields(node: &Node) -> Fields {
    let told = RULE_FIELDS.into_iter().map(|name| (name, node.text(name)));
    told.filter(|(_, value)| !value.is_empty()).collect()
}

/// The end that is not the group's own: the source of ingress, the destination of egress.
fn peer(node: &Node, direction: Direction) -> Peer {
    let side = match direction {
        Direction::Ingress => "Source",
        Direction::Egress => "Dest",
    };
    let text = |name: &str| node.text(&name.replace("{side}", side));
    match (text("{side}GroupId"), text("{side}CidrIp"), text("Ipv6{side}CidrIp")) {
        ("", "", "") => match text("{side}PrefixListId") {
            "" => Peer::Other(String::new()),
            list => Peer::PrefixList(list.to_owned()),
        },
        ("", "", range) | ("", range, _) => Peer::Cidr(range.to_owned()),
        (group, ..) => {
            let owner = Some(text("{side}GroupOwnerAccount")).filter(|owner| !owner.is_empty());
            Peer::Group { id: group.into(), owner: owner.map(Into::into) }
        }
    }
}

/// `DescribeSecurityGroupReferences`. No group but those asked about may come back.
pub(super) fn references(node: &Node, groups: &[GroupId]) -> Result<Vec<Reference>, Unreadable> {
    let mut out = Vec::new();
    for entry in node.list("SecurityGroupReferences", "SecurityGroupReference")? {
        let group = GroupId::from(entry.required("SecurityGroupId")?);
        if !groups.contains(&group) {
            return Err(Unreadable(format!("group {group} was not asked for")));
        }
        for by in entry.list("ReferencingSecurityGroups", "ReferencingSecurityGroup")? {
            out.push(Reference {
                group: group.clone(),
                by: by.required("SecurityGroupId")?.into(),
                account: by.required("AliUid")?.into(),
            });
        }
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
    match node.text("NextToken") {
        "" => Ok(None),
        token if Some(token) == page => Err(Unreadable("`NextToken` repeats".into())),
        token => Ok(Some(token.to_owned())),
    }
}

fn required<T: FromStr>(node: &Node, name: &str) -> Result<T, Unreadable>
where
    T::Err: std::fmt::Display,
{
    let text = node.required(name)?;
    text.parse().map_err(|why| Unreadable(format!("`{name}`: {why}")))
}

fn optional<T: FromStr>(node: &Node, name: &str) -> Result<Option<T>, Unreadable>
where
    T::Err: std::fmt::Display,
{
    match node.text(name) {
        "" => Ok(None),
        _ => required(node, name).map(Some),
    }
}

#[cfg(test)]
mod tests;
