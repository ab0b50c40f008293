//! The options of each command, and those that some share.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::values::{
    call_form_parser, parse_address, parse_burst, parse_count, parse_percent, parse_rate,
    rows_parser,
};
use crate::config::{FailureLimit, parse_duration};
use crate::model::CallForm;
use crate::report::Rows;
use crate::sandbox::InjectedFault;

/// Manifests and how their pairs are judged.
#[derive(Debug, Args)]
pub(in crate::cli) struct PairsArgs {
    /// Leave out bad rows; ends with exit code 3
    ///
    /// Leave out bad rows, and rows that a guard refuses, and go on with the others. Ends with exit
    /// code 3.
    #[arg(long)]
    pub(in crate::cli) keep_going: bool,
    /// Count a group that does not exist as severed
    ///
    /// Count a group that does not exist as severed on its side.
    #[arg(long)]
    pub(in crate::cli) accept_gone: bool,
    /// Exit code 3 while a partner's side cannot be read
    ///
    /// End with exit code 3 while a side that is not ours cannot be read.
    #[arg(long)]
    pub(in crate::cli) require_both: bool,
}

/// `check`.
#[derive(Debug, Args)]
pub(in crate::cli) struct CheckArgs {
    /// CSV files that list pairs of groups; - is standard input
    #[arg(required = true, value_name = "MANIFEST")]
    pub(in crate::cli) manifests: Vec<PathBuf>,
    /// Leave out bad rows; ends with exit code 3
    ///
    /// Leave out bad rows, and rows that a guard refuses, and check the others. Ends with exit code 3.
    #[arg(long)]
    pub(in crate::cli) keep_going: bool,
}

/// `audit`.
#[derive(Debug, Args)]
pub(in crate::cli) struct AuditArgs {
    /// CSV files that list pairs of groups; - is standard input
    #[arg(required = true, value_name = "MANIFEST")]
    pub(in crate::cli) manifests: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) pairs: PairsArgs,
    /// End with exit code 3 when a rule still stands
    ///
    /// End with exit code 3 when a rule still stands, or a side cannot be read.
    #[arg(long)]
    pub(in crate::cli) expect_severed: bool,
    #[command(flatten)]
    pub(in crate::cli) time: TimeArgs,
}

/// How long a command that calls the clouds may take.
#[derive(Clone, Copy, Debug, Args)]
pub(in crate::cli) struct TimeArgs {
    /// Stop after this long, such as 90s, 15m or 2h
    ///
    /// Stop after this long, such as 90s, 15m or 2h; `unpair resume` goes on.
    #[arg(long, value_name = "D", value_parser = parse_duration)]
    pub(in crate::cli) max_duration: Option<Duration>,
}

/// How a plan is made.
#[derive(Debug, Args)]
pub(in crate::cli) struct PlanningArgs {
    #[command(flatten)]
    pub(in crate::cli) pairs: PairsArgs,
    /// How calls name rules: rule-id, permissions or flat
    ///
    /// How calls name rules: rule-id, permissions or flat [default: rule-id; permissions with
    /// --no-audit]
    #[arg(long, value_name = "FORM", value_parser = call_form_parser(), ignore_case = true,
          hide_possible_values = true)]
    pub(in crate::cli) by: Option<CallForm>,
    /// Do not read the groups: revoke by the rows' values
    ///
    /// Revoke by the rows' own values, without reading the groups first. Needs no right to read; what
    /// was removed stays unverified where nothing can be read.
    #[arg(long)]
    pub(in crate::cli) no_audit: bool,
    /// Refuse a plan that removes more rules than this
    #[arg(long, value_name = "N", value_parser = parse_count, allow_negative_numbers = true)]
    pub(in crate::cli) max_rules: Option<u64>,
    /// Refuse to remove more than this share of a group
    ///
    /// Refuse a plan that removes more than this share of any one group's rules, in percent.
    #[arg(long, value_name = "P", value_parser = parse_percent, allow_negative_numbers = true)]
    pub(in crate::cli) max_percent: Option<f64>,
}

/// `plan`.
#[derive(Debug, Args)]
pub(in crate::cli) struct PlanArgs {
    /// CSV files that list pairs of groups; - is standard input
    #[arg(required = true, value_name = "MANIFEST")]
    pub(in crate::cli) manifests: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) planning: PlanningArgs,
    /// Accepted as for `revoke`; a plan changes nothing
    #[arg(short = 'n', long)]
    pub(in crate::cli) dry_run: bool,
    #[command(flatten)]
    pub(in crate::cli) time: TimeArgs,
}

/// What stops a run while it acts.
#[derive(Debug, Args)]
pub(in crate::cli) struct ExecuteArgs {
    /// Do not ask before rules are removed; skips no guard
    #[arg(short, long)]
    pub(in crate::cli) yes: bool,
    /// Stop after more failures: a number, or such as 5%
    ///
    /// Stop after more failures than this: a number, or a share of the plan such as 5%.
    #[arg(long, value_name = "N|P%")]
    pub(in crate::cli) max_failures: Option<FailureLimit>,
    #[command(flatten)]
    pub(in crate::cli) time: TimeArgs,
    /// Send no new call while this file exists
    #[arg(long, value_name = "F")]
    pub(in crate::cli) pause_file: Option<PathBuf>,
}

