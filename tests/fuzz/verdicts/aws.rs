//! Answers of EC2 and of its STS.

use fastrand::Rng;

use super::manners::{Manners, Owner};
use super::tree::Tree;
use super::truth::{Peer, Ports, Rule, World};

pub(super) fn identity(account: &str, request_id: &str) -> Tree {
    let result = Tree::fields([
        ("Arn", Tree::text(format!("arn:aws:iam::{account}:user/unpair"))),
        ("Account", Tree::text(account)),
    ]);
    let metadata = Tree::fields([("RequestId", Tree::text(request_id))]);
    Tree::fields([("GetCallerIdentityResult", result), ("ResponseMetadata", metadata)])
}

/// `DescribeSecurityGroups`, which shows the rules of each group as well.
pub(super) fn groups(world: &mut World, ids: &[String]) -> Tree {
    let mut items = Vec::new();
    for id in ids {
        let group = world.groups[id].clone();
        let mut fields = vec![
            ("ownerId".to_owned(), Tree::text(group.owner)),
            ("groupId".to_owned(), Tree::text(world.manners.group(id))),
            ("groupName".to_owned(), Tree::text("web & more")),
            ("vpcId".to_owned(), Tree::text("vpc-1")),
        ];
        thin_out(&mut fields, &world.manners, &mut world.rng, &["ownerId", "groupName", "vpcId"]);
        for (name, egress) in [("ipPermissions", false), ("ipPermissionsEgress", true)] {
            let of_it = group.rules.iter().filter(|rule| rule.egress == egress);
            let list = of_it.map(|rule| permission(world, rule)).collect();
            fields.push((name.to_owned(), Tree::List("item", list)));
        }
        items.push(Tree::Fields(fields));
    }
    Tree::fields([("securityGroupInfo", Tree::List("item", items))])
}

/// A rule as the listing of groups shows it.
fn permission(world: &World, rule: &Rule) -> Tree {
    let protocol = if rule.protocol == "all" { "-1" } else { rule.protocol };
    let mut fields = vec![("ipProtocol".to_owned(), Tree::text(protocol))];
    if protocol != "-1" {
        fields.extend(ports(rule));
    }
    let of = |list: &str, item: Option<Tree>| {
        (list.to_owned(), Tree::List("item", item.into_iter().collect()))
    };
    let (mut groups, mut ranges, mut lists) = (None, None, None);
    match &rule.peer {
        Peer::Group(id) => groups = Some(named(world, id)),
        Peer::Range(range) => ranges = Some(Tree::fields([("cidrIp", Tree::text(*range))])),
        Peer::PrefixList(list) => {
            lists = Some(Tree::fields([("prefixListId", Tree::text(*list))]));
        }
    }
    fields.extend([of("groups", groups), of("ipRanges", ranges), of("prefixListIds", lists)]);
    Tree::Fields(fields)
}

/// A group as rules name it.
fn named(world: &World, id: &str) -> Tree {
    let mut fields = vec![("groupId".to_owned(), Tree::text(world.manners.peer(id)))];
    let owner = world.groups.get(id).map_or("999999999999", |group| group.owner);
    fields.extend(told_owner(&world.manners, owner).map(|text| ("userId".to_owned(), text)));
    Tree::Fields(fields)
}

fn told_owner(manners: &Manners, owner: &str) -> Option<Tree> {
    match manners.owner {
        Owner::Id | Owner::Number => Some(Tree::text(owner)),
        Owner::Name => {
            Some(Tree::text(format!("{}-{}-{}", &owner[..4], &owner[4..8], &owner[8..])))
        }
        Owner::Absent => None,
    }
}

fn ports(rule: &Rule) -> Vec<(String, Tree)> {
    let (from, to) = match rule.ports {
        Ports::Range(from, to) => (from, to),
        Ports::List(list) => panic!("EC2 has no port lists: {list}"),
    };
    [("fromPort", from), ("toPort", to)]
        .map(|(name, port)| (name.to_owned(), Tree::text(port.to_string())))
        .into()
}

/// A page of `DescribeSecurityGroupRules`.
pub(super) fn rules(world: &mut World, rules: &[(String, Rule)], next: &str) -> Tree {
    let items = rules.iter().map(|(group, rule)| item(world, group, rule)).collect();
    let mut fields = vec![("securityGroupRuleSet".to_owned(), Tree::List("item", items))];
    if !next.is_empty() {
        fields.push(("nextToken".to_owned(), Tree::text(next)));
    }
    Tree::Fields(fields)
}

fn item(world: &mut World, group: &str, rule: &Rule) -> Tree {
    let protocol = if rule.protocol == "all" { "-1" } else { rule.protocol };
    let owner = world.groups[group].owner;
    let mut fields: Vec<(String, Tree)> = [
        ("securityGroupRuleId", rule.id.as_str()),
        ("groupId", &world.manners.group(group)),
        ("groupOwnerId", owner),
        ("isEgress", if rule.egress { "true" } else { "false" }),
        ("ipProtocol", protocol),
        ("description", "what it is for"),
    ]
    .map(|(name, value)| (name.to_owned(), Tree::text(value)))
    .into();
    fields.extend(ports(rule));
    fields.push(peer(world, &rule.peer));
    if world.manners.both_peers {
        fields.extend(other_peer(world, group, &rule.peer));
    }
    let (manners, rng) = (world.manners.clone(), &mut world.rng);
    let may_lack = ["fromPort", "toPort", "isEgress", "groupOwnerId", "ipProtocol", "description"];
    thin_out(&mut fields, &manners, rng, &may_lack);
    if manners.words {
        put_new_word(&mut fields, rng);
    }
    Tree::Fields(fields)
}

fn peer(world: &World, peer: &Peer) -> (String, Tree) {
    match peer {
        Peer::Group(id) => ("referencedGroupInfo".to_owned(), named(world, id)),
        Peer::Range(range) => ("cidrIpv4".to_owned(), Tree::text(*range)),
        Peer::PrefixList(list) => ("prefixListId".to_owned(), Tree::text(*list)),
    }
}

/// What names another kind of peer beside the one that a rule has.
fn other_peer(world: &World, own: &str, peer: &Peer) -> Option<(String, Tree)> {
    if matches!(peer, Peer::Group(_)) {
        return Some(("cidrIpv4".to_owned(), Tree::text("10.9.0.0/16")));
    }
    let row = world.rows.iter().find(|row| row.groups.iter().any(|id| id == own))?;
    let other = row.groups.iter().find(|id| *id != own)?;
    Some(("referencedGroupInfo".to_owned(), named(world, other)))
}

/// Leaves out some of the fields of these names, or what they hold.
fn thin_out(fields: &mut Vec<(String, Tree)>, manners: &Manners, rng: &mut Rng, names: &[&str]) {
    if !manners.absent {
        return;
    }
    fields.retain_mut(|(name, value)| {
        if !names.contains(&name.as_str()) || rng.f64() < 0.7 {
            return true;
        }
        *value = Tree::Null;
        rng.bool()
    });
}

/// A value, or a field, that no manual has.
fn put_new_word(fields: &mut Vec<(String, Tree)>, rng: &mut Rng) {
    let (name, word) =
        [("ipProtocol", "quic"), ("fromPort", "ssh"), ("isEgress", "no"), ("novel", "yes")]
            [rng.usize(0..4)];
    if rng.bool() {
        return;
    }
    fields.retain(|(known, _)| known != name);
    fields.push((name.to_owned(), Tree::text(word)));
}
