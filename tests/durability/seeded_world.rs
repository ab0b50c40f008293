//! Worlds made from a seed: pairs that admit each other, beside rules that are nobody's business.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use unpair::sandbox::World;

/// Accounts of a world: cloud, id, region.
const OWNERS: [(&str, &str, &str); 4] = [
    ("alibaba", "1234567890123401", "cn-hangzhou"),
    ("alibaba", "1234567890123402", "cn-hangzhou"),
    ("aws", "111111111111", "us-east-1"),
    ("aws", "222222222222", "us-east-1"),
];

/// How many pairs a world has on each cloud.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) alibaba: u32,
    pub(crate) aws: u32,
}

/// A world as text, the manifest of its pairs, and what the manifest asks to remove.
pub(crate) struct SeededWorld {
    pub(crate) world: World,
    pub(crate) manifest: String,
    /// The ids of the rules between the pairs: all that may ever be removed.
    pub(crate) grants: BTreeSet<String>,
}

impl SeededWorld {
    pub(crate) fn new(seed: u64, size: Size) -> Self {
        let mut dice = fastrand::Rng::with_seed(seed);
        let mut text = accounts();
        let mut manifest = "cloud,region,account_a,group_a,account_b,group_b\n".to_owned();
        let pairs = (0..size.alibaba).map(|n| (n, 0)).chain((0..size.aws).map(|n| (n, 2)));
        for (n, first) in pairs {
            let (a, b) = (OWNERS[first], OWNERS[first + 1]);
            let dot = if first == 0 { "" } else { "0" };
            let (group_a, group_b) = (format!("sg-{dot}a{n:06}"), format!("sg-{dot}b{n:06}"));
            add_group(&mut text, &mut dice, a, &group_a, (b, &group_b));
            add_group(&mut text, &mut dice, b, &group_b, (a, &group_a));
            let (cloud, region) = (a.0, a.2);
            let _ = writeln!(manifest, "{cloud},{region},{},{group_a},{},{group_b}", a.1, b.1);
        }
        let world = World::from_toml(&text).expect("the generated world is valid");
        let grants = grants(&world);
        Self { world, manifest, grants }
    }
}

fn accounts() -> String {
    let account = |(cloud, id, _): (&str, &str, &str)| {
        format!(
            "[[account]]\ncloud = '{cloud}'\nid = '{id}'\nname = 'of-{id}'\n\
             access_key_id = 'KEY{id}'\naccess_key_secret = 'secret{id}'\n"
        )
    };
    OWNERS.into_iter().map(account).collect()
}

/// A group with one to four grants that name `peer`, most of them inward, and two rules that stay.
fn add_group(
    text: &mut String,
    dice: &mut fastrand::Rng,
    (cloud, owner, region): (&str, &str, &str),
    id: &str,
    ((_, peer_owner, _), peer): ((&str, &str, &str), &str),
) {
    let stays = format!(
        "{{ protocol = 'tcp', ports = '443/443', cidr = '10.0.0.0/8' }}, \
         {{ protocol = 'tcp', ports = '22/22', group = '{peer_owner}/sg-bystander' }}"
    );
    let grant = |n: u8, dice: &mut fastrand::Rng| {
        let direction = if dice.f64() < 0.2 { "egress" } else { "ingress" };
        format!(
            ", {{ direction = '{direction}', protocol = 'tcp', ports = '{0}/{0}', \
             group = '{peer_owner}/{peer}' }}",
            1_000 + u32::from(n)
        )
    };
    let count = dice.u8(1..=4);
    let rules: String = (0..count).map(|n| grant(n, dice)).collect();
    let _ = writeln!(
        text,
        "[[group]]\ncloud = '{cloud}'\naccount = '{owner}'\nregion = '{region}'\nid = '{id}'\n\
         vpc = 'vpc-{owner}'\nrules = [{stays}{rules}]"
    );
}

/// Every rule of `world`, by its id.
pub(crate) fn rules(world: &World) -> BTreeSet<String> {
    let rules = world.groups.values().flat_map(|group| &group.rules);
    rules.map(|rule| rule.id.to_string()).collect()
}

fn grants(world: &World) -> BTreeSet<String> {
    let rules = world.groups.values().flat_map(|group| &group.rules);
    let named = rules.filter(|rule| {
        rule.peer_group().is_some_and(|peer| world.groups.contains_key(peer.as_str()))
    });
    named.map(|rule| rule.id.to_string()).collect()
}
