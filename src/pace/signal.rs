//! What an answer tells of the limit, and what that does to the lane.

use std::time::Duration;

/// What an answer tells of the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitSignal {
    /// The limit let the call through, whatever was said to it then.
    Passed,
    /// The limit refused it.
    Refused {
        /// What the provider asked for.
        retry_after: Option<Duration>,
    },
    /// None that tells of the limit: the endpoint hung, broke down or could not be reached.
    Fault,
    /// One in good order, given before the limit was looked at.
    Silent,
}

/// What becomes of the lane after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneEffect {
    /// How long no call of the action goes out.
    pub shut_for: Duration,
    /// Whether so many faults followed each other that the lane is to be left alone.
    pub gives_up: bool,
}
