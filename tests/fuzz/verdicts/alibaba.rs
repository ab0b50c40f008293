//! Answers of ECS and of its STS.

use fastrand::Rng;

use super::manners::{Manners, Owner};
use super::tree::Tree;
use super::truth::{Peer, Ports, Rule, World, login_name};

/// Entries of references in one answer: what exceeds them is cut, and nothing tells of it.
pub(super) const REFERENCES: usize = 100;

pub(super) fn identity(account: &str) -> Tree {
    let arn = Tree::text(format!("acs:ram::{account}:user/unpair"));
    Tree::fields([("AccountId", Tree::text(account)), ("Arn", arn)])
}

/// `DescribeSecurityGroups`.
pub(super) fn groups(world: &mut World, ids: &[String]) -> Tree {
    let manners = world.manners.clone();
    let group = |id: &String| {
        let mut fields = vec![
            ("SecurityGroupId".to_owned(), Tree::text(manners.group(id))),
            ("SecurityGroupName".to_owned(), Tree::text("web & more")),
            ("VpcId".to_owned(), Tree::text("vpc-1")),
            ("ServiceManaged".to_owned(), Tree::Bare("false".to_owned())),
        ];
        thin_out(&mut fields, &manners, &mut world.rng, &["SecurityGroupName", "VpcId"]);
        Tree::Fields(fields)
    };
    let list = Tree::List("SecurityGroup", ids.iter().map(group).collect());
    Tree::fields([("SecurityGroups", list), ("NextToken", Tree::text(""))])
}

/// A page of `DescribeSecurityGroupAttribute`.
pub(super) fn rules(world: &mut World, group: &str, rules: &[Rule], next: &str) -> Tree {
    let list = rules.iter().map(|rule| permission(world, group, rule)).collect();
    Tree::fields([
        ("RegionId", Tree::text(world.region())),
        ("SecurityGroupId", Tree::text(world.manners.group(group))),
        ("Permissions", Tree::List("Permission", list)),
        ("NextToken", Tree::text(next)),
    ])
}

fn permission(world: &mut World, own: &str, rule: &Rule) -> Tree {
    let manners = world.manners.clone();
    let (side, direction) = if rule.egress { ("Dest", "egress") } else { ("Source", "ingress") };
    let (ports, list) = match &rule.ports {
        Ports::Range(from, to) => (format!("{from}/{to}"), ""),
        Ports::List(list) => (String::new(), *list),
    };
    let policy = if rule.accepts { "Accept" } else { "Drop" };
    let mut fields: Vec<(String, Tree)> = [
        ("SecurityGroupRuleId", rule.id.as_str()),
        ("Direction", direction),
        ("IpProtocol", &rule.protocol.to_uppercase()),
        ("PortRange", &ports),
        ("PortRangeListId", list),
        ("SourcePortRange", ["", "-1/-1"][world.rng.usize(0..2)]),
        ("Policy", policy),
        ("Priority", "1"),
        ("NicType", "intranet"),
        ("Description", "what it is for"),
    ]
    .map(|(name, value)| (name.to_owned(), Tree::text(value)))
    .into();
    fields.extend(peer(world, side, &rule.peer));
    if manners.both_peers {
        fields.extend(other_peer(world, own, side, &rule.peer));
    }
    let rng = &mut world.rng;
    let may_lack = ["PortRange", "Policy", "Priority", "NicType", "IpProtocol", "Description"];
    thin_out(&mut fields, &manners, rng, &may_lack);
    if manners.words {
        put_new_word(&mut fields, rng, rule);
    }
    Tree::Fields(fields)
}

fn peer(world: &World, side: &str, peer: &Peer) -> Vec<(String, Tree)> {
    let field = |name: &str, value: Tree| (format!("{side}{name}"), value);
    match peer {
        Peer::Range(range) => vec![field("CidrIp", Tree::text(*range))],
        Peer::PrefixList(list) => vec![field("PrefixListId", Tree::text(*list))],
        Peer::Group(id) => {
            let mut fields = vec![field("GroupId", Tree::text(world.manners.peer(id)))];
            if let Some(owner) = owner(world, id) {
                fields.push(field("GroupOwnerAccount", owner));
            }
            fields
        }
    }
}

/// The owner of a group as a rule tells it.
fn owner(world: &World, id: &str) -> Option<Tree> {
    let owner = world.groups.get(id).map_or("1999999999999999", |group| group.owner);
    told_owner(&world.manners, owner)
}

