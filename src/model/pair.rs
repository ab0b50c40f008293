//! What rows of manifests name: groups, and what a row narrows.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::word::word_enum;
use super::{
    AccountId, Direction, GroupId, LaneKey, NicType, Policy, PortRange, Protocol, Provider,
    RegionId, Rule,
};

/// A security group: cloud + account + region + id. The derived order is the order of a plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GroupRef {
    /// The cloud.
    pub cloud: Provider,
    /// The owner.
    pub account: AccountId,
    /// The region.
    pub region: RegionId,
    /// The id.
    pub group: GroupId,
}

impl GroupRef {
    /// The lane whose credentials and quota reach this group.
    pub fn lane(&self) -> LaneKey {
        LaneKey { cloud: self.cloud, account: self.account.clone(), region: self.region.clone() }
    }
}

impl fmt::Display for GroupRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.cloud, self.account, self.region, self.group)
    }
}

word_enum! {
    /// One end of a pair.
    Side, "a side: a or b", {
        /// The end with the smaller group, in [`GroupRef`] order.
        A = "a",
        /// The other end.
        B = "b",
    }
}

word_enum! {
    /// The manifest's `direction`: which rules of each side a row is about.
    Scope, "a direction: ingress, egress or both", {
        /// Ingress rules.
        Ingress = "ingress",
        /// Egress rules.
        Egress = "egress",
        /// Both.
        Both = "both",
    }
}

impl Scope {
    /// Whether rules of `direction` are meant.
    pub fn covers(self, direction: Direction) -> bool {
        match self {
            Self::Both => true,
            Self::Ingress => direction == Direction::Ingress,
            Self::Egress => direction == Direction::Egress,
        }
    }
}

/// What a row narrows its pair to. Empty fields match anything; an empty `policy` means `accept`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Filter {
    /// Which directions.
    pub direction: Scope,
    /// The `direction` cell was filled in, rather than defaulted to `both`.
    #[serde(default)]
    pub direction_given: bool,
    /// The protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// The destination ports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<PortRange>,
    /// The source ports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ports: Option<PortRange>,
    /// The NIC type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nic_type: Option<NicType>,
    /// The policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// The priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u16>,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            direction: Scope::Both,
            direction_given: false,
            protocol: None,
            ports: None,
            source_ports: None,
            nic_type: None,
            policy: None,
            priority: None,
        }
    }
}

impl Filter {
    /// Whether `rule` has exactly the values that the row names.
    pub fn matches(&self, rule: &Rule) -> bool {
        fn is<T: PartialEq>(wanted: Option<&T>, found: &T) -> bool {
            wanted.is_none_or(|wanted| wanted == found)
        }
        self.direction.covers(rule.direction)
            && is(self.protocol.as_ref(), &rule.protocol)
            && is(self.ports.as_ref(), &rule.ports)
            && is(self.source_ports.as_ref(), &rule.source_ports.unwrap_or(PortRange::ALL))
            && self.nic_type.is_none_or(|nic| rule.nic_type == Some(nic))
            && self.policy.unwrap_or(Policy::Accept) == rule.policy
            && self.priority.is_none_or(|priority| rule.priority == Some(priority))
    }

    /// The filter in canonical text, for digests: equal text, equal meaning.
    pub fn canonical(&self) -> String {
        fn text<T: fmt::Display>(value: Option<&T>) -> String {
            value.map(ToString::to_string).unwrap_or_default()
        }
        format!(
            "{}|{}|{}|{}|{}|{}|{}",
            self.direction,
            text(self.protocol.as_ref()),
            text(self.ports.as_ref()),
            text(self.source_ports.as_ref()),
            text(self.nic_type.as_ref()),
            text(self.policy.as_ref()),
            text(self.priority.as_ref()),
        )
    }

    /// What the row asks for, in words; empty for a row that severs the whole pair.
    pub fn describe(&self) -> String {
        let mut words = Vec::new();
        if self.direction != Scope::Both {
            words.push(self.direction.to_string());
        }
        words.extend(self.policy.map(|policy| policy.to_string()));
        words.extend(self.protocol.as_ref().map(ToString::to_string));
        words.extend(self.ports.map(|ports| ports.to_string()));
        words.extend(self.source_ports.map(|ports| format!("from {ports}")));
        words.extend(self.nic_type.map(|nic| nic.to_string()));
        words.extend(self.priority.map(|priority| format!("priority {priority}")));
        words.join(" ")
    }
}
