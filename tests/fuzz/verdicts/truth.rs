//! What stands in truth between groups, and what a manifest asks of it.

use std::collections::BTreeMap;

use fastrand::Rng;
use unpair::model::{Filter, GroupRef, PairSet, PortRange, Protocol, Provider, Scope, Source};

use super::manners::Manners;

/// Ports of a rule, as they are in truth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ports {
    Range(i32, i32),
    /// A list of ports.
    List(&'static str),
}

/// The other end of a rule, as it is in truth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    Group(String),
    Range(&'static str),
    PrefixList(&'static str),
}

/// A rule.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) egress: bool,
    pub(super) protocol: &'static str,
    pub(super) ports: Ports,
    pub(super) peer: Peer,
    pub(super) accepts: bool,
}

/// A group.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) owner: &'static str,
    pub(super) rules: Vec<Rule>,
}

/// How the manifest tells the owner of its second group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    Right,
    /// With a digit that is another.
    Wrong,
    /// By the login name, which no configuration maps to an id.
    Name,
}

/// A row of the manifest: its groups in truth, and what it narrows them to.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) groups: [String; 2],
    pub(super) filter: Filter,
}

/// The accounts of a cloud.
pub(super) struct Accounts {
    /// Ours, the other end's, the other end's with a digit that is another, and anybody's.
    pub(super) ids: [&'static str; 4],
    pub(super) region: &'static str,
}

const ALIBABA: Accounts = Accounts {
    ids: ["1111111111111111", "1222222222222222", "1222222222222220", "1999999999999999"],
    region: "cn-hangzhou",
};
const AWS: Accounts = Accounts {
    ids: ["111111111111", "222222222222", "222222222220", "999999999999"],
    region: "us-east-1",
};

/// A world, what is asked of it, and how it is told.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) cloud: Provider,
    pub(super) groups: BTreeMap<String, Group>,
    pub(super) rows: Vec<Row>,
    /// Whether the second account is not ours to call.
    pub(super) has_partner: bool,
    pub(super) spelling: Spelling,
    pub(super) accept_gone: bool,
    pub(super) manners: Manners,
    pub(super) rng: Rng,
}

impl World {
    pub(super) fn drawn(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let cloud = if rng.bool() { Provider::Alibaba } else { Provider::Aws };
        let spelling = match (rng.u8(0..10), cloud) {
            (0 | 1, _) => Spelling::Wrong,
            (2, Provider::Alibaba) => Spelling::Name,
            _ => Spelling::Right,
        };
        let mut world = Self {
            cloud,
            groups: BTreeMap::new(),
            rows: Vec::new(),
            has_partner: spelling != Spelling::Right || rng.f64() < 0.35,
            spelling,
            accept_gone: rng.f64() < 0.3,
            manners: Manners::drawn(&mut rng),
            rng,
        };
        for pair in 0..world.rng.usize(1..=3) {
            world.add_pair(pair);
        }
        world
    }

    fn add_pair(&mut self, pair: usize) {
        let groups = ["a", "b"].map(|end| format!("sg-0{end}c{pair:014}"));
        let owners = accounts(self.cloud).ids;
        for (own, owner) in [0, 1].into_iter().zip(owners) {
            let rules = self.rules(&groups[own], &groups[1 - own]);
            self.groups.insert(groups[own].clone(), Group { owner, rules });
        }
        // Of a partner's side ingress alone can be seen.
        let filter = match self.rng.u8(0..2) {
            0 if self.has_partner => ingress(),
            _ => filter(&mut self.rng),
        };
        self.rows.push(Row { groups, filter });
    }

    fn rules(&mut self, own: &str, peer: &str) -> Vec<Rule> {
        let grants = [0, 0, 1, 1, 2, 3][self.rng.usize(0..6)];
        let mut peers = vec![Peer::Group(peer.to_owned()); grants];
        for _ in 0..self.rng.usize(0..4) {
            peers.push(match self.rng.u8(0..3) {
                0 => Peer::Range("10.0.0.0/8"),
                1 => Peer::PrefixList("pl-0123456789abcdef0"),
                _ => Peer::Group("sg-0d0000000000000d".to_owned()),
            });
        }
        self.rng.shuffle(&mut peers);
        peers.into_iter().enumerate().map(|(n, peer)| self.rule(own, n, peer)).collect()
    }

