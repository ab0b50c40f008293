//! The clouds that a simulation begins with, and the manifest that names its pairs.

use unpair::model::{Direction, GroupRef, PairSet, Peer, Provider, Rule};
use unpair_testing::fixture::{pair_set, rule};

use crate::clouds::Clouds;
use crate::fault_rates::FaultRates;

/// How large a scenario is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Pairs of each cloud.
    pub(crate) pairs: usize,
    /// Grants on each side of a pair.
    pub(crate) grants: usize,
}

impl Size {
    /// About 200 revocations.
    pub(crate) const WHOLE: Self = Self { pairs: 10, grants: 5 };
    /// Enough for every step of a run to occur.
    pub(crate) const SMALL: Self = Self { pairs: 2, grants: 3 };

    /// Grants that are to be removed.
    pub(crate) const fn revocations(self) -> usize {
        self.pairs * self.grants * 4
    }
}

/// The clouds and what is asked of them.
#[derive(Clone)]
pub(crate) struct Scenario {
    pub(crate) clouds: Clouds,
    pub(crate) pairs: PairSet,
}

impl Scenario {
    /// Two accounts of each cloud, with grants both ways, and rules that nobody asked about.
    pub(crate) fn new(seed: u64, size: Size, rates: FaultRates) -> Self {
        let mut clouds = Clouds::new(seed, rates);
        let mut rows = Vec::new();
        for cloud in [Provider::Alibaba, Provider::Aws] {
            for pair in 0..size.pairs {
                let [a, b] = [0, 1].map(|end| place(cloud, end, pair));
                for (own, peer) in [(&a, &b), (&b, &a)] {
                    let mut rules: Vec<Rule> =
                        (0..size.grants).map(|n| grant(own, peer, n)).collect();
                    clouds.asked.extend(rules.iter().map(|rule| rule.id.clone()));
                    rules.extend(others(own));
                    clouds.add(own, rules);
                }
                rows.push([a, b]);
            }
        }
        Self { clouds, pairs: pair_set(rows) }
    }
}

pub(crate) fn place(cloud: Provider, end: usize, pair: usize) -> GroupRef {
    let (account, region) = match cloud {
        Provider::Alibaba => (["1111111111111111", "1222222222222222"][end], "cn-beijing"),
        Provider::Aws => (["111111111111", "222222222222"][end], "us-east-1"),
    };
    GroupRef {
        cloud,
        account: account.into(),
        region: region.into(),
        group: format!("sg-{cloud}-{end}-{pair:02}").into(),
    }
}

/// The `n`-th grant of `own` that names `peer`; every third one is egress.
pub(crate) fn grant(own: &GroupRef, peer: &GroupRef, n: usize) -> Rule {
    let direction = if n % 3 == 2 { Direction::Egress } else { Direction::Ingress };
    let names = Peer::Group { id: peer.group.clone(), owner: Some(peer.account.clone()) };
    rule(&format!("sgr-{}-{n}", own.group), direction, n, names)
}

/// Rules that stay: of an address, and of a group that no row names.
pub(crate) fn others(own: &GroupRef) -> [Rule; 2] {
    let stranger = Peer::Group { id: "sg-stranger".into(), owner: None };
    let address = Peer::Cidr("10.0.0.0/8".to_owned());
    [
        rule(&format!("sgr-{}-stranger", own.group), Direction::Ingress, 0, stranger),
        rule(&format!("sgr-{}-address", own.group), Direction::Ingress, 1, address),
    ]
}
