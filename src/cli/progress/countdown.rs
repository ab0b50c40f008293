//! How long a phase will still go on: lanes work at the same time, so the slowest one decides.

use std::collections::HashMap;
use std::time::Duration;

use crate::model::{LaneKey, LaneWork};

/// What is left of a phase, lane by lane.
#[derive(Debug, Default)]
pub(super) struct Countdown(HashMap<LaneKey, Left>);

#[derive(Debug)]
struct Left {
    steps: u64,
    done: u64,
    /// Seconds that all steps take under the known limits.
    seconds: f64,
}

impl Countdown {
    /// Nothing of `lanes` is done.
    pub(super) fn new(lanes: &[LaneWork]) -> Self {
        let left = |work: &LaneWork| Left { steps: work.steps, done: 0, seconds: work.seconds };
        Self(lanes.iter().map(|work| (work.lane.clone(), left(work))).collect())
    }

    /// A lane has done `n` more steps; whether these were its last.
    pub(super) fn advance(&mut self, lane: &LaneKey, n: u64) -> bool {
        let Some(left) = self.0.get_mut(lane) else { return false };
        let was_done = left.done == left.steps;
        left.done = left.steps.min(left.done + n);
        !was_done && left.done == left.steps
    }

    /// The time left when `elapsed` are over: each lane goes on at the pace of its limits, or at
    /// the one it had so far where that is slower. `None` while nothing is known.
    pub(super) fn left(&self, elapsed: Duration) -> Option<Duration> {
        let seconds = self.0.values().map(|lane| lane.left(elapsed.as_secs_f64()));
        let longest = seconds.max_by(f64::total_cmp)?;
        let is_known = self.0.values().any(|lane| lane.done > 0 || lane.seconds > 0.0);
        is_known.then(|| Duration::from_secs_f64(longest))
    }
}

impl Left {
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn left(&self, elapsed: f64) -> f64 {
        let (left, steps, done) =
            ((self.steps - self.done) as f64, self.steps.max(1) as f64, self.done as f64);
        let under_limits = self.seconds * left / steps;
        let as_so_far = if self.done > 0 { elapsed * left / done } else { 0.0 };
        under_limits.max(as_so_far)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Provider;

    fn lane(account: &str) -> LaneKey {
        LaneKey { cloud: Provider::Aws, account: account.into(), region: "us-east-1".into() }
    }

    fn work(account: &str, steps: u64, seconds: f64) -> LaneWork {
        LaneWork { lane: lane(account), steps, seconds }
    }

    fn after(countdown: &Countdown, seconds: u64) -> Option<u64> {
        Some(countdown.left(Duration::from_secs(seconds))?.as_secs())
    }

    #[test]
    fn the_slowest_lane_decides_whatever_the_others_did() {
        let mut countdown = Countdown::new(&[work("1", 900, 10.0), work("2", 100, 100.0)]);
        assert_eq!(after(&countdown, 0), Some(100));
        countdown.advance(&lane("1"), 900);
        countdown.advance(&lane("2"), 10);
        assert_eq!(after(&countdown, 10), Some(90), "not the second that 910 in 10 s would leave");
        countdown.advance(&lane("2"), 90);
        assert_eq!(after(&countdown, 100), Some(0));
    }

    #[test]
    fn a_lane_that_is_slower_than_its_limits_goes_on_as_it_did() {
        let mut countdown = Countdown::new(&[work("1", 100, 10.0)]);
        countdown.advance(&lane("1"), 50);
        assert_eq!(after(&countdown, 30), Some(30));
        assert_eq!(after(&countdown, 1), Some(5), "a burst that was free does not come again");
    }

    #[test]
    fn without_limits_nothing_is_known_before_the_first_step() {
        let mut countdown = Countdown::new(&[work("1", 100, 0.0)]);
        assert_eq!(after(&countdown, 3), None);
        countdown.advance(&lane("1"), 25);
        assert_eq!(after(&countdown, 3), Some(9));
        assert_eq!(after(&Countdown::default(), 3), None);
    }
}
