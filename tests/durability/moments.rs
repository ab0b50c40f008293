//! The moments at which a process is killed: while the server holds its calls in flight, or at
//! any instant of a run. Neither depends on how fast the machine is.

use std::mem::replace;
use std::time::{Duration, Instant};

use unpair::sandbox::{Held, Moment};
use unpair_testing::process::Running;

use crate::setup::Setup;

/// How often it is looked whether the process has ended by itself.
const LOOK: Duration = Duration::from_millis(5);
/// The most calls that are let through before one is held.
const MOST_PASSED: usize = 5;

/// When a process is to be killed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kill {
    /// When this many calls were let through, and the next one is held.
    Holding(usize, Moment),
    /// This long after the start of the process.
    After(Duration),
}

impl Kill {
    /// The kills of a run that takes `length` when nobody disturbs it, the `count` last ones of
    /// those it was to have. Every other one finds a call in flight; those between are at
    /// instants that are uniform over the run, its audit and its read-back included.
    pub(crate) fn draw(count: u32, length: Duration, dice: &mut fastrand::Rng) -> Vec<Self> {
        let mut instants: Vec<f64> = (0..count / 2).map(|_| dice.f64()).collect();
        instants.sort_unstable_by(f64::total_cmp);
        let mut lived = 0.0;
        let mut gaps = instants.into_iter().map(|at| length.mul_f64(at - replace(&mut lived, at)));
        let mut kill = |left: u32| {
            let gap = if left.is_multiple_of(2) { gaps.next() } else { None };
            gap.map_or_else(|| Self::holding(dice), Self::After)
        };
        (1..=count).rev().map(&mut kill).collect()
    }

    fn holding(dice: &mut fastrand::Rng) -> Self {
        let moment = if dice.bool() { Moment::BeforeEffect } else { Moment::AfterEffect };
        Self::Holding(dice.usize(0..=MOST_PASSED), moment)
    }

    /// What makes the server wait for the moment: to be called before the process starts.
    pub(crate) fn arm(self, setup: &Setup) -> Armed {
        let (held, after) = match self {
            Self::Holding(pass, moment) => (Some(setup.sandbox.hold(pass, moment)), Duration::ZERO),
            Self::After(after) => (None, after),
        };
        Armed { held, at: Instant::now() + after }
    }
}

/// A kill that waits for its moment; what the server holds is let go when this is dropped.
pub(crate) struct Armed {
    held: Option<Held>,
    at: Instant,
}

impl Armed {
    /// Kills the process when the moment comes; false if it ended before.
    pub(crate) fn strike(&self, running: &mut Running) -> bool {
        while !self.has_come() {
            if !running.is_running() {
                return false;
            }
        }
        running.kill()
    }

    /// Waits a little for the moment.
    fn has_come(&self) -> bool {
        if let Some(held) = &self.held {
            return held.wait(LOOK);
        }
        let left = self.at.saturating_duration_since(Instant::now());
        std::thread::sleep(left.min(LOOK));
        left.is_zero()
    }
}
