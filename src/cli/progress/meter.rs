//! How far a phase is, how long it still goes on, and what it waits for.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::countdown::Countdown;
use crate::exchange::Wait;
use crate::model::{LaneKey, LaneWork};

/// The phase that a command is in.
#[derive(Debug)]
pub(super) struct Meter {
    name: &'static str,
    began: Instant,
    total: u64,
    done: u64,
    countdown: Countdown,
    /// Calls that wait for their turn under a rate limit.
    paced: i64,
    /// Calls that wait until the file of `--pause-file` is gone.
    paused: i64,
    /// Lanes that the provider refused for their rate, and until when they send nothing.
    throttled: HashMap<LaneKey, Instant>,
}

impl Default for Meter {
    fn default() -> Self {
        Self {
            name: "",
            began: Instant::now(),
            total: 0,
            done: 0,
            countdown: Countdown::default(),
            paced: 0,
            paused: 0,
            throttled: HashMap::new(),
        }
    }
}

impl Meter {
    /// A phase begins. What calls wait for goes on.
    pub(super) fn begin(&mut self, name: &'static str, lanes: &[LaneWork]) {
        self.name = name;
        self.began = Instant::now();
        self.total = lanes.iter().map(|lane| lane.steps).sum();
        self.done = 0;
        self.countdown = Countdown::new(lanes);
    }

    /// A lane has done `n` more steps; whether these were its last.
    pub(super) fn advance(&mut self, lane: &LaneKey, n: u64) -> bool {
        self.done += n;
        // What an earlier process gave up, and this one takes up again, is not in the plan.
        self.total = self.total.max(self.done);
        self.countdown.advance(lane, n)
    }

    pub(super) fn waiting(&mut self, cause: Wait, change: i64) {
        match cause {
            Wait::Quota => self.paced += change,
            Wait::PauseFile => self.paused += change,
        }
    }

    pub(super) fn throttled(&mut self, lane: &LaneKey, pause: Duration) {
        self.throttled.insert(lane.clone(), Instant::now() + pause);
    }

    pub(super) const fn name(&self) -> &'static str {
        self.name
    }

    pub(super) const fn total(&self) -> u64 {
        self.total
    }

    pub(super) const fn done(&self) -> u64 {
        self.done
    }

    /// The time left; `None` while nothing is known.
    pub(super) fn left(&self) -> Option<Duration> {
        self.countdown.left(self.began.elapsed())
    }

    /// What keeps calls from being sent, the most important alone.
    pub(super) fn waits_for(&self) -> Option<String> {
        if self.paused > 0 {
            return Some("paused by --pause-file".to_owned());
        }
        let now = Instant::now();
        let throttled = self.throttled.values().filter(|until| **until > now).count();
        match throttled {
            0 if self.paced > 0 => Some("at the rate limit".to_owned()),
            0 => None,
            1 => Some("1 lane throttled".to_owned()),
            lanes => Some(format!("{lanes} lanes throttled")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Provider;

    fn lane(account: &str) -> LaneKey {
        LaneKey { cloud: Provider::Aws, account: account.into(), region: "us-east-1".into() }
    }

    #[tokio::test(start_paused = true)]
    async fn the_most_important_wait_is_told() {
        let mut meter = Meter::default();
        assert_eq!(meter.waits_for(), None);
        meter.waiting(Wait::Quota, 1);
        assert_eq!(meter.waits_for().as_deref(), Some("at the rate limit"));
        meter.throttled(&lane("1"), Duration::from_secs(5));
        meter.throttled(&lane("2"), Duration::from_secs(9));
        assert_eq!(meter.waits_for().as_deref(), Some("2 lanes throttled"));
        meter.waiting(Wait::PauseFile, 1);
        assert_eq!(meter.waits_for().as_deref(), Some("paused by --pause-file"));
        meter.waiting(Wait::PauseFile, -1);
        tokio::time::advance(Duration::from_secs(6)).await;
        assert_eq!(meter.waits_for().as_deref(), Some("1 lane throttled"));
        tokio::time::advance(Duration::from_secs(6)).await;
        meter.waiting(Wait::Quota, -1);
        assert_eq!(meter.waits_for(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lane_is_done_once_and_the_total_never_falls_behind() {
        let mut meter = Meter::default();
        let work = |account, steps| LaneWork { lane: lane(account), steps, seconds: 0.0 };
        meter.begin("revoking rules", &[work("1", 2), work("2", 1)]);
        assert!(!meter.advance(&lane("1"), 1));
        assert!(meter.advance(&lane("1"), 1));
        assert!(!meter.advance(&lane("1"), 3), "it was done before");
        assert_eq!((meter.done(), meter.total()), (5, 5));
    }
}
