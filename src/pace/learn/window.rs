//! Providers that count calls by the minute, and lock out until the next one.

use super::units::{PerSecond, Seconds};

/// What calls are counted by.
pub(super) const MINUTE: Seconds = 60.0;

/// A refusal that lasts longer is a lockout or an outage.
pub(super) const LOCKOUT: Seconds = 3.0;

/// What was asked for by a provider that locks out, rather than one whose bucket is empty.
pub(super) const LONG_ASKED: Seconds = 10.0;

/// A quota is spent at this multiple of its average rate: early in the minute, so that a run need not
/// wait out its last minute.
const FRONT: f64 = 2.0;

/// Beyond this share of the quota, one call goes out at a time, so that a minute costs one refusal.
const SHARE: f64 = 0.99;

/// The pace at which a quota is spent.
pub(super) fn pace(quota: f64) -> PerSecond {
    FRONT * quota / MINUTE
}

/// How long after a full minute to call: clocks are never quite equal, and lanes should not all call at
/// once.
pub(super) fn after_boundary(random: f64) -> Seconds {
    0.05 + 0.1 * random
}

/// The present minute.
#[derive(Debug)]
pub(super) struct Window {
    /// The provider is known to count by the minute.
    pub(super) by_the_minute: bool,
    /// Calls a minute, once that is known.
    pub(super) quota: Option<f64>,
    /// When minutes begin, in seconds of the clock's.
    phase: Seconds,
    /// Whether lockouts showed when minutes begin. That counts for more than the provider's clock.
    is_phase_seen: bool,
    pub(super) begin: Seconds,
    /// Calls of this minute but refused ones, by the time of sending.
    calls: u32,
    /// Of the minute before.
    calls_before: u32,
    /// When the last lockout ended, and the calls since.
    resumed_at: Seconds,
    since_resumed: u32,
}

impl Window {
    pub(super) fn new(by_the_minute: bool) -> Self {
        Self {
            by_the_minute,
            quota: None,
            phase: 0.0,
            is_phase_seen: false,
            begin: f64::NEG_INFINITY,
            calls: 0,
            calls_before: 0,
            resumed_at: f64::NEG_INFINITY,
            since_resumed: 0,
        }
    }

    /// Minutes begin at `phase` of a minute of the clock, as far as is not known better.
    pub(super) fn align(&mut self, phase: Seconds) {
        if !self.is_phase_seen {
            self.phase = phase.rem_euclid(MINUTE);
        }
    }

    /// Begins the minute that `now` is in. Returns whether that is another one.
    pub(super) fn turn(&mut self, now: Seconds) -> bool {
        let begin = self.begin_of(now);
        // The same one may be found to begin at another time.
        let turned = begin > self.begin + 0.5 * MINUTE;
        if turned {
            self.begin = begin;
            self.calls_before = std::mem::take(&mut self.calls);
        }
        turned
    }

    pub(super) fn sent(&mut self) {
        self.calls += 1;
        self.since_resumed += 1;
    }

    pub(super) fn refused(&mut self) {
        self.calls = self.calls.saturating_sub(1);
        self.since_resumed = self.since_resumed.saturating_sub(1);
    }

    /// Seconds of the minute that are over.
    pub(super) fn age(&self, now: Seconds) -> Seconds {
        now - self.begin_of(now)
    }

    pub(super) fn end_of(&self, now: Seconds) -> Seconds {
        self.begin_of(now) + MINUTE
    }

    fn begin_of(&self, now: Seconds) -> Seconds {
        ((now - self.phase) / MINUTE).floor() * MINUTE + self.phase
    }

    /// The last calls of the quota are going out.
    pub(super) fn nearly_spent(&self) -> bool {
        self.quota.is_some_and(|quota| f64::from(self.calls) >= SHARE * quota)
    }

    /// A refusal of a call sent at `sent_at` means that the quota is spent.
    pub(super) fn spent(&self, sent_at: Seconds) -> bool {
        let is_late = self.age(sent_at) > 1.0;
        self.quota.is_some_and(|quota| is_late || f64::from(self.calls) > quota / 2.0)
    }

    /// The calls of this minute are its quota.
    pub(super) fn count(&mut self) -> f64 {
        let quota = f64::from(self.calls.max(1));
        self.quota = Some(quota);
        quota
    }

    /// What a lockout that ended by the call sent at `sent_at` tells: the quota, if it was one by
    /// the minute. `asked` is what the provider asked for at `last_refusal`.
    pub(super) fn lockout_ended(
        &mut self,
        sent_at: Seconds,
        last_refusal: Seconds,
        asked: Seconds,
    ) -> Option<f64> {
        let since = sent_at - self.resumed_at;
        // Of an unknown provider, a lockout that ends at a full minute by chance must not be believed.
        let expected = self.by_the_minute || asked > LONG_ASKED || (since - MINUTE).abs() < 2.0;
        let quota =
            if expected && self.age(sent_at) < 1.5 && last_refusal < self.begin_of(sent_at) + 1.0 {
                self.calls_before
            } else if since > 50.0 && since < 64.0 && (since - MINUTE).abs() < 2.0 {
                self.phase = sent_at.rem_euclid(MINUTE);
                self.is_phase_seen = true;
                self.since_resumed.saturating_sub(1)
            } else {
                0
            };
        (quota > 0).then_some(f64::from(quota))
    }

    /// A lockout or an outage ended by the call sent at `sent_at`.
    pub(super) fn resume(&mut self, sent_at: Seconds) {
        self.resumed_at = sent_at;
        self.since_resumed = 1;
    }

    /// The provider counts `quota` calls a minute; the one sent at `sent_at` was the first of this.
    pub(super) fn learn(&mut self, quota: f64, sent_at: Seconds) {
        self.quota = Some(quota);
        self.begin = self.begin_of(sent_at);
        self.calls = 1;
    }

    /// More was let through than the quota says: forgets it, and returns it.
    pub(super) fn refuted(&mut self) -> Option<f64> {
        let quota = self.quota?;
        // Calls that cross the boundary on their way are counted with either minute.
        if f64::from(self.calls) <= 1.05 * quota + 5.0 {
            return None;
        }
        self.quota.take()
    }
}
