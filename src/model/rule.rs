//! Live rules: one shape for both clouds.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::word::word_enum;
use super::{AccountId, Fields, GroupId, RuleId};

/// A value that cannot be read: what it was and what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is not {expected}")]
pub struct BadValue {
    /// The text as given.
    pub value: String,
    /// What was expected, to follow "is not".
    pub expected: &'static str,
}

impl BadValue {
    /// An error for `value`.
    pub fn new(value: &str, expected: &'static str) -> Self {
        Self { value: value.to_owned(), expected }
    }
}

word_enum! {
    /// Which way a rule filters traffic, seen from its group.
    Direction, "a direction: ingress or egress", {
        /// Into the group.
        Ingress = "ingress",
        /// Out of the group.
        Egress = "egress",
    }
}

word_enum! {
    /// What a rule does with matching traffic. AWS knows `accept` alone.
    Policy, "a policy: accept or drop", {
        /// Lets it pass.
        Accept = "accept",
        /// Drops it.
        Drop = "drop",
    }
}

word_enum! {
    /// The kind of network card that an Alibaba Cloud rule applies to.
    NicType, "a NIC type: intranet or internet", {
        /// The private card; the only one in a VPC.
        Intranet = "intranet",
        /// The public card of a classic network.
        Internet = "internet",
    }
}

/// An IP protocol in canonical form: `tcp`, `udp`, `icmp`, `icmpv6`, `gre`, `all`, or another
/// IANA number in decimal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Protocol(Arc<str>);

impl Protocol {
    const NAMES: [(&'static str, &'static str); 6] = [
        ("tcp", "6"),
        ("udp", "17"),
        ("icmp", "1"),
        ("icmpv6", "58"),
        ("gre", "47"),
        ("all", "-1"),
    ];

    /// Every protocol.
    pub fn all() -> Self {
        Self(Arc::from("all"))
    }

    /// The canonical word.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether rules of this protocol carry ports.
    pub fn has_ports(&self) -> bool {
        matches!(&*self.0, "tcp" | "udp")
    }

    /// The value that the EC2 API takes: `-1` for all, a number for GRE.
    pub fn aws(&self) -> &str {
        match &*self.0 {
            "all" => "-1",
            "gre" => "47",
            other => other,
        }
    }
}

impl FromStr for Protocol {
    type Err = BadValue;

    /// Reads a name in any case, `-1`, or a number from 0 to 255; `6` and `TCP` are equal.
    fn from_str(text: &str) -> Result<Self, BadValue> {
        let lower = text.to_ascii_lowercase();
        if let Some((name, _)) = Self::NAMES.iter().find(|(n, num)| lower == *n || lower == *num) {
            return Ok(Self(Arc::from(*name)));
        }
        match lower.parse::<u8>() {
            Ok(number) => Ok(Self(Arc::from(number.to_string()))),
            Err(_) => Err(BadValue::new(
                text,
                "a protocol: tcp, udp, icmp, icmpv6, gre, all or a number from 0 to 255",
            )),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Ports `from/to`, or an ICMP type and code; `-1/-1` is everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortRange {
    /// First port (or ICMP type), -1 for all.
    pub from: i32,
    /// Last port (or ICMP code), -1 for all.
    pub to: i32,
}

impl PortRange {
    /// Everything: `-1/-1`.
    pub const ALL: Self = Self { from: -1, to: -1 };
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.from, self.to))
    }
}

impl FromStr for PortRange {
    type Err = BadValue;

    /// Reads `from/to`, both from -1 to 65535. Order is checked by who knows the protocol.
    fn from_str(text: &str) -> Result<Self, BadValue> {
        let bad = || BadValue::new(text, "a port range: from/to, such as 22/22 or -1/-1");
        let (from, to) = text.split_once('/').ok_or_else(bad)?;
        let number = |t: &str| t.parse::<i32>().ok().filter(|n| (-1..=65535).contains(n));
        Ok(Self { from: number(from).ok_or_else(bad)?, to: number(to).ok_or_else(bad)? })
    }
}

impl Serialize for PortRange {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PortRange {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The other end of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Peer {
    /// A security group. `owner` is absent where the provider does not say (AWS: the group was
    /// deleted; Alibaba Cloud: the same account).
    Group {
        /// The group.
        id: GroupId,
        /// Its account.
        owner: Option<AccountId>,
    },
    /// An IPv4 or IPv6 range.
    Cidr(String),
    /// A prefix list.
    PrefixList(String),
    /// Something else, such as a rule with no peer at all.
    Other(String),
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group { id, owner: Some(owner) } => write!(f, "{owner}/{id}"),
            Self::Group { id, owner: None } => write!(f, "{id}"),
            Self::Cidr(text) | Self::PrefixList(text) | Self::Other(text) => f.write_str(text),
        }
    }
}

/// One live rule of a group, with its rule id and all its fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The rule's id.
    pub id: RuleId,
    /// Which way.
    pub direction: Direction,
    /// Protocol, canonical.
    pub protocol: Protocol,
    /// Destination ports.
    pub ports: PortRange,
    /// Source ports; `None` where the provider gives none (always on AWS).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ports: Option<PortRange>,
    /// The other end.
    pub peer: Peer,
    /// Accept or drop.
    pub policy: Policy,
    /// 1 to 100 on Alibaba Cloud, absent on AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u16>,
    /// Alibaba Cloud only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nic_type: Option<NicType>,
    /// Free text; empty if none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Every field as the provider gave it, by the provider's name, for an exact restore.
    /// Tags of AWS rules stand here as `tag:KEY`.
    #[serde(default, skip_serializing_if = "Fields::is_empty")]
    pub fields: Fields,
}

impl Rule {
    /// Whether `other` admits exactly the same traffic, whatever its id and description.
    pub fn same_traffic(&self, other: &Self) -> bool {
        self.direction == other.direction
            && self.protocol == other.protocol
            && self.ports == other.ports
            && self.source_ports.unwrap_or(PortRange::ALL)
                == other.source_ports.unwrap_or(PortRange::ALL)
            && self.peer == other.peer
            && self.policy == other.policy
            && self.priority == other.priority
            && self.nic_type == other.nic_type
    }
}

/// A group as one complete read showed it: the positive control and every rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The group's name; empty if none.
    pub name: String,
    /// The VPC, empty for a classic network.
    pub vpc: String,
    /// The owner, as the provider says or as the proven identity of who read it.
    pub owner: AccountId,
    /// Whether a service of the provider manages the group, so that nobody else may change it.
    pub service_managed: bool,
    /// Every rule, both directions.
    pub rules: Vec<Rule>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_compare_as_the_providers_compare() {
        for (left, right) in [("6", "tcp"), ("TCP", "tcp"), ("-1", "all"), ("58", "ICMPv6")] {
            assert_eq!(left.parse::<Protocol>(), right.parse::<Protocol>());
        }
        assert!("256".parse::<Protocol>().is_err());
        assert!("".parse::<Protocol>().is_err());
    }

    #[test]
    fn port_ranges_are_two_numbers() {
        assert_eq!("-1/-1".parse(), Ok(PortRange::ALL));
        for bad in ["22", "a/b", "1/65536", "-2/1", ""] {
            assert!(bad.parse::<PortRange>().is_err(), "{bad}");
        }
    }
}
