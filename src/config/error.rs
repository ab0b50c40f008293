//! What can be wrong with a configuration.

use std::fmt;
use std::path::PathBuf;

use crate::files::Refusal;
use crate::model::escape_control;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read: name another, make it readable, or save it as text.
    #[error("{}: cannot be read: {why}; name another with --config, or `unpair init` writes one", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says, or what it holds in place of text.
        why: Refusal,
    },
    /// The file may be somebody else's word.
    #[error("{}: {why}; it would say where signed requests go: nothing was sent", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
        /// Whose it may be.
        why: Refusal,
    },
    /// Keys or values to mend.
    #[error("{}", lines(.0))]
    Refused(Vec<Problem>),
}

/// One thing wrong, shown as `PLACE: MESSAGE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// File, line and key, or the environment variable.
    pub place: String,
    /// What is wrong and what was expected.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", escape_control(&self.place), escape_control(&self.message))
    }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
