//! Manifests from files and standard input.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::exit::{Exit, Failure};
use crate::cloud::alibaba::REGIONS;
use crate::config::Config;
use crate::manifest::{ManifestInput, read};
use crate::model::{PairSet, escape_control, thousands};

/// What the manifests of a command hold.
pub(super) struct Manifests {
    /// The pairs of the good rows.
    pub(super) pairs: PairSet,
    /// Bad rows that were left out (`--keep-going`).
    pub(super) left_out: usize,
}

/// Reads every manifest. Bad rows are a failure, all of them at once, unless `keep_going` leaves
/// them out.
pub(super) fn manifests(
    paths: &[PathBuf],
    config: &Config,
    keep_going: bool,
) -> Result<Manifests, Failure> {
    let inputs = paths.iter().map(|path| open(path)).collect::<Result<Vec<_>, _>>()?;
    let rules = config.manifest_rules(REGIONS.iter().map(|region| (*region).to_owned()));
    let parsed = read(inputs, &rules);
    let unreadable = parsed.unreadable().is_some();
    let left_out = parsed.bad;
    let mut messages: Vec<String> = parsed.errors.iter().map(ToString::to_string).collect();
    // Rows that nobody saw are not known to be bad: nothing is planned from the others.
    if unreadable || (left_out > 0 && parsed.rows_read == 0) {
        messages.push("nothing was sent".to_owned());
        return Err(Failure::of_many(Exit::Usage, messages));
    }
    if left_out > 0 && !keep_going {
        messages.push(refusal(left_out, parsed.rows_read));
        return Err(Failure::of_many(Exit::Usage, messages));
    }
    for message in messages {
        tracing::warn!("left out: {message}");
    }
    if parsed.pairs.rows.is_empty() {
        return Err(Failure::usage("the manifest names no pair: nothing to do"));
    }
    let left_out = usize::try_from(left_out).unwrap_or(usize::MAX);
    Ok(Manifests { pairs: parsed.pairs, left_out })
}

/// What to do about `bad` of `read` rows.
fn refusal(bad: u64, read: u64) -> String {
    let rows = if read == 1 { "row" } else { "rows" };
    let (order, bad, read) = (bad.cmp(&read), thousands(bad), thousands(read));
    match order {
        Ordering::Less => format!(
            "{bad} of {read} rows cannot be used: nothing was sent; --keep-going plans the others"
        ),
        Ordering::Equal => format!("{bad} of {read} {rows} cannot be used: nothing was sent"),
        Ordering::Greater => "the manifest cannot be used: nothing was sent".to_owned(),
    }
}

fn open(path: &Path) -> Result<ManifestInput, Failure> {
    let name = path.display().to_string();
    let reader: Box<dyn Read + Send> = if name == "-" {
        Box::new(std::io::stdin())
    } else if path.is_dir() {
        return Err(Failure::usage(folder(path)));
    } else {
        let file = File::open(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Failure::usage(missing(path)),
            _ => Failure::usage(format!("{name}: cannot be read: {error}; nothing was sent")),
        })?;
        Box::new(file)
    };
    Ok(ManifestInput { name, reader })
}

/// Manifests of a folder that are named at most.
const NAMED: usize = 3;

/// What is said of a folder in place of a manifest.
fn folder(path: &Path) -> String {
    let (name, holds) = (told(path), csv_files(path));
    format!("`{name}` is a folder, expected a manifest; it holds {holds}; nothing was sent")
}

/// What is said of a manifest that is not there.
fn missing(path: &Path) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let (name, holds) = (told(path), csv_files(folder.unwrap_or_else(|| Path::new("."))));
    format!("`{name}` does not exist; its folder holds {holds}; nothing was sent")
}

/// A path as it is told.
fn told(path: &Path) -> String {
    let path = path.strip_prefix("./").unwrap_or(path).display().to_string();
    escape_control(&path).into_owned()
}

/// The manifests of a folder, in words.
fn csv_files(path: &Path) -> String {
    let is_csv = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "csv");
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_csv).collect();
    found.sort_unstable();
    let names: Vec<String> = found.iter().take(NAMED).map(|path| told(path)).collect();
    let more = if found.len() > NAMED { ", …" } else { "" };
    match names.as_slice() {
        [] => "no CSV file".to_owned(),
        names => names.join(", ") + more,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_counts_rows_and_names_the_option_only_where_it_helps() {
        assert!(refusal(1, 2).ends_with("--keep-going plans the others"));
        assert_eq!(refusal(1, 1), "1 of 1 row cannot be used: nothing was sent");
        assert_eq!(refusal(1, 0), "the manifest cannot be used: nothing was sent");
    }
}