fn told_owner(manners: &Manners, owner: &str) -> Option<Tree> {
    match manners.owner {
        Owner::Id => Some(Tree::text(owner)),
        Owner::Number => Some(Tree::Bare(owner.to_owned())),
        Owner::Name => Some(Tree::text(login_name(owner))),
        Owner::Absent => None,
    }
}

/// What names another kind of peer beside the one that a rule has.
fn other_peer(world: &World, own: &str, side: &str, peer: &Peer) -> Vec<(String, Tree)> {
    let field = |name: &str, value: &str| (format!("{side}{name}"), Tree::text(value));
    match peer {
        Peer::Group(_) => vec![field("CidrIp", "10.9.0.0/16")],
        Peer::Range(_) | Peer::PrefixList(_) => {
            let row = world.rows.iter().find(|row| row.groups.iter().any(|id| id == own));
            let other = row.and_then(|row| row.groups.iter().find(|id| *id != own));
            let Some(other) = other else { return Vec::new() };
            vec![field("GroupId", other), field("GroupOwnerAccount", world.groups[other].owner)]
        }
    }
}

/// Leaves out some of the fields of these names, or what they hold.
fn thin_out(fields: &mut Vec<(String, Tree)>, manners: &Manners, rng: &mut Rng, names: &[&str]) {
    if !manners.absent {
        return;
    }
    fields.retain_mut(|(name, value)| {
        if !names.contains(&name.as_str()) || rng.f64() < 0.6 {
            return true;
        }
        match rng.u8(0..3) {
            0 => return false,
            1 => *value = Tree::text(""),
            _ => *value = Tree::Null,
        }
        true
    });
}

/// A value, or a field, that no manual has.
fn put_new_word(fields: &mut Vec<(String, Tree)>, rng: &mut Rng, rule: &Rule) {
    let [novel, shouted] = if rule.accepts { ["Allow", "ACCEPT"] } else { ["Deny", "DROP"] };
    let (name, word) = [
        ("Policy", novel),
        ("Policy", shouted),
        ("IpProtocol", "QUIC"),
        ("NicType", "lan"),
        ("Direction", "INGRESS"),
        ("Priority", "highest"),
        ("PortRange", "ssh"),
        ("Novel", "yes"),
    ][rng.usize(0..8)];
    if rng.bool() || (name == "Direction" && rule.egress) {
        return;
    }
    fields.retain(|(known, _)| known != name);
    fields.push((name.to_owned(), Tree::text(word)));
}

/// `DescribeSecurityGroupReferences`: who admits `ids`, cut at a hundred.
pub(super) fn references(world: &mut World, ids: &[String]) -> (Tree, Vec<(String, String)>) {
    let mut left = REFERENCES;
    let mut told = Vec::new();
    let list = ids.iter().map(|id| {
        let mut by = admitting(world, id);
        world.rng.shuffle(&mut by);
        if world.rng.bool() {
            // What is cut off is what somebody looks for.
            by.sort_by_key(|(group, _)| world.groups.contains_key(group));
        }
        by.truncate(left);
        left -= by.len();
        told.extend(by.iter().map(|(group, _)| (id.clone(), group.clone())));
        let entry = |(group, owner): &(String, &str)| {
            let mut fields =
                vec![("SecurityGroupId".to_owned(), Tree::text(world.manners.peer(group)))];
            fields.extend(told_owner(&world.manners, owner).map(|it| ("AliUid".to_owned(), it)));
            Tree::Fields(fields)
        };
        let by = Tree::List("ReferencingSecurityGroup", by.iter().map(entry).collect());
        Tree::fields([
            ("SecurityGroupId", Tree::text(id.as_str())),
            ("ReferencingSecurityGroups", by),
        ])
    });
    let list = Tree::List("SecurityGroupReference", list.collect());
    (Tree::fields([("SecurityGroupReferences", list)]), told)
}

/// The groups of other accounts that admit `id`, each with its owner.
fn admitting(world: &World, id: &str) -> Vec<(String, &'static str)> {
    let admits =
        |rule: &Rule| rule.accepts && !rule.egress && rule.peer == Peer::Group(id.to_owned());
    let own = world.groups.get(id).map(|group| group.owner);
    let named = world
        .groups
        .iter()
        .filter(|(_, group)| Some(group.owner) != own && group.rules.iter().any(admits));
    let crowd = (0..world.manners.crowd).map(|n| (format!("sg-0e{n:015}"), "1999999999999999"));
    named.map(|(id, group)| (id.clone(), group.owner)).chain(crowd).collect()
}
