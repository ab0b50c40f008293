//! The refill of the provider's bucket, from what it let through.

use super::bounds::Bounds;
use super::units::{PerSecond, Seconds};

/// A new and an old estimate count as the same limit if they differ by a smaller share.
const SAME: f64 = 0.15;

/// The fewest accepted calls from which an estimate is reliable.
const ENOUGH: u32 = 10;

/// The time constant with which a better rate of the past is forgotten, so that a lasting cut is
/// accepted in the end.
const FORGET: Seconds = 300.0;

/// Below this share of the best rate, the limit is taken to be low for a while only.
const LOW: f64 = 0.8;

/// A refusal at more than this multiple of the average means that the limit was raised within the
/// cycle.
const JUMP: f64 = 3.0;

/// If so many calls fit into a pause, the bucket is taken to have been full before the pause ended. What
/// overflowed is then missing in the average.
const OVERFLOW: f64 = 12.0;

/// After such a pause, a rate that was let through and is above this multiple of the average is nearer
/// to the refill than the average is.
const BEYOND: f64 = 1.2;

/// What happened since the last first refusal, which found the bucket empty.
#[derive(Debug, Default)]
pub(super) struct Cycle {
    began_at: Option<Seconds>,
    /// Calls whose acceptance arrived: by the time of the reply at both ends, so that the way to
    /// the provider cancels out.
    pub(super) accepted: u32,
    /// From the refusal to the next acceptance.
    pause: Seconds,
    /// Nobody knows how full the bucket was at its beginning.
    is_vague: bool,
}

impl Cycle {
    pub(super) fn began(&self) -> bool {
        self.began_at.is_some()
    }

    pub(super) fn begin(&mut self, now: Seconds) {
        *self = Self { began_at: Some(now), ..Self::default() };
    }

    /// An outage is over, in which the bucket may have been filled.
    pub(super) fn begin_after_outage(&mut self, now: Seconds) {
        *self = Self { began_at: Some(now), is_vague: true, ..Self::default() };
    }

    /// The first acceptance after the refusal that began the cycle.
    pub(super) fn paused(&mut self, now: Seconds) {
        self.pause = self.lasted(now);
    }

    /// The accepted calls a second. Of a cycle with few calls, all of its time counts; otherwise only half
    /// of a pause counts, and nothing of a long one, since a small bucket is full before that ends.
    fn average(&self, lasted: Seconds) -> PerSecond {
        let idle = if self.accepted < 3 * ENOUGH {
            0.0
        } else if self.overflows(f64::from(self.accepted) / lasted) {
            self.pause
        } else {
            0.5 * self.pause
        };
        f64::from(self.accepted) / (lasted / 2.0).max(lasted - idle).max(0.001)
    }

    /// The pause is long enough to fill a small bucket at `refill`.
    fn overflows(&self, refill: PerSecond) -> bool {
        refill * self.pause > OVERFLOW
    }

    /// Seconds since the refusal that began it.
    pub(super) fn lasted(&self, now: Seconds) -> Seconds {
        self.began_at.map_or(0.0, |began_at| now - began_at)
    }
}

/// How far the pace had come when it was refused.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reached {
    pub(super) rate: PerSecond,
    /// The rate before the last step, or nothing if there was none.
    pub(super) passed: PerSecond,
    /// The rate had gone back to the best.
    pub(super) climbed: bool,
}

/// The refill as last measured, and the best of the recent past.
#[derive(Debug)]
pub(super) struct Estimate {
    pub(super) rate: PerSecond,
    pub(super) best: PerSecond,
    best_at: Seconds,
    /// The best but for the start, which is a guess.
    measured_best: PerSecond,
    start: PerSecond,
}

impl Estimate {
    pub(super) fn new(start: PerSecond) -> Self {
        Self { rate: start, best: start, best_at: 0.0, measured_best: 0.0, start }
    }

    /// The limit gives far less than it did.
    pub(super) fn is_low(&self) -> bool {
        self.rate < LOW * self.best
    }

    /// The share of the best rate of late that was measured.
    pub(super) fn of_measured_best(&self) -> f64 {
        self.rate / self.measured_best
    }

    /// The first refusal ever: the bucket was full when the cycle began, so all that is known is
    /// an upper bound. That confirms nothing.
    pub(super) fn first(
        &mut self,
        cycle: &Cycle,
        now: Seconds,
        rate: PerSecond,
        bounds: &Bounds,
    ) -> bool {
        // The refused call was sent as well: without it a bucket of one is held to be far slower.
        let sent = f64::from(cycle.accepted) + 1.0;
        let bound = 1.5 * sent / cycle.lasted(now).max(0.5);
        self.rate = bounds.clamp(0.5 * rate.min(bound));
        // A start that was never kept up says nothing of the limit.
        let best = if rate > self.start { self.start } else { self.rate };
        self.remember(best, now);
        false
    }

    /// A refusal at the end of a whole cycle. Returns whether the limit was found to be what it
    /// was.
    pub(super) fn again(
        &mut self,
        cycle: &Cycle,
        now: Seconds,
        reached: Reached,
        bounds: &Bounds,
    ) -> bool {
        let lasted = cycle.lasted(now);
        let enough = cycle.accepted >= ENOUGH;
        let measured = if enough || (cycle.accepted >= 3 && lasted > 2.0) {
            self.refill(cycle, reached, cycle.average(lasted).min(reached.rate))
        } else {
            let calls = f64::from(cycle.accepted) + 1.0;
            (0.5 * self.rate).min((calls / lasted.max(0.1)).max(0.25 * self.rate))
        };
        // What was stored is not refilled.
        let measured = if cycle.is_vague { measured.min(self.rate) } else { measured };
        let old = std::mem::replace(&mut self.rate, bounds.clamp(measured));
        let left = (-(now - self.best_at) / FORGET).exp();
        let faded = self.best * left;
        self.measured_best = (self.measured_best * left).max(if enough { self.rate } else { 0.0 });
        let best = match self.rate >= self.best {
            true if enough => self.rate,
            true => self.best,
            false => faded.max(self.rate),
        };
        self.remember(best, now);
        enough && (self.rate / old - 1.0).abs() < SAME
    }

    /// What is refilled if `average` was let through in a cycle that ended at `reached`.
    fn refill(&self, cycle: &Cycle, reached: Reached, average: PerSecond) -> PerSecond {
        let Reached { rate, passed, climbed } = reached;
        // The limit came back within the cycle, so the average mixes a low and a high refill.
        if climbed && rate > 1.2 * average {
            (0.95 * self.best).max(average).min(rate)
        } else if rate > JUMP * average && cycle.accepted >= ENOUGH {
            (average * rate).sqrt()
        } else if cycle.overflows(average) && passed > BEYOND * average {
            passed
        } else {
            average
        }
    }

    fn remember(&mut self, best: PerSecond, now: Seconds) {
        self.best = best;
        self.best_at = now;
    }
}
