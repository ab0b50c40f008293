//! What can be wrong with a manifest, and where.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::model::escape_control;

/// One thing wrong, shown as `FILE:LINE: COLUMN: what is wrong, what was expected`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// The manifest, as named on the command line.
    pub file: Arc<str>,
    /// The line on which the row begins, 1-based.
    pub line: u32,
    /// The column; `header`, `file` or `row` for what is wrong with one of these.
    pub column: Cow<'static, str>,
    /// What is wrong.
    pub fault: Fault,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, column) = (escape_control(&self.file), escape_control(&self.column));
        write!(f, "{file}:{}: {column}: {}", self.line, self.fault)
    }
}

impl std::error::Error for RowError {}

/// What is wrong with a file, a header, a row or a cell.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The operating system failed: this is no mistake in the manifest.
    #[error("cannot be read to its end: {0}")]
    Unreadable(String),
    /// The encoding is UTF-16.
    #[error("the file is UTF-16, expected UTF-8: save it as `CSV UTF-8`")]
    Utf16,
    /// Another separator than a comma.
    #[error("columns are separated by {0}, expected commas: save it as comma-separated values")]
    Delimiter(&'static str),
    /// Lines end with a carriage return alone.
    #[error("a carriage return that ends no line, expected lines that end with LF or CRLF")]
    CarriageReturn,
    /// No header.
    #[error("no header, expected a first line such as region,account_a,group_a,account_b,group_b")]
    NoHeader,
    /// A column that manifests do not have.
    #[error("unknown column, {expected}")]
    UnknownColumn {
        /// The nearest column, if one is near, and all of them.
        expected: String,
    },
    /// A header of far more cells than there are columns.
    #[error("{0} cells, expected the names of columns: is this the header?")]
    TooManyCells(usize),
    /// The same column twice.
    #[error("the column stands twice in the header, expected once")]
    RepeatedColumn,
    /// A required column is not there.
    #[error("the column is missing in the header, it is required")]
    MissingColumn,
    /// Another number of cells than the header.
    #[error("the row has {found} cells, expected {expected} as in the header{hint}")]
    CellCount {
        /// Cells of the row.
        found: usize,
        /// Cells of the header.
        expected: usize,
        /// The likely cause, or nothing.
        hint: &'static str,
    },
    /// A line beyond all reason.
    #[error("the line is longer than {0} bytes, expected a manifest row")]
    LongLine(usize),
    /// More lines than line numbers.
    #[error("more than {0} lines in one command, expected fewer: split the manifests")]
    TooManyLines(u32),
    /// More filters than their numbers.
    #[error(
        "more than {0} different narrowings in one command, expected fewer: split the manifests"
    )]
    TooManyFilters(usize),
    /// Bytes that are not text.
    #[error("byte {0:#04x} is not UTF-8, expected UTF-8 text: save the file as `CSV UTF-8`")]
    NotUtf8(u8),
    /// A quoted cell without an end.
    #[error("a quote opens the cell and {swallows}, expected a closing quote: a stray quote?")]
    OpenQuote {
        /// How it was noticed.
        swallows: &'static str,
    },
    /// Text after a closing quote.
    #[error(
        "text follows the closing quote, expected a comma or the end of the line (a quote inside a quoted cell is written twice)"
    )]
    AfterQuote,
    /// A required cell is empty.
    #[error("empty, expected {0}")]
    Empty(&'static str),
    /// A value that cannot be meant.
    #[error(transparent)]
    Value(Box<BadCell>),
}

/// A value that cannot be meant; apart from other faults, of which a manifest may have as many as
/// it has lines.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` {wrong}, expected {expected}")]
pub struct BadCell {
    /// The cell, escaped and clipped.
    pub value: Box<str>,
    /// What is wrong with it.
    pub wrong: Cow<'static, str>,
    /// What would be right.
    pub expected: Cow<'static, str>,
}

/// Characters of a bad value that a message repeats.
const SHOWN: usize = 64;

impl Fault {
    /// A bad `value`.
    pub(super) fn value(
        value: &str,
        wrong: impl Into<Cow<'static, str>>,
        expected: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut shown: String = value.chars().take(SHOWN).collect();
        if shown.len() < value.len() {
            shown.push('…');
        }
        let value = escape_control(&shown).into();
        Self::Value(Box::new(BadCell { value, wrong: wrong.into(), expected: expected.into() }))
    }
}
