//! The secrets that tests hand out, and the search for them in whatever the program leaves behind.
//!
//! Each is looked for as it is, percent-encoded, in base64, in hexadecimal and escaped for JSON.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};

use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// How many bytes of a spelling are looked up first.
const START: usize = 8;

static WATCHED: LazyLock<Mutex<Watched>> = LazyLock::new(Mutex::default);

/// Every spelling of every secret, by its first bytes.
#[derive(Default)]
struct Watched {
    by_start: HashMap<[u8; START], Vec<(Vec<u8>, String)>>,
    /// Which bytes a spelling may begin with: most places are passed over by this alone.
    firsts: HashSet<u8>,
}

/// Watches for a secret from now on, in whatever is searched in this process.
pub(crate) fn watch(name: &str, secret: &str) {
    let mut watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
    for (form, spelling) in spellings(secret) {
        let bytes = spelling.into_bytes();
        let Some(start) = bytes.first_chunk::<START>().copied() else {
            panic!("{name} is too short to be looked for")
        };
        watched.firsts.insert(start[0]);
        let known = watched.by_start.entry(start).or_default();
        if known.iter().all(|(other, _)| *other != bytes) {
            known.push((bytes, format!("{name}, {form}")));
        }
    }
}

/// The spellings under which a secret could come out.
pub(crate) fn spellings(secret: &str) -> Vec<(&'static str, String)> {
    let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let lower: String = secret.bytes().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    });
    let quoted = serde_json::Value::from(secret).to_string();
    let escaped: String = secret.chars().fold(String::new(), |mut out, c| {
        let _ = write!(out, "\\u{:04x}", u32::from(c));
        out
    });
    let mut all = vec![
        ("as it is", secret.to_owned()),
        ("percent-encoded", percent.to_lowercase()),
        ("percent-encoded", percent),
        ("in hexadecimal", lower.to_uppercase()),
        ("in hexadecimal", lower),
        ("escaped for JSON", quoted[1..quoted.len() - 1].to_owned()),
        ("escaped for JSON", escaped),
    ];
    all.extend(
        (0..3).flat_map(|at| [&STANDARD, &URL_SAFE].map(|by| ("in base64", inner(by, secret, at)))),
    );
    all
}

/// What base64 of any text has in it that has `secret` at a place that is `at` modulo 3.
fn inner(by: &impl base64::Engine, secret: &str, at: usize) -> String {
    let text = [&vec![0; at], secret.as_bytes()].concat();
    let (from, to) = ((at * 8).div_ceil(6), text.len() * 8 / 6);
    by.encode(&text)[from..to].to_owned()
}

/// The first secret in `bytes`, by its name and spelling.
pub(crate) fn find(bytes: &[u8]) -> Option<String> {
    let watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
    let mut is_first = [false; 256];
    watched.firsts.iter().for_each(|byte| is_first[usize::from(*byte)] = true);
    let mut starts = bytes.windows(START).enumerate().filter(|(_, w)| is_first[usize::from(w[0])]);
    starts.find_map(|(at, window)| {
        let spellings = watched.by_start.get(window)?;
        let hit = spellings.iter().find(|(spelling, _)| bytes[at..].starts_with(spelling));
        hit.map(|(_, name)| name.clone())
    })
}

/// Fails the test if a secret stands in `bytes`.
#[track_caller]
pub(crate) fn assert_none(place: &str, bytes: &[u8]) {
    if let Some(name) = find(bytes) {
        panic!("{place} holds {name}: {}", String::from_utf8_lossy(bytes));
    }
}

/// Fails the test if a secret stands in a file below `folder`, but for the `inputs` that hold the
/// credentials.
#[track_caller]
pub(crate) fn assert_none_below(folder: &Path, inputs: &[&str]) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let entry = entry.expect("an entry");
        let (path, kind) = (entry.path(), entry.file_type().expect("a kind"));
        let is_input = inputs.iter().any(|input| entry.file_name() == **input);
        if kind.is_dir() {
            assert_none_below(&path, inputs);
        } else if kind.is_file() && !is_input {
            // A link may lead to a device that never ends.
            let found = find(&fs::read(&path).expect("a readable file"));
            assert_eq!(found, None, "{} holds it", path.display());
        }
    }
}
