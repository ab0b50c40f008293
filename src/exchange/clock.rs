//! Two clocks side by side: the wall clock for records, the monotonic one for delays and ages.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

/// How far the two clocks may drift apart before one of them is held to have jumped. A machine
/// that slept jumps too: its monotonic clock stood still.
const JUMP: Duration = Duration::from_secs(60);

/// The system's wall clock, in milliseconds since 1970: for records and stored delays alone.
pub fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// The clocks of a command: tokio's monotonic one, and a wall clock.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Clock {
    /// The system's clocks.
    pub fn system() -> Self {
        Self::of(now_ms)
    }

    /// A wall clock of one's own, in milliseconds since 1970.
    pub fn of(wall_ms: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(wall_ms))
    }

    /// The wall clock, in milliseconds since 1970: for records and stored delays alone.
    pub fn now_ms(&self) -> i64 {
        (self.0)()
    }

    /// Both clocks at this moment.
    pub fn now(&self) -> Moment {
        Moment { wall_ms: self.now_ms(), at: Instant::now() }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now_ms()).finish()
    }
}

/// What both clocks showed at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The wall clock, in milliseconds since 1970.
    pub wall_ms: i64,
    /// The monotonic clock.
    pub at: Instant,
}

impl Moment {
    /// Whether one of the clocks jumped since `earlier`: nobody can say then how long ago that was.
    pub fn jumped_since(&self, earlier: &Self) -> bool {
        let walked = i128::from(self.wall_ms) - i128::from(earlier.wall_ms);
        let passed = self.at.saturating_duration_since(earlier.at).as_millis();
        walked.abs_diff(i128::try_from(passed).unwrap_or(i128::MAX)) > JUMP.as_millis()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_that_drift_apart_by_more_than_a_minute_jumped() {
        let then = Moment { wall_ms: 1_000_000, at: Instant::now() };
        let later = |wall_ms, seconds| Moment {
            wall_ms: then.wall_ms + wall_ms,
            at: then.at + Duration::from_secs(seconds),
        };
        for (wall_ms, seconds, jumped) in [
            (0, 0, false),
            (3_600_000, 3_600, false),
            (60_000, 0, false),
            (60_001, 0, true),
            (-60_001, 0, true),
            (0, 61, true),
            (7_200_000, 10, true),
            (-10_800_000, 10, true),
        ] {
            assert_eq!(later(wall_ms, seconds).jumped_since(&then), jumped, "{wall_ms} {seconds}");
        }
    }
}
