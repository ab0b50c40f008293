//! Layer 3: file + environment + flags → what the other layers need; one precedence.
//!
//! A flag beats a variable `UNPAIR_SECTION__KEY`, which beats the file, which beats the default.
//! Everything wrong is told together, each with the place it comes from.

mod accounts;
mod action;
mod duration;
mod endpoint;
mod entry;
mod environment;
mod error;
mod expected;
mod glob;
mod guard;
mod key_position;
mod limits;
mod load;
mod protect;
mod raw;
mod regions;
mod source;
#[cfg(test)]
mod tests;
mod value;

use std::path::PathBuf;

pub use duration::parse_duration;
pub use environment::environment;
pub use error::{ConfigError, Problem};
pub use glob::Glob;
pub use guard::{BadFailureLimit, FailureLimit, Guard};
pub use protect::{NameLookup, Protected};

use crate::cloud::Settings;
use crate::model::PerCloud;
use crate::pace::LimitSettings;

/// The file that is read if it is there and no other is named.
pub const DEFAULT_FILE: &str = "unpair.toml";

/// Everything that a command takes from configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Endpoints, credentials' sources and accounts. `session` is left to the command.
    pub clouds: Settings,
    /// The ceilings of each cloud's lanes.
    pub limits: PerCloud<LimitSettings>,
    /// What no run may do.
    pub guard: Guard,
    /// The sandbox's world; `None` for the built-in sample.
    pub world: Option<PathBuf>,
    /// What the start of a run must tell beside the surroundings: endpoints that are overridden.
    /// One line each.
    pub notices: Vec<String>,
}

/// What flags say; each beats environment and file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--max-rules`.
    pub max_rules: Option<u64>,
    /// `--max-percent`, above 0 and at most 100.
    pub max_percent: Option<f64>,
    /// `--max-failures`.
    pub max_failures: Option<FailureLimit>,
    /// `sandbox --world`.
    pub world: Option<PathBuf>,
}
