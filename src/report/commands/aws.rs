//! `aws ec2` command lines. Source: the AWS CLI reference of `revoke-security-group-ingress`
//! and `revoke-security-group-egress`.

use serde::Serialize;

use crate::model::{Direction, GroupId, RegionId, RuleId};

use super::shell::Shell;
use super::values::Values;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Permission<'a> {
    ip_protocol: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_port: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_port: Option<i32>,
    user_id_group_pairs: [GroupPair<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GroupPair<'a> {
    group_id: &'a str,
    user_id: &'a str,
}

/// The form by permissions, with one permission. Ports stand there for the protocols that have
/// them, ICMP's type and code among them.
pub(super) fn by_value(values: &Values<'_>) -> String {
    let ported = values.protocol.has_ports() || values.protocol.as_str().starts_with("icmp");
    let permission = Permission {
        ip_protocol: values.protocol.aws(),
        from_port: ported.then_some(values.ports.from),
        to_port: ported.then_some(values.ports.to),
        user_id_group_pairs: [GroupPair {
            group_id: values.peer.group.as_str(),
            user_id: values.peer.account.as_str(),
        }],
    };
    // Strings and numbers alone: serialising cannot fail.
    let json = serde_json::to_string(&[permission]).unwrap_or_default();
    order(&values.own.region, &values.own.group, values.direction)
        .option("--ip-permissions", &json)
        .finish()
}

/// The form by rule ids.
pub(super) fn by_id(
    region: &RegionId,
    group: &GroupId,
    direction: Direction,
    ids: &[RuleId],
) -> String {
    let Some((first, rest)) = ids.split_first() else { return String::new() };
    let head = order(region, group, direction).option("--security-group-rule-ids", first.as_str());
    rest.iter().fold(head, |shell, id| shell.value(id.as_str())).finish()
}

fn order(region: &RegionId, group: &GroupId, direction: Direction) -> Shell {
    let command = match direction {
        Direction::Ingress => "aws ec2 revoke-security-group-ingress",
        Direction::Egress => "aws ec2 revoke-security-group-egress",
    };
    Shell::new(command).option("--region", region.as_str()).option("--group-id", group.as_str())
}
