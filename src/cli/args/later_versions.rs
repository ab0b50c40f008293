//! Commands and options of later versions: told as such, whatever comes after them.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

/// Commands, each with what helps instead.
const COMMANDS: [(&str, &str); 3] = [
    ("restore", "`unpair report --format json` holds the fields of every removed rule."),
    ("discover", "List the pairs in a manifest, and see them with `unpair audit`."),
    ("work", "One process carries out a run: `unpair revoke`, or `unpair resume`."),
];

/// An option of a later version.
struct Absent {
    name: &'static str,
    value: Option<&'static str>,
    of: &'static [&'static str],
}

const OPTIONS: [Absent; 4] = [
    Absent { name: "canary", value: None, of: &["revoke", "resume"] },
    Absent { name: "impact", value: None, of: &["audit", "plan"] },
    Absent {
        name: "metrics-file",
        value: Some("F"),
        of: &["audit", "plan", "revoke", "resume", "verify"],
    },
    Absent { name: "allow-any-range", value: None, of: &["audit", "plan", "revoke"] },
];

/// Takes whatever follows the word of a command.
const REST: &str = "rest";

/// `command`, which now knows of what is to come; no help lists it.
pub(super) fn known_to(command: Command) -> Command {
    let command = command.mut_subcommands(with_options);
    command.subcommands(COMMANDS.map(|(name, _)| {
        let rest = Arg::new(REST).num_args(0..).allow_hyphen_values(true).trailing_var_arg(true);
        let about = "Not available in this version";
        Command::new(name).hide(true).disable_help_flag(true).about(about).arg(rest)
    }))
}

fn with_options(command: Command) -> Command {
    let name = command.get_name().to_owned();
    let its_own = OPTIONS.iter().filter(|option| option.of.contains(&name.as_str()));
    its_own.fold(command, |command, option| {
        let arg = Arg::new(option.name).long(option.name).hide(true);
        command.arg(match option.value {
            Some(value) => arg.value_name(value).action(ArgAction::Set),
            None => arg.action(ArgAction::SetTrue),
        })
    })
}

/// Why no help is there for what is to come: `help NAME`.
pub(super) fn no_help(args: &[OsString]) -> Option<String> {
    let [_, help, name, ..] = args else { return None };
    (help == "help").then(|| command_refusal(name.to_str()?)).flatten()
}

fn command_refusal(name: &str) -> Option<String> {
    let (_, instead) = COMMANDS.iter().find(|(absent, _)| *absent == name)?;
    Some(format!("`{name}` is not available in this version; nothing was changed. {instead}"))
}

/// Why a command line cannot be obeyed that names what is to come.
pub(super) fn refusal(matches: &ArgMatches) -> Option<String> {
    let (name, given) = matches.subcommand()?;
    if let Some(refusal) = command_refusal(name) {
        return Some(refusal);
    }
    let is_given = |id: &str| given.value_source(id) == Some(ValueSource::CommandLine);
    let option = OPTIONS.iter().find(|option| {
        option.of.contains(&name)
            && given.ids().any(|id| id == option.name)
            && is_given(option.name)
    })?;
    Some(format!("--{} is not available in this version; nothing was sent", option.name))
}
