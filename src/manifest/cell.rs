//! A cell's bytes → its text, and what spreadsheets and editors do to values.

use std::borrow::Cow;

use super::Fault;
use super::split::Cell;

/// The longest value, in bytes: ids and names are far shorter.
pub(super) const MAX_VALUE: usize = 256;

/// The longest note, in bytes: a ticket, a reason; not a document.
pub(super) const MAX_NOTE: usize = 4096;

/// The text of a cell other than a note, without white space around it.
///
/// Doubled quotes stay doubled: no valid value holds a quote.
pub(super) fn value<'a>(cell: &Cell<'a>) -> Result<&'a str, Fault> {
    let text = trim(utf8(cell.bytes)?);
    if text.len() > MAX_VALUE {
        return Err(too_long(text, "at most 256 bytes"));
    }
    Ok(text)
}

/// The text of a note, without white space around it.
///
/// `width` is the number of cells of a row: a note in which whole rows stand is the work of a
/// stray quote, and its rows would be lost in silence.
pub(super) fn note<'a>(cell: &Cell<'a>, width: usize) -> Result<Cow<'a, str>, Fault> {
    let text = trim(utf8(cell.bytes)?);
    if text.len() > MAX_NOTE {
        return Err(too_long(text, "at most 4096 bytes"));
    }
    if text.contains('\0') {
        return Err(Fault::value(text, "holds a NUL byte", "text"));
    }
    if !cell.quoted {
        return Ok(Cow::Borrowed(text));
    }
    let is_row = |line: &str| line.contains("sg-") && line.matches(',').count() + 1 >= width;
    if text.split('\n').skip(1).any(is_row) {
        return Err(Fault::OpenQuote { swallows: "the rows after it are inside" });
    }
    Ok(if text.contains('"') { text.replace("\"\"", "\"").into() } else { text.into() })
}

fn too_long(text: &str, expected: &'static str) -> Fault {
    Fault::value(text, format!("is {} bytes long", text.len()), expected)
}

fn utf8(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).map_err(|error| {
        Fault::NotUtf8(bytes.get(error.valid_up_to()).copied().unwrap_or_default())
    })
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

/// A bad value: what was done to it if that can be told, else `wrong`.
pub(super) fn bad(
    text: &str,
    wrong: &'static str,
    expected: impl Into<Cow<'static, str>>,
) -> Fault {
    Fault::value(text, ruin(text).unwrap_or(wrong), expected)
}

/// What a spreadsheet or an editor did to a value, if it shows.
fn ruin(text: &str) -> Option<&'static str> {
    if text.contains('\0') {
        Some("holds a NUL byte")
    } else if text.contains('\r') {
        Some("holds a carriage return that ends no line")
    } else if text.chars().any(is_invisible) {
        Some("holds an invisible character")
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

fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
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

/// Whether a value must not stand in a manifest whatever its column.
pub(super) fn is_ruined(text: &str) -> bool {
    ruin(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str, quoted: bool) -> Cell<'_> {
        Cell { bytes: text.as_bytes(), quoted }
    }

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
        assert_eq!(note(&cell("say \"\"no\"\"", true), 6), Ok("say \"no\"".into()));
        assert_eq!(note(&cell("5\" pipe", false), 6), Ok("5\" pipe".into()));
    }

    #[test]
    fn a_note_that_holds_whole_rows_is_a_stray_quote() {
        let text = "OPS-1\ncn-beijing,1,sg-a,2,sg-b,why";
        assert!(matches!(note(&cell(text, true), 6), Err(Fault::OpenQuote { .. })));
        assert!(note(&cell("first\nsecond, third", true), 6).is_ok());
    }
}
