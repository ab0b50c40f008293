//! Carrying out a plan: lanes take turns, each call is journalled, sent, journalled and read back.

mod active_call;
mod age;
mod answer;
mod backlog;
mod carry_out;
mod driver;
mod error;
mod estimate;
mod failure_limit;
mod lane;
mod operation;
mod patience;
mod pause;
mod plan_digest;
mod planted;
mod queue;
mod read_back;
mod request;
mod send;
mod stored;
mod take_up;
mod token;
mod verify;
mod work;
mod worker;

pub use carry_out::{RunEnd, carry_out};
pub use driver::{
    Basis, Differs, Driver, DriverEnd, Ending, Freshness, Halt, Hooks, Prepared, Refusal,
    RefusedBy, Taken, is_unfinished, limiters, revoke, take_or_begin,
};
pub use error::{RunError, Unrecorded};
pub use estimate::estimate;
pub use failure_limit::FailureLimit;
pub use operation::Operation;
pub use patience::Patience;
pub use pause::Pause;
pub use plan_digest::complete_plan;
pub use stored::stored_pairs;
pub use take_up::take_up;
pub use token::{client_token, request_hash};
pub use work::CarryOut;
