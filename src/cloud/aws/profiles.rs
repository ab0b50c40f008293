//! The profiles of the AWS tools' two files, each with its own faults: `aws-config` would refuse
//! both files for one odd line, and read them in ways of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::ini::{self, Section};
use crate::cloud::CloudError;
use crate::cloud::key_text::flaw;

#[cfg(test)]
mod tests;

/// The key's parts in a profile.
const KEY_ID: &str = "aws_access_key_id";
const KEY_SECRET: &str = "aws_secret_access_key";
const TOKEN: &str = "aws_session_token";
/// An older name of [`TOKEN`].
const OLD_TOKEN: &str = "aws_security_token";
/// What `aws-config` takes in the name of a profile, but for `%`.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'_')
    .remove(b'-')
    .remove(b'/')
    .remove(b'.')
    .remove(b'@')
    .remove(b':')
    .remove(b'+');

/// One of the two files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum File {
    /// `~/.aws/config`
    Config,
    /// `~/.aws/credentials`
    Credentials,
}

/// A profile, or an SSO session. No `Debug`: it holds secrets.
#[derive(Clone, Default)]
pub(super) struct Profile {
    name: String,
    values: BTreeMap<String, Placed>,
    /// `FILE:LINE: WHY`
    fault: Option<String>,
}

/// A value, and `FILE:LINE` of it.
#[derive(Clone)]
struct Placed {
    text: String,
    place: String,
}

/// All profiles of both files.
#[derive(Default)]
pub(super) struct Profiles {
    selected: String,
    all: BTreeMap<String, Profile>,
    sessions: BTreeMap<String, Profile>,
    /// Name of a profile that somebody may have meant, and where.
    near: Vec<(String, String)>,
    /// Faults outside all profiles.
    strays: Vec<String>,
}

impl Profiles {
    /// None at all; `selected` is the one that is asked for.
    pub(super) fn new(selected: &str) -> Self {
        Self { selected: selected.to_owned(), ..Self::default() }
    }

    /// Adds what a file says. Credentials are added last: they win.
    pub(super) fn add(&mut self, file: File, path: &str, bytes: &[u8]) -> Result<(), CloudError> {
        let sections = ini::read(bytes).map_err(|why| config(&format!("{path}: it {why}")))?;
        let (defaults, sections): (Vec<_>, Vec<_>) =
            sections.into_iter().partition(|section| section.header == "DEFAULT");
        let mut inherited = Profile::default();
        for section in defaults {
            inherited.merge(path, section);
        }
        for section in sections {
            self.add_section(file, path, section, &inherited);
        }
        Ok(())
    }

    fn add_section(&mut self, file: File, path: &str, section: Section, inherited: &Profile) {
        let header = section.header.clone();
        let (word, rest) = header.split_once(char::is_whitespace).unwrap_or((&header, ""));
        let target = match (file, word, unquoted(rest.trim())) {
            (File::Config, "profile", Some(name)) => self.all.entry(name.to_owned()),
            (File::Config, "sso-session", Some(name)) => self.sessions.entry(name.to_owned()),
            (File::Config, "default", None) => self.all.entry(header.clone()),
            (File::Credentials, ..) if !header.is_empty() => self.all.entry(header.clone()),
            (_, _, name) => {
                let place = format!("{path}:{}", section.line);
                self.strays
                    .extend(section.fault.map(|(line, why)| format!("{path}:{line}: {why}")));
                if !header.is_empty() && name.is_none() {
                    let expected =
                        format!("{place} has `[{header}]`, expected `[profile {header}]`");
                    self.near.push((header, expected));
                }
                return;
            }
        };
        if let (File::Credentials, "profile", Some(name)) = (file, word, unquoted(rest.trim())) {
            let place = format!("{path}:{}", section.line);
            let expected = format!("{place} has `[{header}]`, expected `[{name}]` in that file");
            self.near.push((name.to_owned(), expected));
        }
        let name = target.key().clone();
        let profile = target.or_insert_with(|| Profile { name, ..Profile::default() });
        if file == File::Credentials && section.values.contains_key(KEY_ID) {
            // Half of a key never comes from another file.
            for key in [KEY_ID, KEY_SECRET, TOKEN, OLD_TOKEN] {
                profile.values.remove(key);
            }
        }
        profile.merge(path, section);
        for (key, value) in &inherited.values {
            profile.values.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }

    /// The name of the profile that is asked for.
    pub(super) fn selected_profile(&self) -> &str {
        &self.selected
    }

    /// A value of the profile that is asked for.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.all.get(&self.selected)?.get(key)
    }

    /// Whether a profile stands in one of the files.
    pub(super) fn has(&self, name: &str) -> bool {
        self.all.contains_key(name)
    }

    /// What somebody may have meant as the profile `name`, and where; or the first line that
    /// cannot be read.
    pub(super) fn hint(&self, name: &str) -> Option<&String> {
        let near = self.near.iter().filter(|(near, _)| near == name).map(|(_, told)| told);
        near.chain(&self.strays).next()
    }

