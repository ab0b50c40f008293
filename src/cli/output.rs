//! Where a result goes: standard output, or a file that appears whole.

mod pipe;
mod reserved;
mod screen;
mod sink;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};

use self::pipe::Pipe;
use self::reserved::Reserved;
use self::screen::Screen;
use self::sink::Sink;
use super::args::{Colour, Command, Common, one_of};
use super::exit::{Exit, Failure};
use super::signals::Waits;
use crate::config::Config;
use crate::report::{Detail, Format, PlainJson, Style, Summary};

/// Columns where the terminal does not say.
const DEFAULT_WIDTH: u16 = 80;

/// What stands for standard output in place of a file's name.
const STDOUT: &str = "-";

/// The form and place of a result.
pub(super) struct Output {
    /// The form.
    pub(super) format: Format,
    path: Option<PathBuf>,
    reserved: Reserved,
    colour: Colour,
    detail: Detail,
    /// Where a table goes that is read on a terminal.
    screen: Option<Screen>,
    /// Why the command has no result in this form.
    refusal: Option<String>,
}

impl Output {
    pub(super) fn new(common: &Common, command: &Command) -> Self {
        let path = common.output.clone().filter(|path| path.as_os_str() != STDOUT);
        let asked = common.format.or_else(|| path.as_deref().and_then(format_of));
        let format = asked.or_else(|| command.forms().first().copied()).unwrap_or_default();
        let refusal = (!command.forms().contains(&format)).then(|| refusal(common, command));
        let is_paged = !common.no_pager && command.is_paged() && format == Format::Table;
        let screen = if is_paged && path.is_none() { Screen::found() } else { None };
        let reserved = Reserved::of(common, command);
        Self {
            format,
            path,
            reserved,
            colour: common.color,
            detail: common.detail(),
            screen,
            refusal,
        }
    }

    /// How a table is shown where the result goes.
    pub(super) fn style(&self) -> Style {
        let stdout = io::stdout();
        let is_file = self.path.is_some() && self.colour == Colour::Auto;
        let to_terminal = self.path.is_none() && stdout.is_terminal();
        Style {
            colour: !is_file && self.colour.is_for(&stdout),
            width: to_terminal.then(terminal_width),
            height: to_terminal.then(terminal_height).flatten(),
            detail: self.detail,
        }
    }

    /// Shows what is to be read on the terminal, once the command is done: nobody waits for whoever
    /// reads.
    pub(super) fn show(&self, waits: &Waits) {
        if let Some(screen) = &self.screen {
            waits.show();
            screen.show();
        }
    }

    /// Refuses a form that the command does not have, and a place that nothing could be written to,
    /// before anything is done.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if let Some(refusal) = &self.refusal {
            return Err(Failure::usage(refusal.as_str()));
        }
        if self.path.is_some() { self.open().map(drop) } else { Ok(()) }
    }

    /// Refuses a place whose file the configuration says is read.
    pub(super) fn refuse_reserved(&self, config: &Config) -> Result<(), Failure> {
        match &self.path {
            Some(path) => Reserved::of_config(config).refuse("--output", path),
            None => Ok(()),
        }
    }

    /// Refuses a file that `option` would write over, if this command reads it.
    pub(super) fn refuse_reserved_for(&self, option: &str, path: &Path) -> Result<(), Failure> {
        self.reserved.refuse(option, path)
    }

    /// Writes a result that was made in memory.
    pub(super) fn write(&self, result: &[u8]) -> Result<(), Failure> {
        let mut sink = self.open()?;
        sink.write_all(result)?;
        sink.finish()
    }

    /// Whether the result goes to a file.
    pub(super) const fn is_file(&self) -> bool {
        self.path.is_some()
    }

    /// Opens the place for a result that is streamed.
    pub(super) fn open(&self) -> Result<Sink, Failure> {
        match &self.path {
            None => Ok(match &self.screen {
                Some(screen) => Sink::Screen(screen.clone()),
                None => Sink::Stdout(io::BufWriter::new(Pipe(io::stdout()))),
            }),
            Some(path) => {
                self.reserved.refuse("--output", path)?;
                Sink::at(path)
            }
        }
    }

    /// The summary as the one JSON object, with the error if there is one.
    pub(super) fn summary(&self, summary: &Summary, end: &CommandEnd) -> Result<(), Failure> {
        let object = WithError { summary, error: end.error() };
        let mut text = Vec::new();
        serde_json::to_writer_pretty(PlainJson(&mut text), &object)
            .map_err(|error| Failure::new(Exit::CouldNotWork, error.to_string()))?;
        text.push(b'\n');
        self.write(&text)
    }

    /// The JSON object of a command that failed before its result.
    pub(super) fn error(&self, command: &str, failure: &Failure) -> Result<(), io::Error> {
        if self.format == Format::Json { print_error(command, failure) } else { Ok(()) }
    }
}

/// The form that the name of a file asks for.
fn format_of(path: &Path) -> Option<Format> {
    path.extension()?.to_str()?.to_ascii_lowercase().parse().ok()
}

/// Which forms a command has, for whoever asked for another.
fn refusal(common: &Common, command: &Command) -> String {
    let words: Vec<&str> = command.forms().iter().map(|form| form.word()).collect();
    let expected = format!("`unpair {}` has {}", command.words(), one_of(&words));
    match (common.format, &common.output) {
        (None, Some(path)) => {
            format!("--output {}: {expected}: give --format, or another name", path.display())
        }
        (format, _) => format!("--format {}: {expected}", format.unwrap_or_default().word()),
    }
}

/// Prints an error as the one JSON object.
pub(super) fn print_error(command: &str, failure: &Failure) -> Result<(), io::Error> {
    let end = CommandEnd { exit: failure.exit, messages: failure.messages.clone() };
    let mut object = json!({ "schema": 1, "command": command, "error": end.error() });
    if let Some(run) = &failure.run {
        object["run"] = json!(run);
    }
    writeln!(PlainJson(io::stdout()), "{object:#}")
}

/// The summary with the error beside its keys.
#[derive(Serialize)]
struct WithError<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
}

/// Prints text on standard error; a reader that went away changes nothing.
pub(super) fn tell(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// How a command that has a result ended.
#[derive(Debug)]
pub(super) struct CommandEnd {
    /// The exit code.
    pub(super) exit: Exit,
    /// Why it is not 0.
    pub(super) messages: Vec<String>,
}

impl CommandEnd {
    fn error(&self) -> Option<Value> {
        (self.exit != Exit::Done)
            .then(|| json!({ "exit": self.exit as u8, "messages": self.messages }))
    }
}

fn terminal_height() -> Option<u16> {
    terminal_size::terminal_size().map(|(_, height)| height.0)
}

fn terminal_width() -> u16 {
    terminal_size::terminal_size().map_or(DEFAULT_WIDTH, |(width, _)| width.0.clamp(40, 200))
}
