//! An open place for a result.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::pipe::Pipe;
use super::screen::Screen;
use crate::cli::exit::{Exit, Failure};
use crate::files::{Refusal, Replacement, leads_to};

/// Where a result goes.
pub(in crate::cli) enum Sink {
    /// Standard output.
    Stdout(io::BufWriter<Pipe<io::Stdout>>),
    /// A terminal, where it is shown once the command is done.
    Screen(Screen),
    /// A file that takes its name when it is complete.
    File(PathBuf, io::BufWriter<Replacement>),
    /// A device or a pipe, which no file may take the name of.
    Device(PathBuf, io::BufWriter<Pipe<File>>),
}

impl Sink {
    pub(super) fn at(path: &Path) -> Result<Self, Failure> {
        let cannot = |why: String| cannot(path, &why);
        if path.as_os_str().is_empty() {
            return Err(Failure::usage(
                "--output: is empty, expected a file, or - for standard output",
            ));
        }
        // A link stays, and what it leads to is replaced.
        let place = leads_to(path).map_err(|why| cannot(why.to_string()))?;
        // Asked by the name itself: links of /proc lead to what has no other name, such as a pipe.
        match std::fs::metadata(path) {
            Ok(found) if found.is_dir() => return Err(cannot("is a folder".to_owned())),
            Ok(found) if !found.is_file() => {
                let device = File::options().write(true).open(path);
                let device = device.map_err(|error| cannot(error.to_string()))?;
                return Ok(Self::Device(path.to_owned(), io::BufWriter::new(Pipe(device))));
            }
            Ok(_) | Err(_) => {}
        }
        let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or_else(|| Path::new("."));
        if !folder.is_dir() {
            return Err(cannot(format!("there is no folder {}: create it", folder.display())));
        }
        if place.as_os_str().as_encoded_bytes().ends_with(b"/") {
            return Err(cannot("there is no such folder, expected a file".to_owned()));
        }
        let file = Replacement::begin(&place).map_err(|why| match why {
            Refusal::Io(error) => {
                cannot(format!("{} cannot be written to: {}", folder.display(), error.kind()))
            }
            why => cannot(why.to_string()),
        })?;
        Ok(Self::File(path.to_owned(), io::BufWriter::new(file)))
    }

    /// Makes the result visible.
    pub(in crate::cli) fn finish(mut self) -> Result<(), Failure> {
        self.flush()?;
        if let Self::File(path, out) = self {
            let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
            let lost = file.commit().map_err(|error| cannot(&path, &error.to_string()))?;
            if !lost.is_empty() {
                let lost = lost.join(", ");
                tracing::warn!(
                    "--output {}: of the file that was replaced this could not be kept: {lost}",
                    path.display()
                );
            }
        }
        Ok(())
    }

    /// The error with the place that it is about.
    fn located(&self, error: &io::Error) -> io::Error {
        let place = match self {
            Self::Stdout(_) | Self::Screen(_) => "standard output".to_owned(),
            Self::File(path, _) | Self::Device(path, _) => format!("--output {}", path.display()),
        };
        io::Error::new(error.kind(), format!("{place}: {error}"))
    }
}

fn cannot(path: &Path, why: &str) -> Failure {
    Failure::new(Exit::CouldNotWork, format!("--output {}: {why}", path.display()))
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match self {
            Self::Stdout(out) => out.write(bytes),
            Self::Screen(screen) => screen.write(bytes),
            Self::File(_, out) => out.write(bytes),
            Self::Device(_, out) => out.write(bytes),
        };
        written.map_err(|error| self.located(&error))
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = match self {
            Self::Stdout(out) => out.flush(),
            Self::Screen(_) => Ok(()),
            Self::File(_, out) => out.flush(),
            Self::Device(_, out) => out.flush(),
        };
        flushed.map_err(|error| self.located(&error))
    }
}