    /// A profile that can be read from its first line to its last.
    pub(super) fn defined(&self, name: &str) -> Result<&Profile, CloudError> {
        let Some(profile) = self.all.get(name) else {
            let hint = self.hint(name).map(|hint| format!(" ({hint})")).unwrap_or_default();
            return Err(config(&format!(
                "profile `{name}` is in neither the AWS config nor credentials file{hint}"
            )));
        };
        profile.sound("profile")
    }

    /// The SSO session `name`, which `profile` names.
    pub(super) fn session(&self, name: &str, profile: &Profile) -> Result<&Profile, CloudError> {
        let Some(session) = self.sessions.get(name) else {
            return Err(config(&format!(
                "profile `{}`: {} names `[sso-session {name}]`, which does not stand in the AWS \
                 config file: run `aws configure sso`",
                profile.name,
                profile.place("sso_session")
            )));
        };
        session.sound("sso-session")
    }
}

impl Profile {
    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A value that is not empty.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(|value| value.text.as_str())
    }

    /// `FILE:LINE` of a value.
    pub(super) fn place(&self, key: &str) -> &str {
        self.values.get(key).map_or("", |value| value.place.as_str())
    }

    /// Whether it has a whole key.
    pub(super) fn has_keys(&self) -> bool {
        self.get(KEY_ID).is_some() && self.get(KEY_SECRET).is_some()
    }

    /// Whether its key is whole, and one that can be.
    pub(super) fn check_keys(&self) -> Result<(), CloudError> {
        let parts = [KEY_ID, KEY_SECRET];
        if let Some(there) = [KEY_ID, KEY_SECRET, TOKEN].iter().find(|key| self.get(key).is_some())
            && let Some(missing) = parts.iter().find(|key| self.get(key).is_none())
        {
            return Err(config(&format!(
                "profile `{}`: {}: `{there}` stands there, expected `{missing}` beside it",
                self.name,
                self.place(there)
            )));
        }
        for key in [KEY_ID, KEY_SECRET, TOKEN] {
            if let Some(why) = self.get(key).and_then(flaw) {
                let (name, place) = (&self.name, self.place(key));
                let goes_on = self.get(key).is_some_and(|text| text.contains('\n'));
                let why = if goes_on {
                    "goes on in the next line, which begins with a blank: take that blank away"
                        .to_owned()
                } else {
                    why
                };
                return Err(config(&format!("profile `{name}`: {place}: `{key}` {why}")));
            }
        }
        Ok(())
    }

    /// Itself as a section that `aws-config` reads, under `[kind name]`.
    pub(super) fn write(&self, kind: &str, to: &mut String) {
        // The name of a session is that of its file of tokens too: it stays as it is.
        let name = if kind == "profile" { &spelled(&self.name) } else { &self.name };
        // Writing to a string does not fail.
        let _ = writeln!(to, "[{kind} {name}]");
        for (key, value) in &self.values {
            let text = match key.as_str() {
                "source_profile" => spelled(&value.text),
                // Sections in a section: nothing of ours is set there.
                _ if value.text.starts_with('\n') => continue,
                _ => value.text.replace('\n', " "),
            };
            let _ = writeln!(to, "{key} = {text}");
        }
    }

    /// Drops the values of which that is so, by key and text.
    pub(super) fn drop(&mut self, is_so: impl Fn(&str, &str) -> bool) {
        self.values.retain(|key, value| !is_so(key, &value.text));
    }

    /// Takes over what a section says. An empty value is none.
    fn merge(&mut self, path: &str, section: Section) {
        let place = |line: usize| format!("{path}:{line}");
        if let Some((line, why)) = section.fault {
            self.fault.get_or_insert(format!("{}: {why}", place(line)));
        }
        for (key, value) in section.values {
            let key = if key == OLD_TOKEN { TOKEN.to_owned() } else { key };
            if value.text.is_empty() {
                self.values.remove(&key);
            } else {
                self.values.insert(key, Placed { text: value.text, place: place(value.line) });
            }
        }
    }

    fn sound(&self, kind: &str) -> Result<&Self, CloudError> {
        match &self.fault {
            Some(fault) => Err(config(&format!("{kind} `{}`: {fault}", self.name))),
            None => Ok(self),
        }
    }
}

/// An error of configuration: nothing was sent.
pub(super) fn config(message: &str) -> CloudError {
    CloudError::config("credentials", message)
}

/// The name of a profile in letters that `aws-config` takes.
pub(super) fn spelled(name: &str) -> String {
    utf8_percent_encode(name, PLAIN).to_string()
}

/// The one word of `text`, which may stand in quotation marks.
pub(super) fn unquoted(text: &str) -> Option<&str> {
    let quoted = ['"', '\''].iter().find_map(|&quote| {
        let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
        (!inner.contains(quote)).then_some(inner)
    });
    let plain = || Some(text).filter(|text| !text.contains([' ', '\t', '"', '\'', '\\']));
    quoted.or_else(plain).filter(|name| !name.is_empty())
}
