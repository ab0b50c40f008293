//! One paced, counted and patiently repeated exchange with a cloud: what audits and runs share.

mod account;
mod clock;
mod denials;
mod desk;
mod door;
mod ids;
mod leave;
mod read;
mod tally;

pub use account::{Account, AccountError};
pub use clock::{Clock, Moment, now_ms};
pub use desk::Exchange;
pub use ids::Named;
pub use leave::Leave;
pub use read::ReadError;
pub use tally::Tallies;

/// Who is told how far a command is.
pub trait Progress: Send + Sync {
    /// A phase begins: its name and how many steps it has.
    fn phase(&self, name: &str, total: u64);

    /// `n` more steps are done.
    fn advance(&self, n: u64);
}

/// Nobody is told.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Progress for Silent {
    fn phase(&self, _name: &str, _total: u64) {}

    fn advance(&self, _n: u64) {}
}
