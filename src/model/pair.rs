//! What rows of manifests name: groups, and what a row narrows.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::word::word_enum;
use super::{
    AccountId, Direction, GroupId, GroupIx, LaneKey, NicType, Policy, PortRange, Protocol,
    Provider, RegionId, Rule,
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

/// What a manifest row asks of one group, seen from that group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerEntry {
    /// The other group.
    pub peer: GroupIx,
    /// The number of the filter that the row narrows the pair to.
    pub filter: u16,
    /// The manifest line, in the whole input.
    pub line: u32,
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

/// Whether a rule has the values that a row names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// It has them all.
    Yes,
    /// It may have them: a value that the row names is not told, or in a word that is not known.
    Untold,
    /// It has another.
    No,
}

impl Filter {
    /// Whether `rule` has exactly the values that the row names. No value that is not told decides.
    pub fn fit(&self, rule: &Rule) -> Fit {
        fn is<T: PartialEq>(wanted: Option<&T>, told: Option<&T>) -> Fit {
            match (wanted, told) {
                (None, _) => Fit::Yes,
                (Some(_), None) => Fit::Untold,
                (Some(wanted), Some(told)) if wanted == told => Fit::Yes,
                (Some(_), Some(_)) => Fit::No,
            }
        }
        if !self.direction.covers(rule.direction) {
            return Fit::No;
        }
        let ports = match rule.port_list() {
            // A list of ranges is not a range.
            Some(_) if self.ports.is_some() => Fit::No,
            _ => is(self.ports.as_ref(), rule.ports.as_ref()),
        };
        // The provider leaves them empty where a rule has none; a word in their place is not a range.
        let none_told = rule.fields.get("SourcePortRange").is_none().then_some(PortRange::ALL);
        let protocol = Some(&rule.protocol).filter(|protocol| protocol.is_known());
        [
            is(self.protocol.as_ref(), protocol),
            ports,
            is(self.source_ports.as_ref(), rule.source_ports.or(none_told).as_ref()),
            is(self.nic_type.as_ref(), rule.nic_type.as_ref()),
            is(Some(&self.policy.unwrap_or(Policy::Accept)), rule.policy.as_ref()),
            is(self.priority.as_ref(), rule.priority.as_ref()),
        ]
        .into_iter()
        .max()
        .unwrap_or(Fit::Yes)
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
