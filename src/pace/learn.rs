//! Learns a provider's real limit: how fast a lane may call below its ceiling.
//!
//! The provider's token bucket is empty at the first refusal after a time without refusals. So the
//! calls that were accepted between two such refusals are what the bucket was refilled with in
//! between, which measures its rate exactly (`estimate`). The lane holds a rate just below the
//! estimate, where the bucket fills and no call is lost, and then probes above it (`growth`). After a
//! refusal, calls pause, and one call at a time tests whether the limit gives way again (`backoff`). A
//! provider that counts calls by the minute locks out until the next minute; the way in which a
//! lockout ends reveals it, and from then on the lane follows the provider's minutes (`window`). A
//! bucket that is so small that it refuses calls at any rate is handled apart: there, refusals are the
//! price of the calls that it lets through (`small_bucket`).
//!
//! This is a pure state machine: times are seconds of one clock whose full minutes are the provider's,
//! and randomness is handed in as numbers in `[0, 1)`. Whoever takes a call out must say how it ended;
//! otherwise the call counts as in flight for ever.

mod backoff;
mod bounds;
mod estimate;
mod growth;
mod small_bucket;
#[cfg(test)]
mod tests;
mod token_bucket;
mod units;
mod window;

use backoff::Backoff;
pub use bounds::Bounds;
use estimate::{Cycle, Estimate, Reached};
use growth::Growth;
use small_bucket::SmallBucket;
use token_bucket::TokenBucket;
pub use units::{NextCall, PerSecond, Seconds};
use window::Window;

/// How far the limit is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Never refused yet: the rate grows until it is.
    Ramp,
    /// Refused, or told: the rate follows the estimate.
    Run,
}

/// The pace of one (lane, action).
#[derive(Debug)]
pub struct Learner {
    bounds: Bounds,
    mode: Mode,
    in_flight: u32,
    bucket: TokenBucket,
    cycle: Cycle,
    estimate: Estimate,
    growth: Growth,
    backoff: Backoff,
    small_bucket: SmallBucket,
    window: Window,
}

impl Learner {
    /// A pace within `bounds`. `by_the_minute` says that this provider is known to count calls by
    /// the minute: three refusals in a row then mean a lockout until the next one.
    pub fn new(bounds: Bounds, by_the_minute: bool) -> Self {
        Self {
            bounds,
            mode: if bounds.is_known() { Mode::Run } else { Mode::Ramp },
            in_flight: 0,
            bucket: TokenBucket::new(bounds.start, bounds.burst),
            cycle: Cycle::default(),
            estimate: Estimate::new(bounds.start),
            growth: Growth::default(),
            backoff: Backoff::default(),
            small_bucket: SmallBucket::default(),
            window: Window::new(by_the_minute),
        }
    }

    /// The provider's minutes begin this long after those of the clock.
    pub fn align(&mut self, phase: Seconds) {
        self.window.align(phase);
    }

    /// An earlier process made `calls` of late.
    pub fn spent_before(&mut self, calls: u32) {
        self.bucket.spent_before(f64::from(calls));
    }

    /// When the next call may go out.
    pub fn next(&mut self, now: Seconds, random: f64) -> NextCall {
        // A second probe would spend the one call that the bucket may have by now.
        if self.backoff.probing && self.in_flight > 0 {
            return NextCall::Reply;
        }
        if self.window.quota.is_some() && !self.backoff.probing {
            // The quota is whole again, but the provider's clock may be a little behind.
            if self.window.turn(now) {
                self.backoff.shut_until(self.window.begin + window::after_boundary(random));
            }
            // The last calls of a minute go one at a time, so that they end in one refusal, not in many.
            if self.window.nearly_spent() && self.in_flight > 0 {
                return NextCall::Reply;
            }
        }
        let at = self.backoff.open_at.max(self.bucket.ready_at(now));
        if at <= now { NextCall::Now } else { NextCall::At(at) }
    }

    /// A call goes out.
    pub fn sent(&mut self, now: Seconds) {
        // The first cycle begins with the first call: the time before it is no measure of the limit.
        if !self.cycle.began() {
            self.cycle.begin(now);
            self.growth.begin(now);
        }
        self.window.turn(now);
        self.bucket.take(now);
        self.in_flight += 1;
        self.growth.used += 1;
        self.window.sent();
    }

    /// A call ended in another way than by an acceptance or a refusal by the rate limit.
    pub fn other(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// A call that went out at `sent_at` was let through.
    pub fn accepted(&mut self, now: Seconds, sent_at: Seconds) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.cycle.accepted += 1;
        // It was sent at the rate before the last cut, and says nothing of the present one.
        if sent_at <= self.backoff.cut_at {
            return;
        }
        if self.backoff.probing {
            return self.probe_passed(now, sent_at);
        }
        self.backoff.failures = 0;
        if self.window.quota.is_some() {
            return self.in_window(now);
        }
        if self.small_bucket.is_suspected() {
            return self.through_small_bucket(now, sent_at);
        }
        let rate = match self.mode {
            Mode::Ramp => self.growth.ramp(now, self.bucket.rate, &self.bounds),
            Mode::Run => self.growth.probe(now, self.bucket.rate, &mut self.estimate, &self.bounds),
        };
        self.bucket.set(now, rate);
    }

