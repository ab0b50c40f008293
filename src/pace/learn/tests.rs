mod small_bucket;

use std::collections::VecDeque;

use super::*;

/// Half of the way to the server and back, the same for every call.
const WAY: Seconds = 0.04;

/// A provider that lets through what `admit` says, and the calls of one lane.
struct Lane<F> {
    learner: Learner,
    admit: F,
    in_flight: VecDeque<(Seconds, bool)>,
    width: usize,
    now: Seconds,
    /// When calls went out, and whether they were let through.
    calls: Vec<(Seconds, bool)>,
}

impl<F: FnMut(Seconds) -> bool> Lane<F> {
    fn new(learner: Learner, admit: F) -> Self {
        let in_flight = VecDeque::new();
        Self { learner, admit, in_flight, width: 32, now: 0.0, calls: Vec::new() }
    }

    /// Calls as fast as the learner lets it, until `end`.
    #[expect(clippy::float_cmp, reason = "one of them was picked as the least, unchanged")]
    fn work_until(&mut self, end: Seconds) {
        while self.now < end {
            let reply = self.in_flight.front().map_or(f64::INFINITY, |(at, _)| at + 2.0 * WAY);
            let send = match self.learner.next(self.now, 0.5) {
                _ if self.in_flight.len() >= self.width => f64::INFINITY,
                NextCall::Now => self.now,
                NextCall::At(at) => at,
                NextCall::Reply => f64::INFINITY,
            };
            let next = reply.min(send).min(end);
            assert!(next.is_finite(), "nothing in flight, and nothing may go out");
            self.now = next;
            if next == reply {
                self.reply();
            } else if next == send && self.learner.next(next, 0.5) == NextCall::Now {
                self.send();
            }
        }
    }

    fn send(&mut self) {
        let admitted = (self.admit)(self.now + WAY);
        self.learner.sent(self.now);
        self.in_flight.push_back((self.now, admitted));
        self.calls.push((self.now, admitted));
    }

    fn reply(&mut self) {
        let (sent_at, admitted) = self.in_flight.pop_front().expect("a call in flight");
        if admitted {
            self.learner.accepted(self.now, sent_at);
        } else {
            self.learner.throttled(self.now, sent_at, None, 0.5);
        }
    }

    fn admitted_between(&self, from: Seconds, until: Seconds) -> usize {
        self.calls.iter().filter(|(at, admitted)| *admitted && (from..until).contains(at)).count()
    }

    fn refused_between(&self, from: Seconds, until: Seconds) -> usize {
        self.calls.iter().filter(|(at, admitted)| !admitted && (from..until).contains(at)).count()
    }
}

/// A bucket whose refill may change.
fn bucket(capacity: f64, refill: impl Fn(Seconds) -> PerSecond) -> impl FnMut(Seconds) -> bool {
    let (mut tokens, mut at) = (capacity, 0.0);
    move |now| {
        tokens = (tokens + (now - at) * refill(now)).min(capacity);
        at = now;
        let has = tokens >= 1.0;
        tokens -= f64::from(u8::from(has));
        has
    }
}

/// `quota` calls a minute, and a lockout for what is left of it.
fn minutes(quota: u32) -> impl FnMut(Seconds) -> bool {
    let (mut minute, mut spent) = (0.0, 0);
    move |now| {
        let present = (now / 60.0).floor();
        if present > minute {
            (minute, spent) = (present, 0);
        }
        spent += 1;
        spent <= quota
    }
}

fn unknown() -> Learner {
    Learner::new(Bounds::UNKNOWN, false)
}

/// A learner that was refused once, with `others` more calls in flight, all sent at 0.
fn refused_at_1(others: u32, retry_after: Option<Seconds>) -> Learner {
    let mut learner = unknown();
    for _ in 0..=others {
        learner.sent(0.0);
    }
    learner.throttled(1.0, 0.0, retry_after, 0.5);
    learner
}

#[test]
fn the_refusals_of_one_burst_make_one_cut() {
    let mut learner = refused_at_1(31, None);
    let (rate, opens_at) = (learner.rate(), learner.opens_at());
    for _ in 0..31 {
        learner.throttled(1.1, 0.0, None, 0.5);
    }
    assert_eq!((learner.rate(), learner.opens_at()), (rate, opens_at));
}

