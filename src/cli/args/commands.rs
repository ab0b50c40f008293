//! The options of each command, and those that some share.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::values::{parse_address, parse_burst, parse_count, parse_percent, parse_rate};
use crate::config::{FailureLimit, parse_duration};
use crate::model::CallForm;
use crate::sandbox::Fault;

/// Manifests and how their pairs are judged.
#[derive(Debug, Args)]
pub(in crate::cli) struct Pairs {
    /// Plan the good rows of a manifest with bad ones; ends with exit code 3
    #[arg(long)]
    pub(in crate::cli) keep_going: bool,
    /// A group that does not exist counts as severed on its side
    #[arg(long)]
    pub(in crate::cli) accept_gone: bool,
    /// A side that is not ours to read leaves its pair unfinished
    #[arg(long)]
    pub(in crate::cli) require_both: bool,
}

/// `audit`.
#[derive(Debug, Args)]
pub(in crate::cli) struct AuditArgs {
    /// CSV manifests; `-` is standard input
    #[arg(required = true, value_name = "MANIFEST")]
    pub(in crate::cli) manifests: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) pairs: Pairs,
    /// End with exit code 3 when a grant is live, or a side cannot be read
    #[arg(long)]
    pub(in crate::cli) expect_severed: bool,
}

/// How a plan is made.
#[derive(Debug, Args)]
pub(in crate::cli) struct Planning {
    #[command(flatten)]
    pub(in crate::cli) pairs: Pairs,
    /// How calls name rules: rule-id, permissions or flat [default: rule-id; permissions with
    /// --no-audit]
    #[arg(long, value_name = "FORM")]
    pub(in crate::cli) by: Option<CallForm>,
    /// Revoke by the rows' own values, unread
    #[arg(long)]
    pub(in crate::cli) no_audit: bool,
    /// Refuse a plan of more rules than this
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub(in crate::cli) max_rules: Option<u64>,
    /// Refuse a plan that removes more than this share of a group's rules
    #[arg(long, value_name = "P", value_parser = parse_percent)]
    pub(in crate::cli) max_percent: Option<f64>,
}

/// `plan`.
#[derive(Debug, Args)]
pub(in crate::cli) struct PlanArgs {
    /// CSV manifests; `-` is standard input
    #[arg(required = true, value_name = "MANIFEST")]
    pub(in crate::cli) manifests: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) planning: Planning,
    /// Accepted, and means nothing: a plan never changes anything
    #[arg(short = 'n', long)]
    pub(in crate::cli) dry_run: bool,
    /// The `--max-duration` of `revoke --dry-run`.
    #[arg(skip)]
    pub(in crate::cli) max_duration: Option<Duration>,
}

/// What stops a run while it acts.
#[derive(Debug, Args)]
pub(in crate::cli) struct Acting {
    /// Do not ask; bypasses no guard
    #[arg(short, long)]
    pub(in crate::cli) yes: bool,
    /// Stop after more failures than this: a number, or a share of the plan such as 5%
    #[arg(long, value_name = "N|P%")]
    pub(in crate::cli) max_failures: Option<FailureLimit>,
    /// Stop after this long, such as 90s, 15m or 2h; `resume` goes on
    #[arg(long, value_name = "D", value_parser = parse_duration)]
    pub(in crate::cli) max_duration: Option<Duration>,
    /// Send no new call while this file exists
    #[arg(long, value_name = "F")]
    pub(in crate::cli) pause_file: Option<PathBuf>,
}

/// `revoke`.
#[derive(Debug, Args)]
pub(in crate::cli) struct RevokeArgs {
    /// CSV manifests; `-` is standard input
    #[arg(required_unless_present = "run", conflicts_with = "run", value_name = "MANIFEST")]
    pub(in crate::cli) manifests: Vec<PathBuf>,
    /// Carry out this stored plan
    #[arg(long, value_name = "ID", conflicts_with_all = ["by", "no_audit", "keep_going", "accept_gone", "require_both"])]
    pub(in crate::cli) run: Option<String>,
    /// The digest that the stored plan must have
    #[arg(long, value_name = "D", conflicts_with = "manifests")]
    pub(in crate::cli) digest: Option<String>,
    /// Do as `plan` does: show what would be removed, store that plan, change nothing
    #[arg(short = 'n', long, conflicts_with = "run")]
    pub(in crate::cli) dry_run: bool,
    #[command(flatten)]
    pub(in crate::cli) planning: Planning,
    #[command(flatten)]
    pub(in crate::cli) acting: Acting,
}

