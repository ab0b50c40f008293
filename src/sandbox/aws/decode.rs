//! Rules as a call describes them: `IpPermissions.N`, or the flat parameters of old.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::response::refuse;
use crate::model::{AccountId, Direction, NicType, Peer, Policy, PortRange, Protocol, RuleId};
use crate::sandbox::call::{Call, Refusal};
use crate::sandbox::world::{Group, LiveRule, World};

/// The lists of peers in a permission: wire name, name of the peer, what it is.
const PEERS: [(&str, &str, PeerKind); 4] = [
    ("Groups", "GroupId", PeerKind::Group),
    ("IpRanges", "CidrIp", PeerKind::Cidr),
    ("Ipv6Ranges", "CidrIpv6", PeerKind::Cidr),
    ("PrefixListIds", "PrefixListId", PeerKind::PrefixList),
];

#[derive(Clone, Copy)]
enum PeerKind {
    Group,
    Cidr,
    PrefixList,
}

/// Every rule that the call describes; one permission with many peers is many rules.
pub(super) fn rules(
    world: &World,
    call: &Call,
    group: &Group,
    direction: Direction,
) -> Result<Vec<LiveRule>, Refusal> {
    let mut rules = Vec::new();
    for n in call.numbers("IpPermissions") {
        let prefix = format!("IpPermissions.{n}.");
        let shape = shape(call, &prefix, direction)?;
        let before = rules.len();
        for (list, name, kind) in PEERS {
            for m in call.numbers(&format!("{prefix}{list}")) {
                let at = format!("{prefix}{list}.{m}.");
                let mut rule = shape.clone();
                rule.peer = peer(world, call, group, &at, name, kind)?;
                let description = call.param(&format!("{at}Description")).unwrap_or_default();
                description.clone_into(&mut rule.description);
                rules.push(rule);
            }
        }
        if rules.len() == before {
            let message = "The request must contain a peer in each of the IpPermissions";
            return Err(refuse("MissingParameter", message));
        }
    }
    if rules.is_empty() {
        rules.extend(flat(world, call, group, direction)?);
    }
    if repeats(&rules) {
        let message = "The same permission must not appear multiple times";
        return Err(refuse("InvalidParameterValue", message));
    }
    Ok(rules)
}

fn repeats(rules: &[LiveRule]) -> bool {
    rules
        .iter()
        .enumerate()
        .any(|(n, rule)| rules[..n].iter().any(|other| other.is_same_rule(rule)))
}

/// The rule of the flat parameters, which only ingress takes.
fn flat(
    world: &World,
    call: &Call,
    group: &Group,
    direction: Direction,
) -> Result<Option<LiveRule>, Refusal> {
    let names = ["IpProtocol", "CidrIp", "SourceSecurityGroupName", "SourceSecurityGroupOwnerId"];
    if names.iter().all(|name| call.param(name).is_none()) {
        return Ok(None);
    }
    if direction == Direction::Egress {
        let message = "Flat parameters are not supported. Use a set of IP permissions";
        return Err(refuse("InvalidParameterCombination", message));
    }
    let mut rule = shape(call, "", direction)?;
    rule.peer = match (call.param("CidrIp"), call.param("SourceSecurityGroupName")) {
        (Some(cidr), None) => Peer::Cidr(canonical_cidr(cidr).ok_or_else(|| bad_cidr(cidr))?),
        (None, Some(name)) => named_peer(world, group, name)?,
        _ => {
            let message =
                "The request must contain exactly one of cidrIp and sourceSecurityGroupName";
            return Err(refuse("InvalidParameterCombination", message));
        }
    };
    Ok(Some(rule))
}

/// A rule without its peer: protocol and ports.
fn shape(call: &Call, prefix: &str, direction: Direction) -> Result<LiveRule, Refusal> {
    let get = |name: &str| call.param(&format!("{prefix}{name}"));
    let word = get("IpProtocol").ok_or_else(|| {
        refuse("MissingParameter", "The request must contain the parameter ipProtocol")
    })?;
    let protocol: Protocol = word.parse().map_err(|_| {
        refuse("InvalidPermission.Malformed", format!("Unsupported IP protocol \"{word}\""))
    })?;
    let port = |name: &str| match get(name) {
        None => Ok(None),
        Some(text) => text
            .parse::<i32>()
            .map(Some)
            .map_err(|_| refuse("InvalidParameterValue", format!("Invalid integer value {text}"))),
    };
    let ports = check_ports(&protocol, port("FromPort")?, port("ToPort")?)?;
    Ok(LiveRule {
        id: RuleId::from(""),
        direction,
        protocol,
        ports,
        source_ports: None,
        peer: Peer::Other(String::new()),
        near: None,
        policy: Policy::Accept,
        priority: 1,
        nic_type: NicType::Intranet,
        description: String::new(),
        tags: BTreeMap::new(),
        created: String::new(),
    })
}

