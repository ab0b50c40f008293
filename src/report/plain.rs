//! JSON that no terminal acts upon, and that says the same.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::model::is_hostile;

/// A place for JSON in which characters that drive a terminal or reorder a line are written as
/// `\uXXXX`. Outside strings JSON has none but line breaks.
pub struct PlainJson<W>(pub W);

impl<W: Write> Write for PlainJson<W> {
    /// Takes what a serializer writes: whole characters.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
        let acts = |c: char| !c.is_ascii_control() && is_hostile(c) || c == '\x7f';
        if !text.contains(acts) {
            self.0.write_all(bytes)?;
            return Ok(bytes.len());
        }
        let mut out = String::with_capacity(text.len() + 8);
        for c in text.chars() {
            if acts(c) {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            } else {
                out.push(c);
            }
        }
        self.0.write_all(out.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_says_the_same_and_drives_nothing() {
        let text = "a\u{1b}[31m\u{202e}\u{9b}\u{7f}\u{feff}安全组\n\"";
        let mut out = Vec::new();
        serde_json::to_writer(PlainJson(&mut out), &[text]).expect("written");
        let json = String::from_utf8(out).expect("UTF-8");
        assert_eq!(json, "[\"a\\u001b[31m\\u202e\\u009b\\u007f\\ufeff安全组\\n\\\"\"]");
        assert_eq!(serde_json::from_str::<Vec<String>>(&json).expect("JSON"), [text]);
    }
}