    /// A call that went out at `sent_at` was refused by the rate limit; `retry_after` is what the
    /// provider asked for.
    pub fn throttled(
        &mut self,
        now: Seconds,
        sent_at: Seconds,
        retry_after: Option<Seconds>,
        random: f64,
    ) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.window.refused();
        // One burst that is refused is one reason to slow down, however many calls it had.
        if sent_at <= self.backoff.cut_at {
            return;
        }
        // Asked before the rate is cut: of a small bucket, a refusal is expected.
        if let Some(rate) = self.small_bucket.refused(now, sent_at, self.bucket.rate) {
            self.backoff.shut_until(backoff::asked_for(now, retry_after));
            return self.bucket.set(now, self.bounds.clamp(rate));
        }
        self.backoff.last_refusal = sent_at;
        self.bucket.no_burst(now);
        if !self.backoff.probing && self.window.spent(sent_at) {
            return self.window_spent(now, sent_at, retry_after, random);
        }
        // Only the first refusal found the bucket empty. It is measured before the next cycle begins.
        if !self.backoff.probing {
            self.measure(now);
            self.backoff.first_refusal = sent_at;
        }
        self.mode = Mode::Run;
        self.cycle.begin(now);
        self.bucket.set(now, self.bounds.lowest.max(growth::HOLD * self.estimate.rate));
        self.growth.hold(now, self.estimate.is_low());
        self.backoff.cut(now, self.estimate.rate, retry_after, random);
        self.backoff.look_at_boundary(now, &self.window, retry_after, random);
    }

    /// Refusals are the price of what is let through, and no sign that the rate is too high.
    pub fn buys_refusals(&self) -> bool {
        self.small_bucket.buys()
    }

    /// The rate at the moment, below the ceiling.
    pub fn rate(&self) -> PerSecond {
        self.bucket.rate
    }

    /// The earliest time at which a call may go out after the last refusal.
    pub fn opens_at(&self) -> Seconds {
        self.backoff.open_at
    }

    /// Lets nothing go out before `until`.
    pub fn shut_until(&mut self, until: Seconds) {
        self.backoff.shut_until(until);
    }

    /// What the refill is, as far as this cycle tells.
    fn measure(&mut self, now: Seconds) {
        let (cycle, rate, bounds) = (&self.cycle, self.bucket.rate, &self.bounds);
        let is_same = match self.mode {
            Mode::Ramp => self.estimate.first(cycle, now, rate, bounds),
            Mode::Run => {
                let Growth { climbed, passed, .. } = self.growth;
                self.estimate.again(cycle, now, Reached { rate, passed, climbed }, bounds)
            }
        };
        self.growth.confirm(is_same);
        self.small_bucket.cycle(now, &self.cycle, &self.estimate);
    }

    /// The limit gives way again.
    fn probe_passed(&mut self, now: Seconds, sent_at: Seconds) {
        let failures = self.backoff.pass(now);
        let shut = sent_at - self.backoff.first_refusal;
        let asked = self.backoff.last_asked;
        let quota = (failures >= 2 && shut > window::LOCKOUT)
            .then(|| self.window.lockout_ended(sent_at, self.backoff.last_refusal, asked))
            .flatten();
        if shut > window::LOCKOUT {
            self.window.resume(sent_at);
        }
        if let Some(quota) = quota {
            self.window.learn(quota, sent_at);
            self.backoff.cut_at = now;
            self.bucket.set(now, self.bounds.clamp(window::pace(quota)));
        } else if let Some(rate) = self.small_bucket.probe_passed(now, failures) {
            self.bucket.set(now, self.bounds.clamp(rate));
        } else if failures <= 1 {
            // The bucket was empty at the refusal, so the cycle that began then is still exact.
            self.cycle.paused(now);
        } else {
            // Nobody knows how much the bucket stored while calls failed.
            self.cycle.begin_after_outage(now);
            self.bucket.set(now, growth::HOLD * self.estimate.rate);
            self.growth.outage_over(now);
        }
    }

    /// A call was let through by a bucket that may be a small one.
    fn through_small_bucket(&mut self, now: Seconds, sent_at: Seconds) {
        let rate = self.bucket.rate;
        if let Some(rate) = self.small_bucket.accepted(now, sent_at, rate, self.bucket.is_used) {
            return self.bucket.set(now, self.bounds.clamp(rate));
        }
        self.estimate.rate = rate;
        self.cycle.begin_after_outage(now);
        self.growth.outage_over(now);
    }

    /// A call was let through in a minute whose quota is known.
    fn in_window(&mut self, now: Seconds) {
        let Some(quota) = self.window.refuted() else { return };
        self.estimate.rate = self.bounds.clamp(self.bucket.rate.min(1.5 * quota / window::MINUTE));
        self.mode = Mode::Ramp;
        self.cycle.begin(now);
        self.growth.begin(now);
    }

    /// The minute is used up, and its number of calls is now known exactly.
    fn window_spent(
        &mut self,
        now: Seconds,
        sent_at: Seconds,
        retry_after: Option<Seconds>,
        random: f64,
    ) {
        let quota = self.window.count();
        let end = self.window.end_of(sent_at) + window::after_boundary(random);
        self.backoff.rest_until(end.max(backoff::asked_for(now, retry_after)));
        self.bucket.set(now, self.bounds.clamp(window::pace(quota)));
    }
}
