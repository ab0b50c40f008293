//! What the answers of EC2 and STS say, in the model's words.

use std::borrow::Cow;

use super::regions::is_region;
use super::wire::Element;
pub(super) use super::wire::Unreadable;
use crate::cloud::{GroupInfo, GroupsPage, RevokeReply, RulesPage};
use crate::model::{
    AccountId, Direction, Fields, GroupId, Identity, Peer, Policy, PortRange, Protocol, RegionId,
    Rule, RuleId,
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
            })
        })
        .collect::<Result<_, Unreadable>>()?;
    Ok(GroupsPage { groups, next: next_page(root) })
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
    Ok(RulesPage { rules, seen, next: next_page(root) })
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
            Some(name) if is_region(name) => Ok(RegionId::from(name)),
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

/// Reads one rule of `securityGroupRuleSet`.
fn rule(item: &Element<'_>) -> Result<Rule, Unreadable> {
    let protocol: Protocol =
        value(item, "ipProtocol")?.parse().map_err(|why| format!("ipProtocol: {why}"))?;
    Ok(Rule {
        id: RuleId::from(value(item, "securityGroupRuleId")?),
        direction: if boolean(item, "isEgress")? { Direction::Egress } else { Direction::Ingress },
        ports: ports(item, &protocol)?,
        protocol,
        source_ports: None,
        peer: peer(item)?,
        policy: Policy::Accept,
        priority: None,
        nic_type: None,
        description: text(item, "description").to_owned(),
        fields: fields(item)?,
    })
}

/// Ports, ICMP type and code; what is absent, and anything of protocol -1, is -1.
fn ports(item: &Element<'_>, protocol: &Protocol) -> Result<PortRange, Unreadable> {
    if *protocol == Protocol::all() {
        return Ok(PortRange::ALL);
    }
    let port = |name: &str| match item.text_of(name) {
        None => Ok(-1),
        Some(text) => text.parse().map_err(|_| format!("{name} `{text}`, expected a number")),
    };
    Ok(PortRange { from: port("fromPort")?, to: port("toPort")? })
}

fn peer(item: &Element<'_>) -> Result<Peer, Unreadable> {
    if let Some(group) = item.child("referencedGroupInfo").filter(|info| !info.children.is_empty())
    {
        return Ok(Peer::Group {
            id: GroupId::from(value(group, "groupId")?),
            owner: group.text_of("userId").map(AccountId::from),
        });
    }
    let range = item.text_of("cidrIpv4").or_else(|| item.text_of("cidrIpv6"));
    Ok(match (range, item.text_of("prefixListId")) {
        (Some(range), _) => Peer::Cidr(range.to_owned()),
        (None, Some(list)) => Peer::PrefixList(list.to_owned()),
        (None, None) => Peer::Other(String::new()),
    })
}

/// Every field by its name: nested ones as `outer.inner`, tags as `tag:KEY`.
fn fields(item: &Element<'_>) -> Result<Fields, Unreadable> {
    let mut fields = Vec::new();
    for child in item.children.iter().filter(|child| child.name != "tagSet") {
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
    match asked {
        Some(asked) if !asked.contains(&id) => Err(format!("group {id}, which was not asked for")),
        _ => Ok(id),
    }
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

fn next_page(root: &Element<'_>) -> Option<String> {
    root.text_of("nextToken").map(str::to_owned)
}
