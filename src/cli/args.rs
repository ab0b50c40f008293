//! The command line.

mod common;
mod help;
mod later_versions;
mod options;
mod usage_error;
mod values;
mod version;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{ColorChoice, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use clap_complete::Shell;

pub(super) use common::{Colour, Common, DEFAULT_JOURNAL, FIRST_MANIFEST, LogFormat};
pub(super) use options::{
    AccountsArgs, AuditArgs, CheckArgs, CommandsArgs, ExecuteArgs, PairsArgs, PlanArgs,
    PlanningArgs, ReportArgs, ResumeArgs, RevokeArgs, RunsArgs, SandboxArgs, VerifyArgs,
};
pub(super) use usage_error::one_of;
pub(super) use version::SHORT as VERSION;

use crate::report::{Format, Rows};

/// Remove the security group rules between pairs of cloud accounts
///
/// unpair reads pairs of accounts and groups from CSV manifests, reads both sides, removes the rules
/// that let one side reach the other, and reads both sides again until the rules are gone.
#[derive(Debug, Parser)]
#[command(name = "unpair", version = version::SHORT, long_version = version::LONG)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Why a command line is not carried out.
#[derive(Debug)]
pub(super) enum ParseEnd {
    /// Help or the version is asked for: to be printed, and that is all.
    HelpOrVersion(clap::Error),
    /// What is wrong, and what to do.
    UsageError(String),
}

/// The command line as completion scripts know it.
pub(super) fn command() -> clap::Command {
    Cli::command()
}

/// Reads a command line.
pub(super) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Cli, ParseEnd> {
    let args: Vec<OsString> = args.into_iter().collect();
    if let Some(refusal) = later_versions::no_help(&args) {
        return Err(ParseEnd::UsageError(refusal));
    }
    let command = Cli::command().color(help_colour(&args));
    let mut command = later_versions::known_to(help::told_by(command));
    let matches = command.try_get_matches_from_mut(args).map_err(unread)?;
    if let Some(refusal) = later_versions::refusal(&matches) {
        return Err(ParseEnd::UsageError(refusal));
    }
    Cli::from_arg_matches(&matches).map_err(unread)
}

/// When help has colours: it is printed before the options are known.
fn help_colour(args: &[OsString]) -> ColorChoice {
    let words: Vec<&str> = args.iter().filter_map(|arg| arg.to_str()).collect();
    let apart = words.windows(2).filter(|pair| pair[0] == "--color").map(|pair| pair[1]);
    let together = words.iter().filter_map(|word| word.strip_prefix("--color="));
    match apart.chain(together).next() {
        Some("always") => ColorChoice::Always,
        Some("never") => ColorChoice::Never,
        _ => ColorChoice::Auto,
    }
}

fn unread(error: clap::Error) -> ParseEnd {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ParseEnd::HelpOrVersion(error),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => ParseEnd::HelpOrVersion(error),
        _ => ParseEnd::UsageError(usage_error::explain(&error)),
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check manifests without network: rows, accounts, guards
    ///
    /// Checks manifests without network and journal: rows, pairs, accounts, regions, repeated rows, and
    /// whether a guard refuses them.
    Check(CheckArgs),
    /// Read both sides of every pair; change nothing
    ///
    /// Reads both sides of every pair and shows what lets one reach the other. Changes nothing.
    Audit(AuditArgs),
    /// Show what `revoke` would remove, and store that plan
    ///
    /// Shows what `revoke` would remove, and stores that plan. Changes nothing. `unpair revoke --run ID`
    /// carries out exactly that plan.
    Plan(PlanArgs),
    /// Remove the rules between the pairs, read back, report
    ///
    /// Removes the rules between the pairs of a manifest (or of a stored plan), reads both sides again,
    /// and reports. Asks first. If an unfinished run has the same pairs, it goes on with that run.
    Revoke(RevokeArgs),
    /// Go on with an unfinished run
    ///
    /// Goes on with a run that did not come to its end, or did not remove everything. What is settled is
    /// left alone; what was sent without an answer is read back first.
    Resume(ResumeArgs),
    /// Read the groups again and compare them with the journal
    ///
    /// Reads the groups of a run again and compares them with the journal. Changes nothing.
    Verify(VerifyArgs),
    /// Write a configuration and a manifest to begin with
    ///
    /// Writes a commented unpair.toml (or the file of --config) from the profiles of `aliyun` and `aws`
    /// that are there, and pairs.csv, a manifest with example rows. Overwrites nothing.
    Init,
    /// Print the equivalent `aliyun` and `aws` commands
    ///
    /// Prints the equivalent `aliyun` and `aws` commands, for a side whose owner must run them. Needs
    /// neither network nor credentials.
    Commands(CommandsArgs),
    /// Show what a run did and what is left (default: the latest run)
    Report(ReportArgs),
    /// List the runs of the journal
    Runs(RunsArgs),
    /// Check every account: whose credentials, and what they may do
    Accounts(AccountsArgs),
    /// Serve the embedded clouds on this machine
    ///
    /// Serves the embedded clouds to other programs on this machine, until it is told to stop.
    Sandbox(SandboxArgs),
    /// Print a completion script for a shell
    ///
    /// Prints a script with which a shell completes commands, options, their values and run ids.
    Completions {
        /// The shell
        shell: Shell,
    },
}

impl Command {
    /// `revoke --dry-run` as what it means: `plan`.
    pub(super) fn normalized(self) -> Self {
        match self {
            Self::Revoke(args) if args.dry_run => Self::Plan(PlanArgs {
                time: args.execute.time,
                manifests: args.manifests,
                planning: args.planning,
                dry_run: true,
            }),
            other => other,
        }
    }

