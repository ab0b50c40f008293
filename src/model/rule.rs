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

    /// A protocol as a cloud tells it: a word newer than this program stays as it came.
    pub fn told(text: &str) -> Self {
        text.parse().unwrap_or_else(|_| Self(Arc::from(text)))
    }

    /// Whether it is one whose meaning is known.
    pub fn is_known(&self) -> bool {
        Self::NAMES.iter().any(|(name, _)| *name == &*self.0) || self.0.parse::<u8>().is_ok()
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
    /// Something else, which is no group.
    Other(String),
    /// The rule does not tell which of these it is about, or tells none at all: nothing is decided
    /// by it, and nothing that it may be about is clean.
    Unclear(Vec<Peer>),
}

impl Peer {
    /// The groups that the rule names, each with its owner as far as that is told.
    pub fn groups(&self) -> impl Iterator<Item = (&GroupId, Option<&AccountId>)> {
        let several: &[Self] = match self {
            Self::Unclear(several) => several,
            one => std::slice::from_ref(one),
        };
        several.iter().filter_map(|peer| match peer {
            Self::Group { id, owner } => Some((id, owner.as_ref())),
            _ => None,
        })
    }

    /// Whether both are one peer, whoever is told to own it: a group id names one group.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Group { id, .. }, Self::Group { id: other, .. }) => id.is_same(other),
            _ => self == other,
        }
    }

    /// Whether both may be one peer.
    fn may_be(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unclear(several), one) | (one, Self::Unclear(several)) => {
                several.is_empty() || several.iter().any(|peer| peer.is_same(one))
            }
            _ => self.is_same(other),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group { id, owner: Some(owner) } => write!(f, "{owner}/{id}"),
            Self::Group { id, owner: None } => write!(f, "{id}"),
            Self::Cidr(text) | Self::PrefixList(text) | Self::Other(text) => f.write_str(text),
            Self::Unclear(several) => {
                for (ix, peer) in several.iter().enumerate() {
                    write!(f, "{}{peer}", if ix > 0 { " or " } else { "" })?;
                }
                Ok(())
            }
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
    /// Protocol, canonical; a word newer than this program as it came, empty if none came.
    pub protocol: Protocol,
    /// Destination ports; `None` where no range is told, as by a rule whose ports are a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<PortRange>,
    /// Source ports; `None` where the provider gives none (always on AWS).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ports: Option<PortRange>,
    /// The other end.
    pub peer: Peer,
    /// Accept or drop; `None` where neither is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// 1 to 100 on Alibaba Cloud, absent on AWS and where none is told.
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
    /// Whether `other` admits exactly the same traffic, whatever its id, its description and the
    /// owner that it tells.
    pub fn same_traffic(&self, other: &Self) -> bool {
        self.direction == other.direction
            && self.protocol == other.protocol
            && self.ports == other.ports
            && self.port_list() == other.port_list()
            && self.source_ports.unwrap_or(PortRange::ALL)
                == other.source_ports.unwrap_or(PortRange::ALL)
            && self.peer.is_same(&other.peer)
            && self.policy == other.policy
            && self.priority == other.priority
            && self.nic_type == other.nic_type
    }

    /// Whether `other` may admit exactly the same traffic: no value that both tell differs.
    pub fn may_be(&self, other: &Self) -> bool {
        fn may<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
            one.zip(other).is_none_or(|(one, other)| one == other)
        }
        let known = |rule: &Self| rule.protocol.is_known().then(|| rule.protocol.clone());
        self.direction == other.direction
            && may(known(self).as_ref(), known(other).as_ref())
            && may(self.ports.as_ref(), other.ports.as_ref())
            && (self.port_list().is_some() == other.port_list().is_some())
            && may(self.source_ports.as_ref(), other.source_ports.as_ref())
            && self.peer.may_be(&other.peer)
            && may(self.policy.as_ref(), other.policy.as_ref())
            && may(self.priority.as_ref(), other.priority.as_ref())
            && may(self.nic_type.as_ref(), other.nic_type.as_ref())
    }

    /// The list that its ports are, in place of a range (Alibaba Cloud).
    pub fn port_list(&self) -> Option<&str> {
        if self.ports.is_some() || self.fields.get("PortRange").is_some() {
            return None;
        }
        self.fields.get("PortRangeListId")
    }

    /// Its ports as they are shown: a range, a list's id, or what came in place of one.
    pub fn ports_shown(&self) -> String {
        match (self.ports, self.port_list()) {
            (Some(range), _) => range.to_string(),
            (None, Some(list)) => list.to_owned(),
            (None, None) => self.fields.get("PortRange").unwrap_or_default().to_owned(),
        }
    }

    /// What it does as it is shown: a word that is known, or what came in place of one.
    pub fn policy_shown(&self) -> &str {
        match self.policy {
            Some(policy) => policy.as_str(),
            None => self.fields.get("Policy").unwrap_or_default(),
        }
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
