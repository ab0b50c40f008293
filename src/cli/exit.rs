//! Exit codes, and which failure has which.

use std::process::ExitCode;

use crate::cloud::{CloudError, ErrorClass};
use crate::journal::JournalError;
use crate::model::RunId;
use crate::report::ReportError;
use crate::run::Halt;

/// What the process ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// The command did its work.
    Done = 0,
    /// Journal, file or internal error.
    CouldNotWork = 1,
    /// Usage, configuration or manifest error; nothing was sent.
    Usage = 2,
    /// Not every pair is severed and verified.
    Unfinished = 3,
    /// A signal, or `--max-duration`.
    Interrupted = 4,
    /// A guard.
    Refused = 5,
    /// Another process holds the journal.
    Locked = 6,
    /// No account could be reached with the right identity.
    NoAccount = 7,
}

impl From<Exit> for u8 {
    fn from(exit: Exit) -> Self {
        exit as Self
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// The worse of two, by one order: the less was done, the worse.
    pub(super) fn worse(self, other: Self) -> Self {
        if self.severity() >= other.severity() { self } else { other }
    }

    const fn severity(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Unfinished => 1,
            Self::Interrupted => 2,
            Self::NoAccount => 3,
            Self::Refused => 4,
            Self::Locked => 5,
            Self::Usage => 6,
            Self::CouldNotWork => 7,
        }
    }
}

/// A command that ended before its result.
#[derive(Debug)]
pub(super) struct Failure {
    /// The exit code.
    pub(super) exit: Exit,
    /// What happened, where, and what to do; a line each.
    pub(super) messages: Vec<String>,
    /// The run that it is about, which is in the journal.
    pub(super) run: Option<RunId>,
}

impl Failure {
    pub(super) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self::of_many(exit, vec![message.into()])
    }

    pub(super) const fn of_many(exit: Exit, messages: Vec<String>) -> Self {
        Self { exit, messages, run: None }
    }

    /// The same, about a run that is in the journal.
    pub(super) fn about(self, run: &RunId) -> Self {
        Self { run: Some(run.clone()), ..self }
    }

    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// What this program itself got wrong.
    pub(super) fn internal_error(error: &dyn std::error::Error) -> Self {
        Self::new(Exit::CouldNotWork, format!("internal error: {error}"))
    }

    /// What is said after a panic.
    pub(super) fn internal() -> Self {
        let message = "internal error, told above: what was done is in the journal, and \
                       `unpair resume` goes on with a run";
        Self::new(Exit::CouldNotWork, message)
    }

    pub(super) fn refused(message: impl Into<String>) -> Self {
        Self::new(Exit::Refused, message)
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        let exit = match &error {
            JournalError::Locked { .. } | JournalError::Lost(_) => Exit::Locked,
            JournalError::NoSuchRun(_) | JournalError::SeveralRuns(_) => Exit::Usage,
            JournalError::Url { .. } => Exit::Usage,
            JournalError::Unusable { .. }
            | JournalError::Illegal(_)
            | JournalError::Damaged(_)
            | JournalError::Database(_) => Exit::CouldNotWork,
        };
        let remedy = match &error {
            JournalError::Database(_) => {
                ": is its disk full? nothing is lost: `unpair resume` goes on once it can be written"
            }
            _ => "",
        };
        Self::new(exit, format!("{error}{remedy}"))
    }
}

impl From<Halt> for Failure {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Journal(error) => error.into(),
            Halt::Acting(error) => error.journal.into(),
            Halt::OtherPlan { .. } => Self::refused(halt.to_string()),
        }
    }
}

impl From<CloudError> for Failure {
    fn from(error: CloudError) -> Self {
        let exit = match error.class {
            ErrorClass::Config => Exit::Usage,
            _ => Exit::NoAccount,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Journal(error) => error.into(),
            ReportError::Output(error) => error.into(),
            ReportError::Rows(messages) => Self::of_many(Exit::Usage, messages),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::CouldNotWork, error.to_string())
    }
}
