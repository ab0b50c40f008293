//! `init`: a configuration and a manifest to begin with, from the profiles that are there.

mod template;

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::args::FIRST_MANIFEST;
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure};
use crate::cli::summary::options;
use crate::cloud::alibaba::process_env;
use crate::cloud::{Listed, listed};
use crate::config::DEFAULT_FILE;
use crate::model::{Provider, escape_control};
use crate::report::Format;

/// Only its owner reads and writes what is written: profiles tell who has which rights.
const MODE: u32 = 0o600;

pub(super) fn run(context: &Context) -> Result<Exit, Failure> {
    let env = process_env();
    let found = Provider::ALL.map(|cloud| (cloud, listed(cloud, &env)));
    for problem in found.iter().flat_map(|(_, listed)| &listed.problems) {
        tracing::warn!("left out: {}", problem.message);
    }
    let config = context.common.config.clone().unwrap_or_else(|| DEFAULT_FILE.into());
    let texts = [
        (config, template::configuration(&found)),
        (FIRST_MANIFEST.into(), template::manifest(&found)),
    ];
    let mut files = Vec::new();
    for (path, text) in texts {
        files.push((write_new(&path, &text)?, path));
    }
    if files.iter().all(|(written, _)| *written == Written::WasThere) {
        let names: Vec<String> = files.iter().map(|(_, path)| path.display().to_string()).collect();
        return Err(Failure::usage(format!(
            "{} are there already, and are left as they are: nothing was written; to begin anew, \
             move them away",
            names.join(" and ")
        )));
    }
    let result = match context.output.format {
        Format::Json => as_json(&files, &found),
        _ => as_text(&files, &found, &options(&context.common)),
    };
    context.output.write(result.as_bytes())?;
    Ok(Exit::Done)
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    Now,
    WasThere,
}

/// Writes a file unless there is one of that name, a link among them.
fn write_new(path: &Path, text: &str) -> Result<Written, Failure> {
    let cannot = |error: std::io::Error| {
        Failure::new(Exit::CouldNotWork, format!("{}: cannot be written: {error}", path.display()))
    };
    match OpenOptions::new().write(true).create_new(true).mode(MODE).open(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).map(|()| Written::Now).map_err(cannot),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Written::WasThere),
        Err(error) => Err(cannot(error)),
    }
}

type FoundProfiles = [(Provider, Listed)];

fn as_json(files: &[(Written, PathBuf)], found: &FoundProfiles) -> String {
    let of = |wanted: Written| -> Vec<String> {
        let files = files.iter().filter(|(written, _)| *written == wanted);
        files.map(|(_, path)| path.display().to_string()).collect()
    };
    let names = |listed: &Listed| -> Vec<String> {
        listed.profiles.iter().map(|profile| profile.name.clone()).collect()
    };
    let profiles: std::collections::BTreeMap<&str, Vec<String>> =
        found.iter().map(|(cloud, listed)| (cloud.as_str(), names(listed))).collect();
    let object = json!({
        "schema": 1,
        "command": "init",
        "written": of(Written::Now),
        "kept": of(Written::WasThere),
        "profiles": profiles,
    });
    format!("{object:#}\n")
}

fn as_text(files: &[(Written, PathBuf)], found: &FoundProfiles, options: &str) -> String {
    let mut text = String::new();
    for (written, path) in files {
        let what = match written {
            Written::Now => "written",
            Written::WasThere => "was there already, and is left as it is",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}: {what}", escape_control(&path.display().to_string()));
    }
    text.push('\n');
    for (cloud, listed) in found {
        let _ = writeln!(text, "{}", profiles_told(*cloud, listed));
    }
    let steps = [
        ("accounts", "whose the credentials are, and what they may do"),
        ("check pairs.csv", "after you put your pairs into it"),
        ("plan pairs.csv", "what would be removed; changes nothing"),
    ];
    text.push_str("\nNext:\n");
    for (command, what) in steps {
        let command = format!("unpair {command}{options}");
        let _ = writeln!(text, "  {command:22}  {what}");
    }
    text
}

/// `aws: 2 profiles in ~/.aws/config`.
fn profiles_told(cloud: Provider, listed: &Listed) -> String {
    let files: Vec<String> = listed.files.iter().map(|file| file.display().to_string()).collect();
    let told = match (listed.profiles.len(), files.is_empty()) {
        (_, true) => "no profile is there".to_owned(),
        (1, false) => format!("1 profile in {}", files.join(" and ")),
        (count, false) => format!("{count} profiles in {}", files.join(" and ")),
    };
    format!("{cloud}: {}", escape_control(&told))
}