/// `revoke`.
#[derive(Debug, Args)]
pub(in crate::cli) struct RevokeArgs {
    /// CSV files that list pairs of groups; - is standard input
    #[arg(required_unless_present = "run", conflicts_with = "run", value_name = "MANIFEST")]
    pub(in crate::cli) manifests: Vec<PathBuf>,
    /// Carry out this stored plan, and nothing else
    #[arg(long, value_name = "ID", conflicts_with_all = ["by", "no_audit", "keep_going", "accept_gone", "require_both"])]
    pub(in crate::cli) run: Option<String>,
    /// Refuse any plan but the one with this digest
    ///
    /// The digest that `plan` printed; refuse any other plan.
    #[arg(long, value_name = "D", conflicts_with = "manifests")]
    pub(in crate::cli) digest: Option<String>,
    /// Do what `plan` does, and change nothing
    ///
    /// Do what `plan` does: show what would be removed, store that plan, and change nothing. Needs no
    /// --yes.
    #[arg(short = 'n', long, conflicts_with = "run")]
    pub(in crate::cli) dry_run: bool,
    #[command(flatten)]
    pub(in crate::cli) planning: PlanningArgs,
    #[command(flatten)]
    pub(in crate::cli) execute: ExecuteArgs,
}

/// `resume`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ResumeArgs {
    /// The run, or how its id begins [default: the latest unfinished one]
    #[arg(value_name = "ID")]
    pub(in crate::cli) run: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) execute: ExecuteArgs,
}

/// `verify`.
#[derive(Debug, Args)]
pub(in crate::cli) struct VerifyArgs {
    /// The run, or how its id begins [default: the latest `revoke`]
    #[arg(value_name = "ID")]
    pub(in crate::cli) run: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) time: TimeArgs,
}

/// `commands`.
#[derive(Debug, Args)]
pub(in crate::cli) struct CommandsArgs {
    /// CSV files that list pairs of groups; - is standard input
    #[arg(required_unless_present = "run", conflicts_with = "run", value_name = "MANIFEST")]
    pub(in crate::cli) manifests: Vec<PathBuf>,
    /// Print what is left of this run; the commands name rule ids
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) run: Option<String>,
}

/// `report`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ReportArgs {
    /// The run, or how its id begins [default: the latest]
    #[arg(value_name = "ID")]
    pub(in crate::cli) run: Option<String>,
    /// A row of CSV or JSON for each of these: rules or pairs
    #[arg(long, value_name = "ROWS", default_value = "rules", hide_default_value = true,
          hide_possible_values = true, value_parser = rows_parser())]
    pub(in crate::cli) rows: Rows,
}

/// `runs`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags as clap reads them")]
pub(in crate::cli) struct RunsArgs {
    /// Recompute the history of every run, and tell of every edit
    #[arg(long, conflicts_with_all = ["watch", "prune"])]
    pub(in crate::cli) check: bool,
    /// Show the list whenever it changes, until no run is under way
    #[arg(long, conflicts_with = "prune")]
    pub(in crate::cli) watch: bool,
    /// Drop finished runs that are older, such as 30d; asks first
    ///
    /// Drop the runs that are at their end and of which nothing happened for this long, such as 30d or
    /// 12h. Lists them, and asks first.
    #[arg(long, value_name = "D", value_parser = parse_duration)]
    pub(in crate::cli) prune: Option<Duration>,
    /// Print the ids alone, one a line
    #[arg(long, conflicts_with_all = ["check", "watch", "prune"])]
    pub(in crate::cli) ids: bool,
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
    /// Check the accounts that these name [default: those that are configured]
    #[arg(value_name = "MANIFEST")]
    pub(in crate::cli) manifests: Vec<PathBuf>,
    /// Print the least rights that the roles need, as JSON
    #[arg(long)]
    pub(in crate::cli) policy: bool,
}

/// `sandbox`.
#[derive(Debug, Args)]
pub(in crate::cli) struct SandboxArgs {
    /// Serve this world [default: the built-in sample]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) world: Option<PathBuf>,
    /// Listen here
    ///
    /// Listen here for calls to Alibaba Cloud. Calls to AWS get another port.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0", value_parser = parse_address)]
    pub(in crate::cli) listen: SocketAddr,
    /// Answer with this fault, this often
    ///
    /// Answer with this fault, this often: drop-after=0.1 loses one answer in ten after its effect,
    /// drop-before@Action=1 every call of an action before it, code:Throttling.User=0.05 refuses one call
    /// in twenty. Can be given more than once.
    #[arg(long = "fault", value_name = "NAME=RATE")]
    pub(in crate::cli) faults: Vec<InjectedFault>,
    /// Allow so many calls a second
    ///
    /// Allow so many calls a second of each account, region and action.
    #[arg(long, value_name = "RATE", value_parser = parse_rate)]
    pub(in crate::cli) limit: Option<f64>,
    /// Allow so many calls at once
    #[arg(long, value_name = "N", default_value_t = 1, requires = "limit", value_parser = parse_burst)]
    pub(in crate::cli) burst: u32,
    /// Show changes so many milliseconds late
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = parse_count)]
    pub(in crate::cli) lag: u64,
    /// Seed of the faults
    ///
    /// Seed of the faults: with the same seed, the same calls fail.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = parse_count)]
    pub(in crate::cli) seed: u64,
    /// Append every call to this file, as JSON lines
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) call_log: Option<PathBuf>,
}
