//! What every command is given.

use indicatif::MultiProgress;

use super::args::Common;
use super::embedded_clouds;
use super::exit::{Exit, Failure};
use super::output::Output;
use super::signals::Waits;
use crate::config::{Config, Overrides, environment};
use crate::report::Format;

/// The options of every command, and where it prints, shows progress and hears signals.
pub(super) struct Context {
    /// The options of every command.
    pub(super) common: Common,
    /// The command's word.
    pub(super) command: &'static str,
    /// Where progress is drawn.
    pub(super) bars: MultiProgress,
    /// Where the result goes.
    pub(super) output: Output,
    /// What every wait of the command heeds.
    pub(super) waits: Waits,
}

impl Context {
    /// Whether a run that is well is told by its exit code alone (`--quiet`): cron mails what is
    /// printed.
    pub(super) fn keeps_quiet(&self, exit: Exit) -> bool {
        let wanted = self.output.format != Format::Table || self.output.is_file();
        self.common.quiet && exit == Exit::Done && !wanted
    }

    /// The configuration: file, environment, flags.
    pub(super) fn config(&self, flags: &Overrides) -> Result<Config, Failure> {
        let mut config = environment(std::env::vars_os())
            .and_then(|env| Config::read(self.common.config.as_deref(), env, flags))
            .map_err(|error| Failure::usage(error.to_string()))?;
        self.output.refuse_reserved(&config)?;
        embedded_clouds::adopt_accounts(&self.common, &mut config)?;
        Ok(config)
    }
}
