//! One bad account among fifty: what it costs, and what it costs the others.

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::Duration;

use unpair::cloud::{CloudError, Deadlines, ErrorClass};
use unpair::model::AccountId;

use crate::clouds::Clouds;
use crate::crowd::Order;
use crate::fault_rates::refusal;
use crate::process::Worked;
use crate::scenario::Scenario;
use crate::simulated_run::SimulatedRun;

/// Longer than alone by this much at the most.
const NO_LONGER: f64 = 1.05;
/// What a bad account costs at the most: refused credentials, and an endpoint that fails.
const REFUSED: usize = 5;
const FAILED: usize = 10;

/// What is wrong with an account, whoever it says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccountFault {
    /// It never answers.
    Hang,
    /// It answers a byte now and then, or its credentials are waited for: until the last deadline.
    Drip,
    /// Its credentials are refused.
    Auth,
    /// Its endpoint breaks down.
    Broken,
}

/// What an exchange is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Identity,
    Read,
    Rules,
    Revocation,
}

/// Accounts that go bad.
#[derive(Clone, Debug)]
pub(crate) struct FailingAccounts {
    pub(crate) accounts: BTreeSet<AccountId>,
    pub(crate) fault: AccountFault,
    /// The first kind of exchange that goes wrong, and with it all reads and revocations.
    pub(crate) from: Kind,
}

/// One exchange that ended.
#[derive(Clone, Debug)]
pub(crate) struct Exchanged {
    pub(crate) account: AccountId,
    pub(crate) kind: Kind,
    pub(crate) at: Duration,
    is_bad: bool,
}

impl Clouds {
    /// What is wrong with an exchange of `account`: how long it hangs, and how it fails then.
    pub(crate) fn fault(
        &mut self,
        account: &AccountId,
        kind: Kind,
    ) -> Option<(Duration, CloudError)> {
        let bad =
            self.bad.as_mut().filter(|bad| bad.accounts.contains(account) && bad.from <= kind)?;
        bad.from = bad.from.min(Kind::Read);
        let (after, class) = match bad.fault {
            AccountFault::Hang => (Deadlines::default().idle, ErrorClass::Lost),
            AccountFault::Drip => (Deadlines::default().whole, ErrorClass::Lost),
            AccountFault::Auth => (Duration::from_millis(80), ErrorClass::Credential),
            AccountFault::Broken => (Duration::from_millis(80), ErrorClass::Transient),
        };
        Some((after, refusal(class)))
    }

    /// Notes an exchange that ended.
    pub(crate) fn exchanged(
        &mut self,
        account: &AccountId,
        kind: Kind,
        at: Duration,
        is_bad: bool,
    ) {
        self.exchanges.push(Exchanged { account: account.clone(), kind, at, is_bad });
    }
}

/// A run over many accounts, as the clouds saw it.
struct Seen {
    end: Worked,
    exchanges: Vec<Exchanged>,
}

impl Seen {
    /// What came of a run of `scenario` with one bad account, if any.
    fn of(mut scenario: Scenario, bad: Option<FailingAccounts>) -> Self {
        scenario.clouds.bad = bad;
        let run = SimulatedRun::begin(scenario);
        let (end, _) = run.first_process(1);
        Self { end, exchanges: run.exchanges() }
    }

    /// When the slowest of `accounts` had its last answer, from the beginning of the run.
    fn took(&self, accounts: &BTreeSet<AccountId>) -> f64 {
        let of_them = self.exchanges.iter().filter(|it| accounts.contains(&it.account));
        of_them.map(|it| it.at).max().expect("exchanges").as_secs_f64()
    }

    /// Exchanges that went wrong.
    fn bad(&self) -> usize {
        self.exchanges.iter().filter(|it| it.is_bad).count()
    }
}

fn bad(fault: AccountFault, from: Kind) -> (AccountId, FailingAccounts) {
    let account = Scenario::account(20);
    (account.clone(), FailingAccounts { accounts: BTreeSet::from([account]), fault, from })
}

