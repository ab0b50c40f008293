//! In what a pace is measured, and when the next call may go out.

/// Seconds of a clock.
pub type Seconds = f64;

/// Calls per second.
pub type PerSecond = f64;

/// When the next call may go out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NextCall {
    /// Now.
    Now,
    /// Not before this time; what is answered meanwhile may change it.
    At(Seconds),
    /// Not before one of the calls in flight ended.
    Reply,
}
