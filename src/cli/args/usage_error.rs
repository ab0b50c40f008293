//! A command line that cannot be read: what is wrong with it, and what to do.

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Cli;

/// Options that people know from other programs, and what does the same here.
const OPTIONS_ELSEWHERE: [(&str, &str); 14] = [
    ("--json", "use --format json"),
    ("--csv", "use --format csv"),
    ("--html", "use --format html"),
    ("--no-color", "use --color never"),
    ("--colour", "use --color"),
    ("--debug", "use -vv"),
    ("--force", "use --yes"),
    ("--assume-yes", "use --yes"),
    ("--non-interactive", "use --yes"),
    ("--file", "give the manifest without an option"),
    ("--manifest", "give the manifest without an option"),
    ("--id", "give the run's id without an option"),
    ("--profile", "set it in unpair.toml, or by UNPAIR_ALIBABA__PROFILE and UNPAIR_AWS__PROFILE"),
    ("--region", "the manifest has a column `region`"),
];

/// Words that people know from other programs, and the command that does the same here.
const COMMANDS_ELSEWHERE: [(&str, &str); 14] = [
    ("apply", "revoke"),
    ("run", "revoke"),
    ("delete", "revoke"),
    ("remove", "revoke"),
    ("dry-run", "plan"),
    ("diff", "plan"),
    ("validate", "check"),
    ("lint", "check"),
    ("continue", "resume"),
    ("status", "report"),
    ("show", "report"),
    ("list", "runs"),
    ("ls", "runs"),
    ("whoami", "accounts"),
];

/// What is wrong, and what to do, in one line.
pub(super) fn explain(error: &clap::Error) -> String {
    let command = command_of(error);
    let command = command.as_deref();
    match error.kind() {
        ErrorKind::UnknownArgument => unknown(error, command),
        ErrorKind::InvalidSubcommand => no_command(error),
        ErrorKind::InvalidValue => no_such_value(error),
        ErrorKind::ValueValidation => bad_value(error),
        ErrorKind::TooManyValues => {
            format!("{}: takes no value", option(&first(error, ContextKind::InvalidArg)))
        }
        ErrorKind::ArgumentConflict => conflict(error),
        ErrorKind::MissingRequiredArgument => missing(error, command),
        ErrorKind::InvalidUtf8 => {
            "an argument holds bytes that are not UTF-8, expected text".into()
        }
        _ => error.to_string().trim_start_matches("error: ").trim_end().to_owned(),
    }
}

fn unknown(error: &clap::Error, command: Option<&str>) -> String {
    let given = first(error, ContextKind::InvalidArg);
    if !given.starts_with('-') {
        return one_too_many(&given, command);
    }
    let name = given.split('=').next().unwrap_or_default();
    let whose = command.map_or_else(|| "unpair".to_owned(), |command| format!("`{command}`"));
    let none = format!("{whose} has no option {name}");
    let owners = owners(name);
    if command == Some("resume") && owners.iter().any(|owner| owner == "revoke") {
        return format!(
            "`resume` keeps the run's options; to change them: `unpair revoke MANIFEST {name}`"
        );
    }
    if let Some((_, instead)) = OPTIONS_ELSEWHERE.iter().find(|(known, _)| *known == name) {
        return format!("{none}: {instead}");
    }
    if !owners.is_empty() {
        return format!("{none}; {} it", have(&owners));
    }
    if let Some(similar) = texts(error, ContextKind::SuggestedArg).first() {
        return format!("{none}: did you mean {}?", option(similar));
    }
    format!("{none}: `{}` lists those that it has", help_of(command))
}

/// The commands that have an option.
fn owners(name: &str) -> Vec<String> {
    let is_it = |arg: &clap::Arg| match name.strip_prefix("--") {
        Some(long) => arg.get_long() == Some(long),
        None => arg.get_short().is_some_and(|short| name == format!("-{short}")),
    };
    let cli = Cli::command();
    let owners = cli.get_subcommands().filter(|command| command.get_arguments().any(is_it));
    owners.map(|command| command.get_name().to_owned()).collect()
}

/// `plan` has, `plan` and `revoke` have.
fn have(owners: &[String]) -> String {
    let named: Vec<String> = owners.iter().map(|owner| format!("`{owner}`")).collect();
    match named.split_last() {
        Some((last, [])) => format!("{last} has"),
        Some((last, others)) => format!("{} and {last} have", others.join(", ")),
        None => String::new(),
    }
}

