//! The values that name a rule where no rule id does.

use crate::model::{Direction, Filter, GroupRef, NicType, Policy, PortRange, Protocol, Rule};

/// One rule by its values: what a revocation without a rule id names.
#[derive(Debug)]
pub(super) struct Values<'a> {
    /// Whose rule.
    pub(super) own: &'a GroupRef,
    /// The group that it names.
    pub(super) peer: &'a GroupRef,
    pub(super) direction: Direction,
    pub(super) protocol: Protocol,
    pub(super) ports: PortRange,
    pub(super) nic_type: NicType,
    /// The three below are told only where they were asked for.
    pub(super) source_ports: Option<PortRange>,
    pub(super) policy: Option<Policy>,
    pub(super) priority: Option<u16>,
}

/// A row that asks for `tcp` or `udp` without saying which ports: by value there is no such rule.
#[derive(Debug, thiserror::Error)]
#[error(
    "port_range: is empty, but {protocol} rules are named by their ports: give from/to, such as 22/22"
)]
pub(in crate::report) struct NeedsPorts {
    /// `tcp` or `udp`.
    protocol: Protocol,
}

impl<'a> Values<'a> {
    /// The values that a row narrowed by `filter` asks for; by default the provider's own.
    pub(super) fn of_row(
        own: &'a GroupRef,
        peer: &'a GroupRef,
        filter: &Filter,
        direction: Direction,
    ) -> Result<Self, NeedsPorts> {
        let protocol = filter.protocol.clone().unwrap_or_else(Protocol::all);
        if protocol.has_ports() && filter.ports.is_none() {
            return Err(NeedsPorts { protocol });
        }
        Ok(Self {
            own,
            peer,
            direction,
            protocol,
            ports: filter.ports.unwrap_or(PortRange::ALL),
            nic_type: filter.nic_type.unwrap_or(NicType::Intranet),
            source_ports: filter.source_ports,
            policy: filter.policy,
            priority: filter.priority,
        })
    }

    /// The values of a planned rule; what equals the provider's default is left out.
    pub(super) fn of_rule(own: &'a GroupRef, peer: &'a GroupRef, rule: &Rule) -> Self {
        Self {
            own,
            peer,
            direction: rule.direction,
            protocol: rule.protocol.clone(),
            // A rule that is named by its values has them all.
            ports: rule.ports.unwrap_or(PortRange::ALL),
            nic_type: rule.nic_type.unwrap_or(NicType::Intranet),
            source_ports: rule.source_ports.filter(|ports| *ports != PortRange::ALL),
            policy: rule.policy.filter(|policy| *policy != Policy::Accept),
            priority: rule.priority.filter(|priority| *priority != 1),
        }
    }
}
