//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::config::FailureLimit;
use crate::model::CallForm;
use crate::report::Format;
use crate::sandbox::Fault;

/// The journal that is used when none is named.
pub(super) const DEFAULT_JOURNAL: &str = "sqlite:unpair.db";

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
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Journal: sqlite:PATH or a bare path
    #[arg(long, global = true, value_name = "URL", default_value = DEFAULT_JOURNAL)]
    pub(super) journal: String,
    /// Use the embedded clouds; their world lives beside the journal
    #[arg(long, global = true)]
    pub(super) sandbox: bool,
    /// Form of the result: table, json, csv or html
    #[arg(long, global = true, value_name = "FORMAT", default_value = "table",
          value_parser = parse_format)]
    pub(super) format: Format,
    /// Write the result here rather than to standard output
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
}

/// Manifests and how their pairs are judged.
#[derive(Debug, Args)]
pub(super) struct Pairs {
    /// Plan the good rows of a manifest with bad ones; ends with exit code 3
    #[arg(long)]
    pub(super) keep_going: bool,
    /// A group that does not exist counts as severed on its side
    #[arg(long)]
    pub(super) accept_gone: bool,
    /// A side that is not ours to read leaves its pair unfinished
    #[arg(long)]
    pub(super) require_both: bool,
}

/// `audit`.
#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    /// CSV manifests; `-` is standard input
    #[arg(required = true, value_name = "MANIFEST")]
    pub(super) manifests: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) pairs: Pairs,
    /// End with exit code 3 when a grant is live
    #[arg(long)]
    pub(super) expect_severed: bool,
}

/// How a plan is made.
#[derive(Debug, Args)]
pub(super) struct Planning {
    #[command(flatten)]
    pub(super) pairs: Pairs,
    /// How calls name rules: rule-id, permissions or flat [default: rule-id; permissions with
    /// --no-audit]
    #[arg(long, value_name = "FORM")]
    pub(super) by: Option<CallForm>,
    /// Revoke by the rows' own values, unread
    #[arg(long)]
    pub(super) no_audit: bool,
    /// Refuse a plan of more rules than this
    #[arg(long, value_name = "N")]
    pub(super) max_rules: Option<u64>,
    /// Refuse a plan that removes more than this share of a group's rules
    #[arg(long, value_name = "P", value_parser = parse_percent)]
    pub(super) max_percent: Option<f64>,
}

/// `plan`.
#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    /// CSV manifests; `-` is standard input
    #[arg(required = true, value_name = "MANIFEST")]
    pub(super) manifests: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) planning: Planning,
}

/// What stops a run while it acts.
#[derive(Debug, Args)]
pub(super) struct Acting {
    /// Do not ask; bypasses no guard
    #[arg(long)]
    pub(super) yes: bool,
    /// Stop after more failures than this: a number, or a share of the plan such as 5%
    #[arg(long, value_name = "N|P%")]
    pub(super) max_failures: Option<FailureLimit>,
    /// Stop after this long, such as 90s, 15m or 2h; `resume` goes on
    #[arg(long, value_name = "D", value_parser = parse_duration)]
    pub(super) max_duration: Option<Duration>,
    /// Send no new call while this file exists
    #[arg(long, value_name = "F")]
    pub(super) pause_file: Option<PathBuf>,
}

/// `revoke`.
#[derive(Debug, Args)]
pub(super) struct RevokeArgs {
    /// CSV manifests; `-` is standard input
    #[arg(required_unless_present = "run", conflicts_with = "run", value_name = "MANIFEST")]
    pub(super) manifests: Vec<PathBuf>,
    /// Carry out this stored plan
    #[arg(long, value_name = "ID", conflicts_with_all = ["by", "no_audit", "keep_going"])]
    pub(super) run: Option<String>,
    /// The digest that the stored plan must have
    #[arg(long, value_name = "D", conflicts_with = "manifests")]
    pub(super) digest: Option<String>,
    #[command(flatten)]
    pub(super) planning: Planning,
    #[command(flatten)]
    pub(super) acting: Acting,
}

