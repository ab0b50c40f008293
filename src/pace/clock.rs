//! tokio's clock for governor: monotonic, and paused in tests.

use std::ops::Add;
use std::time::Duration;

use governor::clock::{Clock, Reference};
use governor::nanos::Nanos;
use tokio::time::Instant;

/// The time now: the one place where this layer reads a clock.
pub(super) fn now() -> Instant {
    Instant::now()
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
