//! How fast, and whether again. Pure but for the clock, which is tokio's and can be paused.

mod action_limiter;
mod breaker;
mod budget;
mod clock;
mod endpoint;
pub mod learn;
mod pacer;
mod retry;
mod settings;
mod signal;
mod slots;
mod turn;

pub use breaker::GIVEN_UP;
pub use pacer::{Pacer, Used};
pub use retry::{RetryPolicy, Tries, Verdict};
pub use settings::{Ceiling, Limit, LimitSettings};
pub use signal::{LaneEffect, LimitSignal};
pub use slots::{Slot, Slots};
pub use turn::Turn;
