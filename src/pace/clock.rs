//! tokio's clock for governor and for the learner: monotonic, and paused in tests.

use std::ops::Add;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use governor::clock::{Clock, Reference};
use governor::nanos::Nanos;
use tokio::time::Instant;

use super::learn::Seconds;

/// The time now: the one place where this layer reads a clock.
pub(super) fn now() -> Instant {
    Instant::now()
}

/// A number in `[0, 1)`: the one place where this layer leaves something to chance.
pub(super) fn chance() -> f64 {
    fastrand::f64()
}

const HOUR: Seconds = 3_600.0;

/// Monotonic seconds whose full minutes are those of the wall clock when the process began:
/// providers that count by the minute count by those.
#[derive(Clone, Copy, Debug)]
pub(super) struct ProviderTime {
    began: Instant,
    began_at: Seconds,
}

impl ProviderTime {
    /// Reads the wall clock, once.
    pub(super) fn begin() -> Self {
        Self::begin_at(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
    }

    /// Begins now, which is this long after 1970.
    pub(super) fn begin_at(wall: Duration) -> Self {
        Self { began: now(), began_at: wall.as_secs_f64().rem_euclid(HOUR) }
    }

    /// The time now.
    pub(super) fn now(&self) -> Seconds {
        self.began_at + now().duration_since(self.began).as_secs_f64()
    }

    /// How far this clock is ahead of one that shows `time`, but for full hours.
    pub(super) fn ahead_of(&self, time: SystemTime) -> Seconds {
        let theirs = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        (self.now() - theirs.as_secs_f64()).rem_euclid(HOUR)
    }
}

/// A clock that reads tokio's time.
#[derive(Clone, Debug)]
pub(super) struct TokioClock;

/// An instant of [`TokioClock`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At(Instant);

impl Clock for TokioClock {
    type Instant = At;

    fn now(&self) -> At {
        At(now())
    }
}

impl Add<Nanos> for At {
    type Output = Self;

    fn add(self, nanos: Nanos) -> Self {
        Self(self.0 + Duration::from(nanos))
    }
}

impl Reference for At {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.checked_duration_since(earlier.0).unwrap_or_default().into()
    }

    fn saturating_sub(&self, duration: Nanos) -> Self {
        Self(self.0.checked_sub(duration.into()).unwrap_or(self.0))
    }
}
