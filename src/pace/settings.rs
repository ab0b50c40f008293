//! The rates that configuration allows.

use std::collections::BTreeMap;

/// A token bucket: never more than `burst` calls at once, `rate` a second in the long run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ceiling {
    /// Calls per second, above 0.
    pub rate: f64,
    /// Calls at once, at least 1.
    pub burst: u32,
}

/// The limits of one cloud, per lane and action.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitSettings {
    /// For actions not named; `None` is no ceiling.
    pub default: Option<Ceiling>,
    /// Calls in flight a lane.
    pub in_flight: usize,
    /// By action name; `None` is no ceiling.
    pub actions: BTreeMap<String, Option<Ceiling>>,
}

impl LimitSettings {
    /// The ceiling of `action`.
    pub fn ceiling(&self, action: &str) -> Option<Ceiling> {
        self.actions.get(action).copied().unwrap_or(self.default)
    }
}
