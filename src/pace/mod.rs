//! How fast, and whether again. Pure but for the clock, which is tokio's and can be paused.

mod clock;
mod lane;
pub mod learn;
mod retry;
mod settings;
mod turn;

pub use lane::{Pacer, Used};
pub use retry::{RetryPolicy, Tries, Verdict};
pub use settings::{Ceiling, Limit, LimitSettings};
pub use turn::{Answer, Turn};
