//! Requests in the EC2 and STS query form.
//!
//! Parameters stand in a fixed order and an empty list is left out, as EC2 demands. Source: the
//! service models `ec2` 2016-11-15 and `sts` 2011-06-15.

use std::fmt::Write as _;

use crate::cloud::{Action, CloudError, RevokeOrder};
use crate::model::{CallForm, Direction, GroupId, Peer, PortRange, Provider, Rule};

#[cfg(test)]
mod tests;

/// Entries of one page of a listing: the most that EC2 gives.
const PAGE: &str = "1000";

/// The parameters of one request, in the order in which they are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// An EC2 request.
    pub(super) fn ec2(action: &str) -> Self {
        Self::new(action, "2016-11-15")
    }

    /// An STS request.
    pub(super) fn sts(action: &str) -> Self {
        Self::new(action, "2011-06-15")
    }

    fn new(action: &str, version: &str) -> Self {
        Self(Vec::new()).with("Action", action).with("Version", version)
    }

    /// Adds one parameter.
    pub(super) fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.push((name.into(), value.into()));
        self
    }

    /// Adds one parameter if there is a value.
    pub(super) fn with_some(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds `name.1`, `name.2`…; nothing for an empty list.
    pub(super) fn with_list<'a>(
        self,
        name: &str,
        values: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        (1..).zip(values).fold(self, |query, (n, value)| query.with(format!("{name}.{n}"), value))
    }

    /// The action.
    pub(super) fn action(&self) -> &str {
        self.0.first().map_or("", |(_, action)| action)
    }

    /// The parameters.
    pub(super) fn into_parameters(self) -> Vec<(String, String)> {
        self.0
    }

    /// The form body.
    pub(super) fn body(&self) -> String {
        let mut body = String::new();
        for (name, value) in &self.0 {
            if !body.is_empty() {
                body.push('&');
            }
            encode(&mut body, name);
            body.push('=');
            encode(&mut body, value);
        }
        body
    }
}

/// Encodes as `application/x-www-form-urlencoded` does it: a space becomes `+`.
fn encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            // Writing to a String cannot fail.
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
}

/// `DescribeSecurityGroups`: all groups, or those of `named` that exist. A filter rather than
/// `GroupId.n`, which fails the whole call over one group that does not exist.
pub(super) fn groups(named: Option<&[GroupId]>, page: Option<&str>) -> Query {
    listing("DescribeSecurityGroups", named, page)
}

/// `DescribeSecurityGroupRules` of `groups`.
pub(super) fn rules(groups: &[GroupId], page: Option<&str>) -> Query {
    listing("DescribeSecurityGroupRules", Some(groups), page)
}

fn listing(action: &str, groups: Option<&[GroupId]>, page: Option<&str>) -> Query {
    let query = Query::ec2(action);
    let query = match groups {
        Some(groups) => query
            .with("Filter.1.Name", "group-id")
            .with_list("Filter.1.Value", groups.iter().map(GroupId::as_str)),
        None => query,
    };
    query.with("MaxResults", PAGE).with_some("NextToken", page)
}

/// `DescribeRegions`: those that the account has enabled.
pub(super) fn regions() -> Query {
    Query::ec2("DescribeRegions")
}

/// `GetCallerIdentity`.
pub(super) fn identify() -> Query {
    Query::sts("GetCallerIdentity")
}

/// `AssumeRole` for the role's default time.
pub(super) fn assume_role(arn: &str, session: &str, external_id: Option<&str>) -> Query {
    Query::sts("AssumeRole")
        .with("RoleArn", arn)
        .with("RoleSessionName", session)
        .with_some("ExternalId", external_id)
}

/// `RevokeSecurityGroupIngress` or `…Egress`. `ErrorClass::Config` where EC2 has no such form.
pub(super) fn revoke(order: &RevokeOrder<'_>) -> Result<Query, CloudError> {
    let query = Query::ec2(Action::Revoke(order.direction).name(Provider::Aws))
        .with("GroupId", order.group.as_str());
    match (order.form, order.rules) {
        (_, []) => Err(unsupported("a revocation without rules")),
        (CallForm::RuleId, rules) => by_ids(query, rules),
        (CallForm::Permissions, rules) => by_permissions(query, rules),
        (CallForm::Flat, [rule]) => flat(query, order.direction, rule),
        (CallForm::Flat, _) => Err(unsupported("more than one rule in flat parameters")),
    }
}

