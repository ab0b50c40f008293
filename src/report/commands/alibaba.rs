//! `aliyun ecs` command lines. Source: "Revoke the authorization for internal network
//! communication between ECS instances for different accounts through the API", and the pages
//! of `RevokeSecurityGroup` and `RevokeSecurityGroupEgress`.

use crate::model::{Direction, GroupId, Policy, RegionId, RuleId};

use super::shell::Shell;
use super::values::Values;

/// The flat form, parameters in the manual's order. The owner goes by id where it is one.
pub(super) fn by_value(values: &Values<'_>) -> String {
    let (peer_group, owner_id, owner_account) = match values.direction {
        Direction::Ingress => {
            ("--SourceGroupId", "--SourceGroupOwnerId", "--SourceGroupOwnerAccount")
        }
        Direction::Egress => ("--DestGroupId", "--DestGroupOwnerId", "--DestGroupOwnerAccount"),
    };
    let owner = if values.peer.account.is_numeric() { owner_id } else { owner_account };
    let text = |ports: crate::model::PortRange| ports.to_string();
    Shell::new(action(values.direction))
        .option("--SecurityGroupId", values.own.group.as_str())
        .option("--RegionId", values.own.region.as_str())
        .option("--IpProtocol", values.protocol.as_str())
        .option("--PortRange", &text(values.ports))
        .maybe("--SourcePortRange", values.source_ports.map(text).as_deref())
        .option(peer_group, values.peer.group.as_str())
        .option(owner, values.peer.account.as_str())
        .option("--NicType", values.nic_type.as_str())
        .maybe("--Policy", values.policy.map(Policy::as_str))
        .maybe("--Priority", values.priority.map(|n| n.to_string()).as_deref())
        .finish()
}

/// The form by rule ids, at most [`super::by_id::BATCH`] of them.
pub(super) fn by_id(
    region: &RegionId,
    group: &GroupId,
    direction: Direction,
    ids: &[RuleId],
) -> String {
    let head = Shell::new(action(direction))
        .option("--SecurityGroupId", group.as_str())
        .option("--RegionId", region.as_str());
    ids.iter()
        .zip(1..)
        .fold(head, |shell, (id, n)| {
            shell.option(&format!("--SecurityGroupRuleId.{n}"), id.as_str())
        })
        .finish()
}

const fn action(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "aliyun ecs RevokeSecurityGroup",
        Direction::Egress => "aliyun ecs RevokeSecurityGroupEgress",
    }
}
