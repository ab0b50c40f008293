//! Where keys come from: a file's text and environment variables, merged, each key with its place.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::environment::{self, Variable};
use super::error::Problem;
use super::expected;
use super::key_position::{find, key_at, line_of};
use super::raw::Raw;

/// Names under which people keep secrets, without `_`, `-` and case.
const SECRET_KEYS: [&str; 13] = [
    "accesskey",
    "accesskeyid",
    "accesskeysecret",
    "awsaccesskeyid",
    "awssecretaccesskey",
    "awssessiontoken",
    "password",
    "secret",
    "secretaccesskey",
    "secretkey",
    "securitytoken",
    "sessiontoken",
    "ststoken",
];

const SECRET: &str = "secrets never stand in configuration, expected them in the provider's own files \
    (~/.aliyun/config.json, ~/.aws/credentials) or variables (ALIBABA_CLOUD_ACCESS_KEY_ID, AWS_ACCESS_KEY_ID): \
    remove the key, and name a profile";

/// A configuration file.
#[derive(Clone, Copy, Debug)]
pub(super) struct FileText<'t> {
    /// As named on the command line.
    pub(super) name: &'t str,
    /// TOML.
    pub(super) text: &'t str,
}

/// Says where a key was given.
pub(super) struct KeySources<'t> {
    file: Option<(FileText<'t>, DeTable<'t>)>,
    /// Variable by path, such as `alibaba`, `limits`, `rate`.
    variables: BTreeMap<Vec<String>, String>,
}

impl KeySources<'_> {
    /// A problem with the value of a key.
    pub(super) fn problem(&self, path: &[&str], message: impl Into<String>) -> Problem {
        Problem { place: self.of(path), message: message.into() }
    }

    /// `FILE:LINE: KEY`, or `VARIABLE: KEY`.
    pub(super) fn of(&self, path: &[&str]) -> String {
        let key = path.join(".");
        let is_path =
            |known: &&Vec<String>| known.iter().map(String::as_str).eq(path.iter().copied());
        if let Some(variable) =
            self.variables.keys().find(is_path).and_then(|k| self.variables.get(k))
        {
            return format!("{variable}: {key}");
        }
        let line = self.file.as_ref().and_then(|(file, table)| {
            Some(format!("{}:{}: {key}", file.name, line_of(file.text, find(table, path)?)))
        });
        line.unwrap_or(key)
    }
}

