//! A rule as a call describes it, by `Permissions.N` or by flat parameters.

use std::net::IpAddr;

use super::refusal::{missing, refuse};
use crate::model::{
    AccountId, Direction, NicType, Peer, Policy, PortRange, Protocol, Provider, RuleId,
};
use crate::sandbox::call::{Call, Refusal};
use crate::sandbox::world::{Group, LiveRule, World};

/// Reads the rule described by the parameters whose names begin with `prefix`, checked as the
/// gateway checks it. It has neither id nor age.
pub(super) fn rule(
    world: &World,
    call: &Call,
    prefix: &str,
    group: &Group,
    direction: Direction,
) -> Result<LiveRule, Refusal> {
    let fields = Fields { call, prefix, direction };
    let protocol = fields.protocol()?;
    let ports = fields.ports(&protocol)?;
    let source_ports = fields.source_ports()?;
    let policy = fields.policy()?;
    let priority = fields.priority()?;
    let nic_type = fields.nic_type(group)?;
    let peer = fields.peer(world, group)?;
    let near = fields.near()?;
    check_families(&protocol, &peer)?;
    Ok(LiveRule {
        id: RuleId::from(""),
        direction,
        protocol,
        ports,
        source_ports,
        peer,
        near,
        policy,
        priority,
        nic_type,
        description: fields.get("Description").unwrap_or_default().to_owned(),
        tags: std::collections::BTreeMap::default(),
        created: String::new(),
    })
}

/// The parameters of one rule.
struct Fields<'a> {
    call: &'a Call,
    prefix: &'a str,
    direction: Direction,
}

