//! What can be wrong with a manifest, and where.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::model::{escape_control, thousands};

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
    /// Something else than CSV in UTF-8.
    #[error("the file is {is}, expected CSV in UTF-8: {remedy}")]
    Form {
        /// What it is.
        is: &'static str,
        /// What to do about it.
        remedy: &'static str,
    },
    /// Another separator than a comma.
    #[error("columns are separated by {0}, expected commas: save it as comma-separated values")]
    Delimiter(&'static str),
    /// A first line that tells another separator than the header has.
    #[error("the line before says `sep={said}`, expected {found}, which separates the columns")]
    SaidDelimiter {
        /// What the line says.
        said: char,
        /// What the header shows.
        found: &'static str,
    },
    /// Lines end with a carriage return alone.
    #[error(
        "a carriage return that ends no line, expected lines that end with LF or CRLF: save it as `CSV UTF-8`, not as `CSV (Macintosh)`"
    )]
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
    #[error("the column appears twice in the header, expected once")]
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
        hint: Cow<'static, str>,
    },
    /// A line that is longer than any row.
    #[error("the line is longer than {most} bytes, expected a manifest row{hint}")]
    LongLine {
        /// The longest one that is read.
        most: usize,
        /// The likely cause, or nothing.
        hint: &'static str,
    },
    /// More lines than can be numbered.
    #[error("more than {0} lines in one command, expected fewer: split the manifests")]
    TooManyLines(u32),
    /// More filters than can be numbered.
    #[error("more than {0} different filters in one command, expected fewer: split the manifests")]
    TooManyFilters(usize),
    /// Bytes that are not text.
    #[error(
        "byte {byte:#04x} is not UTF-8 ({looks_like}), expected UTF-8 text: save the file as `CSV UTF-8`"
    )]
    NotUtf8 {
        /// The first of them.
        byte: u8,
        /// The encoding that they may be of.
        looks_like: &'static str,
    },
    /// A quoted cell without an end.
    #[error("a quote opens the cell and {swallows}, expected a closing quote: a stray quote?")]
    OpenQuote {
        /// How it was noticed.
        swallows: &'static str,
    },
    /// Text after a closing quote.
    #[error(
        "text follows the closing quote, expected the next cell or the end of the line (a quote inside a quoted cell is written twice)"
    )]
    AfterQuote,
    /// A required cell is empty.
    #[error("empty, expected {0}")]
    Empty(&'static str),
    /// A value that is not valid.
    #[error(transparent)]
    Value(Box<BadCell>),
    /// How often a mistake that was reported some times is repeated in the rest of the file.
    #[error("{kind} … and {} more of this kind, {}", thousands(*.count), Lines(*.lines))]
    More {
        /// The mistake.
        kind: &'static str,
        /// How often.
        count: u64,
        /// The first and the last line.
        lines: [u32; 2],
    },
}

/// Lines from the first to the last, in words.
struct Lines([u32; 2]);

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [first, last] if first == last => write!(f, "in line {first}"),
            [first, last] => write!(f, "in lines {first} to {last}"),
        }
    }
}

/// A value that is not valid. A [`Fault`] boxes it, so that other faults stay small: a manifest may have
/// as many of them as lines.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` {wrong}{detail}, expected {expected}")]
pub struct BadCell {
    /// The cell, escaped and clipped.
    pub value: Box<str>,
    /// What is wrong with it, in the same words wherever it is wrong.
    pub wrong: &'static str,
    /// The details of this cell, and what was probably meant; may be empty.
    pub detail: Box<str>,
    /// What would be right.
    pub expected: Cow<'static, str>,
}

/// Characters of a bad value that a message repeats.
const SHOWN: usize = 64;

impl Fault {
    /// A bad `value`.
    pub(super) fn value(
        value: &str,
        wrong: &'static str,
        expected: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::detailed(value, wrong, "", expected)
    }

    /// A bad `value`, and what `wrong` comes to in it.
    pub(super) fn detailed(
        value: &str,
        wrong: &'static str,
        detail: &str,
        expected: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut shown: String = value.chars().take(SHOWN).collect();
        if shown.len() < value.len() {
            shown.push('…');
        }
        let value = escape_control(&shown).into();
        let (detail, expected) = (escape_control(detail).into(), expected.into());
        Self::Value(Box::new(BadCell { value, wrong, detail, expected }))
    }

    /// The kind of mistake, which is the same text wherever it is made.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "cannot be read to its end",
            Self::Form { is, .. } => is,
            Self::Delimiter(_) | Self::SaidDelimiter { .. } => "another separator",
            Self::CarriageReturn => "a carriage return that ends no line",
            Self::NoHeader => "no header",
            Self::UnknownColumn { .. } => "unknown column",
            Self::TooManyCells(_) => "too many cells",
            Self::RepeatedColumn => "a column twice",
            Self::MissingColumn => "a missing column",
            Self::CellCount { found, expected, .. } if found < expected => "too few cells",
            Self::CellCount { .. } => "too many cells",
            Self::LongLine { .. } => "a line that is too long",
            Self::TooManyLines(_) => "too many lines",
            Self::TooManyFilters(_) => "too many filters",
            Self::NotUtf8 { .. } => "not UTF-8",
            Self::OpenQuote { .. } => "a quote that is not closed",
            Self::AfterQuote => "text follows the closing quote",
            Self::Empty(_) => "empty",
            Self::Value(bad) => bad.wrong,
            Self::More { kind, .. } => kind,
        }
    }
}
