//! How fast, and whether again. Pure but for the clock, which is tokio's and can be paused.

mod clock;
mod lane;
mod retry;
mod settings;

pub use lane::{Pacer, Used};
pub use retry::{RetryPolicy, Tries, Verdict};
pub use settings::{Ceiling, LimitSettings};
