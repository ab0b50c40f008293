//! What a lane learns of a provider's real limit: how fast to call below the ceiling.
//!
//! A token bucket is empty at each first refusal, so what was accepted between two first refusals
//! is what was refilled meanwhile: an exact `estimate`. Below it the pace `climb`s: it holds,
//! since nothing is lost while the bucket fills, then probes. After a refusal a `gate` lets one
//! call in flight look whether the limit gives way again. Providers that count by the minute and
//! lock out until the next one are told by how the lockout ends, and get a `window`. A bucket so
//! small that it refuses whatever the rate is a `narrow` one: refusals are its price.
//!
//! A pure state machine: times are seconds of one clock whose full minutes are the provider's,
//! randomness is handed in as numbers in `[0, 1)`. Whoever takes a call out must say how it ended,
//! or the call counts as in flight for ever.

mod bounds;
mod climb;
mod drip;
mod estimate;
mod gate;
mod narrow;
#[cfg(test)]
mod tests;
mod window;

pub use bounds::Bounds;
use climb::Climb;
use drip::Drip;
use estimate::{Cycle, Estimate, Reached};
use gate::Gate;
use narrow::Narrow;
use window::Window;

/// Seconds of a clock.
pub type Seconds = f64;

/// Calls per second.
pub type PerSecond = f64;

