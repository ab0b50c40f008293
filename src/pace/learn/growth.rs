//! How the rate grows between two refusals.

use super::bounds::Bounds;
use super::estimate::Estimate;
use super::units::{PerSecond, Seconds};

/// Share of the estimate at which a pace is held: nothing is lost while the bucket fills.
pub(super) const HOLD: f64 = 0.99;

/// The rate grows only if this share of it was used. Otherwise idle time, or the limit of calls in
/// flight, would raise a rate that was never tried.
const USED: f64 = 0.6;

/// A ramp doubles each second up to this multiple of its start, then grows by [`SLOW_RAMP`].
const FAST_RAMP_UP_TO: f64 = 3.0;

/// The factor is small, because a ramp overshoots by the rate times the round trip.
const SLOW_RAMP: f64 = 1.08;

/// How long the rate is held, how long a step lasts, and by which share the first step goes beyond the
/// estimate. The share doubles with each step.
struct Steps {
    shortest: Seconds,
    longest: Seconds,
    each: Seconds,
    excess: f64,
}

/// Near the best rate.
const USUAL: Steps = Steps { shortest: 2.0, longest: 12.0, each: 2.0, excess: 0.05 };

/// Far below the best rate, so that a lane comes back quickly.
const LOW: Steps = Steps { shortest: 1.0, longest: 3.0, each: 1.0, excess: 0.18 };

/// The fewest calls of a step at a rate below one a second. Without them, steps in which nothing was
/// sent would leave a slow limit behind.
const STEP_CALLS: f64 = 2.0;

/// Holding and probing.
#[derive(Debug, Default)]
pub(super) struct Growth {
    hold_until: Seconds,
    hold_for: Seconds,
    grown_at: Seconds,
    excess: f64,
    /// Came back to the best rate in this cycle.
    pub(super) climbed: bool,
    /// The rate before the last step: nothing was refused at it.
    pub(super) passed: PerSecond,
    /// Calls since the last step.
    pub(super) used: u32,
}

impl Growth {
    /// Counts anew from now on.
    pub(super) fn begin(&mut self, now: Seconds) {
        self.grown_at = now;
        self.used = 0;
    }

    /// A limit that was found to be the same is held twice as long.
    pub(super) fn confirm(&mut self, same: bool) {
        self.hold_for = if same { 2.0 * self.hold_for } else { 0.0 };
        self.climbed = false;
    }

    /// After a refusal.
    pub(super) fn hold(&mut self, now: Seconds, low: bool) {
        let steps = if low { &LOW } else { &USUAL };
        self.hold_for = self.hold_for.clamp(steps.shortest, steps.longest);
        self.hold_until = now + self.hold_for;
        self.grown_at = self.hold_until - USUAL.each;
        self.excess = 0.0;
        self.passed = 0.0;
        self.used = 0;
    }

    /// After an outage of more than one failed probe.
    pub(super) fn outage_over(&mut self, now: Seconds) {
        self.hold_until = now + USUAL.shortest;
        self.grown_at = self.hold_until;
        self.excess = 0.0;
    }

    /// The rate before the first refusal.
    pub(super) fn ramp(&mut self, now: Seconds, rate: PerSecond, bounds: &Bounds) -> PerSecond {
        let since = now - self.grown_at;
        if since < 1.0 {
            return rate;
        }
        let grown = if self.was_used(rate, since) {
            let step = if rate < FAST_RAMP_UP_TO * bounds.start { 2.0 } else { SLOW_RAMP };
            bounds.highest.min(rate * step)
        } else {
            rate
        };
        self.begin(now);
        grown
    }

    /// The rate after a hold: beyond the estimate by an excess that doubles.
    pub(super) fn probe(
        &mut self,
        now: Seconds,
        rate: PerSecond,
        estimate: &mut Estimate,
        bounds: &Bounds,
    ) -> PerSecond {
        let low = estimate.is_low() && rate < estimate.best;
        let steps = if low { &LOW } else { &USUAL };
        let slow = if estimate.rate < 1.0 { STEP_CALLS / estimate.rate } else { 0.0 };
        let since = now - self.grown_at;
        if now < self.hold_until || since < steps.each.max(slow) {
            return rate;
        }
        let grown = if self.was_used(rate, since.min(10.0)) {
            self.passed = rate;
            self.step(now, steps.excess, low, estimate, bounds)
        } else {
            rate
        };
        self.begin(now);
        grown
    }

    fn step(
        &mut self,
        now: Seconds,
        first: f64,
        low: bool,
        estimate: &mut Estimate,
        bounds: &Bounds,
    ) -> PerSecond {
        self.excess = if self.excess == 0.0 { first } else { 2.0 * self.excess };
        let rate = bounds.highest.min(estimate.rate * (1.0 + self.excess));
        if !(low && rate > estimate.best) {
            return rate;
        }
        // Back at the best rate that was ever measured: it is tried for a while before any more growth.
        self.climbed = true;
        self.excess = 0.0;
        self.hold_until = now + USUAL.shortest;
        estimate.rate = 0.97 * estimate.best;
        estimate.best
    }

    fn was_used(&self, rate: PerSecond, since: Seconds) -> bool {
        f64::from(self.used) >= USED * rate * since
    }
}
