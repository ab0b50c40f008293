//! The options of every command.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::help::COMMON;
use super::values::format_parser;
use crate::report::{Detail, Format};

/// The journal that is used when none is named.
pub(in crate::cli) const DEFAULT_JOURNAL: &str = "sqlite:unpair.db";

/// The manifest that `init` writes.
pub(in crate::cli) const FIRST_MANIFEST: &str = "pairs.csv";

/// Where `--config` comes from when it is not given.
const CONFIG_VARIABLE: &str = "UNPAIR_CONFIG";
/// Where `--journal` comes from when it is not given.
const JOURNAL_VARIABLE: &str = "UNPAIR_JOURNAL";

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = COMMON)]
#[expect(clippy::struct_excessive_bools, reason = "flags as clap reads them")]
pub(in crate::cli) struct Common {
    /// Read the configuration from this file [default: unpair.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE", env = CONFIG_VARIABLE, hide_env_values = true)]
    pub(in crate::cli) config: Option<PathBuf>,
    /// Use this journal: a path, or sqlite:PATH
    #[arg(long, global = true, value_name = "URL", default_value = DEFAULT_JOURNAL,
          env = JOURNAL_VARIABLE, hide_env_values = true)]
    pub(in crate::cli) journal: String,
    /// Use the embedded clouds instead of the real ones; their world lies beside the journal
    #[arg(long, global = true)]
    pub(in crate::cli) sandbox: bool,
    /// Print the result in this form [default: what the name of --output ends in, else table]
    #[arg(long, global = true, value_name = "FORMAT", value_parser = format_parser())]
    pub(in crate::cli) format: Option<Format>,
    /// Write the result to this file; - is standard output
    #[arg(short, long, global = true, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Print nothing when the run ends with exit code 0; otherwise the result and the errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(in crate::cli) quiet: bool,
    /// Print more on standard error: -v each step, -vv each request
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(in crate::cli) verbose: u8,
    /// Write the log on standard error as text or as JSON lines
    #[arg(long, global = true, value_name = "FORM", default_value = "text")]
    pub(in crate::cli) log_format: LogFormat,
    /// Show no progress bars, even on a terminal
    #[arg(long, global = true)]
    pub(in crate::cli) no_progress: bool,
    /// Use colours; auto means on a terminal, unless `NO_COLOR` is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(in crate::cli) color: Colour,
    /// Print a long table at once instead of through a pager (PAGER, or less)
    #[arg(long, global = true)]
    pub(in crate::cli) no_pager: bool,
    /// Print the verdict and the counts alone, without lists
    #[arg(long, global = true)]
    summary: bool,
}

impl Common {
    /// How much of a result a table tells.
    pub(in crate::cli) const fn detail(&self) -> Detail {
        if self.summary { Detail::Summary } else { Detail::Full }
    }

    /// The variables of the environment that name the files which `message` is about: whoever gave
    /// no option would look for it in vain.
    pub(in crate::cli) fn named_by(&self, message: &str) -> Vec<&'static str> {
        let config = self.config.as_ref().map(|path| path.display().to_string());
        let named = [(CONFIG_VARIABLE, config), (JOURNAL_VARIABLE, Some(self.journal.clone()))];
        let is_told = |(variable, value): &(&str, Option<String>)| {
            let value = value.as_deref().filter(|value| message.contains(value));
            value.is_some() && std::env::var(variable).ok().as_deref() == value
        };
        named.into_iter().filter(is_told).map(|(variable, _)| variable).collect()
    }
}

/// The form of the log: lines for people, or JSON lines. Variants without help of their own keep
/// `--help` at one line an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum LogFormat {
    Text,
    Json,
}

/// When colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Colour {
    Auto,
    Always,
    Never,
}

impl Colour {
    /// Whether `stream` gets colours. What is asked for beats `NO_COLOR` and what the stream is.
    pub(in crate::cli) fn is_for(self, stream: &impl std::io::IsTerminal) -> bool {
        let refused = || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => stream.is_terminal() && !refused(),
        }
    }
}
