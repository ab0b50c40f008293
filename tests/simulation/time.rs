//! True time, which outlives processes, and the wall clock that may jump.

use std::time::Duration;

use tokio::time::Instant;

/// What the wall clock shows when a simulation begins, in milliseconds since 1970.
const WALL_AT_BEGIN_MS: i64 = 1_800_000_000_000;

/// How long a simulation has lasted: tokio's paused clock, and what passed before this runtime.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time {
    before: Duration,
    began: Instant,
}

impl Time {
    /// A clock that shows `before` now.
    pub(crate) fn since(before: Duration) -> Self {
        Self { before, began: Instant::now() }
    }

    /// Time since the simulation began.
    pub(crate) fn now(&self) -> Duration {
        self.before + self.began.elapsed()
    }

    /// The instant at which this clock shows `at`, or now if it showed that before.
    pub(crate) fn instant(&self, at: Duration) -> Instant {
        Instant::now() + at.saturating_sub(self.now())
    }
}

/// When a wall clock that never jumped showed `wall_ms`.
pub(crate) fn since_begin(wall_ms: i64) -> Duration {
    let passed = u64::try_from(wall_ms - WALL_AT_BEGIN_MS).expect("after the begin");
    Duration::from_millis(passed)
}

/// A step of the wall clock that is no passing of time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Jump {
    /// When it happens.
    pub(crate) at: Duration,
    /// By how much.
    pub(crate) by_ms: i64,
}

/// What the wall clock shows at `now`, after those of `jumps` that have happened.
pub(crate) fn wall_ms(now: Duration, jumps: &[Jump]) -> i64 {
    let jumped: i64 = jumps.iter().filter(|jump| jump.at <= now).map(|jump| jump.by_ms).sum();
    let passed = i64::try_from(now.as_millis()).expect("less than an age");
    WALL_AT_BEGIN_MS + passed + jumped
}
