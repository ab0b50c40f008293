//! What happens after a refusal: a pause, then one call at a time until one is let through.

use super::units::{PerSecond, Seconds};
use super::window::{LONG_ASKED, Window, after_boundary};

/// Seconds added to the wait that a provider asked for, since its clock may be a little behind.
const LATE: Seconds = 0.01;

/// A pause lasts as long as this many calls take, between the two bounds below. A small bucket would
/// overflow in a longer pause.
const PAUSE_CALLS: f64 = 5.0;
const SHORTEST_PAUSE: Seconds = 0.1;
const LONGEST_PAUSE: Seconds = 0.5;

/// The longest pause between two failed probes: an outage is probed 15 times a minute at most.
const LONGEST_BACKOFF: Seconds = 4.0;

/// Refusals in a row that mean a lockout, where calls are counted by the minute.
const LOCKED_OUT: u32 = 3;

/// When the provider asked to be called again, if it did.
pub(super) fn asked_for(now: Seconds, retry_after: Option<Seconds>) -> Seconds {
    retry_after.map_or(f64::NEG_INFINITY, |asked| now + asked + LATE)
}

/// Until when the calls of a lane pause, and how far the return from a refusal has come.
#[derive(Debug)]
pub(super) struct Backoff {
    /// No call goes out before this time.
    pub(super) open_at: Seconds,
    /// One call in flight at a time, until one is let through.
    pub(super) probing: bool,
    /// Refusals since the last acceptance.
    pub(super) failures: u32,
    /// Replies to calls that were sent until this time tell nothing new: a burst makes one cut.
    pub(super) cut_at: Seconds,
    pub(super) first_refusal: Seconds,
    pub(super) last_refusal: Seconds,
    /// What the provider asked for at the last refusal.
    pub(super) last_asked: Seconds,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            open_at: f64::NEG_INFINITY,
            probing: false,
            failures: 0,
            cut_at: f64::NEG_INFINITY,
            first_refusal: f64::NEG_INFINITY,
            last_refusal: f64::NEG_INFINITY,
            last_asked: 0.0,
        }
    }
}

impl Backoff {
    pub(super) fn shut_until(&mut self, until: Seconds) {
        self.open_at = self.open_at.max(until);
    }

    /// Rests until the next minute; no reply to a call of this one tells anything new.
    pub(super) fn rest_until(&mut self, until: Seconds) {
        self.open_at = until;
        self.cut_at = until.next_down();
    }

    /// A refusal that cuts the rate.
    pub(super) fn cut(
        &mut self,
        now: Seconds,
        rate: PerSecond,
        retry_after: Option<Seconds>,
        random: f64,
    ) {
        self.probing = true;
        self.failures += 1;
        self.cut_at = now;
        self.last_asked = retry_after.unwrap_or(0.0);
        let pause = (PAUSE_CALLS / rate).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
        let doubled = pause * f64::from(1 << (self.failures - 1).min(16));
        let jittered = doubled.min(LONGEST_BACKOFF) * (0.75 + 0.5 * random);
        self.open_at = (now + jittered).max(asked_for(now, retry_after));
        // So long a wait is a lockout, which counts as an outage and not as one failed probe.
        if self.last_asked > LONG_ASKED {
            self.failures = self.failures.max(2);
        }
    }

    /// Moves the next probe to just after the next full minute if it would come later than that, or if the
    /// provider counts by the minute and seems to lock out. Not if the provider said when to call again.
    pub(super) fn look_at_boundary(
        &mut self,
        now: Seconds,
        window: &Window,
        retry_after: Option<Seconds>,
        random: f64,
    ) {
        if retry_after.is_some() {
            return;
        }
        let boundary = window.end_of(now) + after_boundary(random);
        let is_locked = window.by_the_minute && self.failures >= LOCKED_OUT;
        // In its first two seconds a minute may not have begun for the provider: it is tried again.
        if self.open_at > boundary || (is_locked && window.age(now) > 2.0) {
            self.open_at = boundary;
        }
    }

    /// A probe was let through. Returns how many failed before.
    pub(super) fn pass(&mut self, now: Seconds) -> u32 {
        self.probing = false;
        self.open_at = now;
        std::mem::take(&mut self.failures)
    }
}
