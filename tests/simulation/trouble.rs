//! One bad account among fifty: what it costs, and what it costs the others.

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::Duration;

use unpair::cloud::{CloudError, ErrorClass};
use unpair::model::AccountId;

use crate::crowd::Order;
use crate::process::Worked;
use crate::scene::Scene;
use crate::story::Story;
use crate::weather::refusal;
use crate::world::World;

/// How long an exchange that hangs takes until the client gives it up.
const DEADLINE: Duration = Duration::from_secs(30);
/// Longer than alone by this much at the most.
const NO_LONGER: f64 = 1.05;
/// What a bad account costs at the most: refused credentials, and an endpoint that fails.
const REFUSED: usize = 5;
const FAILED: usize = 10;

/// What is wrong with an account, whoever it says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It never answers.
    Hang,
    /// Its credentials are refused.
    Auth,
    /// Its endpoint breaks down.
    Broken,
}

/// When an account goes bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// It was never good.
    Ever,
    /// With its first revocation.
    FirstRevocation,
}

/// An account that goes bad.
#[derive(Clone, Debug)]
pub(crate) struct Bad {
    account: AccountId,
    trouble: Trouble,
    since: Since,
}

/// One exchange that ended.
#[derive(Clone, Debug)]
pub(crate) struct Exchanged {
    account: AccountId,
    at: Duration,
    is_revocation: bool,
    is_bad: bool,
}

impl World {
    /// What is wrong with an exchange of `account`: how long it hangs, and how it fails then.
    pub(crate) fn trouble(
        &mut self,
        account: &AccountId,
        is_revocation: bool,
    ) -> Option<(Duration, CloudError)> {
        let bad = self.bad.as_mut().filter(|bad| bad.account == *account)?;
        if is_revocation {
            bad.since = Since::Ever;
        }
        if bad.since != Since::Ever {
            return None;
        }
        let (after, class) = match bad.trouble {
            Trouble::Hang => (DEADLINE, ErrorClass::Lost),
            Trouble::Auth => (Duration::from_millis(80), ErrorClass::Credential),
            Trouble::Broken => (Duration::from_millis(80), ErrorClass::Transient),
        };
        Some((after, refusal(class)))
    }

    /// Notes an exchange that ended.
    pub(crate) fn exchanged(
        &mut self,
        account: &AccountId,
        at: Duration,
        is_revocation: bool,
        is_bad: bool,
    ) {
        let account = account.clone();
        self.exchanges.push(Exchanged { account, at, is_revocation, is_bad });
    }
}

/// A run over many accounts, as the clouds saw it.
struct Seen {
    end: Worked,
    exchanges: Vec<Exchanged>,
}

impl Seen {
    /// What came of a run of `scene` with one bad account, if any.
    fn of(mut scene: Scene, bad: Option<Bad>) -> Self {
        scene.world.bad = bad;
        let story = Story::begin(scene);
        let (end, _) = story.first_process(1);
        Self { end, exchanges: story.exchanges() }
    }

    /// How long the slowest of `accounts` took to be read, and from the first revocation of any to
    /// its last exchange.
    fn took(&self, accounts: &BTreeSet<AccountId>) -> [f64; 2] {
        let acts = self.exchanges.iter().filter(|it| it.is_revocation).map(|it| it.at).min();
        let acts = acts.expect("something is revoked");
        let last = |is_acting: bool| {
            let of_phase = self.exchanges.iter().filter(|it| (it.at >= acts) == is_acting);
            of_phase.filter(|it| accounts.contains(&it.account)).map(|it| it.at).max()
        };
        let (read, acted) = (last(false).expect("reads"), last(true).expect("calls"));
        [read.as_secs_f64(), acted.saturating_sub(acts).as_secs_f64()]
    }

    /// Exchanges that went wrong.
    fn bad(&self) -> usize {
        self.exchanges.iter().filter(|it| it.is_bad).count()
    }
}

fn bad(trouble: Trouble, since: Since) -> (AccountId, Bad) {
    let account = Scene::account(20);
    (account.clone(), Bad { account, trouble, since })
}

/// Every account in good order, with rows in both orders.
static ALONE: LazyLock<[(Scene, Seen); 2]> = LazyLock::new(|| {
    [Order::ByAccount, Order::Shuffled].map(|order| {
        let scene = Scene::of_many_accounts(order);
        (scene.clone(), Seen::of(scene, None))
    })
});

/// The others take no longer beside a bad account than alone, and it costs few calls.
fn the_others_do_not_wait(trouble: Trouble, since: Since) {
    for (scene, alone) in &*ALONE {
        let (account, bad) = bad(trouble, since);
        let beside = Seen::of(scene.clone(), Some(bad));
        let mut others: BTreeSet<AccountId> =
            alone.exchanges.iter().map(|it| it.account.clone()).collect();
        assert!(others.remove(&account) && others.len() >= 49);
        let (alone, took, calls) = (alone.took(&others), beside.took(&others), beside.bad());
        println!("{trouble:?} {since:?}: {took:?} s, alone {alone:?} s, {calls} calls");
        for (took, alone) in took.into_iter().zip(alone) {
            assert!(took <= alone * NO_LONGER, "{took} s, alone {alone} s");
        }
        let most = if trouble == Trouble::Auth { REFUSED } else { FAILED };
        assert!((1..=most).contains(&calls), "{calls} calls");
        let parked: Vec<_> = beside.end.parked.iter().map(|(lane, _)| &lane.account).collect();
        match since {
            // Nothing of it was planned, so that there is nothing of it to be left alone.
            Since::Ever => assert!(parked.is_empty(), "{:?}", beside.end.parked),
            Since::FirstRevocation => assert_eq!(parked, [&account]),
        }
    }
}

#[test]
fn an_account_that_hangs_costs_the_others_nothing() {
    the_others_do_not_wait(Trouble::Hang, Since::Ever);
    the_others_do_not_wait(Trouble::Hang, Since::FirstRevocation);
}

#[test]
fn an_account_whose_credentials_are_refused_costs_the_others_nothing() {
    the_others_do_not_wait(Trouble::Auth, Since::Ever);
    the_others_do_not_wait(Trouble::Auth, Since::FirstRevocation);
}

#[test]
fn an_account_whose_endpoint_breaks_down_costs_the_others_nothing() {
    the_others_do_not_wait(Trouble::Broken, Since::Ever);
    the_others_do_not_wait(Trouble::Broken, Since::FirstRevocation);
}

#[test]
fn refused_credentials_cost_few_calls_however_many_regions_the_account_has() {
    for since in [Since::Ever, Since::FirstRevocation] {
        let (_, bad) = bad(Trouble::Auth, since);
        let seen = Seen::of(Scene::of_many_regions(), Some(bad));
        assert!((1..=REFUSED).contains(&seen.bad()), "{since:?}: {} calls", seen.bad());
    }
}

#[test]
fn the_order_of_a_manifest_makes_no_run_slower() {
    let took = |(_, seen): &(Scene, Seen)| {
        seen.exchanges.iter().map(|it| it.at).max().expect("exchanges").as_secs_f64()
    };
    let [sorted, shuffled] = [0, 1].map(|order| took(&ALONE[order]));
    assert!(sorted <= shuffled * NO_LONGER, "{sorted} s, shuffled {shuffled} s");
}
