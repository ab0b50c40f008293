//! Buckets so small that the way to them decides what they refuse.
//!
//! Calls reach a bucket of one in another rhythm than they were sent in, and a call that comes too
//! early after another is refused, however slow the pace is on the whole. There is no rate below
//! which nothing is refused; what is refused is the price of what is let through. The cycles
//! between two refusals stay short then, whatever the rate. Whether a higher rate lets more
//! through is tried: of a bucket that is merely empty, it does not. What let through a burst before
//! it first refused is none of them.

mod experiment;

use super::estimate::{Cycle, Estimate};
use super::units::{PerSecond, Seconds};
use experiment::{Experiment, Phase};

/// Replies accepted in a cycle up to which it is a short one: a bucket that is refilled steadily
/// has longer ones, unless it is slow.
const SHORT: u32 = 60;

/// Short cycles that raise the suspicion.
const SUSPICIOUS: u32 = 2;

/// Calls beyond what was refilled that were let through before the first refusal ever, from which
/// on the bucket is known to be a large one: it had stored them.
const STORED: f64 = 15.0;

/// Below this rate so few calls are made that a trial would last longer than what it tells.
const SLOW: PerSecond = 1.0;

/// Below this share of the best measured rate others, or the provider, have lowered the limit: what
/// is short then tells nothing of the bucket.
const LOWERED: f64 = 0.8;

/// How often the suspicions that are asked for are doubled at most, once each time in vain.
const DOUBLED: u32 = 6;

/// A trial goes at this multiple of what was let through: the gain is seen through the noise.
const TRIAL: f64 = 3.0;

/// A slow limit is approached from above what was let through, since that was too little.
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
