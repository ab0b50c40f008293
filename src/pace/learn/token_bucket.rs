//! The pace itself: a drip of calls at the present rate.

use super::units::{PerSecond, Seconds};

/// How late a timer may wake without slowing the drip.
const LATE_TIMER: Seconds = 0.005;

/// One call each `1 / rate` seconds; more at once only as long as a known bucket is trusted.
#[derive(Debug)]
pub(super) struct TokenBucket {
    pub(super) rate: PerSecond,
    burst: f64,
    tokens: f64,
    at: Option<Seconds>,
    /// The last call went out as soon as the rate let it, and waited for nothing else.
    pub(super) is_used: bool,
}

impl TokenBucket {
    pub(super) fn new(rate: PerSecond, burst: f64) -> Self {
        Self { rate, burst, tokens: burst, at: None, is_used: true }
    }

    /// Calls of an earlier process.
    pub(super) fn spent_before(&mut self, calls: f64) {
        self.tokens = (self.tokens - calls).max(0.0);
    }

    /// When the next call is due.
    pub(super) fn ready_at(&mut self, now: Seconds) -> Seconds {
        self.refill(now);
        // What rounding took from a token would have it waited for twice.
        if self.tokens >= 1.0 - 1e-9 { now } else { now + (1.0 - self.tokens) / self.rate }
    }

    /// One call goes out.
    pub(super) fn take(&mut self, now: Seconds) {
        self.refill(now);
        self.is_used = self.tokens < self.most();
        self.tokens = (self.tokens - 1.0).max(0.0);
    }

    /// Drips at `rate` from now on.
    pub(super) fn set(&mut self, now: Seconds, rate: PerSecond) {
        self.refill(now);
        self.rate = rate;
    }

    /// The bucket behind is not what it was told to be.
    pub(super) fn no_burst(&mut self, now: Seconds) {
        self.burst = 1.0;
        self.refill(now);
    }

    fn refill(&mut self, now: Seconds) {
        let passed = self.at.map_or(0.0, |at| (now - at).max(0.0));
        self.tokens = (self.tokens + passed * self.rate).min(self.most());
        self.at = Some(now);
    }

    fn most(&self) -> f64 {
        self.burst + self.rate * LATE_TIMER
    }
}
