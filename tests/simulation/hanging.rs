//! Many accounts that hang: they delay the others' first revocation by less than one exchange may
//! take as a whole, however many they are and whatever they hang in.

use std::time::Duration;

use unpair::cloud::Deadlines;

use crate::failing_account::{AccountFault, FailingAccounts, Kind};
use crate::scenario::Scenario;
use crate::simulated_run::{NoCrashes, SimulatedRun};

/// When the first revocation of an account in good order was answered, beside `hanging` others.
fn first_revocation(hanging: usize, is_first: bool, fault: AccountFault, from: Kind) -> Duration {
    let (mut scenario, accounts) = Scenario::beside(hanging, is_first);
    scenario.clouds.bad = Some(FailingAccounts { accounts, fault, from });
    let run = SimulatedRun::begin(scenario);
    run.first_process(1);
    let exchanges = run.exchanges();
    let revocations = exchanges.iter().filter(|it| it.kind == Kind::Revocation);
    revocations.map(|it| it.at).min().expect("the account in good order is not held up for ever")
}

/// Asserts the bound for both orders of the manifest.
fn hold_up(hanging: usize, fault: AccountFault, from: Kind) {
    let alone = first_revocation(0, true, fault, from);
    for is_first in [true, false] {
        let beside = first_revocation(hanging, is_first, fault, from);
        println!("{hanging} {fault:?} from {from:?}: {beside:?}, alone {alone:?}");
        assert!(beside < alone + Deadlines::default().whole, "{beside:?}, alone {alone:?}");
    }
}

#[test]
fn two_hundred_accounts_that_hang_delay_the_others_by_less_than_one_deadline() {
    for fault in [AccountFault::Hang, AccountFault::Drip] {
        for from in [Kind::Identity, Kind::Read, Kind::Rules] {
            hold_up(200, fault, from);
        }
    }
}

#[test]
fn so_do_a_thousand() {
    hold_up(1_000, AccountFault::Hang, Kind::Rules);
}

#[test]
fn accounts_that_hang_when_they_are_to_revoke_do_not_delay_the_others_at_all() {
    for is_first in [true, false] {
        let [alone, beside] = [0, 600].map(|hanging| {
            first_revocation(hanging, is_first, AccountFault::Drip, Kind::Revocation)
        });
        assert!(beside < alone + Duration::from_secs(10), "{beside:?}, alone {alone:?}");
    }
}

#[test]
fn a_lane_that_was_left_alone_is_taken_up_by_the_next_process() {
    let (mut scenario, accounts) = Scenario::beside(200, true);
    let bad = FailingAccounts { accounts, fault: AccountFault::Hang, from: Kind::Rules };
    scenario.clouds.bad = Some(bad);
    let run = SimulatedRun::begin(scenario);
    let (worked, took) = run.first_process(1);
    assert_eq!(worked.exit, 3, "their pairs are unknown");
    let end = run.without_faults(took).finish(1, &mut NoCrashes);
    assert_eq!(end.broken, [""; 0]);
    assert!(end.outcomes.len() > 200, "{} outcomes", end.outcomes.len());
}
