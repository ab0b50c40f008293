//! Text from outside, made harmless.

use std::borrow::Cow;

use jiff::Timestamp;

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

/// `text` as one word of a POSIX shell. Single quotes keep everything as it is but a single quote; control
/// characters are spelled out, so that such a value matches nothing rather than drive the
/// terminal that it is pasted into.
pub fn quote(text: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("'{}'", escape_control(text).replace('\'', r"'\''")))
}

/// Whether a character could drive a terminal or reorder a line.
pub fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// Milliseconds since 1970 as `2026-11-20 11:17Z`.
pub fn clock(ms: i64) -> String {
    match Timestamp::from_millisecond(ms) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%MZ").to_string(),
        // Beyond the year 9999: the number says more than nothing.
        Err(_) => ms.to_string(),
    }
}

/// `1234567` as `1,234,567`.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

/// The bytes of hexadecimal text; `None` if it is none.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    hex::decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_escapes_and_bidi_marks_are_spelled_out() {
        assert_eq!(escape_control("plain 安全组"), "plain 安全组");
        assert_eq!(escape_control("a\x1b]0;x\u{202e}"), "a\\u{1b}]0;x\\u{202e}");
    }
}