/// When the next call may go out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Next {
    /// Now.
    Now,
    /// Not before this time; what is answered meanwhile may change it.
    At(Seconds),
    /// Not before one of the calls in flight ended.
    Reply,
}

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
    drip: Drip,
    cycle: Cycle,
    estimate: Estimate,
    climb: Climb,
    gate: Gate,
    narrow: Narrow,
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
            drip: Drip::new(bounds.start, bounds.burst),
            cycle: Cycle::default(),
            estimate: Estimate::new(bounds.start),
            climb: Climb::default(),
            gate: Gate::default(),
            narrow: Narrow::default(),
            window: Window::new(by_the_minute),
        }
    }

    /// The provider's minutes begin this long after those of the clock.
    pub fn align(&mut self, phase: Seconds) {
        self.window.align(phase);
    }

    /// An earlier process made `calls` of late.
    pub fn spent_before(&mut self, calls: u32) {
        self.drip.spent_before(f64::from(calls));
    }

    /// When the next call may go out.
    pub fn next(&mut self, now: Seconds, random: f64) -> Next {
        if self.gate.probing && self.in_flight > 0 {
            return Next::Reply;
        }
        if self.window.quota.is_some() && !self.gate.probing {
            if self.window.turn(now) {
                self.gate.shut_until(self.window.begin + window::after_boundary(random));
            }
            if self.window.nearly_spent() && self.in_flight > 0 {
                return Next::Reply;
            }
        }
        let at = self.gate.open_at.max(self.drip.ready_at(now));
        if at <= now { Next::Now } else { Next::At(at) }
    }

    /// A call goes out.
    pub fn sent(&mut self, now: Seconds) {
        if !self.cycle.began() {
            self.cycle.begin(now);
            self.climb.begin(now);
        }
        self.window.turn(now);
        self.drip.take(now);
        self.in_flight += 1;
        self.climb.used += 1;
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
        if sent_at <= self.gate.cut_at {
            return;
        }
        if self.gate.probing {
            return self.probe_passed(now, sent_at);
        }
        self.gate.failures = 0;
        if self.window.quota.is_some() {
            return self.in_window(now);
        }
        if self.narrow.is_suspected() {
            return self.through_narrow(now, sent_at);
        }
        let rate = match self.mode {
            Mode::Ramp => self.climb.ramp(now, self.drip.rate, &self.bounds),
            Mode::Run => self.climb.probe(now, self.drip.rate, &mut self.estimate, &self.bounds),
        };
        self.drip.set(now, rate);
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
        if sent_at <= self.gate.cut_at {
            return;
        }
        if let Some(rate) = self.narrow.refused(now, sent_at, self.drip.rate) {
            self.gate.shut_until(gate::asked_for(now, retry_after));
            return self.drip.set(now, self.bounds.clamp(rate));
        }
        self.gate.last_refusal = sent_at;
        self.drip.no_burst(now);
        if !self.gate.probing && self.window.spent(sent_at) {
            return self.window_spent(now, sent_at, retry_after, random);
        }
        if !self.gate.probing {
            self.measure(now);
            self.gate.first_refusal = sent_at;
        }
        self.mode = Mode::Run;
        self.cycle.begin(now);
        self.drip.set(now, self.bounds.lowest.max(climb::HOLD * self.estimate.rate));
        self.climb.hold(now, self.estimate.is_low());
        self.gate.cut(now, self.estimate.rate, retry_after, random);
        self.gate.look_at_boundary(now, &self.window, retry_after, random);
    }

    /// Refusals are the price of what is let through, and no sign that the rate is too high.
    pub fn buys_refusals(&self) -> bool {
        self.narrow.buys()
    }

    /// The rate at the moment, below the ceiling.
    pub fn rate(&self) -> PerSecond {
        self.drip.rate
    }

    /// The earliest time at which a call may go out after the last refusal.
    pub fn opens_at(&self) -> Seconds {
        self.gate.open_at
    }

    /// Lets nothing go out before `until`.
    pub fn shut_until(&mut self, until: Seconds) {
        self.gate.shut_until(until);
    }

    /// What the refill is, as far as this cycle tells.
    fn measure(&mut self, now: Seconds) {
        let (cycle, rate, bounds) = (&self.cycle, self.drip.rate, &self.bounds);
        let is_same = match self.mode {
            Mode::Ramp => self.estimate.first(cycle, now, rate, bounds),
            Mode::Run => {
                let Climb { climbed, passed, .. } = self.climb;
                self.estimate.again(cycle, now, Reached { rate, passed, climbed }, bounds)
            }
        };
        self.climb.confirm(is_same);
        self.narrow.cycle(now, &self.cycle, &self.estimate);
    }

    /// The limit gives way again.
    fn probe_passed(&mut self, now: Seconds, sent_at: Seconds) {
        let failures = self.gate.pass(now);
        let shut = sent_at - self.gate.first_refusal;
        let asked = self.gate.last_asked;
        let quota = (failures >= 2 && shut > window::LOCKOUT)
            .then(|| self.window.lockout_ended(sent_at, self.gate.last_refusal, asked))
            .flatten();
        if shut > window::LOCKOUT {
            self.window.resume(sent_at);
        }
        if let Some(quota) = quota {
            self.window.learn(quota, sent_at);
            self.gate.cut_at = now;
            self.drip.set(now, self.bounds.clamp(window::pace(quota)));
        } else if let Some(rate) = self.narrow.probe_passed(now, failures) {
            self.drip.set(now, self.bounds.clamp(rate));
        } else if failures <= 1 {
            self.cycle.paused(now);
        } else {
            self.cycle.begin_after_outage(now);
            self.drip.set(now, climb::HOLD * self.estimate.rate);
            self.climb.outage_over(now);
        }
    }

    /// A call was let through by a bucket that may be a narrow one.
    fn through_narrow(&mut self, now: Seconds, sent_at: Seconds) {
        let rate = self.drip.rate;
        if let Some(rate) = self.narrow.accepted(now, sent_at, rate, self.drip.is_used) {
            return self.drip.set(now, self.bounds.clamp(rate));
        }
        self.estimate.rate = rate;
        self.cycle.begin_after_outage(now);
        self.climb.outage_over(now);
    }

    /// A call was let through in a minute whose quota is known.
    fn in_window(&mut self, now: Seconds) {
        let Some(quota) = self.window.refuted() else { return };
        self.estimate.rate = self.bounds.clamp(self.drip.rate.min(1.5 * quota / window::MINUTE));
        self.mode = Mode::Ramp;
        self.cycle.begin(now);
        self.climb.begin(now);
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
        self.gate.rest_until(end.max(gate::asked_for(now, retry_after)));
        self.drip.set(now, self.bounds.clamp(window::pace(quota)));
    }
}