/// `resume`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ResumeArgs {
    /// The run [default: the latest started, unfinished `revoke` run]
    #[arg(value_name = "ID")]
    pub(in crate::cli) run: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) acting: Acting,
}

/// `verify`.
#[derive(Debug, Args)]
pub(in crate::cli) struct VerifyArgs {
    /// The run [default: the latest `revoke` run that was started]
    #[arg(value_name = "ID")]
    pub(in crate::cli) run: Option<String>,
}

/// `commands`.
#[derive(Debug, Args)]
pub(in crate::cli) struct CommandsArgs {
    /// CSV manifests; `-` is standard input
    #[arg(required_unless_present = "run", conflicts_with = "run", value_name = "MANIFEST")]
    pub(in crate::cli) manifests: Vec<PathBuf>,
    /// Print what remains to be done of this run, by rule id
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) run: Option<String>,
}

/// `report`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ReportArgs {
    /// The run [default: the latest]
    #[arg(value_name = "ID")]
    pub(in crate::cli) run: Option<String>,
}

/// `runs`.
#[derive(Debug, Args)]
pub(in crate::cli) struct RunsArgs {
    /// Check the history of every run for edits
    #[arg(long, conflicts_with_all = ["watch", "prune"])]
    pub(in crate::cli) check: bool,
    /// Show the list whenever it changes, until no run is under way
    #[arg(long, conflicts_with = "prune")]
    pub(in crate::cli) watch: bool,
    /// Drop the runs that are at their end, and of which nothing happened for this long, such as
    /// 30d or 12h; asks first
    #[arg(long, value_name = "D", value_parser = parse_duration)]
    pub(in crate::cli) prune: Option<Duration>,
    /// Do not ask before runs are dropped
    #[arg(short, long, requires = "prune")]
    pub(in crate::cli) yes: bool,
    /// List the runs that --prune would drop, and drop none
    #[arg(short = 'n', long, requires = "prune")]
    pub(in crate::cli) dry_run: bool,
}

/// `accounts`.
#[derive(Debug, Args)]
pub(in crate::cli) struct AccountsArgs {
    /// Print the least policies that the accounts' roles need
    #[arg(long)]
    pub(in crate::cli) policy: bool,
}

/// `sandbox`.
#[derive(Debug, Args)]
pub(in crate::cli) struct SandboxArgs {
    /// The world to serve [default: the built-in sample]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) world: Option<PathBuf>,
    /// Address of the Alibaba Cloud dialect; the AWS dialect takes another port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0", value_parser = parse_address)]
    pub(in crate::cli) listen: SocketAddr,
    /// A fault and how often: drop-after=0.1, code:Throttling.User=0.05, drop-before@Action=1
    #[arg(long = "fault", value_name = "NAME=RATE")]
    pub(in crate::cli) faults: Vec<Fault>,
    /// Calls a second that each account, region and action is allowed
    #[arg(long, value_name = "RATE", value_parser = parse_rate)]
    pub(in crate::cli) limit: Option<f64>,
    /// Calls at once that each is allowed
    #[arg(long, value_name = "N", default_value_t = 1, requires = "limit", value_parser = parse_burst)]
    pub(in crate::cli) burst: u32,
    /// Milliseconds that reads lag behind writes
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = parse_count)]
    pub(in crate::cli) lag: u64,
    /// Seed of the faults
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = parse_count)]
    pub(in crate::cli) seed: u64,
    /// Append every call to this file, as JSON lines
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) call_log: Option<PathBuf>,
}
