//! Without the feature: nothing.

use super::Bug;

/// Ends the process here, if a test asked for it.
pub(crate) const fn hit(_point: &str) {}

/// Ends the process while `future` is under way, if a test asked for it.
pub(crate) const fn during<F: Future>(_point: &str, future: F) -> F {
    future
}

/// Whether a test planted this bug.
pub(crate) const fn planted(_bug: Bug) -> bool {
    false
}
