//! Layer 1: how fast, and whether again.

mod settings;

pub use settings::{Ceiling, LimitSettings};
