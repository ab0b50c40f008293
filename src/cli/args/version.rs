//! What `--version` tells; build.rs says from what and for what the program is built.

/// `0.1.0 (COMMIT)`.
pub(in crate::cli) const SHORT: &str =
    concat!(env!("CARGO_PKG_VERSION"), " (", env!("UNPAIR_BUILD_COMMIT"), ")");

/// The same, then a line on the build.
pub(super) const LONG: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (",
    env!("UNPAIR_BUILD_COMMIT"),
    ")\n",
    env!("UNPAIR_BUILD")
);
