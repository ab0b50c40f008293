//! How fast, and whether again. Pure but for the clock, which is tokio's and can be paused.

mod breaker;
mod budget;
mod clock;
mod endpoint;
mod key;
mod lane;
pub mod learn;
mod retry;
mod settings;
mod slots;
mod turn;

pub use breaker::GIVEN_UP;
pub use lane::{Pacer, Used};
pub use retry::{RetryPolicy, Tries, Verdict};
pub use settings::{Ceiling, Limit, LimitSettings};
pub use slots::{Slot, Slots};
pub use turn::{Answer, Heard, Turn};
