//! Changes to an answer, drawn from a seed.

use fastrand::Rng;

/// Pieces that mean something to a reader of XML or JSON.
pub(crate) const TOKENS: [&str; 40] = [
    "<",
    ">",
    "</",
    "/>",
    "&",
    "&lt;",
    "&#0;",
    "&#x110000;",
    "&a;",
    "]]>",
    "<![CDATA[",
    "<!--",
    "-->",
    "<?xml?>",
    "<!DOCTYPE a>",
    "<item>",
    "</item>",
    "<item/>",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "-1",
    "0",
    "1e400",
    "99999999999999999999",
    "-9223372036854775809",
    "\u{feff}",
    "\u{202e}",
    "\0",
    " ",
    "\n",
];

/// `body` with one to four changes; `others` are what pieces are taken from.
pub(crate) fn mutated(rng: &mut Rng, body: &str, others: &[&str]) -> Vec<u8> {
    let mut bytes = body.as_bytes().to_vec();
    for _ in 0..rng.usize(1..=4) {
        change(rng, &mut bytes, others);
    }
    bytes
}

fn change(rng: &mut Rng, bytes: &mut Vec<u8>, others: &[&str]) {
    if bytes.is_empty() {
        return;
    }
    let at = rng.usize(..bytes.len());
    match rng.u8(..10) {
        0 => bytes[at] ^= 1 << rng.u8(..8),
        1 => bytes[at] = rng.u8(..),
        2 => bytes.truncate(at),
        3 => drop(bytes.drain(range(rng, bytes.len()))),
        4 => {
            let copy = bytes[range(rng, bytes.len())].to_vec();
            insert(bytes, at, &copy);
        }
        5 => {
            let other = others[rng.usize(..others.len())].as_bytes();
            insert(bytes, at, &other[range(rng, other.len())]);
        }
        6 => double_or_drop_element(rng, bytes),
        7 => replace_number(rng, bytes),
        _ => insert(bytes, at, TOKENS[rng.usize(..TOKENS.len())].as_bytes()),
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    bytes.splice(at..at, piece.iter().copied());
}

fn range(rng: &mut Rng, length: usize) -> std::ops::Range<usize> {
    let from = rng.usize(..length);
    from..(from + rng.usize(1..=64)).min(length)
}

/// Doubles, or drops, what stands between two marks: a whole element or a whole field more often
/// than chance would have it.
fn double_or_drop_element(rng: &mut Rng, bytes: &mut Vec<u8>) {
    let marks: Vec<usize> =
        (0..bytes.len()).filter(|ix| matches!(bytes[*ix], b'<' | b'{' | b'}' | b',')).collect();
    if marks.len() < 2 {
        return;
    }
    let (a, b) = (rng.usize(..marks.len()), rng.usize(..marks.len()));
    let piece = marks[a.min(b)]..marks[a.max(b)];
    if rng.bool() {
        bytes.drain(piece);
    } else {
        let copy = bytes[piece.clone()].to_vec();
        insert(bytes, piece.end, &copy);
    }
}

fn replace_number(rng: &mut Rng, bytes: &mut Vec<u8>) {
    let digits: Vec<usize> = (0..bytes.len()).filter(|ix| bytes[*ix].is_ascii_digit()).collect();
    if let Some(at) = digits.get(rng.usize(..digits.len().max(1))) {
        let number = ["-1", "65536", "4294967296", "1e9", "18446744073709551616", ""];
        bytes.splice(*at..=*at, number[rng.usize(..number.len())].bytes());
    }
}
