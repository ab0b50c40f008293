//! What is tried with a bucket that may be a small one, and how it ends.

use crate::pace::learn::units::{PerSecond, Seconds};

/// Many refusals are worth their price if they let through this multiple of what few of them did.
const WORTH: f64 = 1.2;

/// After how many refusals, beside the first, a trial may be lost, and after how many it is decided.
const LOST_AFTER: u32 = 8;
const WON_AFTER: u32 = 30;

/// The calls by which a trial may be behind, since calls are counted as wholes.
const BEHIND: f64 = 1.0;

/// At this share of the rate that is let through, a bucket that is not a small one refuses nothing.
const SLOWER: f64 = 0.9;

/// A check takes so many answers. The first ones do not count, since an empty bucket fills a little
/// meanwhile; so many refusals after them end the check early.
const CHECK: u32 = 60;
const FILLING: u32 = 8;
const SEEN: u32 = 2;

/// The acceptances until the first check. Each check that was passed doubles them, so often at most.
const UNCHECKED: u32 = 100;
const DOUBLED: u32 = 3;

/// So many acceptances in a row no small bucket gives, at few refusals or at many.
const PASSED: u32 = 80;

/// So many refusals in a row a small bucket gives once in a million times at [`BOUGHT`]: they are an outage.
const SHUT: u32 = 34;

/// The same at [`SPARING`].
const SHUT_SPARING: u32 = 5;

/// How the rate follows the answers: less by the share `cut` after each refusal, and after each
/// acceptance more, by so much that it stays where the share `refused` of the calls is refused.
#[derive(Clone, Copy, Debug)]
struct Price {
    refused: f64,
    cut: f64,
}

/// For calls that arrive unevenly: of random arrivals, the refused share is about the share of the limit
/// that is used. Callers that back off by themselves have as many calls refused.
const BOUGHT: Price = Price { refused: 0.67, cut: 0.03 };

/// For calls that arrive evenly at a slow limit: just below the rate at which each call is refused.
const SPARING: Price = Price { refused: 0.05, cut: 0.08 };

impl Price {
    fn after_acceptance(self, rate: PerSecond) -> PerSecond {
        rate * (1.0 + self.cut * self.refused / (1.0 - self.refused))
    }

    fn after_refusal(self, rate: PerSecond) -> PerSecond {
        rate * (1.0 - self.cut)
    }
}

/// What is done with a bucket that may be a small one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Phase {
    /// Tries whether refusals buy more than `usual`, what was let through before.
    Trial { usual: PerSecond },
    /// They do.
    Bought,
    /// Looks whether there are refusals at a rate below what is let through, before going on at
    /// `rate`.
    Check { rate: PerSecond },
    /// Goes at a slow limit with few refusals.
    Sparing,
}

/// A phase and its answers.
#[derive(Debug)]
pub(super) struct Experiment {
    pub(super) phase: Phase,
    pub(super) began_at: Seconds,
    /// A refusal found the bucket empty: what is let through of the calls sent from then on was not
    /// stored.
    is_empty: bool,
    /// The first answer to such a call, and those since.
    counted_from: Option<Seconds>,
    accepted: u32,
    refused: u32,
    answers: u32,
    /// Checks that were passed.
    checks: u32,
    pub(super) passed_in_a_row: u32,
    pub(super) refused_in_a_row: u32,
}

impl Experiment {
    pub(super) fn new(now: Seconds, phase: Phase) -> Self {
        Self {
            phase,
            began_at: now,
            is_empty: false,
            counted_from: None,
            accepted: 0,
            refused: 0,
            answers: 0,
            checks: 0,
            passed_in_a_row: 0,
            refused_in_a_row: 0,
        }
    }

    fn price(&self) -> Price {
        if self.phase == Phase::Sparing { SPARING } else { BOUGHT }
    }

    /// Whether an answer is one that is counted; the first begins it.
    fn counts(&mut self, now: Seconds) -> bool {
        // The first answer only begins the time that is counted.
        if self.is_empty && self.counted_from.is_none() {
            self.counted_from = Some(now);
            return false;
        }
        self.is_empty
    }

    /// Refused as often in a row as no small bucket does it.
    pub(super) fn is_shut(&self) -> bool {
        let most = if self.phase == Phase::Sparing { SHUT_SPARING } else { SHUT };
        self.refused_in_a_row >= most
    }

    /// Seconds that are counted.
    fn lasted(&self, now: Seconds) -> Seconds {
        self.counted_from.map_or(0.0, |from| now - from).max(0.001)
    }

    fn let_through(&self, now: Seconds) -> PerSecond {
        f64::from(self.accepted) / self.lasted(now)
    }

    /// Enters the next phase.
    fn enter(&mut self, now: Seconds, phase: Phase) {
        *self = Self { checks: self.checks, ..Self::new(now, phase) };
    }

    /// Looks whether it is a small one, at a rate that is returned.
    fn check(&mut self, now: Seconds, rate: PerSecond) -> PerSecond {
        let slower = SLOWER * self.let_through(now);
        self.enter(now, Phase::Check { rate });
        slower
    }

    /// It is a small one; returns the rate to go on with.
    fn checked(&mut self, now: Seconds, rate: PerSecond) -> PerSecond {
        self.checks = (self.checks + 1).min(DOUBLED);
        self.enter(now, Phase::Bought);
        rate
    }

    /// The rate after an acceptance, or nothing if the bucket is not a small one.
    pub(super) fn accepted(
        &mut self,
        now: Seconds,
        rate: PerSecond,
        is_used: bool,
    ) -> Option<PerSecond> {
        self.answers += 1;
        self.accepted += u32::from(self.counts(now));
        match self.phase {
            Phase::Check { .. } if self.answers < CHECK => return Some(rate),
            Phase::Check { .. } if self.refused == 0 => return None,
            Phase::Check { rate: before } => return Some(self.checked(now, before)),
            Phase::Bought if self.accepted >= UNCHECKED << self.checks => {
                return Some(self.check(now, rate));
            }
            Phase::Trial { .. } | Phase::Sparing if self.passed_in_a_row >= PASSED => return None,
            Phase::Trial { .. } | Phase::Bought | Phase::Sparing => {}
        }
        Some(if is_used { self.price().after_acceptance(rate) } else { rate })
    }

    /// The rate after a refusal, or nothing if the bucket is not a small one.
    pub(super) fn refused(&mut self, now: Seconds, rate: PerSecond) -> Option<PerSecond> {
        self.answers += 1;
        if let Phase::Check { rate: before } = self.phase {
            self.refused += u32::from(self.answers > FILLING);
            return Some(if self.refused < SEEN { rate } else { self.checked(now, before) });
        }
        self.refused += u32::from(self.counts(now));
        if !self.is_empty {
            (self.is_empty, self.began_at) = (true, now);
        }
        if let Phase::Trial { usual } = self.phase {
            let worth = WORTH * usual * self.lasted(now);
            if self.refused >= LOST_AFTER && f64::from(self.accepted) + BEHIND < worth {
                return None;
            }
            if self.refused >= WON_AFTER {
                return Some(self.check(now, rate));
            }
        }
        Some(self.price().after_refusal(rate))
    }
}
