//! The command line.

mod commands;
mod values;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub(super) use commands::{
    AccountsArgs, Acting, AuditArgs, CommandsArgs, Pairs, PlanArgs, Planning, ReportArgs,
    ResumeArgs, RevokeArgs, RunsArgs, SandboxArgs, VerifyArgs,
};
use values::parse_format;

use crate::report::Format;

/// The journal that is used when none is named.
pub(super) const DEFAULT_JOURNAL: &str = "sqlite:unpair.db";

/// Where `--config` comes from when it is not given.
const CONFIG_VARIABLE: &str = "UNPAIR_CONFIG";
/// Where `--journal` comes from when it is not given.
const JOURNAL_VARIABLE: &str = "UNPAIR_JOURNAL";

/// Cuts the security group authorizations between cloud accounts: reads CSV manifests of account
/// and group pairs, audits both sides, revokes symmetrically, verifies by reading back.
#[derive(Debug, Parser)]
#[command(name = "unpair", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done: every pair is severed and verified, or the command did its work
  1  could not work: journal, file or internal error
  2  usage, configuration or manifest error; nothing was sent
  3  finished, but not every pair is severed and verified
  4  interrupted; `unpair resume` goes on
  5  refused or stopped by a guard
  6  another process holds the journal
  7  no account could be reached with the right identity";

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(super) struct Common {
    /// Configuration file [default: unpair.toml if it is there]
    #[arg(long, global = true, value_name = "FILE", env = CONFIG_VARIABLE, hide_env_values = true)]
    pub(super) config: Option<PathBuf>,
    /// Journal: sqlite:PATH or a bare path
    #[arg(long, global = true, value_name = "URL", default_value = DEFAULT_JOURNAL,
          env = JOURNAL_VARIABLE, hide_env_values = true)]
    pub(super) journal: String,
    /// Use the embedded clouds; their world lives beside the journal
    #[arg(long, global = true)]
    pub(super) sandbox: bool,
    /// Form of the result: table, json, csv or html
    #[arg(long, global = true, value_name = "FORMAT", default_value = "table",
          value_parser = parse_format)]
    pub(super) format: Format,
    /// Write the result here rather than to standard output (-)
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Print errors and the result alone; of a run that ends well, nothing
    #[arg(long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Print more; twice for every exchange
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// Form of the log on standard error
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub(super) log_format: LogFormat,
    /// No progress bars, even on a terminal
    #[arg(long, global = true)]
    pub(super) no_progress: bool,
}

impl Common {
    /// The variables of the environment that name the files which `message` is about: whoever gave
    /// no option would look for it in vain.
    pub(super) fn named_by(&self, message: &str) -> Vec<&'static str> {
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
pub(super) enum LogFormat {
    Text,
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Read both sides of every pair; change nothing
    Audit(AuditArgs),
    /// Audit, then store the plan as a run and print what it would do
    Plan(PlanArgs),
    /// Plan (or take a stored plan) and carry it out
    Revoke(RevokeArgs),
    /// Go on with an unfinished run
    Resume(ResumeArgs),
    /// Read back again and compare with the journal
    Verify(VerifyArgs),
    /// Print the equivalent `aliyun` and `aws` commands
    Commands(CommandsArgs),
    /// What happened
    Report(ReportArgs),
    /// List the runs of a journal
    Runs(RunsArgs),
    /// Check every account: who the credentials are, what they may do
    Accounts(AccountsArgs),
    /// Serve the embedded ECS and EC2 endpoints
    Sandbox(SandboxArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

impl Command {
    /// The command's word, as in the JSON output.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Audit(_) => "audit",
            Self::Plan(_) => "plan",
            Self::Revoke(_) => "revoke",
            Self::Resume(_) => "resume",
            Self::Verify(_) => "verify",
            Self::Commands(_) => "commands",
            Self::Report(_) => "report",
            Self::Runs(_) => "runs",
            Self::Accounts(_) => "accounts",
            Self::Sandbox(_) => "sandbox",
            Self::Completions { .. } => "completions",
        }
    }

    /// Whether it comes to an end of its own when it is told to stop: all that call a cloud, and
    /// those that never end otherwise.
    pub(super) const fn heeds_a_stop(&self) -> bool {
        match self {
            Self::Audit(_) | Self::Plan(_) | Self::Revoke(_) | Self::Resume(_) => true,
            Self::Verify(_) | Self::Accounts(_) | Self::Sandbox(_) => true,
            Self::Runs(args) => args.watch,
            Self::Commands(_) | Self::Report(_) | Self::Completions { .. } => false,
        }
    }

    /// The files that its own arguments name, standard input left out.
    pub(super) fn reads(&self) -> Vec<PathBuf> {
        let (manifests, other): (&[PathBuf], _) = match self {
            Self::Audit(args) => (&args.manifests, None),
            Self::Plan(args) => (&args.manifests, None),
            Self::Revoke(args) => (&args.manifests, args.acting.pause_file.as_ref()),
            Self::Resume(args) => (&[], args.acting.pause_file.as_ref()),
            Self::Commands(args) => (&args.manifests, None),
            Self::Sandbox(args) => (&[], args.world.as_ref()),
            Self::Verify(_) | Self::Report(_) | Self::Runs(_) => (&[], None),
            Self::Accounts(_) | Self::Completions { .. } => (&[], None),
        };
        let named = manifests.iter().chain(other).filter(|path| path.as_os_str() != "-");
        named.cloned().collect()
    }

    /// `--max-duration`.
    pub(super) const fn max_duration(&self) -> Option<Duration> {
        match self {
            Self::Revoke(args) => args.acting.max_duration,
            Self::Resume(args) => args.acting.max_duration,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
