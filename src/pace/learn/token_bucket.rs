//! The lane's own token bucket: when the next call is due at the present rate.

use super::units::{PerSecond, Seconds};

/// How late a timer may wake without making the rate lower.
const LATE_TIMER: Seconds = 0.005;

/// A token for each call, refilled at `rate`. More than one is stored only while the burst of a known
/// bucket is trusted.
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

    /// Takes the calls that an earlier process made.
    pub(super) fn spent_before(&mut self, calls: f64) {
        self.tokens = (self.tokens - calls).max(0.0);
    }

    /// When the next call is due.
    pub(super) fn ready_at(&mut self, now: Seconds) -> Seconds {
        self.refill(now);
        // Rounding may leave a token a little short; without this, it would be waited for twice.
        if self.tokens >= 1.0 - 1e-9 { now } else { now + (1.0 - self.tokens) / self.rate }
    }

    /// One call goes out.
    pub(super) fn take(&mut self, now: Seconds) {
        self.refill(now);
        self.is_used = self.tokens < self.most();
        self.tokens = (self.tokens - 1.0).max(0.0);
    }

    /// Refills at `rate` from now on.
    pub(super) fn set(&mut self, now: Seconds, rate: PerSecond) {
        self.refill(now);
        self.rate = rate;
    }

    /// The provider refused a call, so its bucket is not the one that was configured: no burst any more.
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
