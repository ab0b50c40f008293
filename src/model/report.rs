//! The counts that every result shows.

use serde::{Deserialize, Serialize};

use super::{Outcome, PairOutcome};

/// How many pairs ended how: the `pairs` object of the JSON output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each field is the outcome of the same name")]
pub struct PairCounts {
    pub total: u64,
    pub severed: u64,
    pub narrowed: u64,
    pub ours_severed: u64,
    pub half_severed: u64,
    pub open: u64,
    pub unknown: u64,
}

impl PairCounts {
    /// Counts one pair.
    pub fn add(&mut self, outcome: PairOutcome) {
        self.total += 1;
        *match outcome {
            PairOutcome::Severed => &mut self.severed,
            PairOutcome::Narrowed => &mut self.narrowed,
            PairOutcome::OursSevered => &mut self.ours_severed,
            PairOutcome::HalfSevered => &mut self.half_severed,
            PairOutcome::Open => &mut self.open,
            PairOutcome::Unknown => &mut self.unknown,
        } += 1;
    }

    /// How many pairs have this outcome.
    pub const fn of(&self, outcome: PairOutcome) -> u64 {
        match outcome {
            PairOutcome::Severed => self.severed,
            PairOutcome::Narrowed => self.narrowed,
            PairOutcome::OursSevered => self.ours_severed,
            PairOutcome::HalfSevered => self.half_severed,
            PairOutcome::Open => self.open,
            PairOutcome::Unknown => self.unknown,
        }
    }
}

/// How many revocations ended how: the `rules` object of the JSON output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each field is the outcome of the same name")]
pub struct RuleCounts {
    pub planned: u64,
    pub removed: u64,
    pub already_absent: u64,
    pub conflict: u64,
    pub still_present: u64,
    pub group_gone: u64,
    pub failed: u64,
    pub unknown: u64,
    pub unverified: u64,
    pub pending: u64,
    pub outside: u64,
}

impl RuleCounts {
    /// Revocations that `resume` takes up: failed, still present, unknown or pending.
    pub const fn left(&self) -> u64 {
        self.failed + self.still_present + self.unknown + self.pending
    }

    /// Counts `n` planned revocations of one outcome.
    pub fn add(&mut self, outcome: Outcome, n: u64) {
        self.planned += n;
        *self.of_mut(outcome) += n;
    }

    /// Adds other counts to these.
    pub fn plus(&mut self, other: &Self) {
        let Self {
            planned,
            removed,
            already_absent,
            conflict,
            still_present,
            group_gone,
            failed,
            unknown,
            unverified,
            pending,
            outside,
        } = other;
        self.planned += planned;
        self.removed += removed;
        self.already_absent += already_absent;
        self.conflict += conflict;
        self.still_present += still_present;
        self.group_gone += group_gone;
        self.failed += failed;
        self.unknown += unknown;
        self.unverified += unverified;
        self.pending += pending;
        self.outside += outside;
    }

    /// Forgets `n` planned revocations that are pending: they were replaced.
    pub fn forget(&mut self, n: u64) {
        self.planned = self.planned.saturating_sub(n);
        self.pending = self.pending.saturating_sub(n);
    }

    /// Counts one revocation that came out one way and now comes out another.
    pub fn change(&mut self, was: Outcome, is: Outcome) {
        let former = self.of_mut(was);
        *former = former.saturating_sub(1);
        *self.of_mut(is) += 1;
    }

    fn of_mut(&mut self, outcome: Outcome) -> &mut u64 {
        match outcome {
            Outcome::Removed => &mut self.removed,
            Outcome::AlreadyAbsent => &mut self.already_absent,
            Outcome::Conflict => &mut self.conflict,
            Outcome::StillPresent => &mut self.still_present,
            Outcome::GroupGone => &mut self.group_gone,
            Outcome::Failed => &mut self.failed,
            Outcome::Unknown => &mut self.unknown,
            Outcome::Unverified => &mut self.unverified,
            Outcome::Pending => &mut self.pending,
        }
    }

    /// How many planned revocations have this outcome.
    pub const fn of(&self, outcome: Outcome) -> u64 {
        match outcome {
            Outcome::Removed => self.removed,
            Outcome::AlreadyAbsent => self.already_absent,
            Outcome::Conflict => self.conflict,
            Outcome::StillPresent => self.still_present,
            Outcome::GroupGone => self.group_gone,
            Outcome::Failed => self.failed,
            Outcome::Unknown => self.unknown,
            Outcome::Unverified => self.unverified,
            Outcome::Pending => self.pending,
        }
    }
}
