//! Who gives this command: host, user, process, command line and version, as a run keeps them.

use std::ffi::OsString;

use super::args::VERSION;
use crate::journal::{Invoker, Since};
use crate::model::{escape_control, quote};

/// Letters that the id of an access key of either cloud begins with.
const KEY_IDS: [&str; 4] = ["LTAI", "STS.", "AKIA", "ASIA"];
/// Characters that an id of an access key has at least.
const KEY_ID_LENGTH: usize = 16;
/// Characters that a secret has at least.
const SECRET_LENGTH: usize = 30;
/// Words in the name of an option or variable whose value is a secret.
const SECRET_NAMES: [&str; 4] = ["secret", "password", "token", "credential"];
/// What stands for a value that looks like a key.
const MASK: &str = "***";
/// The line of users of a POSIX system: name, password, number, …
const USERS: &str = "/etc/passwd";

/// This process as it began at `began_ms` (milliseconds since 1970).
pub(super) fn this_process(began_ms: i64) -> Since {
    let by = Invoker {
        host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        user: user(),
        pid: std::process::id(),
        command: command_line(std::env::args_os()),
        version: VERSION.to_owned(),
    };
    Since { by, began_ms }
}

/// The name of the user by the system's own table; what the environment says may be anything.
fn user() -> String {
    let number = rustix::process::geteuid().as_raw().to_string();
    let table = std::fs::read_to_string(USERS).unwrap_or_default();
    let named = table.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _, uid) = (fields.next()?, fields.next()?, fields.next()?);
        (uid == number).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| format!("user {number}"))
}

/// The command line in one line, `unpair` first, without what looks like a key.
fn command_line(args: impl Iterator<Item = OsString>) -> String {
    let mut words = vec!["unpair".to_owned()];
    let mut is_secret = false;
    for arg in args.skip(1) {
        let arg = arg.to_string_lossy();
        let word = if is_secret { MASK.to_owned() } else { masked(&arg) };
        is_secret = arg.starts_with('-') && !arg.contains('=') && names_a_secret(&arg);
        // What a mask stands in is not to be given again.
        let is_masked = word.contains(MASK);
        words.push(if is_masked { escape_control(&word) } else { quote(&word) }.into_owned());
    }
    words.join(" ")
}

/// An argument without what looks like a key in it.
fn masked(arg: &str) -> String {
    if let Some((name, _)) = arg.split_once('=').filter(|(name, _)| names_a_secret(name)) {
        return format!("{name}={MASK}");
    }
    // The password of a URL: `scheme://user:password@host`.
    if let Some((scheme, rest)) = arg.split_once("://")
        && let Some((user, host)) = rest.rsplit_once('@')
        && let Some((user, _)) = user.split_once(':')
    {
        return format!("{scheme}://{user}:{MASK}@{host}");
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || "+/.-_".contains(c);
    let pieces = arg.split_inclusive(|c| !is_part(c)).map(|piece| {
        let word = piece.trim_end_matches(|c| !is_part(c));
        if looks_like_a_key(word) { piece.replacen(word, MASK, 1) } else { piece.to_owned() }
    });
    pieces.collect()
}

fn names_a_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|word| name.contains(word))
}

/// The id of an access key, or a word of capitals, small letters and digits that is longer than any
/// name. Digests have no capitals.
fn looks_like_a_key(word: &str) -> bool {
    let is_id = KEY_IDS.iter().any(|start| word.starts_with(start)) && word.len() >= KEY_ID_LENGTH;
    let longest = word.split(['/', '.', '-', '_']).map(str::len).max().unwrap_or_default();
    let has = |kind: fn(&u8) -> bool| word.as_bytes().iter().any(kind);
    let is_mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
    let is_secret = (longest >= SECRET_LENGTH
        || !word.contains(['.', '-', '_']) && word.len() >= 40)
        && is_mixed
        && has(u8::is_ascii_digit);
    is_id || is_secret
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(args: &[&str]) -> String {
        command_line(std::iter::once("/usr/bin/unpair").chain(args.iter().copied()).map(Into::into))
    }

    #[test]
    fn a_command_line_is_told_as_it_was_given() {
        let digest = "3f".repeat(32);
        let told = line(&["revoke", "--run", "01a22ead-abf7", "--digest", &digest, "my pairs.csv"]);
        assert_eq!(
            told,
            format!("unpair revoke --run 01a22ead-abf7 --digest {digest} 'my pairs.csv'")
        );
        let paths = "plan /srv/unpair/2026-12-01/Partners-Of-The-North/pairs_v2.csv";
        assert_eq!(line(&paths.split(' ').collect::<Vec<_>>()), format!("unpair {paths}"));
    }

    #[test]
    fn what_looks_like_a_key_is_left_out() {
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        for (args, told) in [
            (&["revoke", "AKIAIOSFODNN7EXAMPLE"][..], "revoke ***"),
            (&["revoke", "LTAI5tExampleExampleExam"], "revoke ***"),
            (&["revoke", secret], "revoke ***"),
            (&["revoke", &format!("key:{secret}")], "revoke key:***"),
            (&["x", "--secret", "short", "y"], "x --secret *** y"),
            (&["x", "--session-token=short"], "x --session-token=***"),
            (&["--journal", "postgres://me:hunter2@db/x"], "--journal postgres://me:***@db/x"),
        ] {
            assert_eq!(line(args), format!("unpair {told}"));
        }
    }

    #[test]
    fn the_user_is_the_one_whose_number_the_process_has() {
        let told = this_process(7);
        assert_eq!(told.by.pid, std::process::id());
        assert!(!told.by.user.is_empty() && !told.by.host.is_empty());
    }
}
