//! What a plan takes.

use super::LaneKey;

/// What one lane has to do.
#[derive(Clone, Debug, PartialEq)]
pub struct LaneEstimate {
    /// The lane.
    pub lane: LaneKey,
    /// Rules to revoke.
    pub rules: u64,
    /// Groups that have any.
    pub groups: u64,
    /// Revocation calls.
    pub calls: u64,
    /// Calls that read back.
    pub reads: u64,
    /// Seconds under the known limits, with those that its groups took to be read.
    pub seconds: f64,
    /// Seconds of these from the first revocation on.
    pub acting: f64,
}

/// What a plan takes: lanes work at the same time, so the slowest one decides.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Estimate {
    /// Every lane with something to do, slowest first.
    pub lanes: Vec<LaneEstimate>,
    /// Seconds, rounded up.
    pub seconds: u64,
}

impl Estimate {
    /// What each lane has to do from the first revocation on: its rules.
    pub fn lane_work(&self) -> Vec<LaneWork> {
        let work = |lane: &LaneEstimate| LaneWork {
            lane: lane.lane.clone(),
            steps: lane.rules,
            seconds: lane.acting,
        };
        self.lanes.iter().map(work).collect()
    }
}

/// What one lane has to do in a phase of a command.
#[derive(Clone, Debug, PartialEq)]
pub struct LaneWork {
    /// The lane.
    pub lane: LaneKey,
    /// Its steps.
    pub steps: u64,
    /// Seconds under the known limits; 0 if none are known.
    pub seconds: f64,
}
