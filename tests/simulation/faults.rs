//! One kind of fault at a time, and nothing else wrong.

use std::time::Duration;

use unpair::model::Outcome;

use crate::failing_account::Kind;
use crate::fault_rates::FaultRates;
use crate::scenario::{Scenario, Size};
use crate::simulated_run::{End, NoCrashes, SimulatedRun};

/// Runs at these fault rates: 10,000 revocations in the long form.
fn runs(rates: FaultRates) -> Vec<End> {
    let first = crate::seed();
    let (size, runs) = if crate::is_long() { (Size::WHOLE, 50) } else { (Size::SMALL, 6) };
    let run = |seed| {
        let end =
            SimulatedRun::begin(Scenario::new(seed, size, rates)).finish(seed, &mut NoCrashes);
        assert_eq!(end.broken, [""; 0], "UNPAIR_SEED={seed}");
        assert_eq!(end.outcomes.len(), size.revocations(), "UNPAIR_SEED={seed}");
        end
    };
    (0..runs).map(|n| run(first.wrapping_add(n))).collect()
}

/// Every grant is removed, each by one effect of the call that carried it.
fn all_removed(rates: FaultRates) {
    for end in runs(rates) {
        let other = end.outcomes.iter().find(|(_, outcome)| **outcome != Outcome::Removed);
        assert_eq!(other, None);
    }
}

#[test]
fn answers_that_are_lost_after_the_effect_are_found_by_reading_back() {
    all_removed(FaultRates { lost_after: 0.1, ..FaultRates::NONE });
}

#[test]
fn requests_that_are_lost_before_the_effect_are_sent_again() {
    all_removed(FaultRates { lost_before: 0.1, ..FaultRates::NONE });
}

#[test]
fn requests_that_are_delivered_twice_have_one_effect() {
    for end in runs(FaultRates { late: 1.0, ..FaultRates::NONE }) {
        assert_eq!(end.effects, end.sent, "as many effects as requests");
        assert!(end.outcomes.values().all(|outcome| *outcome == Outcome::Removed));
    }
}

#[test]
fn a_rule_that_somebody_adds_again_survives_whatever_is_delivered_late() {
    for end in runs(FaultRates { late: 1.0, added_again: 1.0, ..FaultRates::NONE }) {
        assert!(end.outcomes.values().all(|outcome| *outcome == Outcome::Conflict));
        for id in end.outcomes.keys() {
            let again = format!("{id}-again");
            assert!(end.standing.contains(again.as_str()), "{again} is gone");
        }
    }
}

#[test]
fn rules_that_go_on_to_show_are_no_reason_to_send_again_for_half_a_minute() {
    let lag = Duration::from_secs(30);
    for end in runs(FaultRates { lag, ..FaultRates::NONE }) {
        assert_eq!(end.effects, end.sent, "no needless request");
        assert!(end.outcomes.values().all(|outcome| *outcome == Outcome::Removed));
    }
}

#[test]
fn rules_that_go_on_to_show_for_minutes_are_never_called_gone_too_early() {
    all_removed(FaultRates { lag: Duration::from_secs(120), ..FaultRates::NONE });
}

#[test]
fn answers_that_all_have_the_same_request_id_are_none_and_nothing_is_sent_on_them() {
    let rates = FaultRates { same_request_ids: true, ..FaultRates::NONE };
    let run = SimulatedRun::begin(Scenario::new(crate::seed(), Size::SMALL, rates));
    let (worked, took) = run.first_process(1);
    assert_eq!(worked.exit, 3, "nothing could be read");
    assert!(run.exchanges().iter().all(|it| it.kind < Kind::Revocation));
    let end = run.without_faults(took).finish(1, &mut NoCrashes);
    assert_eq!((end.broken, end.outcomes.len()), (Vec::new(), Size::SMALL.revocations()));
}

#[test]
fn a_lane_whose_calls_are_read_back_waits_for_nothing_more() {
    let (worked, took) =
        SimulatedRun::begin(Scenario::new(crate::seed(), Size::SMALL, FaultRates::NONE))
            .first_process(1);
    assert_eq!(worked.exit, 0);
    assert!(took < Duration::from_secs(4), "{took:?}");
}