    /// The command's word, as in the JSON output.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Check(_) => "check",
            Self::Init => "init",
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
    pub(super) const fn stops_when_told(&self) -> bool {
        match self {
            Self::Audit(_) | Self::Plan(_) | Self::Revoke(_) | Self::Resume(_) => true,
            Self::Verify(_) | Self::Accounts(_) | Self::Sandbox(_) => true,
            Self::Runs(args) => args.watch,
            Self::Check(_) | Self::Init => false,
            Self::Commands(_) | Self::Report(_) | Self::Completions { .. } => false,
        }
    }

    /// The command with the options that decide which forms its result has.
    pub(super) const fn words(&self) -> &'static str {
        match self {
            Self::Runs(RunsArgs { watch: true, .. }) => "runs --watch",
            Self::Runs(RunsArgs { check: true, .. }) => "runs --check",
            Self::Runs(RunsArgs { prune: Some(_), .. }) => "runs --prune",
            Self::Runs(RunsArgs { ids: true, .. }) => "runs --ids",
            Self::Accounts(AccountsArgs { policy: true, .. }) => "accounts --policy",
            Self::Report(ReportArgs { rows: Rows::Pairs, .. }) => "report --rows pairs",
            _ => self.name(),
        }
    }

    /// The forms that its result has, the usual one first.
    pub(super) const fn forms(&self) -> &'static [Format] {
        use Format::{Csv, Html, Json, Table};
        match self {
            Self::Audit(_) | Self::Plan(_) | Self::Revoke(_) | Self::Resume(_) => {
                &[Table, Json, Csv, Html]
            }
            Self::Verify(_) | Self::Commands(_) => &[Table, Json, Csv, Html],
            Self::Report(ReportArgs { rows: Rows::Rules, .. }) => &[Table, Json, Csv, Html],
            Self::Report(ReportArgs { rows: Rows::Pairs, .. }) => &[Csv, Json],
            Self::Runs(RunsArgs { watch: true, .. } | RunsArgs { ids: true, .. }) => &[Table],
            Self::Completions { .. } => &[Table],
            Self::Runs(RunsArgs { check: false, prune: None, .. }) => &[Table, Json, Csv],
            Self::Accounts(AccountsArgs { policy: true, .. }) => &[Json],
            Self::Accounts(_) => &[Table, Json, Csv],
            Self::Runs(_) | Self::Sandbox(_) | Self::Check(_) | Self::Init => &[Table, Json],
        }
    }

    /// Whether its result is a text that people read from its beginning.
    pub(super) const fn is_paged(&self) -> bool {
        match self {
            Self::Sandbox(_) | Self::Completions { .. } => false,
            Self::Runs(args) => !args.watch,
            _ => true,
        }
    }

    /// The files that its own arguments name, standard input left out.
    pub(super) fn reads(&self) -> Vec<PathBuf> {
        if matches!(self, Self::Init) {
            return vec![FIRST_MANIFEST.into()];
        }
        let (manifests, other): (&[PathBuf], _) = match self {
            Self::Check(args) => (&args.manifests, None),
            Self::Accounts(args) => (&args.manifests, None),
            Self::Audit(args) => (&args.manifests, None),
            Self::Plan(args) => (&args.manifests, None),
            Self::Revoke(args) => (&args.manifests, args.execute.pause_file.as_ref()),
            Self::Resume(args) => (&[], args.execute.pause_file.as_ref()),
            Self::Commands(args) => (&args.manifests, None),
            Self::Sandbox(args) => (&[], args.world.as_ref()),
            Self::Verify(_) | Self::Report(_) | Self::Runs(_) => (&[], None),
            Self::Completions { .. } | Self::Init => (&[], None),
        };
        let named = manifests.iter().chain(other).filter(|path| path.as_os_str() != "-");
        named.cloned().collect()
    }

    /// `--max-duration`.
    pub(super) const fn max_duration(&self) -> Option<Duration> {
        match self {
            Self::Audit(args) => args.time.max_duration,
            Self::Plan(args) => args.time.max_duration,
            Self::Revoke(args) => args.execute.time.max_duration,
            Self::Resume(args) => args.execute.time.max_duration,
            Self::Verify(args) => args.time.max_duration,
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
