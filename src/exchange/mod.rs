//! One paced, counted and patiently repeated exchange with a cloud: what audits and runs share.

mod account;
mod clock;
mod denials;
mod desk;
mod door;
mod earlier;
mod ids;
mod leave;
mod outlook;
mod parked;
mod quiet;
mod read;
mod tally;

pub use account::{Account, AccountError};
pub use clock::{Clock, Moment, now_ms};
pub use desk::Exchange;
pub use ids::Named;
pub use leave::Leave;
pub use outlook::{reading_work, rule_listings};
pub use read::ReadError;
pub use tally::Tallies;

use crate::model::{LaneKey, LaneWork};
pub use crate::pace::Slots;

/// Who is told how far a command is.
pub trait Progress: Send + Sync {
    /// A phase begins: its name, and what each lane has to do in it.
    fn phase(&self, name: &str, lanes: &[LaneWork]);

    /// A lane has done `n` more steps.
    fn advance(&self, lane: &LaneKey, n: u64);
}

/// Nobody is told.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Progress for Silent {
    fn phase(&self, _name: &str, _lanes: &[LaneWork]) {}

    fn advance(&self, _lane: &LaneKey, _n: u64) {}
}