fn one_too_many(given: &str, command: Option<&str>) -> String {
    let Some(command) = command else { return format!("`{given}`: nothing is expected here") };
    let cli = Cli::command();
    let taken = cli.find_subcommand(command).and_then(|command| command.get_positionals().next());
    let names = taken.and_then(clap::Arg::get_value_names).and_then(<[_]>::first);
    let help = help_of(Some(command));
    match names {
        Some(name) => format!("`{given}` is one argument too many: `{command}` takes one {name}"),
        None => format!("`{command}` takes no argument such as `{given}`: see `{help}`"),
    }
}

fn no_command(error: &clap::Error) -> String {
    let given = first(error, ContextKind::InvalidSubcommand);
    let none = format!("`{given}` is not a command");
    if given.contains(['.', '/']) {
        return format!("{none}: `unpair plan {given}` shows what it would remove");
    }
    let elsewhere = COMMANDS_ELSEWHERE.iter().find(|(known, _)| *known == given);
    if let Some((_, here)) = elsewhere {
        return format!("{none}: did you mean `unpair {here}`?");
    }
    let similar = texts(error, ContextKind::SuggestedSubcommand);
    // The nearest comes last.
    match similar.last() {
        Some(similar) => format!("{none}: did you mean `unpair {similar}`?"),
        None => format!("{none}: `unpair --help` lists the commands"),
    }
}

/// A value outside the words of an option, or none.
fn no_such_value(error: &clap::Error) -> String {
    let given = first(error, ContextKind::InvalidValue);
    let argument = first(error, ContextKind::InvalidArg);
    let words = texts(error, ContextKind::ValidValue);
    let expected = if words.is_empty() {
        argument.split_once(' ').map_or_else(|| "one".to_owned(), |(_, value)| value.to_owned())
    } else {
        one_of(&words)
    };
    let is_file = argument.starts_with(['<', '[']) && words.is_empty();
    let option = option(&argument);
    if given.is_empty() && is_file {
        format!("{option} is empty, expected a file")
    } else if given.is_empty() {
        format!("{option}: has no value, expected {expected}")
    } else {
        format!("{option} {given}: expected {expected}")
    }
}

/// `table, json or csv`.
pub(in crate::cli) fn one_of(words: &[impl AsRef<str>]) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.as_slice() {
        [others @ .., last] if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => words.concat(),
    }
}

fn bad_value(error: &clap::Error) -> String {
    let why = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let argument = first(error, ContextKind::InvalidArg);
    let given = first(error, ContextKind::InvalidValue);
    format!("{} {given}: {why}", option(&argument))
}

fn conflict(error: &clap::Error) -> String {
    let option_given = first(error, ContextKind::InvalidArg);
    let others = texts(error, ContextKind::PriorArg);
    if others.is_empty() || others == [option_given.clone()] {
        return format!("{} is given twice: leave one out", option(&option_given));
    }
    let others: Vec<String> = others.iter().map(|other| option(other)).collect();
    format!("{} cannot be used with {}: leave one out", option(&option_given), others.join(" and "))
}

fn missing(error: &clap::Error, command: Option<&str>) -> String {
    let names = texts(error, ContextKind::InvalidArg);
    let names: Vec<String> = names.iter().map(|name| name.replace(['<', '>'], "")).collect();
    let command = command.unwrap_or_default();
    // An option lacks another that it belongs to.
    let belongs = names.iter().any(|name| name.starts_with('-'));
    let with = if belongs { "with these options, " } else { "" };
    let needs = format!("{with}`{command}` needs {}", names.join(" and "));
    match (command, names.iter().any(|name| name.starts_with("MANIFEST"))) {
        ("revoke" | "commands", true) => {
            format!(
                "`{command}` needs a manifest, or a run: `unpair {command} pairs.csv`, or --run ID"
            )
        }
        (_, true) => format!("`{command}` needs a manifest: `unpair {command} pairs.csv`"),
        (_, false) => format!("{needs}: see `{}`", help_of(Some(command))),
    }
}

/// The command that an error is about, by its usage: `Usage: unpair plan [OPTIONS] …`.
fn command_of(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) else { return None };
    let usage = usage.to_string();
    let word = usage.split_whitespace().nth(2)?;
    word.starts_with(|c: char| c.is_ascii_lowercase()).then(|| word.to_owned())
}

fn help_of(command: Option<&str>) -> String {
    match command {
        Some(command) => format!("unpair {command} --help"),
        None => "unpair --help".to_owned(),
    }
}

/// `--format <FORMAT>` as it is given: `--format`; `[MANIFEST]...` as it is called: `MANIFEST`.
fn option(argument: &str) -> String {
    let name = argument.split([' ', '=']).next().unwrap_or_default();
    name.replace(['<', '>', '[', ']', '.'], "")
}

/// What is told of a kind, in whichever shape.
fn texts(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}

fn first(error: &clap::Error, kind: ContextKind) -> String {
    texts(error, kind).into_iter().next().unwrap_or_default()
}