/// Every account in good order, with rows in both orders.
static ALONE: LazyLock<[(Scenario, Seen); 2]> = LazyLock::new(|| {
    [Order::ByAccount, Order::Shuffled].map(|order| {
        let scenario = Scenario::of_many_accounts(order);
        (scenario.clone(), Seen::of(scenario, None))
    })
});

/// The others take no longer beside a bad account than alone, from the first read to the last
/// read-back, and it costs few calls.
fn the_others_do_not_wait(fault: AccountFault, from: Kind) {
    for (scenario, alone) in &*ALONE {
        let (account, bad) = bad(fault, from);
        let beside = Seen::of(scenario.clone(), Some(bad));
        let mut others: BTreeSet<AccountId> =
            alone.exchanges.iter().map(|it| it.account.clone()).collect();
        assert!(others.remove(&account) && others.len() >= 49);
        let (alone, took, calls) = (alone.took(&others), beside.took(&others), beside.bad());
        println!("{fault:?} from {from:?}: {took} s, alone {alone} s, {calls} bad calls");
        assert!(took <= alone * NO_LONGER, "{took} s, alone {alone} s");
        let most = if fault == AccountFault::Auth { REFUSED } else { FAILED };
        assert!((1..=most).contains(&calls), "{calls} calls");
        let left_alone: Vec<_> =
            beside.end.left_alone.iter().map(|(lane, _)| &lane.account).collect();
        match from {
            // Nothing of it was planned, so that there is nothing of it to be left alone.
            Kind::Identity | Kind::Read | Kind::Rules => {
                assert!(left_alone.is_empty(), "{:?}", beside.end.left_alone);
            }
            Kind::Revocation => assert_eq!(left_alone, [&account]),
        }
    }
}

#[test]
fn an_account_that_hangs_costs_the_others_nothing() {
    the_others_do_not_wait(AccountFault::Hang, Kind::Identity);
    the_others_do_not_wait(AccountFault::Hang, Kind::Read);
    the_others_do_not_wait(AccountFault::Hang, Kind::Revocation);
}

#[test]
fn an_account_whose_credentials_are_refused_costs_the_others_nothing() {
    the_others_do_not_wait(AccountFault::Auth, Kind::Read);
    the_others_do_not_wait(AccountFault::Auth, Kind::Revocation);
}

#[test]
fn an_account_whose_endpoint_breaks_down_costs_the_others_nothing() {
    the_others_do_not_wait(AccountFault::Broken, Kind::Read);
    the_others_do_not_wait(AccountFault::Broken, Kind::Revocation);
}

#[test]
fn refused_credentials_cost_few_calls_however_many_regions_the_account_has() {
    for from in [Kind::Identity, Kind::Read, Kind::Revocation] {
        let (_, bad) = bad(AccountFault::Auth, from);
        let seen = Seen::of(Scenario::of_many_regions(), Some(bad));
        assert!((1..=REFUSED).contains(&seen.bad()), "{from:?}: {} calls", seen.bad());
    }
}

/// Twenty seconds without an answer, the second that it takes to begin, and one to look.
const SILENCE: f64 = 22.0;

#[test]
fn an_account_of_many_regions_that_hangs_is_waited_for_no_longer_than_it_takes_to_know() {
    let others = BTreeSet::from([Scenario::account(21)]);
    let alone = Seen::of(Scenario::of_many_regions(), None).took(&others);
    for from in [Kind::Identity, Kind::Read] {
        let (_, bad) = bad(AccountFault::Hang, from);
        let took = Seen::of(Scenario::of_many_regions(), Some(bad)).took(&others);
        println!("hangs from {from:?}: {took} s, alone {alone} s");
        assert!(took <= alone + SILENCE, "{took} s, alone {alone} s");
    }
}

#[test]
fn the_order_of_a_manifest_makes_no_run_slower() {
    let took = |(_, seen): &(Scenario, Seen)| {
        seen.exchanges.iter().map(|it| it.at).max().expect("exchanges").as_secs_f64()
    };
    let [sorted, shuffled] = [0, 1].map(|order| took(&ALONE[order]));
    assert!(sorted <= shuffled * NO_LONGER, "{sorted} s, shuffled {shuffled} s");
}
