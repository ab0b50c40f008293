//! How old a reading may be that something is sent on, or that a verdict rests on.

use std::time::Duration;

use crate::exchange::{Clock, Moment};
use crate::journal::ReadingTimes;

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

    /// Whether a verdict may rest on readings of these times: none is too old, and each is of this
    /// process, which no clock decides, or of a closing look that an earlier one began at
    /// `closing_ms` and that nothing was changed after.
    pub fn proves(&self, clock: &Clock, times: &ReadingTimes, closing_ms: Option<i64>) -> bool {
        let closes = |at: i64| closing_ms.is_some_and(|closing| closing <= at);
        let is_fresh = |at| self.allows(clock, Some(at));
        self.limit_ms.is_none()
            || (is_fresh(times.oldest_ms)
                && is_fresh(times.newest_ms)
                && times.earlier_ms.is_none_or(closes))
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
    async fn what_an_earlier_process_read_counts_only_if_it_was_closing() {
        let now = 10 * HOUR_MS;
        let (fresh, clock) = (Freshness::new(Some(HOUR), began(now)), Clock::of(move || now));
        let proves = |oldest_ms, newest_ms, earlier_ms, closing_ms| {
            let times = ReadingTimes { oldest_ms, newest_ms, earlier_ms };
            fresh.proves(&clock, &times, closing_ms)
        };
        // A clock that was set back makes an earlier reading no younger than this process.
        for at in [now - 5, now] {
            assert!(proves(at, now, None, None));
            assert!(!proves(at, now, Some(at), None));
            assert!(!proves(at, now, Some(at), Some(at + 1)));
            assert!(proves(at, now, Some(at), Some(at)));
        }
        let old = now - HOUR_MS - 1;
        assert!(!proves(old, now, None, None));
        assert!(!proves(old, now, Some(old), Some(old)));
        assert!(!proves(now, now + 1, None, None), "a reading from the future");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_every_reading_counts() {
        let fresh = Freshness::new(None, began(10 * HOUR_MS));
        let clock = Clock::of(|| 10 * HOUR_MS);
        assert_eq!(fresh.since_ms(&clock), i64::MIN);
        let times = ReadingTimes { oldest_ms: 1, newest_ms: 1, earlier_ms: Some(1) };
        assert!(fresh.proves(&clock, &times, None));
    }
}