    fn rule(&mut self, own: &str, n: usize, peer: Peer) -> Rule {
        let is_alibaba = self.cloud == Provider::Alibaba;
        let port = 22 + i32::try_from(n).unwrap_or_default();
        let (protocol, ports) = match self.rng.u8(0..4) {
            0 => ("all", Ports::Range(-1, -1)),
            1 if is_alibaba => ("tcp", Ports::List("prl-2ze9743")),
            _ => ("tcp", Ports::Range(port, port)),
        };
        let accepts = !(is_alibaba && self.rng.f64() < 0.1);
        let id = format!("sgr-{}-{n}", &own[3..]);
        Rule { id, egress: self.rng.f64() < 0.3, protocol, ports, peer, accepts }
    }

    pub(super) fn region(&self) -> &'static str {
        accounts(self.cloud).region
    }

    /// What the manifest calls the owner of its second groups.
    fn told_owner(&self) -> &'static str {
        let ids = accounts(self.cloud).ids;
        match self.spelling {
            Spelling::Right => ids[1],
            Spelling::Wrong => ids[2],
            Spelling::Name => login_name(ids[1]),
        }
    }

    /// The manifest.
    pub(super) fn pairs(&self) -> PairSet {
        let owners = [accounts(self.cloud).ids[0], self.told_owner()];
        let place = |row: &Row, end: usize| GroupRef {
            cloud: self.cloud,
            account: owners[end].into(),
            region: self.region().into(),
            group: row.groups[end].as_str().into(),
        };
        let rows: Vec<_> = (2..)
            .zip(&self.rows)
            .map(|(line, row)| (place(row, 0), place(row, 1), row.filter.clone(), line))
            .collect();
        let sources = vec![Source { name: "pairs.csv".to_owned(), first_line: 0, digest: None }];
        PairSet::build(sources, &rows, BTreeMap::new()).expect("few filters")
    }

    /// The rules of `own` that let traffic pass between it and `peer`.
    pub(super) fn grants(&self, own: &str, peer: &str) -> impl Iterator<Item = &Rule> {
        let names = move |rule: &&Rule| rule.peer == Peer::Group(peer.to_owned());
        self.groups[own].rules.iter().filter(names).filter(|rule| rule.accepts)
    }
}

/// The accounts of `cloud`.
pub(super) const fn accounts(cloud: Provider) -> &'static Accounts {
    match cloud {
        Provider::Alibaba => &ALIBABA,
        Provider::Aws => &AWS,
    }
}

/// The login name of an account.
pub(super) fn login_name(account: &str) -> &'static str {
    match account {
        "1111111111111111" => "a@aliyun.com",
        "1222222222222222" => "b@aliyun.com",
        "1222222222222220" => "b0@aliyun.com",
        _ => "z@aliyun.com",
    }
}

fn ingress() -> Filter {
    Filter { direction: Scope::Ingress, direction_given: true, ..Filter::default() }
}

fn filter(rng: &mut Rng) -> Filter {
    let ports = |from, to| Some(PortRange { from, to });
    let protocol = |word: &str| Some(word.parse::<Protocol>().expect("a protocol"));
    match rng.u8(0..8) {
        0 => Filter { ports: ports(-1, -1), ..Filter::default() },
        1 => Filter { ports: ports(22, 22), protocol: protocol("tcp"), ..Filter::default() },
        2 => Filter { protocol: protocol("tcp"), ..Filter::default() },
        3 => ingress(),
        _ => Filter::default(),
    }
}

/// Whether a row that narrows like this asks for `rule`, by what the rule is in truth.
pub(super) fn asks(filter: &Filter, rule: &Rule) -> bool {
    let scope = if rule.egress { Scope::Egress } else { Scope::Ingress };
    let ports = |wanted: PortRange| rule.ports == Ports::Range(wanted.from, wanted.to);
    rule.accepts
        && (filter.direction == Scope::Both || filter.direction == scope)
        && filter.protocol.as_ref().is_none_or(|word| word.as_str() == rule.protocol)
        && filter.ports.is_none_or(ports)
}
