//! The world file: TOML written by people, read into a [`World`].

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use serde::Deserialize;

use super::{Account, Group, LiveRule, Manners, World};
use crate::model::{
    AccountId, BadValue, Direction, GroupId, NicType, Peer, Policy, PortRange, Protocol, Provider,
    RegionId, RuleId,
};
use crate::sandbox::error::SandboxError;
use crate::sandbox::rule_ids::rule_id;

/// When rules of a world file were made, unless it says otherwise.
const CREATED: &str = "2026-01-05T08:00:00Z";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    manners: Manners,
    #[serde(default)]
    regions: BTreeMap<Provider, BTreeSet<RegionId>>,
    #[serde(default)]
    account: Vec<FileAccount>,
    #[serde(default)]
    group: Vec<FileGroup>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileAccount {
    cloud: Provider,
    id: AccountId,
    name: Option<String>,
    access_key_id: Option<String>,
    access_key_secret: Option<String>,
    external_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileGroup {
    cloud: Provider,
    account: AccountId,
    region: RegionId,
    id: GroupId,
    #[serde(default)]
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    vpc: String,
    #[serde(default)]
    default_vpc: bool,
    #[serde(default)]
    managed: bool,
    #[serde(default)]
    rules: Vec<FileRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRule {
    id: Option<String>,
    direction: Option<String>,
    protocol: Option<String>,
    ports: Option<String>,
    source_ports: Option<String>,
    /// `OWNER/GROUP`, or the group alone if the owner is the same account.
    group: Option<String>,
    cidr: Option<String>,
    prefix_list: Option<String>,
    /// The own end's range of a five-tuple rule.
    near: Option<String>,
    policy: Option<String>,
    #[serde(default = "first_priority")]
    priority: u16,
    nic_type: Option<String>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    created: Option<String>,
    /// How many rules this line stands for; each has ports one higher than the one before.
    #[serde(default = "once")]
    repeat: u16,
}

const fn first_priority() -> u16 {
    1
}

const fn once() -> u16 {
    1
}

/// Reads the text of a world file.
pub(super) fn read(text: &str) -> Result<World, SandboxError> {
    let file: File =
        toml::from_str(text).map_err(|error| SandboxError::World(error.to_string()))?;
    let mut world = World {
        manners: file.manners,
        regions: file.regions,
        accounts: file.account.into_iter().map(account).collect(),
        ..World::default()
    };
    for entry in file.group {
        let group = group(entry)?;
        if world.account(group.cloud, group.account.as_str()).is_none() {
            return Err(SandboxError::World(format!(
                "group {}: account {} is not in the world; add an [[account]]",
                group.id, group.account
            )));
        }
        let id = group.id.clone();
        if world.groups.insert(id.clone(), group).is_some() {
            return Err(SandboxError::World(format!("group {id} is there twice")));
        }
    }
    Ok(world)
}

fn account(file: FileAccount) -> Account {
    let FileAccount { cloud, id, name, access_key_id, access_key_secret, external_id } = file;
    Account { cloud, id, name, access_key_id, access_key_secret, external_id }
}

fn group(file: FileGroup) -> Result<Group, SandboxError> {
    let mut group = Group {
        cloud: file.cloud,
        account: file.account,
        region: file.region,
        id: file.id,
        name: file.name,
        description: file.description,
        vpc: file.vpc,
        default_vpc: file.default_vpc,
        managed: file.managed,
        rules: Vec::new(),
    };
    for (line, entry) in file.rules.iter().enumerate() {
        let told = |error: BadValue| {
            SandboxError::World(format!("group {}, rule {}: {error}", group.id, line + 1))
        };
        let first = rule(entry, &group).map_err(told)?;
        for step in 0..entry.repeat {
            let copy = repeated(&first, &group, step);
            group.rules.push(copy);
        }
    }
    Ok(group)
}

fn rule(file: &FileRule, group: &Group) -> Result<LiveRule, BadValue> {
    let number = group.rules.len();
    let id = file.id.as_deref().map(RuleId::from);
    Ok(LiveRule {
        id: id.unwrap_or_else(|| numbered(group, number)),
        direction: word(file.direction.as_ref(), Direction::Ingress)?,
        protocol: word(file.protocol.as_ref(), Protocol::all())?,
        ports: word(file.ports.as_ref(), PortRange::ALL)?,
        source_ports: file.source_ports.as_deref().map(str::parse).transpose()?,
        peer: peer(file, group)?,
        near: file.near.clone(),
        policy: word(file.policy.as_ref(), Policy::Accept)?,
        priority: file.priority,
        nic_type: word(file.nic_type.as_ref(), NicType::Intranet)?,
        description: file.description.clone(),
        tags: file.tags.clone(),
        created: file.created.clone().unwrap_or_else(|| CREATED.to_owned()),
    })
}

fn word<T: FromStr<Err = BadValue>>(text: Option<&String>, default: T) -> Result<T, BadValue> {
    text.map_or(Ok(default), |text| text.parse())
}

fn peer(file: &FileRule, group: &Group) -> Result<Peer, BadValue> {
    match (&file.group, &file.cidr, &file.prefix_list) {
        (Some(text), None, None) => Ok(named_group(text, group)),
        (None, Some(cidr), None) => Ok(Peer::Cidr(cidr.clone())),
        (None, None, Some(list)) => Ok(Peer::PrefixList(list.clone())),
        _ => Err(BadValue::new("peer", "exactly one of group, cidr and prefix_list")),
    }
}

fn named_group(text: &str, group: &Group) -> Peer {
    let (owner, id) = match text.split_once('/') {
        Some((owner, id)) => (AccountId::from(owner), id),
        None => (group.account.clone(), text),
    };
    Peer::Group { id: id.into(), owner: Some(owner) }
}

fn repeated(first: &LiveRule, group: &Group, step: u16) -> LiveRule {
    let mut copy = first.clone();
    if step > 0 {
        copy.id = numbered(group, group.rules.len());
        copy.ports.from += i32::from(step);
        copy.ports.to += i32::from(step);
    }
    copy
}

fn numbered(group: &Group, number: usize) -> RuleId {
    rule_id(group.cloud, &format!("{} {number}", group.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "[[account]]\ncloud='alibaba'\nid='1'\n[[group]]\ncloud='alibaba'\naccount='1'\nregion='cn-x'\nid='sg-1'\n";

    #[test]
    fn one_line_stands_for_many_rules() {
        let text = format!(
            "{HEAD}rules=[{{protocol='TCP',ports='1000/1000',cidr='10.0.0.0/8',repeat=3}}]"
        );
        let world = read(&text).expect("a world");
        let rules = &world.groups[&GroupId::from("sg-1")].rules;
        let ports: Vec<_> = rules.iter().map(|rule| rule.ports.to_string()).collect();
        assert_eq!(ports, ["1000/1000", "1001/1001", "1002/1002"]);
        assert_ne!(rules[0].id, rules[1].id);
    }

    #[test]
    fn a_bad_rule_is_named_by_group_and_number() {
        let text = format!("{HEAD}rules=[{{cidr='10.0.0.0/8',protocol='x'}}]");
        let message = read(&text).expect_err("a bad protocol").to_string();
        assert!(message.contains("group sg-1, rule 1: `x` is not a protocol"), "{message}");
    }

    #[test]
    fn a_group_of_an_unknown_account_is_refused() {
        let message = read(&HEAD.replace("account='1'", "account='2'")).expect_err("no account 2");
        assert!(message.to_string().contains("account 2 is not in the world"));
    }

    #[test]
    fn the_sample_world_holds_what_its_readers_are_promised() {
        let world = World::sample();
        for (cloud, page) in [(Provider::Alibaba, 500), (Provider::Aws, 1000)] {
            let accounts: Vec<_> = world.accounts.iter().filter(|a| a.cloud == cloud).collect();
            assert!(accounts.len() >= 3);
            assert_eq!(accounts.iter().filter(|a| a.access_key_id.is_none()).count(), 1);
            let groups: Vec<_> = world.groups.values().filter(|g| g.cloud == cloud).collect();
            let names = |by: &Group, peer: &GroupId| {
                by.rules.iter().filter(|rule| rule.peer_group() == Some(peer)).count()
            };
            let any = |holds: &dyn Fn(&Group) -> bool| groups.iter().any(|group| holds(group));
            assert!(any(&|group| groups.iter().any(|peer| names(group, &peer.id) >= 5)));
            assert!(any(&|group| group.rules.len() > page));
            let one_sided = |group: &Group| {
                groups.iter().any(|peer| names(group, &peer.id) > 0 && names(peer, &group.id) == 0)
            };
            assert!(any(&one_sided));
            let rules: Vec<_> = groups.iter().flat_map(|group| &group.rules).collect();
            let is_egress_grant = |rule: &&&LiveRule| {
                rule.direction == Direction::Egress && rule.peer_group().is_some()
            };
            assert!(rules.iter().any(|rule| is_egress_grant(&rule)));
            assert!(rules.iter().any(|rule| matches!(rule.peer, Peer::Cidr(_))));
            // AWS has no drop rules.
            let drops = rules.iter().filter(|rule| rule.policy == Policy::Drop).count();
            assert_eq!(drops > 0, cloud == Provider::Alibaba);
        }
        let ids: BTreeSet<_> =
            world.groups.values().flat_map(|g| &g.rules).map(|rule| &rule.id).collect();
        let count: usize = world.groups.values().map(|group| group.rules.len()).sum();
        assert_eq!(ids.len(), count, "no rule id is there twice");
    }
}