/// Ports as the protocol needs them; protocols without any have all.
fn check_ports(
    protocol: &Protocol,
    from: Option<i32>,
    to: Option<i32>,
) -> Result<PortRange, Refusal> {
    match (protocol.as_str(), from, to) {
        ("tcp" | "udp", Some(from), Some(to)) if 0 <= from && from <= to && to <= 65_535 => {
            Ok(PortRange { from, to })
        }
        ("tcp" | "udp", Some(from), Some(to)) => {
            Err(refuse("InvalidParameterValue", format!("Invalid port range {from}-{to}")))
        }
        ("icmp" | "icmpv6", Some(from), Some(to)) => Ok(PortRange { from, to }),
        ("tcp" | "udp" | "icmp" | "icmpv6", ..) => {
            let message = "The request must contain the parameters fromPort and toPort";
            Err(refuse("MissingParameter", message))
        }
        _ => Ok(PortRange::ALL),
    }
}

fn peer(
    world: &World,
    call: &Call,
    group: &Group,
    at: &str,
    name: &str,
    kind: PeerKind,
) -> Result<Peer, Refusal> {
    let text = call.param(&format!("{at}{name}"));
    match (kind, text) {
        (PeerKind::Group, text) => group_peer(world, call, group, at, text),
        (PeerKind::Cidr, Some(text)) => {
            canonical_cidr(text).map(Peer::Cidr).ok_or_else(|| bad_cidr(text))
        }
        (PeerKind::PrefixList, Some(text)) => Ok(Peer::PrefixList(text.to_owned())),
        (_, None) => Err(refuse(
            "MissingParameter",
            format!("The request must contain the parameter {name}"),
        )),
    }
}

/// A group by id, or in a default VPC by name. Without a `UserId` it is the caller's own, unless
/// it is gone: then its id alone tells.
fn group_peer(
    world: &World,
    call: &Call,
    group: &Group,
    at: &str,
    id: Option<&str>,
) -> Result<Peer, Refusal> {
    let name = call.param(&format!("{at}GroupName"));
    let id = match (id, name) {
        (Some(id), None) => id,
        (None, Some(name)) => return named_peer(world, group, name),
        _ => {
            let message = "Exactly one of groupId and groupName must be given for a source group";
            return Err(refuse("InvalidParameterCombination", message));
        }
    };
    if !id.starts_with("sg-") {
        return Err(malformed_group(id));
    }
    let owner = call.param(&format!("{at}UserId")).map(AccountId::from);
    if let Some(owner) =
        owner.as_ref().filter(|owner| !owner.is_numeric() || owner.as_str().len() != 12)
    {
        return Err(refuse("InvalidUserID.Malformed", format!("Invalid user id: \"{owner}\"")));
    }
    Ok(Peer::Group { id: id.into(), owner: Some(owner.unwrap_or_else(|| group.account.clone())) })
}

fn named_peer(world: &World, group: &Group, name: &str) -> Result<Peer, Refusal> {
    let found = world.groups.values().find(|peer| {
        peer.account == group.account
            && peer.region == group.region
            && peer.default_vpc
            && peer.name == name
    });
    let peer = found.filter(|_| group.default_vpc).ok_or_else(|| {
        refuse("InvalidGroup.NotFound", format!("The security group '{name}' does not exist"))
    })?;
    Ok(Peer::Group { id: peer.id.clone(), owner: Some(peer.account.clone()) })
}

/// The answer to an id that is none.
pub(super) fn malformed_group(id: &str) -> Refusal {
    refuse("InvalidGroupId.Malformed", format!("Invalid id: \"{id}\" (expecting \"sg-...\")"))
}

fn bad_cidr(text: &str) -> Refusal {
    refuse("InvalidParameterValue", format!("CIDR block {text} is malformed"))
}

/// A range with its host bits cleared, as EC2 stores it: `100.68.0.18/18` is `100.68.0.0/18`.
pub(super) fn canonical_cidr(text: &str) -> Option<String> {
    let (address, bits) = text.split_once('/')?;
    let bits: u32 = bits.parse().ok()?;
    match address.parse().ok()? {
        IpAddr::V4(ip) => {
            let host = 32_u32.checked_sub(bits)?;
            let mask = u32::MAX.checked_shl(host).unwrap_or(0);
            Some(format!("{}/{bits}", Ipv4Addr::from(u32::from(ip) & mask)))
        }
        IpAddr::V6(ip) => {
            let host = 128_u32.checked_sub(bits)?;
            let mask = u128::MAX.checked_shl(host).unwrap_or(0);
            Some(format!("{}/{bits}", Ipv6Addr::from(u128::from(ip) & mask)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_stored_without_host_bits() {
        assert_eq!(canonical_cidr("100.68.0.18/18").as_deref(), Some("100.68.0.0/18"));
        assert_eq!(canonical_cidr("0.0.0.0/0").as_deref(), Some("0.0.0.0/0"));
        assert_eq!(canonical_cidr("2001:DB8::1/32").as_deref(), Some("2001:db8::/32"));
        for bad in ["10.0.0.0", "10.0.0.0/33", "x/8", "::/129"] {
            assert_eq!(canonical_cidr(bad), None, "{bad}");
        }
    }
}
