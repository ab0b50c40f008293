//! What the parts of a key may look like, wherever they come from: variables, files, commands.

/// `text` without what may stand around a value and belongs to no key, name, role or path: blanks,
/// line ends, a byte order mark.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

/// Why `text` can be no part of a key, and what to do about it; nothing of the text is in it.
pub(super) fn flaw(text: &str) -> Option<String> {
    let quoted = |quote| text.len() > 1 && text.starts_with(quote) && text.ends_with(quote);
    if text.is_empty() {
        return Some("is empty".to_owned());
    }
    if quoted('"') || quoted('\'') {
        return Some("is in quotation marks: take them away".to_owned());
    }
    let what = match text.chars().find(|c| !c.is_ascii_graphic())? {
        '\u{fffd}' => "bytes that are not UTF-8".to_owned(),
        c if c.is_whitespace() => "a blank or a line end in its middle".to_owned(),
        c => format!("the character U+{:04X}", u32::from(c)),
    };
    Some(format!("has {what}, which no key has: copy it again from where the key was made"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_a_value_is_no_part_of_it() {
        for text in ["key", " key", "key\n", "\u{feff}key\r\n", "\tkey\u{a0}"] {
            assert_eq!(trimmed(text), "key");
        }
    }

    #[test]
    fn what_no_key_holds_is_told_by_kind_and_never_by_value() {
        assert_eq!(flaw("AKIA/+=_-.:0\"x"), None);
        for (text, expected) in [
            ("", "empty"),
            ("\"secret\"", "is in quotation marks"),
            ("'secret'", "is in quotation marks"),
            ("sec ret", "a blank"),
            ("sec\nret", "a line end"),
            ("secr\u{e9}t", "U+00E9"),
            ("sec\u{200b}ret", "U+200B"),
            ("sec\u{0}ret", "U+0000"),
            ("sec\u{fffd}ret", "not UTF-8"),
        ] {
            let told = flaw(text).expect(expected);
            assert!(told.contains(expected) && !told.contains("sec"), "{told}");
        }
    }
}
