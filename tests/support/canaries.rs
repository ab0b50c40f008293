//! The secrets that tests hand out, and the search for them in whatever the program leaves behind.
//!
//! Each is looked for as it is, percent-encoded, in base64, in hexadecimal and escaped for JSON.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{LazyLock, Mutex, Once, PoisonError};

use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// How many bytes of a spelling are looked up first.
const START: usize = 8;

static WATCHED: LazyLock<Mutex<Watched>> = LazyLock::new(Mutex::default);

/// What stands in the environment of every run of the program: no two spellings of one are alike.
const PLANTED: [(&str, &str); 6] = [
    ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "alibaba+planted/50=\"&%\\secret"),
    ("ALIBABA_CLOUD_SECURITY_TOKEN", "alibaba+planted/51=\"&%\\token"),
    ("AWS_SECRET_ACCESS_KEY", "aws+planted/52=\"&%\\secret"),
    ("AWS_SESSION_TOKEN", "aws+planted/53=\"&%\\token"),
    ("UNPAIR_AWS__EXTERNAL_ID", "planted+external/54=:@-id"),
    ("https_proxy", "http://unpair:planted.word_7-55@127.0.0.1:9"),
];
/// The world that `--sandbox` serves.
const SAMPLE: &str = include_str!("../../sample-data/world.toml");

/// Every spelling of every secret, by its first bytes.
#[derive(Default)]
struct Watched {
    by_start: HashMap<[u8; START], Vec<(Vec<u8>, String)>>,
    /// Which bytes a spelling may begin with: most places are passed over by this alone.
    firsts: HashSet<u8>,
}

/// Watches for a secret from now on, in whatever is searched in this process.
pub fn watch(name: &str, secret: &str) {
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

/// Plants six secrets in the environment of `command`, but none of a cloud whose key it was given,
/// and watches for them, for those that it was given, and for the keys of the sample world.
pub fn plant(command: &mut Command) -> &mut Command {
    static SAMPLES: Once = Once::new();
    SAMPLES.call_once(watch_samples);
    let given = |command: &Command, name: &str| command.get_envs().any(|(own, _)| own == name);
    for key in ["ALIBABA_CLOUD_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID"] {
        let cloud = &key[..key.len() - "ACCESS_KEY_ID".len()];
        if !given(command, key) {
            command.env(key, "PLANTED");
            command.envs(PLANTED.into_iter().filter(|(name, _)| name.starts_with(cloud)));
        }
    }
    for (name, value) in PLANTED.into_iter().filter(|(name, _)| name.starts_with(['U', 'h'])) {
        if !given(command, name) {
            command.env(name, value);
        }
    }
    for (name, value) in command.get_envs().filter_map(|(name, value)| name.to_str().zip(value)) {
        let is_secret = PLANTED.iter().any(|(planted, _)| *planted == name);
        let value = value.to_str().filter(|value| is_secret && !value.is_empty());
        // Of a proxy, it is the password alone.
        let secret = value
            .and_then(|value| if name == "https_proxy" { password(value) } else { Some(value) });
        if let Some(secret) = secret {
            watch(name, secret);
        }
    }
    command
}

/// The password of a URL.
fn password(url: &str) -> Option<&str> {
    let (_, authority) = url.split_once("://")?;
    authority.split_once('@')?.0.split_once(':').map(|(_, password)| password)
}

fn watch_samples() {
    let keys = SAMPLE.lines().filter_map(|line| line.strip_prefix("access_key_secret = "));
    keys.for_each(|key| watch("a key of the sample world", key.trim_matches('"')));
}

/// The spellings under which a secret could come out.
pub fn spellings(secret: &str) -> Vec<(&'static str, String)> {
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
pub fn find(bytes: &[u8]) -> Option<String> {
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
pub fn assert_none(place: &str, bytes: &[u8]) {
    if let Some(name) = find(bytes) {
        panic!("{place} holds {name}: {}", String::from_utf8_lossy(bytes));
    }
}

/// Fails the test if a secret stands in a file below `folder`, but for the `inputs` that hold the
/// credentials.
#[track_caller]
pub fn assert_none_below(folder: &Path, inputs: &[&str]) {
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
