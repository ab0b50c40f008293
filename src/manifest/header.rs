//! Finds the header of a manifest and reads the layout of its rows.

use std::borrow::Cow;

use memchr::memchr;

use super::cell::{is_blank, value};
use super::column::Layout;
use super::near::nearest;
use super::odd_character::OddCharacter;
use super::split::{Cell, CsvDialect, Split, TextCells, first_line, split};
use super::{Column, Fault};

/// Cells of a header that are reported one by one if they are wrong.
const MOST_CELLS: usize = 100;
/// What may separate the columns: commas, or what spreadsheets of some languages write.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];
/// Names of columns that a header must have for its separator to be certain: one alone may be left over
/// when a header is split at the wrong character.
const CERTAIN: usize = 2;
/// What else people write between columns.
const OTHER_DELIMITERS: [(char, &str); 7] = [
    (';', "`;`"),
    ('\t', "tabs"),
    ('|', "`|`"),
    ('\u{FF0C}', "full-width commas (U+FF0C)"),
    ('\u{FF1B}', "full-width semicolons (U+FF1B)"),
    ('\u{3001}', "ideographic commas (U+3001)"),
    (',', "commas"),
];

/// A header that was read.
#[derive(Debug)]
pub(super) struct Header {
    /// Where each column stands.
    pub(super) layout: Layout,
    /// Bytes up to the first row.
    pub(super) length: usize,
    /// Lines up to the first row.
    pub(super) lines: u32,
}

/// Why there is no layout.
#[derive(Debug)]
pub(super) struct BadHeader {
    /// The line of the header, 1-based.
    pub(super) line: u32,
    /// What is wrong, by column.
    pub(super) faults: Vec<(Cow<'static, str>, Fault)>,
}

impl BadHeader {
    /// A fault of the whole file.
    pub(super) fn of_file(fault: Fault) -> Self {
        Self { line: 1, faults: vec![("file".into(), fault)] }
    }
}

/// Looks for the header, piece by piece.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// The separator that a line `sep=` before the header names.
    said: Option<char>,
}

impl Search {
    /// Reads the header: the first line of `bytes` that is neither blank nor `sep=`, if there is
    /// one.
    ///
    /// # Errors
    /// What is wrong with the header; its line is one of `bytes`.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<Option<Header>, BadHeader> {
        let (mut length, mut lines) = (0, 1);
        while length < bytes.len() {
            let rest = &bytes[length..];
            let (line, next) = first_line(rest);
            length += next;
            if !self.takes(line) {
                let layout = layout(rest, line, self.said);
                let layout = layout.map_err(|faults| BadHeader { line: lines, faults })?;
                return Ok(Some(Header { layout, length, lines }));
            }
            lines += 1;
        }
        Ok(None)
    }

    /// Takes a line before the header: one without text, or the first `sep=` (Excel's).
    fn takes(&mut self, line: &[u8]) -> bool {
        let is_first = self.said.is_none();
        is_blank(line)
            || is_first && {
                self.said = said(line);
                self.said.is_some()
            }
    }
}

/// The separator that a line `sep=,` names, with or without quotes, with or without empty cells after it.
fn said(line: &[u8]) -> Option<char> {
    let text = std::str::from_utf8(line).ok()?.trim_end_matches(' ').to_ascii_lowercase();
    let text = text.strip_prefix('"').map_or(text.as_str(), |text| text.trim_end_matches('"'));
    let mut said = text.strip_prefix("sep=")?.chars();
    let first = said.next()?;
    said.all(|c| c == first).then_some(first)
}

/// The fault of a file that ends before its header.
pub(super) fn missing() -> BadHeader {
    BadHeader { line: 1, faults: vec![("header".into(), Fault::NoHeader)] }
}

fn layout(
    bytes: &[u8],
    line: &[u8],
    said: Option<char>,
) -> Result<Layout, Vec<(Cow<'static, str>, Fault)>> {
    let of_header = |fault| vec![(Cow::Borrowed("header"), fault)];
    if memchr(b'\r', line).is_some() {
        return Err(of_header(Fault::CarriageReturn));
    }
    let mut cells = Vec::new();
    let delimiter = delimiter(bytes, &mut cells);
    let dialect = CsvDialect { delimiter, texts: TextCells::default() };
    if let Split::Broken(_, fault) = split(bytes, true, dialect, &mut cells) {
        return Err(of_header(fault));
    }
    if let Some(name) = other_delimiter(&cells) {
        return Err(of_header(Fault::Delimiter(name)));
    }
    if let Some(said) = said.filter(|said| *said != char::from(delimiter)) {
        let found = OTHER_DELIMITERS.iter().find(|(c, _)| *c == char::from(delimiter));
        let found = found.map_or("", |(_, name)| name);
        return Err(of_header(Fault::SaidDelimiter { said, found }));
    }
    let whole = cells.len();
    // Spreadsheets write empty cells where columns were deleted.
    while cells.len() > 1 && cells.last().is_some_and(|cell| value(cell) == Ok("")) {
        cells.pop();
    }
    if cells.len() > MOST_CELLS {
        return Err(of_header(Fault::TooManyCells(cells.len())));
    }
    columns(&cells).map(|columns| Layout::new(columns, delimiter, whole))
}

