//! Where a result goes: standard output, or a file that appears whole.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};

use super::args::Common;
use super::exit::{Exit, Failure};
use crate::config::DEFAULT_FILE;
use crate::files::written_through;
use crate::journal::file_of;
use crate::report::{Format, PlainJson, Style, Summary};

/// Columns where the terminal does not say.
const DEFAULT_WIDTH: u16 = 80;

/// The journal, and what it, its lock and the sandbox keep beside it.
const BESIDE_JOURNAL: [&str; 7] =
    ["", "-wal", "-shm", "-journal", ".lock", ".sandbox.json", ".sandbox.json.log"];

/// The form and place of a result.
pub(super) struct Output {
    /// The form.
    pub(super) format: Format,
    path: Option<PathBuf>,
    /// Files that a result must not take the place of.
    kept: Vec<PathBuf>,
}

impl Output {
    pub(super) fn new(common: &Common) -> Self {
        // A journal whose URL is wrong is told when it is opened.
        let journal = file_of(&common.journal).unwrap_or_default();
        let beside = BESIDE_JOURNAL.iter().map(|suffix| {
            let mut path = journal.clone().into_os_string();
            path.push(suffix);
            PathBuf::from(path)
        });
        let config = common.config.clone().unwrap_or_else(|| DEFAULT_FILE.into());
        let kept = beside.chain([config]).map(|path| place(&path)).collect();
        Self { format: common.format, path: common.output.clone(), kept }
    }

    /// Colours and width of where the result goes.
    pub(super) fn style(&self) -> Style {
        let stdout = io::stdout();
        let to_terminal = self.path.is_none() && stdout.is_terminal();
        Style {
            colour: self.path.is_none() && colour(&stdout),
            width: if to_terminal { terminal_width() } else { DEFAULT_WIDTH },
        }
    }

    /// Refuses a place that nothing could be written to, before anything is done.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.path.is_some() { self.open().map(drop) } else { Ok(()) }
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
            None => Ok(Sink::Stdout(io::BufWriter::new(Pipe(io::stdout())))),
            Some(path) if self.kept.contains(&place(path)) => Err(Failure::usage(format!(
                "--output {}: is the journal, lies beside it or is the configuration, and would be \
                 replaced: use another name",
                path.display()
            ))),
            Some(path) => Sink::at(path),
        }
    }

    /// The summary as the one JSON object, with the error if there is one.
    pub(super) fn summary(&self, summary: &Summary, ended: &Ended) -> Result<(), Failure> {
        let object = WithError { summary, error: ended.error() };
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

/// Where a file is, or would be.
fn place(path: &Path) -> PathBuf {
    if let Ok(place) = std::fs::canonicalize(path) {
        return place;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = std::fs::canonicalize(folder.unwrap_or_else(|| Path::new(".")));
    match (folder, path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// Prints an error as the one JSON object.
pub(super) fn print_error(command: &str, failure: &Failure) -> Result<(), io::Error> {
    let ended = Ended { exit: failure.exit, messages: failure.messages.clone() };
    let object = json!({ "schema": 1, "command": command, "error": ended.error() });
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
pub(super) struct Ended {
    /// The exit code.
    pub(super) exit: Exit,
    /// Why it is not 0.
    pub(super) messages: Vec<String>,
}

impl Ended {
    fn error(&self) -> Option<Value> {
        (self.exit != Exit::Done)
            .then(|| json!({ "exit": self.exit as u8, "messages": self.messages }))
    }
}

/// An open place for a result.
pub(super) enum Sink {
    /// Standard output.
    Stdout(io::BufWriter<Pipe<io::Stdout>>),
    /// A file that takes its name when it is complete.
    File(PathBuf, io::BufWriter<tempfile::NamedTempFile>),
    /// A device or a pipe, which no file may take the name of.
    Device(PathBuf, io::BufWriter<Pipe<File>>),
}

impl Sink {
    fn at(path: &Path) -> Result<Self, Failure> {
        let cannot = |why: String| {
            Failure::new(Exit::CouldNotWork, format!("--output {}: {why}", path.display()))
        };
        written_through(path).map_err(|why| cannot(why.to_string()))?;
        match std::fs::metadata(path) {
            Ok(found) if found.is_dir() => return Err(cannot("is a folder".to_owned())),
            Ok(found) if !found.is_file() => {
                let device = File::options().write(true).open(path);
                let device = device.map_err(|error| cannot(error.to_string()))?;
                return Ok(Self::Device(path.to_owned(), io::BufWriter::new(Pipe(device))));
            }
            Ok(_) | Err(_) => {}
        }
        // A link stays, and what it points to is replaced.
        let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or_else(|| Path::new("."));
        if !folder.is_dir() {
            return Err(cannot(format!("there is no folder {}: create it", folder.display())));
        }
        let file = tempfile::NamedTempFile::new_in(folder).map_err(|error| {
            cannot(format!("{} cannot be written to: {}", folder.display(), error.kind()))
        })?;
        Ok(Self::File(path, io::BufWriter::new(file)))
    }

    /// Makes the result visible.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        self.flush()?;
        if let Self::File(path, out) = self {
            let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.persist(&path).map_err(|error| {
                Failure::new(
                    Exit::CouldNotWork,
                    format!("--output {}: {}", path.display(), error.error),
                )
            })?;
        }
        Ok(())
    }

    /// The error with the place that it is about.
    fn located(&self, error: &io::Error) -> io::Error {
        let place = match self {
            Self::Stdout(_) => "standard output".to_owned(),
            Self::File(path, _) | Self::Device(path, _) => format!("--output {}", path.display()),
        };
        io::Error::new(error.kind(), format!("{place}: {error}"))
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match self {
            Self::Stdout(out) => out.write(bytes),
            Self::File(_, out) => out.write(bytes),
            Self::Device(_, out) => out.write(bytes),
        };
        written.map_err(|error| self.located(&error))
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = match self {
            Self::Stdout(out) => out.flush(),
            Self::File(_, out) => out.flush(),
            Self::Device(_, out) => out.flush(),
        };
        flushed.map_err(|error| self.located(&error))
    }
}

/// A place whose reader may go away (`| head`): it has what it wanted.
pub(super) struct Pipe<W>(W);

impl<W: Write> Write for Pipe<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            flushed => flushed,
        }
    }
}

/// Whether `stream` wants colours: a terminal, without `NO_COLOR`.
pub(super) fn colour(stream: &impl IsTerminal) -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    stream.is_terminal() && !refused
}

fn terminal_width() -> u16 {
    terminal_size::terminal_size().map_or(DEFAULT_WIDTH, |(width, _)| width.0.clamp(40, 200))
}
