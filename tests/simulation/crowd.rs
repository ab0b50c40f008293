//! Scenarios of many lanes: fifty accounts of one region, or one account with many regions.

use std::collections::BTreeSet;

use fastrand::Rng;
use unpair::model::{AccountId, GroupRef, Provider};
use unpair_testing::fixture::pair_set;

use crate::clouds::Clouds;
use crate::fault_rates::FaultRates;
use crate::is_long;
use crate::scenario::{Scenario, grant};

/// Accounts in a crowd.
const ACCOUNTS: usize = 50;
/// Groups of each account of a crowd, with a call to read each, to revoke and to read it back, and
/// how many of them a second.
const LONG: (usize, f64) = (200, 5.0);
/// The same in less of this machine's time, and as much of the simulation's.
const SHORT: (usize, f64) = (24, 0.6);
/// Groups that an account of many regions has in each.
const GROUPS_OF_A_REGION: usize = 10;
/// Regions of an account that has many.
const REGIONS: usize = 15;
/// Grants of each group.
const GRANTS: usize = 2;

/// The order of the rows in the manifest.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Order {
    ByAccount,
    Shuffled,
}

impl Scenario {
    /// The `n`-th account of a crowd.
    pub(crate) fn account(n: usize) -> AccountId {
        AccountId::new(format!("{:012}", 100_000_000_000 + n))
    }

    /// Fifty accounts, each paired with its neighbour.
    pub(crate) fn of_many_accounts(order: Order) -> Self {
        let (groups, rate) = if is_long() { LONG } else { SHORT };
        let couples = (0..ACCOUNTS / 2).map(|couple| (2 * couple, 2 * couple + 1));
        let mut pairs: Vec<_> = couples
            .flat_map(|(a, b)| (0..groups).map(move |n| [place(a, 0, n), place(b, 0, n)]))
            .collect();
        match order {
            Order::ByAccount => {}
            Order::Shuffled => Rng::with_seed(1).shuffle(&mut pairs),
        }
        crowd(&pairs, rate)
    }

    /// Two accounts in good order beside `hanging` others that are paired with each other, before
    /// or after them in the manifest and by their numbers.
    pub(crate) fn beside(hanging: usize, is_first: bool) -> (Self, BTreeSet<AccountId>) {
        let first = if is_first { 0 } else { 100_000 };
        let mut pairs: Vec<_> = (0..hanging / 2)
            .map(|couple| [place(100 + 2 * couple, 0, 0), place(101 + 2 * couple, 0, 0)])
            .collect();
        let bad = pairs.iter().flatten().map(|place| place.account.clone()).collect();
        let at = if is_first { 0 } else { pairs.len() };
        pairs.insert(at, [place(first, 0, 0), place(first + 1, 0, 0)]);
        (crowd(&pairs, LONG.1), bad)
    }

    /// Two accounts that share many regions; one of them is the account that goes bad.
    pub(crate) fn of_many_regions() -> Self {
        let pairs: Vec<_> = (0..REGIONS)
            .flat_map(|region| {
                (0..GROUPS_OF_A_REGION).map(move |n| [place(20, region, n), place(21, region, n)])
            })
            .collect();
        crowd(&pairs, LONG.1)
    }
}

/// Clouds of `pairs` whose lanes call each action at `rate`.
fn crowd(pairs: &[[GroupRef; 2]], rate: f64) -> Scenario {
    let mut clouds = Clouds::new(1, FaultRates::NONE);
    clouds.rate = rate;
    for [a, b] in pairs {
        for (own, peer) in [(a, b), (b, a)] {
            let rules: Vec<_> = (0..GRANTS).map(|n| grant(own, peer, n)).collect();
            clouds.asked.extend(rules.iter().map(|rule| rule.id.clone()));
            clouds.add(own, rules);
        }
    }
    Scenario { clouds, pairs: pair_set(pairs.iter().cloned()) }
}

fn place(account: usize, region: usize, n: usize) -> GroupRef {
    GroupRef {
        cloud: Provider::Alibaba,
        account: Scenario::account(account),
        region: format!("region-{region:02}").into(),
        group: format!("sg-{account}-{region}-{n}").into(),
    }
}
