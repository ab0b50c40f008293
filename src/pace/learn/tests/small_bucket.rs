use super::*;

/// A bucket of one call behind a way on which calls overtake each other: each call that is let
/// through keeps others out for a time of chance, `1 / limit` on average.
fn uneven(limit: PerSecond) -> impl FnMut(Seconds) -> bool {
    let (mut random, mut opens_at) = (fastrand::Rng::with_seed(1), 0.0);
    move |now| {
        let is_open = now >= opens_at;
        if is_open {
            opens_at = now - (1.0 - random.f64()).ln() / limit;
        }
        is_open
    }
}

#[test]
fn of_a_bucket_of_one_call_behind_an_uneven_way_more_is_bought_by_refusals() {
    let mut lane = Lane::new(unknown(), uneven(50.0));
    lane.work_until(400.0);
    assert!(lane.learner.buys_refusals());
    let (used, refused) = (lane.admitted_between(300.0, 400.0), lane.refused_between(300.0, 400.0));
    assert!(used >= 2_000, "{used}");
    assert!(refused <= 2 * used, "{refused} refused, {used} let through");
}

#[test]
fn no_refusals_are_bought_of_a_bucket_that_holds_more_than_one_call() {
    for (capacity, refill) in [(20.0, 5.0), (100.0, 10.0), (20.0, 50.0), (5.0, 2.0)] {
        let mut lane = Lane::new(unknown(), bucket(capacity, |_| refill));
        lane.work_until(600.0);
        let refused = lane.refused_between(300.0, 600.0);
        let calls = lane.admitted_between(300.0, 600.0) + refused;
        assert!(refused * 10 <= calls, "{refused} of {calls} at {refill}/s");
        assert!(!lane.learner.buys_refusals(), "at {refill}/s");
    }
}

/// Another tool takes most of the refill for 20 s of each 40 s: cycles are short then.
fn shared(stored: f64) -> impl FnMut(Seconds) -> bool {
    let (mut tokens, mut at) = (stored, 0.0);
    move |now: Seconds| {
        let left = if now % 40.0 < 20.0 { 10.0 } else { 2.0 };
        tokens = (tokens + (now - at) * left).min(100.0);
        at = now;
        let has = tokens >= 1.0;
        tokens -= if has { 1.0 } else { 0.0 };
        has
    }
}

/// A refusal after `accepted` calls in 5 s, then short cycles; whether a trial begins.
fn is_tried_after(accepted: u32) -> bool {
    let (mut small, mut estimate) = (SmallBucket::default(), Estimate::new(5.0));
    let mut cycle = Cycle::default();
    cycle.begin(0.0);
    cycle.accepted = accepted;
    small.cycle(5.0, &cycle, &estimate);
    for now in [10.0, 15.0, 20.0] {
        cycle.begin(now - 5.0);
        cycle.accepted = 20;
        let reached = Reached { rate: 4.0, passed: 4.0, climbed: false };
        estimate.again(&cycle, now, reached, &Bounds::UNKNOWN);
        small.cycle(now, &cycle, &estimate);
        if small.probe_passed(now, 1).is_some() {
            return true;
        }
    }
    false
}

#[test]
fn a_bucket_that_let_through_what_it_had_stored_is_not_suspected_of_being_narrow() {
    assert!(is_tried_after(10));
    assert!(!is_tried_after(60));
}

#[test]
fn a_bucket_that_was_empty_at_first_may_be_suspected_and_is_cleared() {
    let mut lane = Lane::new(unknown(), shared(0.0));
    lane.work_until(1_000.0);
    let refused = lane.refused_between(0.0, 1_000.0);
    let calls = lane.admitted_between(0.0, 1_000.0) + refused;
    assert!(refused * 10 <= calls, "{refused} of {calls}");
}

#[test]
fn a_narrow_bucket_that_grows_wide_is_not_bought_from_any_more() {
    let (mut one, mut wide) = (uneven(50.0), bucket(100.0, |_| 50.0));
    let admit = move |now| if now < 400.0 { one(now) } else { wide(now) };
    let mut lane = Lane::new(unknown(), admit);
    lane.work_until(400.0);
    assert!(lane.learner.buys_refusals());
    lane.work_until(600.0);
    let refused = lane.refused_between(500.0, 600.0);
    assert!(refused <= 100, "{refused} refused of {}", lane.admitted_between(500.0, 600.0));
}

#[test]
fn a_narrow_bucket_that_shuts_is_probed_as_an_outage() {
    let mut one = uneven(50.0);
    let mut lane = Lane::new(unknown(), move |now| now < 400.0 && one(now));
    lane.work_until(400.0);
    assert!(lane.learner.buys_refusals());
    lane.work_until(460.0);
    assert!(lane.refused_between(400.0, 460.0) <= 120, "{}", lane.refused_between(400.0, 460.0));
}
