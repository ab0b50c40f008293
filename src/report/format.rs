//! How results are shown.

use std::str::FromStr;

use crate::model::BadValue;

/// A form of output: the `--format` option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Format {
    /// Text for people.
    #[default]
    Table,
    /// One JSON value.
    Json,
    /// A header and one line each (RFC 4180).
    Csv,
    /// One page that needs no other file.
    Html,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Table, Self::Json, Self::Csv, Self::Html];

    /// The word of this format.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Html => "html",
        }
    }
}

impl FromStr for Format {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        Self::ALL
            .into_iter()
            .find(|format| format.word() == text)
            .ok_or_else(|| BadValue::new(text, "a format: table, json, csv or html"))
    }
}

/// What a line of a report is about: the `--rows` option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Rows {
    /// A pair of the manifests.
    Pairs,
    /// A rule that was ordered to be removed.
    #[default]
    Rules,
}

impl Rows {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Pairs, Self::Rules];

    /// Its word on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pairs => "pairs",
            Self::Rules => "rules",
        }
    }
}

impl FromStr for Rows {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let found = Self::ALL.into_iter().find(|rows| rows.word() == text);
        found.ok_or_else(|| BadValue::new(text, "a kind of rows: pairs or rules"))
    }
}

/// How much of a result a table tells: the `--summary` option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Detail {
    /// The verdict, the counts, and the lists.
    #[default]
    Full,
    /// The verdict and the counts.
    Summary,
}

/// How a table is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether colours are wanted.
    pub colour: bool,
    /// Columns of the terminal: text is wrapped to it, commands and ids never are. `None` for a file
    /// or a pipe, where nothing is wrapped.
    pub width: Option<u16>,
    /// Lines of the terminal; `None` for a file or a pipe.
    pub height: Option<u16>,
    /// How much is told.
    pub detail: Detail,
}

impl Default for Style {
    /// A plain terminal of 80 columns.
    fn default() -> Self {
        Self { colour: false, width: Some(80), height: None, detail: Detail::Full }
    }
}

/// What a text is about, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Bad,
    Doubt,
    Quiet,
    Strong,
}

impl Style {
    /// `text` in the colour of `tone`, or as it is.
    pub(super) fn paint(self, tone: Tone, text: &str) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Good => "32",
            Tone::Bad => "1;31",
            Tone::Doubt => "33",
            Tone::Quiet => "2",
            Tone::Strong => "1",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_told_by_its_word() {
        assert_eq!("csv".parse(), Ok(Format::Csv));
        let error = "xml".parse::<Format>().expect_err("no such format");
        assert_eq!(error.to_string(), "`xml` is not a format: table, json, csv or html");
    }

    #[test]
    fn colours_come_only_when_asked_for() {
        assert_eq!(Style::default().paint(Tone::Bad, "open"), "open");
        let style = Style { colour: true, ..Style::default() };
        assert_eq!(style.paint(Tone::Bad, "open"), "\x1b[1;31mopen\x1b[0m");
    }
}
