//! Where keys come from: a file's text and environment variables, merged, each key with its place.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::error::Problem;
use super::limits::spell_action;
use super::raw::Raw;

/// The start of every variable; `__` stands between section and key.
const PREFIX: &str = "UNPAIR_";
const SEPARATOR: &str = "__";

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
pub(super) struct Places<'t> {
    file: Option<(FileText<'t>, DeTable<'t>)>,
    /// Variable by path, such as `alibaba`, `limits`, `rate`.
    variables: BTreeMap<Vec<String>, String>,
}

impl Places<'_> {
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

/// Merges file and environment. Everything that is not a variable of ours is ignored, and so is
/// an empty one: it must not clear a guard.
pub(super) fn merge<'t>(
    file: Option<FileText<'t>>,
    env: &[(String, String)],
) -> Result<(Raw, Places<'t>), Vec<Problem>> {
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
    for (name, value) in env {
        let Some(path) = name.strip_prefix(PREFIX).filter(|rest| rest.contains(SEPARATOR)) else {
            continue;
        };
        if value.is_empty() {
            continue;
        }
        let path = spell(path);
        if let Err(message) = set_variable(&mut table, &path, value) {
            problems.push(Problem { place: name.clone(), message });
        }
        variables.insert(path, name.clone());
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let raw = Raw::deserialize(table).map_err(|error| {
        vec![Problem { place: "configuration".into(), message: error.message().into() }]
    })?;
    Ok((raw, Places { file: spans, variables }))
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
    toml::from_str::<Raw>(file.text).map_err(|error| told(&error))?;
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

/// The path of a variable: `ALIBABA__LIMITS__RATE` → `alibaba`, `limits`, `rate`.
fn spell(name: &str) -> Vec<String> {
    let mut path: Vec<String> = Vec::new();
    for part in name.split(SEPARATOR) {
        let lower = part.to_ascii_lowercase();
        let is_limit = path.len() == 2 && path[1] == "limits";
        let action = is_limit.then(|| spell_action(part)).flatten();
        path.push(action.unwrap_or(lower));
    }
    path
}

/// Puts a variable's value in its place, if it is a value for that place.
fn set_variable(table: &mut Table, path: &[String], value: &str) -> Result<(), String> {
    if path.last().is_some_and(|key| is_secret(key)) {
        return Err(SECRET.to_owned());
    }
    let mut alone = Table::new();
    put(&mut alone, path, value, true)?;
    Raw::deserialize(alone).map_err(|error| error.message().to_owned())?;
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
                    "there is no number {index}, expected at most {}",
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
        // `RevokeSecurityGroup = "off"` in the file, and its rate by variable.
        (other, None) if !alone => {
            *other = Value::Table(Table::new());
            let Value::Table(inner) = other else { return Err(shape(key)) };
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

/// Where the key at `path` stands in the text.
fn find(table: &DeTable<'_>, path: &[&str]) -> Option<usize> {
    let (first, rest) = path.split_first()?;
    let (key, value) = table.iter().find(|(key, _)| key.get_ref() == first)?;
    find_in(value, rest).or(Some(key.span().start))
}

fn find_in(value: &Spanned<DeValue<'_>>, path: &[&str]) -> Option<usize> {
    match value.get_ref() {
        DeValue::Table(inner) => find(inner, path),
        DeValue::Array(items) => {
            let (index, rest) = path.split_first()?;
            let item = items.get(index.parse::<usize>().ok()?)?;
            find_in(item, rest).or(Some(item.span().start))
        }
        _ => None,
    }
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|b| *b == b'\n').count()
}
