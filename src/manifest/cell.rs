//! Reads the text of a cell, and recognizes what spreadsheets and editors do to values.

use std::borrow::Cow;

use super::Fault;
use super::odd_character::{OddCharacter, mended};
use super::split::{Cell, CsvDialect, MAX_TEXT, MAX_VALUE};

/// The text of a cell that holds a value, without white space around it.
///
/// Doubled quotes stay doubled, since no valid value holds a quote.
pub(super) fn value<'a>(cell: &Cell<'a>) -> Result<&'a str, Fault> {
    let text = trim(utf8(cell.bytes)?);
    if text.len() > MAX_VALUE {
        return Err(too_long(text, "at most 256 bytes"));
    }
    Ok(text)
}

/// The free text of a cell, without white space around it.
///
/// `width` is the number of cells of a row. One that holds whole rows comes from a stray quote. It
/// is an error, because these rows would be lost without a word.
pub(super) fn free_text<'a>(
    cell: &Cell<'a>,
    width: usize,
    dialect: CsvDialect,
) -> Result<Cow<'a, str>, Fault> {
    let text = trim(utf8(cell.bytes)?);
    if text.len() > MAX_TEXT {
        return Err(too_long(text, "at most 4096 bytes"));
    }
    if text.contains('\0') {
        return Err(Fault::value(text, "holds a NUL byte", "text"));
    }
    if !cell.quoted {
        return Ok(Cow::Borrowed(text));
    }
    let delimiter = char::from(dialect.delimiter);
    let is_row = |line: &str| line.contains("sg-") && line.matches(delimiter).count() + 1 >= width;
    if text.split('\n').skip(1).any(is_row) {
        return Err(Fault::OpenQuote { swallows: "the rows after it are inside" });
    }
    Ok(if text.contains('"') { text.replace("\"\"", "\"").into() } else { text.into() })
}

/// Whether a cell, or a line, holds nothing but blanks, quotes, and separators of any dialect.
pub(super) fn is_blank(bytes: &[u8]) -> bool {
    let is_nothing = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"');
    match bytes.iter().find(|byte| !byte.is_ascii() || !is_nothing(char::from(**byte))) {
        None => true,
        Some(byte) if byte.is_ascii() => false,
        Some(_) => std::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(is_nothing)),
    }
}

fn too_long(text: &str, expected: &'static str) -> Fault {
    Fault::detailed(text, "is too long", &format!(" ({} bytes)", text.len()), expected)
}

fn utf8(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).map_err(|error| {
        let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
        Fault::NotUtf8 { byte, looks_like: looks_like(bytes) }
    })
}

/// The likely encoding of bytes that are not UTF-8. In GBK, bytes above 0xA0 mostly come in pairs.
fn looks_like(bytes: &[u8]) -> &'static str {
    let mut runs = bytes.split(u8::is_ascii).filter(|run| !run.is_empty());
    if runs.all(|run| run.len() % 2 == 0 && run.iter().all(|byte| *byte > 0xA0)) {
        "GBK, as `CSV` in Chinese?"
    } else {
        "an older encoding, as windows-1252?"
    }
}

/// Drops white space around a value; most values have none.
fn trim(text: &str) -> &str {
    match text.as_bytes() {
        [] => text,
        [first, .., last] | [first @ last]
            if first.is_ascii_graphic() && last.is_ascii_graphic() =>
        {
            text
        }
        _ => text.trim(),
    }
}

/// The fault of a bad value: what a program did to it, if that can be recognized, else `wrong`.
pub(super) fn bad(
    text: &str,
    wrong: &'static str,
    expected: impl Into<Cow<'static, str>>,
) -> Fault {
    match (ruin(text), OddCharacter::find(text)) {
        (Some(ruin), _) => Fault::value(text, ruin, expected),
        (None, Some(odd)) => misleading(text, odd, expected),
        (None, None) => Fault::value(text, wrong, expected),
    }
}

/// A value with this odd character in it.
pub(super) fn misleading(
    text: &str,
    odd: OddCharacter,
    expected: impl Into<Cow<'static, str>>,
) -> Fault {
    let meant = mended(text);
    let meant =
        if meant.is_ascii() { format!(" (was `{}` meant?)", meant.trim()) } else { String::new() };
    Fault::detailed(text, ODD, &format!(": {odd}{meant}"), expected)
}

/// What is wrong with a value in which an odd character stands.
const ODD: &str = "holds a character that does not belong there";

/// What a spreadsheet or an editor did to a value, if that can be recognized.
fn ruin(text: &str) -> Option<&'static str> {
    if text.contains('\0') {
        Some("holds a NUL byte")
    } else if text.contains('\r') {
        Some("holds a carriage return that ends no line")
    } else if text.contains('"') {
        Some("holds a stray quote")
    } else if is_scientific(text) {
        Some(
            "is a number that a spreadsheet shortened, its digits are lost (format the column as text)",
        )
    } else if text.starts_with('#') && text.ends_with(['!', '?', 'A', '#']) {
        Some("is a spreadsheet's error")
    } else if text.starts_with('=') {
        Some("is a spreadsheet's formula")
    } else {
        None
    }
}

/// `1.23457E+15`, also with a decimal comma.
pub(super) fn is_scientific(text: &str) -> bool {
    let Some((number, exponent)) = text.split_once(['E', 'e']) else { return false };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let number = number.strip_prefix(['+', '-']).unwrap_or(number);
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let number_is_decimal = match number.split_once(['.', ',']) {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(number),
    };
    number_is_decimal && digits(exponent)
}

/// Whether a value is wrong in every column.
pub(super) fn is_ruined(text: &str) -> bool {
    ruin(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TextColumn;

    fn cell(text: &str, quoted: bool) -> Cell<'_> {
        Cell { bytes: text.as_bytes(), quoted }
    }

    const COMMA: CsvDialect = CsvDialect { delimiter: b',', texts: [None; TextColumn::ALL.len()] };

    #[test]
    fn white_space_around_a_value_is_dropped() {
        for text in ["a", " a", "a ", "\ta\u{a0}", "\u{3000}a"] {
            assert_eq!(value(&cell(text, false)), Ok("a"), "{text:?}");
        }
        assert_eq!(value(&cell("  ", false)), Ok(""));
    }

    #[test]
    fn scientific_numbers_are_known_and_hexadecimal_text_is_not() {
        for text in ["1.23457E+15", "1,23457E+11", "1e12", "-1.5e-3"] {
            assert!(is_scientific(text), "{text}");
        }
        for text in ["e12", "1e", "sg-1e5", "1.e5", "123", "a1e5"] {
            assert!(!is_scientific(text), "{text}");
        }
    }

    #[test]
    fn doubled_quotes_of_a_quoted_note_are_one() {
        assert_eq!(free_text(&cell("say \"\"no\"\"", true), 6, COMMA), Ok("say \"no\"".into()));
        assert_eq!(free_text(&cell("5\" pipe", false), 6, COMMA), Ok("5\" pipe".into()));
    }

    #[test]
    fn a_note_that_holds_whole_rows_is_a_stray_quote() {
        let text = "OPS-1\ncn-beijing,1,sg-a,2,sg-b,why";
        assert!(matches!(free_text(&cell(text, true), 6, COMMA), Err(Fault::OpenQuote { .. })));
        assert!(free_text(&cell("first\nsecond, third", true), 6, COMMA).is_ok());
    }
}