/// The first form of the action: a group of the default VPC by its name, and one rule in flat
/// parameters.
pub(super) fn revoke_named(name: &str, rule: &Rule) -> Result<Query, CloudError> {
    let query = Query::ec2("RevokeSecurityGroupIngress").with("GroupName", name);
    flat(query, rule.direction, rule)
}

fn by_ids(query: Query, rules: &[Rule]) -> Result<Query, CloudError> {
    if rules.iter().any(|rule| rule.id.as_str().is_empty()) {
        return Err(unsupported("a rule without an id, by rule id: use --by permissions"));
    }
    Ok(query.with_list("SecurityGroupRuleId", rules.iter().map(|rule| rule.id.as_str())))
}

fn by_permissions(query: Query, rules: &[Rule]) -> Result<Query, CloudError> {
    (1..).zip(rules).try_fold(query, |query, (n, rule)| {
        let at = format!("IpPermissions.{n}");
        peer(traffic(query, &format!("{at}."), rule)?, &at, rule)
    })
}

fn traffic(query: Query, prefix: &str, rule: &Rule) -> Result<Query, CloudError> {
    let query = query.with(format!("{prefix}IpProtocol"), rule.protocol.aws());
    if !sends_ports(rule) {
        return Ok(query);
    }
    let Some(ports) = rule.ports else {
        return Err(unsupported("a rule that does not tell its ports: use --by rule-id"));
    };
    Ok(query
        .with(format!("{prefix}FromPort"), ports.from.to_string())
        .with(format!("{prefix}ToPort"), ports.to.to_string()))
}

/// Ports, or ICMP type and code, which are sent even when they are -1. Other protocols have none.
fn sends_ports(rule: &Rule) -> bool {
    match rule.protocol.as_str() {
        "tcp" | "udp" | "icmp" | "icmpv6" => true,
        "all" => false,
        _ => rule.ports != Some(PortRange::ALL),
    }
}

fn peer(query: Query, at: &str, rule: &Rule) -> Result<Query, CloudError> {
    Ok(match &rule.peer {
        Peer::Group { id, owner } => {
            let query = query.with(format!("{at}.Groups.1.GroupId"), id.as_str());
            match owner {
                Some(owner) => query.with(format!("{at}.Groups.1.UserId"), owner.as_str()),
                // EC2 does not tell the owner of a group that was deleted.
                None => query,
            }
        }
        Peer::Cidr(range) if range.contains(':') => {
            query.with(format!("{at}.Ipv6Ranges.1.CidrIpv6"), range)
        }
        Peer::Cidr(range) => query.with(format!("{at}.IpRanges.1.CidrIp"), range),
        Peer::PrefixList(id) => query.with(format!("{at}.PrefixListIds.1.PrefixListId"), id),
        Peer::Other(_) | Peer::Unclear(_) => {
            return Err(unsupported("a rule of unknown peer, by permissions: use --by rule-id"));
        }
    })
}

fn flat(query: Query, direction: Direction, rule: &Rule) -> Result<Query, CloudError> {
    let range = match (direction, &rule.peer) {
        (Direction::Egress, _) => {
            return Err(unsupported("egress in flat parameters: use --by rule-id or permissions"));
        }
        (Direction::Ingress, Peer::Cidr(range)) if !range.contains(':') => range,
        (Direction::Ingress, Peer::Group { .. }) => {
            return Err(unsupported(
                "a group of another account in flat parameters: use --by rule-id or permissions",
            ));
        }
        (Direction::Ingress, _) => {
            return Err(unsupported("anything but an IPv4 range in flat parameters"));
        }
    };
    Ok(traffic(query, "", rule)?.with("CidrIp", range))
}

fn unsupported(what: &str) -> CloudError {
    let message = format!("the EC2 API does not take {what}");
    CloudError::config("unsupported", message)
}
