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
    /// Every format with its word.
    pub const ALL: [(&'static str, Self); 4] =
        [("table", Self::Table), ("json", Self::Json), ("csv", Self::Csv), ("html", Self::Html)];
}

impl FromStr for Format {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        Self::ALL
            .into_iter()
            .find_map(|(word, format)| (word == text).then_some(format))
            .ok_or_else(|| BadValue::new(text, "a format: table, json, csv or html"))
    }
}

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether colours are wanted.
    pub colour: bool,
    /// Columns of the terminal; text is wrapped to it, commands and ids never are.
    pub width: u16,
}

impl Default for Style {
    /// No colours, 80 columns: what a pipe gets.
    fn default() -> Self {
        Self { colour: false, width: 80 }
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
        let style = Style { colour: true, width: 80 };
        assert_eq!(style.paint(Tone::Bad, "open"), "\x1b[1;31mopen\x1b[0m");
    }
}
