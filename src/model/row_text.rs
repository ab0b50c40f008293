//! A row's free text: what its manifest says to people, carried as one thing from the reader to the
//! reports.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A column of free text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextColumn {
    /// A ticket, a reason.
    Note,
}

impl TextColumn {
    /// Every column of free text, in the order of reports; the order of `as usize`.
    pub const ALL: [Self; 1] = [Self::Note];

    /// The name in manifests, journal and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
        }
    }
}

/// The free text of a row, or of several that say it together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowText([String; TextColumn::ALL.len()]);

impl RowText {
    /// Whether the row says nothing.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(String::is_empty)
    }

    /// The text of one column, to be written.
    pub fn of_mut(&mut self, column: TextColumn) -> &mut String {
        &mut self.0[column as usize]
    }

    /// The text of each column, empty ones included.
    pub fn cells(&self) -> impl Iterator<Item = (TextColumn, &str)> {
        TextColumn::ALL.into_iter().zip(self.0.iter().map(String::as_str))
    }

    /// The text of several rows, each text of a column told once.
    pub fn joined<'a>(rows: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut told = TextColumn::ALL.map(|_| Vec::<&str>::new());
        for row in rows {
            for (told, text) in told.iter_mut().zip(&row.0) {
                if !text.is_empty() && !told.contains(&text.as_str()) {
                    told.push(text);
                }
            }
        }
        Self(told.map(|texts| texts.join("; ")))
    }
}

impl From<(TextColumn, &str)> for RowText {
    fn from((column, text): (TextColumn, &str)) -> Self {
        let mut row = Self::default();
        text.clone_into(row.of_mut(column));
        row
    }
}

/// What there is, on one line.
impl fmt::Display for RowText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (ix, text) in self.0.iter().filter(|text| !text.is_empty()).enumerate() {
            write!(f, "{}{text}", if ix > 0 { " · " } else { "" })?;
        }
        Ok(())
    }
}

/// Every column by its name.
impl Serialize for RowText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.cells().map(|(column, text)| (column.name(), text)))
    }
}

/// Refuses a column that is not known; one that is not there is empty.
impl<'de> Deserialize<'de> for RowText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut row = Self::default();
        for (name, text) in BTreeMap::<String, String>::deserialize(deserializer)? {
            let column = TextColumn::ALL.into_iter().find(|column| column.name() == name);
            let unknown =
                || serde::de::Error::custom(format!("`{name}` is no column of free text"));
            *row.of_mut(column.ok_or_else(unknown)?) = text;
        }
        Ok(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_stored_told_and_joined() {
        let mut row = RowText::default();
        assert!(row.is_empty());
        for column in TextColumn::ALL {
            column.name().clone_into(row.of_mut(column));
        }
        let names = TextColumn::ALL.map(TextColumn::name);
        assert!(row.cells().map(|(column, text)| (column.name(), text)).eq(names.map(|n| (n, n))));
        assert_eq!(row.to_string(), names.join(" · "));
        let stored = serde_json::to_string(&row).expect("JSON");
        assert_eq!(serde_json::from_str::<RowText>(&stored).expect("a row's text"), row);
        assert!(serde_json::from_str::<RowText>(r#"{"elsewhere":""}"#).is_err());
        let other = RowText::from((TextColumn::Note, "more"));
        let told = RowText::joined([&row, &RowText::default(), &other, &row]);
        assert_eq!(told.cells().next(), Some((TextColumn::Note, "note; more")));
        assert_eq!(RowText::joined([&row, &row]), row);
    }
}
