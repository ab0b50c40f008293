//! What `--help` tells beside the options: examples and exit codes.

use clap::{Arg, Command};

/// The heading of the options of every command.
pub(super) const COMMON: &str = "Options of every command";

/// The columns that help takes at most.
const WIDTH: usize = 80;

/// What `-h` says of the options of every command.
const IN_SHORT: &str = "More options, which every command has (-o, -q, --format, …): --help";

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

/// An example: a command line and what it is for.
type Example = (&'static str, &'static str);

/// The examples of the program as a whole.
const FIRST_STEPS: &[Example] = &[
    ("unpair plan pairs.csv", "show what would be removed"),
    ("unpair revoke pairs.csv", "remove it, after a question"),
    ("unpair report", "show what was done, and what is left"),
    ("unpair plan pairs.csv --sandbox", "try it without any account"),
];

/// The examples of each command.
const EXAMPLES: [(&str, &[Example]); 13] = [
    (
        "check",
        &[
            ("unpair check pairs.csv", "rows, accounts and guards, without network"),
            ("unpair check *.csv --keep-going", "several manifests, the good rows of each"),
        ],
    ),
    (
        "init",
        &[
            ("unpair init", "write unpair.toml and pairs.csv"),
            ("unpair init --config prod.toml", "write the configuration under this name"),
        ],
    ),
    (
        "audit",
        &[
            ("unpair audit pairs.csv", "read both sides of every pair"),
            ("unpair audit pairs.csv --expect-severed -q", "exit code 3 when a rule still stands"),
            ("unpair audit pairs.csv -o audit.html", "the same as one page"),
        ],
    ),
    (
        "plan",
        &[
            ("unpair plan pairs.csv", "show what would be removed"),
            ("unpair plan pairs.csv --summary", "only the verdict and the counts"),
            ("unpair plan one.csv two.csv -o plan.json", "two manifests, as JSON"),
        ],
    ),
    (
        "revoke",
        &[
            ("unpair revoke pairs.csv", "show the plan, ask, remove"),
            ("unpair revoke pairs.csv -n", "show the plan alone"),
            ("unpair revoke --run ID --digest D", "carry out a stored plan, and no other"),
            ("unpair revoke pairs.csv -y -q --max-rules 500", "from cron"),
        ],
    ),
    (
        "resume",
        &[
            ("unpair resume", "go on with the latest unfinished run"),
            ("unpair resume 01a2b3c4 -y", "go on with this run, without a question"),
        ],
    ),
    (
        "verify",
        &[
            ("unpair verify", "read the groups of the latest run again"),
            ("unpair verify 01a2b3c4 -q", "exit code 3 when a rule came back"),
        ],
    ),
    (
        "commands",
        &[
            ("unpair commands pairs.csv", "commands that name rules by their values"),
            ("unpair commands --run ID", "commands that name what is left by rule ids"),
        ],
    ),
    (
        "report",
        &[
            ("unpair report", "the latest run"),
            ("unpair report 01a2b3c4 -o report.html", "one page for an auditor"),
            ("unpair report --format csv", "one line a rule"),
            ("unpair report --rows pairs", "one line a pair, as CSV"),
        ],
    ),
    (
        "runs",
        &[
            ("unpair runs", "list the runs, the latest first"),
            ("unpair runs --watch", "the same, until no run is under way"),
            ("unpair runs --prune 90d -n", "list the runs that are older"),
        ],
    ),
    (
        "accounts",
        &[
            ("unpair accounts", "check the accounts that are configured"),
            ("unpair accounts pairs.csv", "check those that a manifest names"),
            ("unpair accounts --policy", "the least rights that the roles need"),
        ],
    ),
    (
        "sandbox",
        &[
            ("unpair sandbox", "serve the sample world until Ctrl-C"),
            ("unpair sandbox --fault drop-after=0.1 --lag 500", "with lost answers, late reads"),
        ],
    ),
    (
        "completions",
        &[
            ("unpair completions bash > /etc/bash_completion.d/unpair", "for all users"),
            ("unpair completions zsh > ~/.zfunc/_unpair", "for a folder of fpath"),
            ("unpair completions fish > ~/.config/fish/completions/unpair.fish", "for fish"),
        ],
    ),
];

/// `command`, which now tells examples and exit codes; `-h` leaves out what every command has.
pub(super) fn told_by(command: Command) -> Command {
    let is_common = |arg: &Arg| arg.get_help_heading() == Some(COMMON);
    let command = command.max_term_width(WIDTH).mut_args(|arg| {
        let is_common = is_common(&arg);
        arg.hide_short_help(is_common)
    });
    let command = command.mut_subcommands(|command| {
        let examples = EXAMPLES.iter().find(|(name, _)| *name == command.get_name());
        let examples = examples.map(|(_, examples)| *examples).unwrap_or_default();
        command.after_help(IN_SHORT).after_long_help(in_full(examples))
    });
    command.after_help(IN_SHORT).after_long_help(in_full(FIRST_STEPS))
}

/// Examples, each with what it is for where both fit on a line, then the exit codes.
fn in_full(examples: &[Example]) -> String {
    let column = examples.iter().map(|(line, _)| line.len()).max().unwrap_or_default();
    let examples = examples.iter().map(|(line, what)| {
        if column + what.len() + "    ".len() <= WIDTH {
            format!("  {line:column$}  {what}\n")
        } else {
            format!("  {line}\n      {what}\n")
        }
    });
    format!("Examples:\n{}\n{EXIT_CODES}", examples.collect::<String>())
}