#[test]
fn after_a_refusal_one_call_at_a_time_goes_out_until_one_is_let_through() {
    let mut learner = refused_at_1(1, None);
    learner.accepted(1.1, 0.0);
    assert_eq!(learner.next(30.0, 0.5), NextCall::Now);
    learner.sent(30.0);
    assert_eq!(learner.next(60.0, 0.5), NextCall::Reply);
    learner.accepted(60.1, 30.0);
    assert_eq!(learner.next(61.0, 0.5), NextCall::Now);
}

#[test]
fn a_probe_that_ends_in_another_way_is_followed_by_the_next() {
    let mut learner = refused_at_1(0, None);
    learner.sent(30.0);
    assert_eq!(learner.next(31.0, 0.5), NextCall::Reply);
    learner.other();
    assert_eq!(learner.next(40.0, 0.5), NextCall::Now);
}

#[test]
fn nothing_goes_out_before_the_time_that_the_provider_asked_for() {
    let mut learner = refused_at_1(0, Some(90.0));
    assert!(learner.opens_at() >= 91.0, "{}", learner.opens_at());
    let NextCall::At(at) = learner.next(2.0, 0.5) else { panic!("the gate is shut") };
    assert!(at >= 91.0, "{at}");
}

#[test]
fn ten_idle_minutes_do_not_raise_the_rate() {
    let mut learner = unknown();
    for call in 0..5 {
        let now = 200.0 * f64::from(call);
        learner.sent(now);
        learner.accepted(now + 0.1, now);
    }
    assert!(learner.rate() <= 5.0, "{}", learner.rate());
}

#[test]
fn calls_that_wait_for_a_slot_do_not_raise_the_rate_beyond_what_is_used() {
    let mut lane = Lane::new(unknown(), |_| true);
    lane.width = 1;
    lane.work_until(60.0);
    let used = 1.0 / (2.0 * WAY);
    assert!(lane.learner.rate() <= used / 0.6 * 2.0, "{}", lane.learner.rate());
}

#[test]
fn the_estimate_of_a_steady_bucket_is_its_refill() {
    let mut lane = Lane::new(unknown(), bucket(100.0, |_| 10.0));
    lane.work_until(190.0);
    let estimate = lane.learner.estimate.rate;
    assert!((9.7..=10.6).contains(&estimate), "{estimate}");
    let refused = lane.refused_between(0.0, 190.0);
    assert!(refused <= 20, "{refused} of {}", lane.calls.len());
}

#[test]
fn a_known_bucket_is_spent_at_once_and_never_refuses() {
    let learner = Learner::new(Bounds::known(10.0, 100), false);
    let mut lane = Lane::new(learner, bucket(100.0, |_| 10.0));
    lane.work_until(60.0);
    assert_eq!(lane.refused_between(0.0, 60.0), 0);
    assert!(lane.admitted_between(0.0, 1.0) >= 95, "{}", lane.admitted_between(0.0, 1.0));
    assert!(lane.calls.len() >= 690, "{}", lane.calls.len());
}

#[test]
fn the_rate_never_leaves_its_bounds() {
    let bounds = Bounds::known(8.0, 4);
    let mut lane = Lane::new(Learner::new(bounds, false), bucket(2.0, |_| 100.0));
    lane.work_until(120.0);
    assert!(lane.calls.len() <= 120 * 8 + 4, "{}", lane.calls.len());
    let mut lane = Lane::new(unknown(), |_| false);
    lane.work_until(300.0);
    assert!(lane.learner.rate() >= Bounds::UNKNOWN.lowest);
    assert!(lane.calls.len() <= 5 * 20, "an outage is probed {} times", lane.calls.len());
}

#[test]
fn a_limit_raised_fivefold_is_used_within_35_seconds() {
    let refill = |now| if now < 100.0 { 10.0 } else { 50.0 };
    for capacity in [5.0, 100.0] {
        let mut lane = Lane::new(unknown(), bucket(capacity, refill));
        lane.work_until(145.0);
        let used = lane.admitted_between(135.0, 145.0);
        assert!(used >= 400, "{used} of 500 with a capacity of {capacity}");
    }
}

