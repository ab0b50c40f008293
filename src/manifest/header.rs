//! The header of a manifest → its layout.

use std::borrow::Cow;

use memchr::memchr;

use super::cell::value;
use super::column::Layout;
use super::near::nearest;
use super::split::{Cell, Split, first_line, split};
use super::{Column, Fault};

const BOM: &[u8] = b"\xEF\xBB\xBF";
const UTF16_BOMS: [&[u8]; 2] = [b"\xFF\xFE", b"\xFE\xFF"];
/// Cells of a header that are told one by one if they are wrong.
const MOST_CELLS: usize = 100;
const OTHER_DELIMITERS: [(char, &str); 3] = [(';', "`;`"), ('\t', "tabs"), ('|', "`|`")];

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
    fn of_file(line: u32, fault: Fault) -> Self {
        Self { line, faults: vec![("header".into(), fault)] }
    }
}

/// Checks how a file begins: the length of its BOM, or a fault for UTF-16.
pub(super) fn encoding(bytes: &[u8]) -> Result<usize, BadHeader> {
    let wide = UTF16_BOMS.iter().any(|bom| bytes.starts_with(bom))
        || matches!(bytes, [0, first, ..] | [first, 0, ..] if *first != 0);
    if wide {
        return Err(BadHeader::of_file(1, Fault::Utf16));
    }
    Ok(if bytes.starts_with(BOM) { BOM.len() } else { 0 })
}

/// Reads the header: the first line of `bytes` that is not blank, if there is one.
pub(super) fn read(bytes: &[u8]) -> Result<Option<Header>, BadHeader> {
    let (mut length, mut lines) = (0, 1);
    while length < bytes.len() {
        let rest = &bytes[length..];
        let (line, next) = first_line(rest);
        length += next;
        if !line.trim_ascii().is_empty() {
            let layout = layout(rest, line).map_err(|faults| BadHeader { line: lines, faults })?;
            return Ok(Some(Header { layout, length, lines }));
        }
        lines += 1;
    }
    Ok(None)
}

/// The fault of a file that ends before its header.
pub(super) fn missing() -> BadHeader {
    BadHeader::of_file(1, Fault::NoHeader)
}

fn layout(bytes: &[u8], line: &[u8]) -> Result<Layout, Vec<(Cow<'static, str>, Fault)>> {
    let of_file = |fault| vec![(Cow::Borrowed("header"), fault)];
    if memchr(b'\r', line).is_some() {
        return Err(of_file(Fault::CarriageReturn));
    }
    let mut cells = Vec::new();
    if let Split::Broken(_, fault) = split(bytes, true, None, &mut cells) {
        return Err(of_file(fault));
    }
    if let Some(name) = other_delimiter(&cells) {
        return Err(of_file(Fault::Delimiter(name)));
    }
    if cells.len() > MOST_CELLS {
        return Err(of_file(Fault::TooManyCells(cells.len())));
    }
    columns(&cells).map(Layout::new)
}

/// What separates the columns, if the only cell is plainly several.
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
    Column::ALL
        .into_iter()
        .find(|column| column.name() == name)
        .ok_or_else(|| (Some(name.to_owned()), unknown(name)))
}

fn unknown(name: &str) -> Fault {
    let names = Column::ALL.map(Column::name);
    let near = nearest(name, names).map(|near| format!("did you mean `{near}`? "));
    let expected = format!("{}expected one of {}", near.unwrap_or_default(), names.join(", "));
    Fault::UnknownColumn { expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_commas_is_one_fault_and_not_one_for_each() {
        let cells = MOST_CELLS + 1;
        let bad = read(",".repeat(cells - 1).as_bytes()).expect_err("a bad header");
        assert_eq!(bad.faults, [("header".into(), Fault::TooManyCells(cells))]);
        let few = read(b"cloud,,").expect_err("a bad header");
        assert!(few.faults.contains(&("cell 2".into(), Fault::Empty("the name of a column"))));
    }
}
