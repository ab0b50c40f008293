//! Text from outside, made harmless.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Escapes what could drive a terminal or reorder a line: control characters, escape sequences
/// and bidirectional marks come out as `\u{…}`.
pub fn escape_control(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_hostile(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Whether a character could drive a terminal or reorder a line.
pub fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_escapes_and_bidi_marks_are_spelled_out() {
        assert_eq!(escape_control("plain 安全组"), "plain 安全组");
        assert_eq!(escape_control("a\x1b]0;x\u{202e}"), "a\\u{1b}]0;x\\u{202e}");
        assert_eq!(hex(&[0, 255]), "00ff");
    }
}
