//! What an answer tells of the limit, and what that does to the lane.

use std::time::Duration;

/// What an answer tells of the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitSignal {
    /// The limit let the call through, whatever the provider said of it then.
    Passed,
    /// The limit refused it.
    Refused {
        /// What the provider asked for.
        retry_after: Option<Duration>,
    },
    /// The answer says nothing of the limit: the endpoint hung, broke down or could not be reached.
    Fault,
    /// The answer came in good order, before the provider looked at the limit.
    Silent,
}

/// What an answer does to the lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneEffect {
    /// How long no call of the action goes out.
    pub shut_for: Duration,
    /// Whether so many faults followed each other that the lane is to be left alone.
    pub leaves_alone: bool,
}