#[test]
fn a_refill_that_comes_back_is_used_within_20_seconds() {
    let refill = |now| if (60.0..150.0).contains(&now) { 2.0 } else { 10.0 };
    let mut lane = Lane::new(unknown(), bucket(100.0, refill));
    lane.work_until(190.0);
    let used = lane.admitted_between(170.0, 190.0);
    assert!(used >= 190, "{used} of 200");
}

#[test]
fn a_bucket_of_one_call_a_second_is_used_without_hammering_it() {
    let mut lane = Lane::new(unknown(), bucket(1.0, |_| 1.0));
    lane.work_until(300.0);
    let (used, refused) = (lane.admitted_between(0.0, 300.0), lane.refused_between(0.0, 300.0));
    assert!(used >= 210, "{used} of 300");
    assert!(refused * 5 <= lane.calls.len(), "{refused} of {} refused", lane.calls.len());
}

#[test]
fn a_call_that_passed_before_the_first_refusal_is_no_sign_of_a_limit_far_below() {
    let (mut cycle, mut estimate) = (Cycle::default(), Estimate::new(5.0));
    cycle.begin(0.0);
    cycle.accepted = 1;
    estimate.first(&cycle, 0.8, 5.0, &Bounds::UNKNOWN);
    assert!((1.5..=2.5).contains(&estimate.rate), "{}", estimate.rate);
}

#[test]
fn what_an_outage_left_in_the_bucket_is_spent_and_not_taken_for_its_refill() {
    let mut filling = bucket(100.0, |_| 10.0);
    let mut lane = Lane::new(unknown(), |now| filling(now) && !(60.0..120.0).contains(&now));
    lane.work_until(60.0);
    let before = lane.learner.estimate.rate;
    while lane.learner.backoff.probing || lane.learner.backoff.cut_at < 124.0 {
        lane.work_until(lane.now + 0.1);
    }
    let after = lane.learner.estimate.rate;
    assert!(lane.now < 180.0 && after <= before, "{after}, before {before}");
    assert!(lane.admitted_between(120.0, lane.now) > 100);
}

#[test]
fn a_minute_whose_quota_is_known_costs_one_refusal() {
    let mut lane = Lane::new(Learner::new(Bounds::UNKNOWN, true), minutes(600));
    lane.work_until(300.0);
    for minute in 1..5 {
        let from = 60.0 * f64::from(minute);
        assert_eq!(lane.admitted_between(from, from + 59.9), 600, "minute {minute}");
        assert!(lane.refused_between(from, from + 59.9) <= 1, "minute {minute}");
    }
}

#[test]
fn the_minutes_of_a_provider_whose_clock_is_told_are_met_however_far_off_ours_is() {
    for ahead in [1.5, -1.5, 17.0] {
        let mut counted = minutes(600);
        let admit = move |now: Seconds| counted(now - ahead + 60.0);
        let mut lane = Lane::new(Learner::new(Bounds::UNKNOWN, true), admit);
        lane.learner.align(ahead);
        lane.work_until(300.0 + ahead);
        for minute in 1..5 {
            let from = 60.0 * f64::from(minute) + ahead;
            assert_eq!(lane.admitted_between(from, from + 59.9), 600, "minute {minute}, {ahead}");
            assert!(lane.refused_between(from, from + 59.9) <= 1, "minute {minute}, {ahead}");
        }
    }
}

#[test]
fn a_quota_that_is_more_than_it_was_is_found_within_two_minutes() {
    let (mut before, mut after) = (minutes(600), minutes(3_000));
    let admit = move |now| if now < 180.0 { before(now) } else { after(now) };
    let mut lane = Lane::new(Learner::new(Bounds::UNKNOWN, true), admit);
    lane.work_until(360.0);
    let used = lane.admitted_between(300.0, 359.9);
    assert!(used >= 2_400, "{used} of 3,000");
}

#[test]
fn a_provider_that_is_wrongly_taken_to_count_by_the_minute_is_still_used() {
    let mut lane = Lane::new(Learner::new(Bounds::UNKNOWN, true), bucket(100.0, |_| 10.0));
    lane.work_until(190.0);
    let used = lane.admitted_between(0.0, 190.0);
    assert!(used >= 1_940, "{used} of 2,000");
}