/// Merges file and environment. Every variable that is meant for configuration sets a key, or is
/// refused: a guard that is passed over is worse than none.
pub(super) fn merge<'t>(
    file: Option<FileText<'t>>,
    env: &[(String, String)],
) -> Result<(Raw, KeySources<'t>), Vec<Problem>> {
    let mut problems = Vec::new();
    let (mut table, spans) = match file.map(read_file).transpose() {
        Ok(Some((table, spans))) => (table, file.map(|file| (file, spans))),
        Ok(None) => (Table::new(), None),
        Err(found) => {
            problems.extend(found);
            (Table::new(), None)
        }
    };
    let mut variables = BTreeMap::new();
    for (path, name, value) in keys(env, &mut problems) {
        if let Err(message) = set_variable(&mut table, &path, value) {
            let right = environment::spelling(name).filter(|right| right != name);
            let meant = right.map(|right| format!(": expected {right}")).unwrap_or_default();
            problems.push(Problem { place: name.to_owned(), message: message + &meant });
        }
        if let Some(other) = variables.insert(path, name.to_owned()) {
            let message = format!("sets the same key as {other}, expected one of the two");
            problems.push(Problem { place: name.to_owned(), message });
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let raw = Raw::deserialize(table).map_err(|error| {
        vec![Problem { place: "configuration".into(), message: error.message().into() }]
    })?;
    Ok((raw, KeySources { file: spans, variables }))
}

/// The variables that set a key: path, name, value; in the order of their paths, whatever that of
/// the environment is.
fn keys<'e>(
    env: &'e [(String, String)],
    problems: &mut Vec<Problem>,
) -> Vec<(Vec<String>, &'e str, &'e str)> {
    let mut keys = Vec::new();
    for (name, value) in env {
        let message = match environment::read(name) {
            Variable::Other => continue,
            Variable::Key(path) if !value.trim().is_empty() => {
                // A secret of Kubernetes made by `echo` ends in a line end.
                keys.push((path, name.as_str(), value.trim()));
                continue;
            }
            Variable::Key(_) => "is set and empty, which sets no key: unset it, or give it a value",
            Variable::Misspelled(ref message) => message,
        }
        .to_owned();
        problems.push(Problem { place: name.clone(), message });
    }
    let number = |part: &String| part.parse::<usize>().ok();
    keys.sort_by_cached_key(|(path, ..)| {
        path.iter().map(|part| (number(part), part.clone())).collect::<Vec<_>>()
    });
    keys
}

fn read_file(file: FileText<'_>) -> Result<(Table, DeTable<'_>), Vec<Problem>> {
    // Never the error's own display: it quotes the line, which may hold a secret.
    let told = |error: &toml::de::Error| {
        let at = error.span().map_or(0, |span| span.start);
        let place = format!("{}:{}", file.name, line_of(file.text, at));
        vec![Problem { place, message: error.message().to_owned() }]
    };
    let spans = DeTable::parse(file.text).map_err(|error| told(&error))?.into_inner();
    let mut secrets = Vec::new();
    find_secrets(&spans, &mut secrets);
    if !secrets.is_empty() {
        let problem = |(key, at): (String, usize)| Problem {
            place: format!("{}:{}: {key}", file.name, line_of(file.text, at)),
            message: SECRET.to_owned(),
        };
        return Err(secrets.into_iter().map(problem).collect());
    }
    toml::from_str::<Raw>(file.text).map_err(|error| {
        let mut problems = told(&error);
        // A header has no place of its own, and no other key expects a sequence.
        let is_header = || error.message().ends_with("expected a sequence");
        let key = error.span().and_then(|span| key_at(&spans, span.start));
        let key = key.or_else(|| is_header().then(|| "account".to_owned()));
        if let (Some(key), [problem]) = (key, problems.as_mut_slice()) {
            problem.place = format!("{}: {key}", problem.place);
            problem.message = expected::told(&key, &problem.message);
        }
        problems
    })?;
    let table = file.text.parse::<Table>().map_err(|error| told(&error))?;
    Ok((table, spans))
}

fn find_secrets(table: &DeTable<'_>, found: &mut Vec<(String, usize)>) {
    for (key, value) in table {
        if is_secret(key.get_ref()) {
            found.push((key.get_ref().to_string(), key.span().start));
        }
        match value.get_ref() {
            DeValue::Table(inner) => find_secrets(inner, found),
            DeValue::Array(items) => items.iter().for_each(|item| {
                if let DeValue::Table(inner) = item.get_ref() {
                    find_secrets(inner, found);
                }
            }),
            _ => {}
        }
    }
}

fn is_secret(key: &str) -> bool {
    let plain: String =
        key.chars().filter(|c| !matches!(c, '_' | '-')).map(|c| c.to_ascii_lowercase()).collect();
    SECRET_KEYS.contains(&plain.as_str())
}

/// Puts a variable's value in its place, if it is a value for that place.
fn set_variable(table: &mut Table, path: &[String], value: &str) -> Result<(), String> {
    if path.last().is_some_and(|key| is_secret(key)) {
        return Err(SECRET.to_owned());
    }
    let mut alone = Table::new();
    put(&mut alone, path, value, true)?;
    Raw::deserialize(alone).map_err(|error| expected::told(&path.join("."), error.message()))?;
    put(table, path, value, false)
}

/// Sets the value at `path`, making tables on the way. `alone` takes any index of a list.
fn put(table: &mut Table, path: &[String], value: &str, alone: bool) -> Result<(), String> {
    let [key, rest @ ..] = path else { return Err("empty, expected SECTION__KEY".to_owned()) };
    if rest.is_empty() {
        table.insert(key.clone(), Value::String(value.to_owned()));
        return Ok(());
    }
    let index = rest[0].parse::<usize>().ok();
    let empty = if index.is_some() { Value::Array(Vec::new()) } else { Value::Table(Table::new()) };
    match (table.entry(key.as_str()).or_insert(empty), index) {
        (Value::Array(items), Some(index)) => {
            let index = if alone { 0 } else { index };
            if index > items.len() {
                return Err(format!(
                    "there is not a number {index}, expected at most {}",
                    items.len()
                ));
            }
            if index == items.len() {
                items.push(Value::Table(Table::new()));
            }
            let Value::Table(inner) = &mut items[index] else { return Err(shape(key)) };
            put(inner, &rest[1..], value, alone)
        }
        (Value::Table(inner), None) => put(inner, rest, value, alone),
        // `RevokeSecurityGroup = 2.5` in the file is its rate, also where its burst is a variable.
        (other, None) if !alone => {
            let rate = std::mem::replace(other, Value::Table(Table::new()));
            let Value::Table(inner) = other else { return Err(shape(key)) };
            inner.insert("rate".to_owned(), rate);
            put(inner, rest, value, alone)
        }
        _ => Err(shape(key)),
    }
}

fn shape(key: &str) -> String {
    format!(
        "`{key}` has no such key, expected UNPAIR_SECTION__KEY, or UNPAIR_ACCOUNT__0__KEY for the first account"
    )
}
