//! Splits a record of a manifest into its cells (RFC 4180).

use memchr::{memchr, memchr_iter, memchr2};

use super::Fault;
use crate::model::TextColumn;

/// The longest value, in bytes: ids and names are far shorter.
pub(super) const MAX_VALUE: usize = 256;

/// The longest free text, in bytes: a ticket, a reason; not a document.
pub(super) const MAX_TEXT: usize = 4096;

/// A cell as it stands in the file, without the quotes around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell<'a> {
    /// The bytes; a doubled quote in a quoted cell is still doubled.
    pub(super) bytes: &'a [u8],
    /// Whether it stood in quotes.
    pub(super) quoted: bool,
}

/// The cells of free text, as far as a file has them.
pub(super) type TextCells = [Option<usize>; TextColumn::ALL.len()];

/// How the records of a file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CsvDialect {
    /// What separates the cells.
    pub(super) delimiter: u8,
    /// The cells that may hold line ends; any other that does has swallowed rows.
    pub(super) texts: TextCells,
}

/// How a record ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Split {
    /// Whole; the next record begins here.
    Whole(usize),
    /// A quoted cell goes on beyond the bytes at hand.
    Open,
    /// The quoting of the cell at this index is broken.
    Broken(usize, Fault),
}

/// Splits the record at the start of `bytes` into `cells`, which are cleared first.
///
/// `bytes` ends with a line end, or with the file if it is the `last` piece.
pub(super) fn split<'a>(
    bytes: &'a [u8],
    last: bool,
    dialect: CsvDialect,
    cells: &mut Vec<Cell<'a>>,
) -> Split {
    cells.clear();
    let (line, next) = first_line(bytes);
    if memchr(b'"', line).is_none() {
        let mut from = 0;
        for comma in memchr_iter(dialect.delimiter, line) {
            cells.push(Cell { bytes: &line[from..comma], quoted: false });
            from = comma + 1;
        }
        cells.push(Cell { bytes: &line[from..], quoted: false });
        return Split::Whole(next);
    }
    split_quoted(bytes, last, dialect, cells)
}

/// The first line without its end, and where the next one begins.
pub(super) fn first_line(bytes: &[u8]) -> (&[u8], usize) {
    let (line, next) = match memchr(b'\n', bytes) {
        Some(end) => (&bytes[..end], end + 1),
        None => (bytes, bytes.len()),
    };
    (line.strip_suffix(b"\r").unwrap_or(line), next)
}

fn split_quoted<'a>(
    bytes: &'a [u8],
    last: bool,
    CsvDialect { delimiter, texts }: CsvDialect,
    cells: &mut Vec<Cell<'a>>,
) -> Split {
    let mut from = 0;
    loop {
        let (cell, end) = if bytes.get(from) == Some(&b'"') {
            let is_text = texts.contains(&Some(cells.len()));
            match quoted(&bytes[from + 1..], last, is_text) {
                Quoted::Closed(length) => {
                    let start = from + 1;
                    let cell = Cell { bytes: &bytes[start..start + length], quoted: true };
                    (cell, start + length + 1)
                }
                Quoted::Open => return Split::Open,
                Quoted::Broken(fault) => return Split::Broken(cells.len(), fault),
            }
        } else {
            let rest = &bytes[from..];
            let length = memchr2(delimiter, b'\n', rest).unwrap_or(rest.len());
            let text = &rest[..length];
            let ends_line = rest.get(length) != Some(&delimiter);
            let text = if ends_line { text.strip_suffix(b"\r").unwrap_or(text) } else { text };
            (Cell { bytes: text, quoted: false }, from + length)
        };
        cells.push(cell);
        match &bytes[end..] {
            [next, ..] if *next == delimiter => from = end + 1,
            [b'\n', ..] => return Split::Whole(end + 1),
            [b'\r', b'\n', ..] => return Split::Whole(end + 2),
            [] | [b'\r'] => return Split::Whole(bytes.len()),
            _ => return Split::Broken(cells.len() - 1, Fault::AfterQuote),
        }
    }
}

enum Quoted {
    /// Bytes before the closing quote.
    Closed(usize),
    Open,
    Broken(Fault),
}

/// Finds the end of a quoted cell; `bytes` begins after its opening quote.
fn quoted(bytes: &[u8], last: bool, is_text: bool) -> Quoted {
    let open = |swallows| Quoted::Broken(Fault::OpenQuote { swallows });
    let (limit, beyond) = if is_text {
        (MAX_TEXT, "no note is that long")
    } else {
        (MAX_VALUE, "no value is that long")
    };
    // One more byte than the limit tells a cell that is full from one that is too long.
    let within = &bytes[..bytes.len().min(limit + 1)];
    let line =
        if is_text { within } else { &within[..memchr(b'\n', within).unwrap_or(within.len())] };
    let mut from = 0;
    while let Some(quote) = memchr(b'"', &line[from..]).map(|at| from + at) {
        if bytes.get(quote + 1) != Some(&b'"') {
            return Quoted::Closed(quote);
        }
        from = (quote + 2).min(line.len());
    }
    if line.len() < within.len() {
        open("the line ends first")
    } else if within.len() > limit {
        open(beyond)
    } else if last {
        open("the file ends first")
    } else {
        Quoted::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMA: CsvDialect =
        CsvDialect { delimiter: b',', texts: [Some(2); TextColumn::ALL.len()] };

    fn cells(text: &str) -> (Split, Vec<String>) {
        let mut cells = Vec::new();
        let end = split(text.as_bytes(), true, COMMA, &mut cells);
        let texts = cells.iter().map(|c| String::from_utf8_lossy(c.bytes).into_owned());
        (end, texts.collect())
    }

    #[test]
    fn line_ends_are_lf_crlf_or_the_end_of_the_file() {
        for (text, end) in [("a,b,c\nx", 6), ("a,b,c\r\nx", 7), ("a,b,c", 5), ("a,b,c\r", 6)] {
            assert_eq!(cells(text), (Split::Whole(end), ["a", "b", "c"].map(str::to_owned).into()));
        }
        for (text, end) in [("a,\"b\",c\nx", 8), ("a,b,\"c\"\r\nx", 9), ("a,b,\"c\"", 7)] {
            assert_eq!(cells(text), (Split::Whole(end), ["a", "b", "c"].map(str::to_owned).into()));
        }
    }

    #[test]
    fn a_note_may_hold_commas_quotes_and_line_ends() {
        let (end, cells) = cells("a,b,\"x, \"\"y\"\"\r\nz\"\nnext");
        assert_eq!(end, Split::Whole(18));
        assert_eq!(cells[2], "x, \"\"y\"\"\r\nz");
    }

    #[test]
    fn quotes_that_are_not_closed_are_broken_where_they_open() {
        assert!(matches!(
            cells("a,\"b,c\nd,\"e\",f\n").0,
            Split::Broken(1, Fault::OpenQuote { .. })
        ));
        assert!(matches!(cells("a,b,\"c\nd,e,f\n").0, Split::Broken(2, Fault::OpenQuote { .. })));
        assert!(matches!(cells("a,\"b\"x,c\n").0, Split::Broken(1, Fault::AfterQuote)));
        let endless = format!("a,\"{}", "b".repeat(300));
        assert!(matches!(cells(&endless).0, Split::Broken(1, Fault::OpenQuote { .. })));
    }

    #[test]
    fn a_note_that_goes_on_beyond_the_piece_is_open() {
        let mut cells = Vec::new();
        assert_eq!(split(b"a,b,\"c\n", false, COMMA, &mut cells), Split::Open);
    }
}