/// `resume`.
#[derive(Debug, Args)]
pub(super) struct ResumeArgs {
    /// The run [default: the latest started, unfinished `revoke` run]
    #[arg(value_name = "ID")]
    pub(super) run: Option<String>,
    #[command(flatten)]
    pub(super) acting: Acting,
}

/// `verify`.
#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The run [default: the latest `revoke` run that was started]
    #[arg(value_name = "ID")]
    pub(super) run: Option<String>,
}

/// `commands`.
#[derive(Debug, Args)]
pub(super) struct CommandsArgs {
    /// CSV manifests; `-` is standard input
    #[arg(required_unless_present = "run", conflicts_with = "run", value_name = "MANIFEST")]
    pub(super) manifests: Vec<PathBuf>,
    /// Print what remains to be done of this run, by rule id
    #[arg(long, value_name = "ID")]
    pub(super) run: Option<String>,
}

/// `report`.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// The run [default: the latest]
    #[arg(value_name = "ID")]
    pub(super) run: Option<String>,
}

/// `runs`.
#[derive(Debug, Args)]
pub(super) struct RunsArgs {
    /// Check the history of every run for edits
    #[arg(long, conflicts_with_all = ["watch", "prune"])]
    pub(super) check: bool,
    /// Show the list whenever it changes, until no run is under way
    #[arg(long, conflicts_with = "prune")]
    pub(super) watch: bool,
    /// Drop the runs that ended longer ago than this, such as 30d or 12h
    #[arg(long, value_name = "D", value_parser = parse_duration)]
    pub(super) prune: Option<Duration>,
}

/// `accounts`.
#[derive(Debug, Args)]
pub(super) struct AccountsArgs {
    /// Print the least policies that the accounts' roles need
    #[arg(long)]
    pub(super) policy: bool,
}

/// `sandbox`.
#[derive(Debug, Args)]
pub(super) struct SandboxArgs {
    /// The world to serve [default: the built-in sample]
    #[arg(long, value_name = "FILE")]
    pub(super) world: Option<PathBuf>,
    /// Address of the Alibaba Cloud dialect; the AWS dialect takes another port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub(super) listen: std::net::SocketAddr,
    /// A fault and how often: drop-after=0.1, code:Throttling.User=0.05, drop-before@Action=1
    #[arg(long = "fault", value_name = "NAME=RATE")]
    pub(super) faults: Vec<Fault>,
    /// Calls a second that each account, region and action is allowed
    #[arg(long, value_name = "RATE")]
    pub(super) limit: Option<f64>,
    /// Calls at once that each is allowed
    #[arg(long, value_name = "N", default_value_t = 1, requires = "limit")]
    pub(super) burst: u32,
    /// Milliseconds that reads lag behind writes
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub(super) lag: u64,
    /// Seed of the faults
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) seed: u64,
    /// Append every call to this file, as JSON lines
    #[arg(long, value_name = "FILE")]
    pub(super) call_log: Option<PathBuf>,
}

fn parse_format(text: &str) -> Result<Format, String> {
    text.parse().map_err(|_| "expected table, json, csv or html".to_owned())
}

fn parse_percent(text: &str) -> Result<f64, String> {
    let share: Option<f64> = text.trim_end_matches('%').parse().ok();
    share
        .filter(|share| *share > 0.0 && *share <= 100.0)
        .ok_or_else(|| "expected a percentage above 0 and at most 100".to_owned())
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    let bad = || "expected a duration such as 90s, 15m, 2h or 30d".to_owned();
    let span: jiff::Span = text.parse().map_err(|_| bad())?;
    let duration =
        span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).map_err(|_| bad())?;
    Duration::try_from(duration).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn durations_are_read_in_everyday_forms() {
        assert_eq!(parse_duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_duration("2h"), Ok(Duration::from_secs(7_200)));
        assert_eq!(parse_duration("30d"), Ok(Duration::from_secs(30 * 86_400)));
        assert!(parse_duration("-1s").is_err());
        assert!(parse_duration("soon").is_err());
    }
}