impl<'a> Fields<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        self.call.param(&format!("{}{name}", self.prefix))
    }

    /// A parameter of the far end: `Source…` of ingress, `Dest…` of egress.
    fn far(&self, name: &str) -> Option<&'a str> {
        self.get(&name.replace("Far", self.far_word()))
    }

    fn far_word(&self) -> &'static str {
        if self.direction == Direction::Ingress { "Source" } else { "Dest" }
    }

    fn protocol(&self) -> Result<Protocol, Refusal> {
        let word = self.get("IpProtocol").unwrap_or_default().to_ascii_lowercase();
        let known = ["tcp", "udp", "icmp", "icmpv6", "gre", "all"].contains(&word.as_str());
        known.then(|| word.parse().ok()).flatten().ok_or_else(|| {
            refuse(
                "InvalidIpProtocol.ValueNotSupported",
                "The parameter IpProtocol must be specified with case insensitive TCP, UDP, ICMP, ICMPv6, GRE or All.",
            )
        })
    }

    fn ports(&self, protocol: &Protocol) -> Result<PortRange, Refusal> {
        let text = self.get("PortRange").ok_or_else(|| missing("MissingParameter", "PortRange"))?;
        let malformed = || {
            refuse(
                "InvalidIpPortRange.Malformed",
                "The specified parameter \"PortRange\" is not valid.",
            )
        };
        let ports: PortRange = text.parse().map_err(|_| {
            refuse("InvalidParam.PortRange", "Please specify the PortRange or SourcePortRange in integer, less than 65535, and separate the range with '/'.")
        })?;
        let fits = if protocol.has_ports() {
            ports.from >= 1 && ports.from <= ports.to
        } else {
            ports == PortRange::ALL
        };
        if fits { Ok(ports) } else { Err(malformed()) }
    }

    fn source_ports(&self) -> Result<Option<PortRange>, Refusal> {
        let Some(text) = self.get("SourcePortRange") else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            refuse(
                "InvalidSourcePortRange.Malformed",
                "The specified parameter SourcePortRange is not valid.",
            )
        })
    }

    fn policy(&self) -> Result<Policy, Refusal> {
        self.get("Policy").unwrap_or("accept").parse().map_err(|_| {
            refuse("InvalidPolicy.Malformed", "The specified parameter \"Policy\" is not valid.")
        })
    }

    fn priority(&self) -> Result<u16, Refusal> {
        let number: u16 = self.get("Priority").unwrap_or("1").parse().map_err(|_| {
            refuse("InvalidPriority.Malformed", "The parameter Priority is invalid.")
        })?;
        let fits = (1..=100).contains(&number).then_some(number);
        fits.ok_or_else(|| {
            refuse("InvalidPriority.ValueNotSupported", "The parameter Priority is invalid.")
        })
    }

    /// In a VPC every card is private, whatever the call says.
    fn nic_type(&self, group: &Group) -> Result<NicType, Refusal> {
        let given: Option<NicType> =
            self.get("NicType").map(str::parse).transpose().map_err(|_| {
                refuse("InvalidNicType.ValueNotSupported", "The specified NicType does not exist.")
            })?;
        if group.vpc.is_empty() {
            Ok(given.unwrap_or(NicType::Internet))
        } else {
            Ok(NicType::Intranet)
        }
    }

    /// The far end: a range comes before a group, as the manual says.
    fn peer(&self, world: &World, group: &Group) -> Result<Peer, Refusal> {
        if let Some(range) = self.far("FarCidrIp") {
            return self.range(range, "FarCidrIp").map(Peer::Cidr);
        }
        if let Some(range) = self.far("Ipv6FarCidrIp") {
            return self.range(range, "Ipv6FarCidrIp").map(Peer::Cidr);
        }
        if let Some(list) = self.far("FarPrefixListId") {
            return Ok(Peer::PrefixList(list.to_owned()));
        }
        let far = self.far_word();
        let Some(id) = self.far("FarGroupId") else {
            let message = format!("Either {far}CidrIp or {far}GroupId must be specified.");
            return Err(refuse(&format!("MissingParameter.{far}"), message));
        };
        if id == group.id.as_str() {
            let message =
                format!("The specified SecurityGroupId should be different from the {far}GroupId.");
            return Err(refuse("InvalidParamter.Conflict", message));
        }
        Ok(Peer::Group { id: id.into(), owner: Some(self.owner(world, group)) })
    }

    /// The account of the far group: a number, a login name, or else the caller's own.
    fn owner(&self, world: &World, group: &Group) -> AccountId {
        if let Some(id) = self.far("FarGroupOwnerId") {
            return AccountId::from(id);
        }
        let Some(name) = self.far("FarGroupOwnerAccount") else { return group.account.clone() };
        if world.manners.ignore_login_names && name.contains('@') {
            return group.account.clone();
        }
        let known = world.account(Provider::Alibaba, name);
        known.map_or_else(|| AccountId::from(name), |account| account.id.clone())
    }

    /// The range of the own end, which makes a five-tuple rule.
    fn near(&self) -> Result<Option<String>, Refusal> {
        let word = if self.direction == Direction::Ingress { "Dest" } else { "Source" };
        for name in [format!("{word}CidrIp"), format!("Ipv6{word}CidrIp")] {
            if let Some(range) = self.get(&name) {
                return self.range(range, &name).map(Some);
            }
        }
        Ok(None)
    }

    /// Checks an address or range of the parameter `name`.
    fn range(&self, text: &str, name: &str) -> Result<String, Refusal> {
        let name = name.replace("Far", self.far_word());
        let is_v6 = name.starts_with("Ipv6");
        if is_range(text, is_v6) {
            return Ok(text.to_owned());
        }
        let code =
            if is_v6 { format!("InvalidParam.{name}") } else { format!("Invalid{name}.Malformed") };
        Err(refuse(&code, format!("The specified parameter \"{name}\" is not valid.")))
    }
}

fn is_range(text: &str, v6: bool) -> bool {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, bits.parse().ok()),
        None => (text, Some(0)),
    };
    let most: u8 = if v6 { 128 } else { 32 };
    let fits = address.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6() == v6);
    fits && bits.is_some_and(|bits: u8| bits <= most)
}

/// ICMP goes with IPv4 ranges and `ICMPv6` with IPv6 ranges alone.
fn check_families(protocol: &Protocol, peer: &Peer) -> Result<(), Refusal> {
    let Peer::Cidr(range) = peer else { return Ok(()) };
    match (protocol.as_str(), range.contains(':')) {
        ("icmp", true) => Err(refuse(
            "InvalidParam.Ipv4ProtocolConflictWithIpv6Address",
            "IPv4 protocol conflicts with an IPv6 address.",
        )),
        ("icmpv6", false) => Err(refuse(
            "InvalidParam.Ipv6ProtocolConflictWithIpv4Address",
            "IPv6 protocol conflicts with an IPv4 address.",
        )),
        _ => Ok(()),
    }
}
