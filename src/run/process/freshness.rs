//! How old a reading may be that something is sent on, or that a verdict rests on.

use std::time::Duration;

use crate::exchange::{Clock, Moment};

/// What an invocation takes for fresh: both clocks decide, so that neither a pause nor a clock that
/// is set back makes an old reading young.
#[derive(Clone, Copy, Debug)]
pub struct Freshness {
    limit_ms: Option<i64>,
    began: Moment,
}

impl Freshness {
    /// For an invocation that began at `began`; without a limit every reading counts.
    pub fn new(limit: Option<Duration>, began: Moment) -> Self {
        let limit_ms = limit.map(|limit| i64::try_from(limit.as_millis()).unwrap_or(i64::MAX));
        Self { limit_ms, began }
    }

    /// When the invocation began.
    pub const fn began(&self) -> Moment {
        self.began
    }

    /// Readings of this time and later may be acted on (milliseconds since 1970).
    pub fn since_ms(&self, clock: &Clock) -> i64 {
        let now = clock.now();
        let passed = now.at.saturating_duration_since(self.began.at).as_millis();
        let walked = self.began.wall_ms.saturating_add(i64::try_from(passed).unwrap_or(i64::MAX));
        self.limit_ms.map_or(i64::MIN, |limit| now.wall_ms.max(walked).saturating_sub(limit))
    }

    /// Whether something may be sent on a reading of this time; one from the future is of a clock
    /// that was set back since.
    pub fn allows(&self, clock: &Clock, at_ms: Option<i64>) -> bool {
        let is_fresh = |at: i64| (self.since_ms(clock)..=clock.now_ms()).contains(&at);
        self.limit_ms.is_none() || at_ms.is_some_and(is_fresh)
    }

    /// Readings of this time and later count for the verdict: this invocation's own, and those of a
    /// closing look that an earlier one began at `closing_ms` and that nothing was changed after.
    pub fn verdict_since_ms(&self, clock: &Clock, closing_ms: Option<i64>) -> i64 {
        if self.limit_ms.is_none() {
            return i64::MIN;
        }
        let own = closing_ms.map_or(self.began.wall_ms, |closing| closing.min(self.began.wall_ms));
        self.since_ms(clock).max(own)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, advance};

    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);
    const HOUR_MS: i64 = 3_600_000;

    fn began(wall_ms: i64) -> Moment {
        Moment { wall_ms, at: Instant::now() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_reading_grows_old_by_whichever_clock_goes_faster() {
        let fresh = Freshness::new(Some(HOUR), began(10 * HOUR_MS));
        assert_eq!(fresh.since_ms(&Clock::of(|| 10 * HOUR_MS)), 9 * HOUR_MS);
        // The machine slept: the monotonic clock stood still.
        assert_eq!(fresh.since_ms(&Clock::of(|| 15 * HOUR_MS)), 14 * HOUR_MS);
        advance(2 * HOUR).await;
        // The wall clock was set back.
        assert_eq!(fresh.since_ms(&Clock::of(|| 10 * HOUR_MS)), 11 * HOUR_MS);
    }

    #[tokio::test(start_paused = true)]
    async fn what_an_earlier_invocation_read_counts_only_if_it_was_closing() {
        let fresh = Freshness::new(Some(HOUR), began(10 * HOUR_MS));
        let since = |closing_ms| fresh.verdict_since_ms(&Clock::of(|| 10 * HOUR_MS), closing_ms);
        assert_eq!(since(None), 10 * HOUR_MS);
        assert_eq!(since(Some(10 * HOUR_MS - 5)), 10 * HOUR_MS - 5);
        assert_eq!(since(Some(5 * HOUR_MS)), 9 * HOUR_MS, "too long ago");
        assert_eq!(since(Some(11 * HOUR_MS)), 10 * HOUR_MS, "a clock that was set back");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_every_reading_counts() {
        let fresh = Freshness::new(None, began(10 * HOUR_MS));
        let clock = Clock::of(|| 10 * HOUR_MS);
        assert_eq!(fresh.since_ms(&clock), i64::MIN);
        assert_eq!(fresh.verdict_since_ms(&clock, None), i64::MIN);
    }
}