/// The separator of a header: the one that splits it into names of columns, else a comma.
fn delimiter<'a>(bytes: &'a [u8], cells: &mut Vec<Cell<'a>>) -> u8 {
    let mut names = |delimiter| {
        split(bytes, true, CsvDialect { delimiter, texts: TextCells::default() }, cells);
        cells.iter().filter(|cell| column(cell).is_ok()).take(MOST_CELLS).count()
    };
    let [comma, others @ ..] = DELIMITERS;
    let is_certain = |delimiter: &u8| names(*delimiter) >= CERTAIN;
    [comma].into_iter().chain(others).find(is_certain).unwrap_or(comma)
}

/// Another separator in a header that seems to have one cell.
fn other_delimiter(cells: &[Cell<'_>]) -> Option<&'static str> {
    let [cell] = cells else { return None };
    let text = std::str::from_utf8(cell.bytes).ok()?;
    OTHER_DELIMITERS.iter().find(|(c, _)| text.contains(*c)).map(|(_, name)| *name)
}

fn columns(cells: &[Cell<'_>]) -> Result<Vec<Column>, Vec<(Cow<'static, str>, Fault)>> {
    let mut columns = Vec::with_capacity(cells.len());
    let mut faults = Vec::new();
    for (at, cell) in cells.iter().enumerate() {
        match column(cell) {
            Ok(column) if columns.contains(&column) => {
                faults.push((column.name().into(), Fault::RepeatedColumn));
            }
            Ok(column) => columns.push(column),
            Err((Some(name), fault)) => faults.push((name.into(), fault)),
            Err((None, fault)) => faults.push((format!("cell {}", at + 1).into(), fault)),
        }
    }
    let missing = Column::REQUIRED.iter().filter(|required| !columns.contains(required));
    faults.extend(missing.map(|column| (column.name().into(), Fault::MissingColumn)));
    if faults.is_empty() { Ok(columns) } else { Err(faults) }
}

/// The column of a header cell, or what to call the cell and what is wrong with it.
fn column(cell: &Cell<'_>) -> Result<Column, (Option<String>, Fault)> {
    let name = value(cell).map_err(|fault| (None, fault))?;
    if name.is_empty() {
        return Err((None, Fault::Empty("the name of a column")));
    }
    Column::named(name).ok_or_else(|| (Some(name.to_owned()), unknown(name)))
}

fn unknown(name: &str) -> Fault {
    let names = Column::ALL.map(Column::name);
    let near = nearest(name, names).map(|near| format!("did you mean `{near}`? "));
    let odd = OddCharacter::find(name).map(|odd| format!("{odd} is in it, "));
    let (odd, near) = (odd.unwrap_or_default(), near.unwrap_or_default());
    let expected = format!("{odd}{near}expected one of {}", names.join(", "));
    Fault::UnknownColumn { expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &str = "region,account_a,group_a,account_b,group_b";

    fn read(text: &str) -> Result<Option<Header>, BadHeader> {
        Search::default().read(text.as_bytes())
    }

    fn fault(text: &str) -> Fault {
        read(text).expect_err("a bad header").faults.remove(0).1
    }

    #[test]
    fn what_cuts_a_header_into_names_of_columns_separates_its_file() {
        for (delimiter, said) in [(',', "sep=,"), (';', "SEP=;"), ('\t', "\"sep=\t\"")] {
            let names = NAMES.replace(',', &delimiter.to_string());
            for text in [names.clone(), format!("{said}\r\n{names}"), format!("\n{names};;")] {
                let text = text.replace(";;", &delimiter.to_string().repeat(2));
                let header = read(&text).expect("a header").expect("one");
                assert_eq!(char::from(header.layout.dialect().delimiter), delimiter, "{text:?}");
                assert_eq!((header.layout.width(), header.length), (5, text.len()));
            }
        }
        assert_eq!(fault(&NAMES.replace(',', "|")), Fault::Delimiter("`|`"));
        let full = fault(&NAMES.replace(',', "\u{ff0c}"));
        assert_eq!(full, Fault::Delimiter("full-width commas (U+FF0C)"));
    }

    #[test]
    fn a_line_that_says_another_separator_than_the_header_has_is_told() {
        let said = fault(&format!("sep=;\n{NAMES}"));
        assert_eq!(said, Fault::SaidDelimiter { said: ';', found: "commas" });
    }

    #[test]
    fn names_are_read_in_any_case_with_blanks_for_underscores() {
        let names = " REGION ,Account A,\"Group_A\",account-b,GROUP_B\u{a0},Ip Protocol";
        assert_eq!(read(names).expect("a header").expect("one").layout.width(), 6);
        let odd = read(&NAMES.replace("region", "reg\u{456}on")).expect_err("a bad header");
        assert!(odd.faults[0].1.to_string().contains("Cyrillic letter (U+0456)"), "{odd:?}");
        let twice = fault(&NAMES.replace("group_b", "Group A"));
        assert_eq!(twice, Fault::RepeatedColumn);
    }

    #[test]
    fn a_line_of_commas_is_one_fault_and_not_one_for_each() {
        let cells = MOST_CELLS + 1;
        let bad = read(&format!("{}x", ",".repeat(cells - 1))).expect_err("a bad header");
        assert_eq!(bad.faults, [("header".into(), Fault::TooManyCells(cells))]);
        let few = read("cloud,,region").expect_err("a bad header");
        assert!(few.faults.contains(&("cell 2".into(), Fault::Empty("the name of a column"))));
    }
}
