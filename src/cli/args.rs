//! The command line.

mod commands;
mod common;
mod values;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

pub(super) use commands::{
    AccountsArgs, Acting, AuditArgs, CommandsArgs, Pairs, PlanArgs, Planning, ReportArgs,
    ResumeArgs, RevokeArgs, RunsArgs, SandboxArgs, VerifyArgs,
};
pub(super) use common::{Colour, Common, LogFormat};

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
    /// `revoke --dry-run` as what it means: `plan`.
    pub(super) fn in_earnest(self) -> Self {
        match self {
            Self::Revoke(args) if args.dry_run => Self::Plan(PlanArgs {
                max_duration: args.acting.max_duration,
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

    /// Whether its result is a text that people read from its beginning.
    pub(super) const fn is_read_at_leisure(&self) -> bool {
        match self {
            Self::Sandbox(_) | Self::Completions { .. } => false,
            Self::Runs(args) => !args.watch,
            _ => true,
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
            Self::Plan(args) => args.max_duration,
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
