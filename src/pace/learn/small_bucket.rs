//! Buckets so small that the way of the calls to them decides which calls they refuse.
//!
//! Calls reach the provider in another rhythm than they were sent in. A bucket of one call refuses a
//! call that arrives too early after another, however slow the rate is on average. So there is no rate
//! at which it refuses nothing, and refusals are the price of the calls that it lets through. Cycles
//! between two refusals then stay short at any rate, which raises the suspicion. An experiment decides
//! it: a higher rate lets more calls through if the bucket is a small one, and does not if the bucket
//! is merely empty. A bucket that let a burst through before its first refusal had stored it, and is
//! no small one.

mod experiment;

use super::estimate::{Cycle, Estimate};
use super::units::{PerSecond, Seconds};
use experiment::{Experiment, Phase};

/// A cycle with no more accepted calls than this is a short one. A large bucket that is refilled
/// steadily has longer cycles, unless it is slow.
const SHORT: u32 = 60;

/// How many short cycles raise the suspicion.
const SUSPICIOUS: u32 = 2;

/// If more calls than these, beyond what was refilled, were let through before the first refusal ever,
/// the bucket had stored them and is a large one.
const STORED: f64 = 15.0;

/// Below this rate, calls are so few that a trial would take too long.
const SLOW: PerSecond = 1.0;

/// Below this share of the best measured rate, the provider or other callers have lowered the limit. Short
/// cycles then tell nothing of the bucket.
const LOWERED: f64 = 0.8;

/// Each wrong suspicion doubles the number of short cycles that raise the next one, so often at most.
const DOUBLED: u32 = 6;

/// A trial calls at this multiple of what was let through, so that a gain stands out from the noise.
const TRIAL: f64 = 3.0;

/// A slow limit is approached from this multiple of what was let through, which was too little.
const APPROACH: f64 = 1.3;

/// Whether the bucket is a small one.
#[derive(Debug, Default)]
pub(super) struct SmallBucket {
    /// Short cycles of late, the first of which began at `since`.
    suspicions: u32,
    since: Seconds,
    accepted: u32,
    is_short: bool,
    /// Calls that were let through before the first refusal ever, and how long that took.
    opening: Option<(f64, Seconds)>,
    /// How often the suspicion was wrong.
    wrong: u32,
    experiment: Option<Experiment>,
}

impl SmallBucket {
    /// The rate follows this.
    pub(super) fn is_suspected(&self) -> bool {
        self.experiment.is_some()
    }

    /// Refusals are the price of what is let through.
    pub(super) fn buys(&self) -> bool {
        self.experiment.as_ref().is_some_and(|experiment| experiment.phase != Phase::Sparing)
    }

    /// A cycle ended that gave an `estimate`. The bucket is taken to have been full when the first
    /// one began: if it was not, a large one may be suspected, and is cleared by a trial or a check.
    pub(super) fn cycle(&mut self, now: Seconds, cycle: &Cycle, estimate: &Estimate) {
        let accepted = cycle.accepted;
        if self.opening.is_none() {
            self.opening = Some((f64::from(accepted), cycle.lasted(now)));
            return;
        }
        self.is_short = estimate.of_measured_best() >= LOWERED && accepted <= SHORT;
        if self.suspicions == 0 {
            (self.since, self.accepted) = (now, 0);
        } else {
            self.accepted += accepted;
        }
    }

    /// The bucket let through at the beginning what it had stored, if `usual` is what is refilled.
    fn is_wide(&self, usual: PerSecond) -> bool {
        self.opening.is_some_and(|(calls, lasted)| calls - usual * lasted > STORED)
    }

    /// The limit gave way again after `failures` refusals. Returns at which rate to go on, if there
    /// is reason to suspect.
    pub(super) fn probe_passed(&mut self, now: Seconds, failures: u32) -> Option<PerSecond> {
        // An outage says nothing of the bucket.
        if failures > 1 {
            return None;
        }
        if !self.is_short {
            self.suspicions = self.suspicions.saturating_sub(1);
            return None;
        }
        self.suspicions += 1;
        let usual = f64::from(self.accepted + 1) / (now - self.since);
        if self.suspicions < SUSPICIOUS << self.wrong || self.is_wide(usual) {
            return None;
        }
        self.suspicions = 0;
        let (phase, times) =
            if usual < SLOW { (Phase::Sparing, APPROACH) } else { (Phase::Trial { usual }, TRIAL) };
        self.experiment = Some(Experiment::new(now, phase));
        Some(times * usual)
    }

    /// The rate after an acceptance, or nothing if the bucket is not a small one. `is_used` says
    /// that calls go out as fast as the rate lets them.
    pub(super) fn accepted(
        &mut self,
        now: Seconds,
        sent_at: Seconds,
        rate: PerSecond,
        is_used: bool,
    ) -> Option<PerSecond> {
        let experiment = self.experiment.as_mut()?;
        experiment.passed_in_a_row += 1;
        experiment.refused_in_a_row = 0;
        // Sent at the rate before the experiment.
        if sent_at <= experiment.began_at {
            return Some(rate);
        }
        let followed = experiment.accepted(now, rate, is_used);
        self.unless_wrong(followed)
    }

    /// The rate after a refusal, or nothing if the bucket is not a small one.
    pub(super) fn refused(
        &mut self,
        now: Seconds,
        sent_at: Seconds,
        rate: PerSecond,
    ) -> Option<PerSecond> {
        let experiment = self.experiment.as_mut()?;
        experiment.passed_in_a_row = 0;
        experiment.refused_in_a_row += 1;
        let followed = if experiment.is_shut() {
            None
        } else if sent_at <= experiment.began_at {
            Some(rate)
        } else {
            experiment.refused(now, rate)
        };
        self.unless_wrong(followed)
    }

    fn unless_wrong(&mut self, followed: Option<PerSecond>) -> Option<PerSecond> {
        if followed.is_none() {
            self.experiment = None;
            self.wrong = (self.wrong + 1).min(DOUBLED);
        }
        followed
    }
}
