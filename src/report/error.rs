//! Why a report could not be written.

use crate::journal::JournalError;

/// A report that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// What is to be told cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The output does not take it: full disk, closed pipe.
    #[error("cannot write the report: {0}")]
    Output(#[from] std::io::Error),
    /// Rows that no command of the provider can express; one message a row, `FILE:LINE: …`.
    #[error("{}", .0.join("\n"))]
    Rows(Vec<String>),
}

impl From<serde_json::Error> for ReportError {
    fn from(error: serde_json::Error) -> Self {
        Self::Output(error.into())
    }
}

impl From<csv::Error> for ReportError {
    fn from(error: csv::Error) -> Self {
        Self::Output(match error.into_kind() {
            csv::ErrorKind::Io(error) => error,
            other => std::io::Error::other(format!("{other:?}")),
        })
    }
}
