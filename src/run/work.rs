//! What a run is carried out with, and which outcomes count as failures.

use super::{FailureLimit, Freshness, Operation, Patience, Pause};
use crate::exchange::Exchange;
use crate::journal::{Journal, Leases, RunRecord};
use crate::model::{LaneWork, Outcome};

/// A run to be carried out.
pub struct CarryOut<'a> {
    /// The way to the accounts.
    pub exchange: &'a Exchange,
    /// Where every step is journalled.
    pub journal: &'a dyn Journal,
    /// What it does to the rules of its plan.
    pub operation: Operation,
    /// The run.
    pub run: &'a RunRecord,
    /// The rights to write its lanes.
    pub leases: &'a Leases,
    /// What holds new calls back for a while.
    pub pause: &'a Pause,
    /// How long what was removed may still show.
    pub patience: Patience,
    /// What each lane has to do, for whoever is told of the progress.
    pub lane_work: Vec<LaneWork>,
    /// How many revocations may fail before nothing new is sent.
    pub failures: &'a FailureLimit,
    /// How old the reading of a group may be on which its rules are revoked.
    pub fresh: Freshness,
}

impl CarryOut<'_> {
    /// Whether a reading of this time is too old to send anything on. Of what is planned from the
    /// rows alone nothing was read.
    pub(super) fn is_stale(&self, looked_ms: Option<i64>) -> bool {
        !self.run.new.blind && !self.fresh.allows(&self.exchange.clock, looked_ms)
    }
}

/// Whether a revocation of this outcome counts against `--max-failures`.
pub(super) const fn is_failure(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Failed | Outcome::StillPresent | Outcome::Unknown)
}
