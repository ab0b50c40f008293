//! Live rules: one shape for both clouds.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::word::word_enum;
use super::{AccountId, BadValue, Fields, Peer, Protocol, RuleId};

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

/// Ports `from/to`, or an ICMP type and code; `-1/-1` is everything.
///
/// ```
/// use unpair::model::PortRange;
///
/// let ports: PortRange = "8000/8080".parse()?;
/// assert_eq!(ports, PortRange { from: 8000, to: 8080 });
/// assert_eq!(PortRange::ALL.to_string(), "-1/-1");
/// assert!("22".parse::<PortRange>().is_err());
/// # Ok::<(), unpair::model::BadValue>(())
/// ```
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

    fn rule() -> Rule {
        Rule {
            id: "sgr-1".into(),
            direction: Direction::Ingress,
            protocol: Protocol::all(),
            ports: Some(PortRange::ALL),
            source_ports: None,
            peer: Peer::Group { id: "sg-b".into(), owner: Some("b@aliyun.com".into()) },
            policy: Some(Policy::Accept),
            priority: Some(1),
            nic_type: Some(NicType::Intranet),
            description: String::new(),
            fields: Fields::default(),
        }
    }

    #[test]
    fn an_owner_does_not_tell_two_rules_apart_for_a_group_id_names_one_group() {
        for (id, owner) in [("SG-b", Some("1987654321098765".into())), ("sg-b", None)] {
            let other = Rule { peer: Peer::Group { id: id.into(), owner }, ..rule() };
            assert!(rule().same_traffic(&other) && rule().may_be(&other));
        }
        let other = Peer::Group { id: "sg-c".into(), owner: Some("b@aliyun.com".into()) };
        assert!(!rule().may_be(&Rule { peer: other, ..rule() }));
    }

    #[test]
    fn a_rule_that_leaves_a_value_untold_may_be_any_that_has_one() {
        let both = vec![rule().peer, Peer::Cidr("10.0.0.0/8".to_owned())];
        for other in [
            Rule { ports: None, ..rule() },
            Rule { policy: None, ..rule() },
            Rule { priority: None, nic_type: None, ..rule() },
            Rule { protocol: Protocol::told("ANY"), ..rule() },
            Rule { peer: Peer::Unclear(both), ..rule() },
            Rule { peer: Peer::Unclear(vec![]), ..rule() },
            Rule { peer: Peer::Other("SourceSecurityGroup=sg-b".to_owned()), ..rule() },
        ] {
            assert!(rule().may_be(&other) && other.may_be(&rule()), "{other:?}");
            assert!(!rule().same_traffic(&other), "{other:?}");
        }
        let fields = [("PortRangeListId", "prl-1")].into_iter().collect();
        for other in [
            Rule { ports: Some(PortRange { from: 1, to: 2 }), ..rule() },
            Rule { ports: None, fields, ..rule() },
            Rule { policy: Some(Policy::Drop), ..rule() },
            Rule { priority: Some(2), ..rule() },
            Rule { direction: Direction::Egress, ..rule() },
            Rule { protocol: Protocol::told("tcp"), ..rule() },
        ] {
            assert!(!rule().may_be(&other) && !other.may_be(&rule()), "{other:?}");
        }
    }

    #[test]
    fn port_ranges_are_two_numbers() {
        assert_eq!("-1/-1".parse(), Ok(PortRange::ALL));
        for bad in ["22", "a/b", "1/65536", "-2/1", ""] {
            assert!(bad.parse::<PortRange>().is_err(), "{bad}");
        }
    }
}
