//! One paced, counted and patiently repeated exchange with a cloud: what audits and runs share.

mod account;
mod clock;
mod credential_gate;
mod denials;
mod earlier;
mod error;
mod ids;
mod left_alone;
mod permit;
mod read;
mod read_estimate;
mod silence;
mod state;
mod tally;

pub use account::Account;
pub use clock::{Clock, Moment, now_ms};
pub use error::{AccountError, ReadError};
pub use ids::Named;
pub use permit::Permit;
pub use read_estimate::{reading_work, rule_listings};
pub use state::Exchange;
pub use tally::Tallies;

use std::time::Duration;

use crate::model::{LaneKey, LaneWork};
pub use crate::pace::Slots;

/// The target of records that a program reads (`--log-format json`): each has an `event` field that
/// names its kind.
pub const EVENT: &str = "unpair::event";

/// Who is told how far a command is.
pub trait Progress: Send + Sync {
    /// A phase begins: its name, and what each lane has to do in it.
    fn phase(&self, name: &'static str, lanes: &[LaneWork]);

    /// A lane has done `n` more steps.
    fn advance(&self, lane: &LaneKey, n: u64);

    /// Calls begin to wait for something (`1`), or have waited (`-1`).
    fn waiting(&self, cause: Wait, change: i64);

    /// The provider's rate limit refused a call: no call of that action of the lane goes out for
    /// this long.
    fn throttled(&self, lane: &LaneKey, pause: Duration);
}

/// What calls wait for before they are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Their turn under the rate limit.
    Quota,
    /// Somebody who removes the file of `--pause-file`.
    PauseFile,
}

/// A wait that is told of while it lasts.
#[must_use = "the wait is over when this is dropped"]
pub struct Waiting<'a>(&'a dyn Progress, Wait);

impl<'a> Waiting<'a> {
    /// A wait that begins now.
    pub fn begin(progress: &'a dyn Progress, cause: Wait) -> Self {
        progress.waiting(cause, 1);
        Self(progress, cause)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting(self.1, -1);
    }
}

/// Nobody is told.
#[derive(Clone, Copy, Debug)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn phase(&self, _name: &'static str, _lanes: &[LaneWork]) {}

    fn advance(&self, _lane: &LaneKey, _n: u64) {}

    fn waiting(&self, _cause: Wait, _change: i64) {}

    fn throttled(&self, _lane: &LaneKey, _pause: Duration) {}
}
