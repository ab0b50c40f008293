//! The bounds of a rate, and where it begins.

use super::units::{PerSecond, Seconds};

/// The bounds of a rate, and where it begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// The rate at first.
    pub start: PerSecond,
    /// The slowest, so that news of a better limit arrives in time.
    pub lowest: PerSecond,
    /// The fastest.
    pub highest: PerSecond,
    /// Calls that may follow each other at once until the first refusal; above 1 only for a
    /// bucket whose limit is known.
    pub burst: f64,
}

impl Bounds {
    /// Of a limit that nobody told: a modest start, and room to grow.
    pub const UNKNOWN: Self = Self { start: 5.0, lowest: 0.5, highest: 200.0, burst: 1.0 };

    /// Of a lane whose user wants no limit: nothing is held back until the provider refuses.
    pub const OFF: Self = Self { start: 1e6, lowest: 0.5, highest: 1e6, burst: 1e6 };

    /// The jitter of the way to the provider: calls that were sent this far apart may arrive at the same
    /// time.
    const SPREAD: Seconds = 0.1;

    /// Of a known bucket of `burst` calls, refilled at `rate`. It is spent from the first call on, but for a
    /// reserve of at most a tenth: calls that arrive too close together would find it empty.
    pub fn known(rate: PerSecond, burst: u32) -> Self {
        let burst = f64::from(burst);
        let early = (rate * Self::SPREAD).max(1.0).min((burst / 10.0).floor());
        Self {
            start: rate,
            lowest: Self::UNKNOWN.lowest.min(rate),
            highest: rate,
            burst: burst - early,
        }
    }

    pub(super) fn clamp(&self, rate: PerSecond) -> PerSecond {
        rate.clamp(self.lowest, self.highest)
    }

    pub(super) fn is_known(&self) -> bool {
        self.start >= self.highest
    }
}
