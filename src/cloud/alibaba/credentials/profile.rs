//! Profiles of the official command line: `~/.aliyun/config.json`, read as that tool reads it: no
//! matter of case in keys, `null` is nothing, unknown keys are passed over. A profile that is not
//! well stops itself alone.

use std::path::{Path, PathBuf};

use serde_json::error::Category;
use serde_json::{Map, Value};

use super::allowed::Allowed;
use super::source::config;
use crate::cloud::key_text::trimmed;
use crate::cloud::{CloudError, ListedProfile, scarce};
use crate::model::AccountId;

/// What writes the file.
const EXPECTED: &str = "expected the JSON that `aliyun configure` writes";

/// The profiles of one file. No `Debug`: it holds secrets.
pub(super) struct Profiles {
    path: PathBuf,
    /// What may be done for credentials, and what names the sessions of roles that do not name
    /// theirs.
    pub(super) allowed: Allowed,
    text: String,
    current: String,
    all: Vec<Profile>,
}

/// One profile.
pub(super) struct Profile {
    pub(super) name: String,
    fields: Map<String, Value>,
}

impl Profiles {
    /// Reads the file. `allowed` says what its profiles may ask for.
    pub(super) fn read(path: &Path, allowed: Allowed) -> Result<Self, CloudError> {
        let at = path.display();
        let bytes = std::fs::read(path).map_err(|why| {
            scarce::of(&why).unwrap_or_else(|| {
                config(format!("{at}: {why}, expected the profiles that `aliyun configure` writes"))
            })
        })?;
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Err(config(format!("{at}: it is UTF-16, save it again as UTF-8")));
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let text = String::from_utf8_lossy(bytes).into_owned();
        let file: Map<String, Value> = serde_json::from_str(&text)
            .map_err(|error| config(format!("{at}:{}, {EXPECTED}", told(&error))))?;
        let profiles = match field(&file, "profiles") {
            None => Vec::new(),
            Some(Value::Array(profiles)) => profiles.iter().filter_map(Profile::of).collect(),
            Some(_) => {
                return Err(config(format!("{at}: `profiles` is not a list in `[ ]`, {EXPECTED}")));
            }
        };
        let current = field(&file, "current").and_then(Value::as_str).map(trimmed);
        let current = current.unwrap_or_default().to_owned();
        Ok(Self { path: path.to_owned(), allowed, text, current, all: profiles })
    }

    /// The name of the profile to use: `named`, or the file's current one.
    pub(super) fn chosen<'a>(&'a self, named: Option<&'a str>) -> Result<&'a str, CloudError> {
        match named.unwrap_or(&self.current) {
            "" => Err(config(format!("{}: no current profile: name one", self.path.display()))),
            name => Ok(name),
        }
    }

    /// The profile of that name.
    pub(super) fn named(&self, name: &str) -> Result<&Profile, CloudError> {
        let found = self.all.iter().find(|profile| profile.name == name);
        found.ok_or_else(|| config(format!("{}: no profile `{name}`", self.path.display())))
    }

    /// A number of seconds; `None` if it is 0 or not there.
    pub(super) fn seconds(&self, profile: &Profile, name: &str) -> Result<Option<u32>, CloudError> {
        let Some(value) = field(&profile.fields, name) else { return Ok(None) };
        let seconds = value.as_u64().and_then(|seconds| u32::try_from(seconds).ok());
        let expected = || format!("`{name}` is {}, expected a number of seconds", kind(value));
        let seconds = seconds.ok_or_else(|| self.refused(profile, &expected()))?;
        Ok((seconds > 0).then_some(seconds))
    }

    /// Whether a switch is on; one that is not there is off.
    pub(super) fn is_on(&self, profile: &Profile, name: &str) -> Result<bool, CloudError> {
        match field(&profile.fields, name) {
            None => Ok(false),
            Some(Value::Bool(is_on)) => Ok(*is_on),
            Some(other) => Err(self
                .refused(profile, &format!("`{name}` is {}, expected true or false", kind(other)))),
        }
    }

    /// The text of a field that the profile's mode needs.
    pub(super) fn required(&self, profile: &Profile, name: &str) -> Result<String, CloudError> {
        let mode = self.text(profile, "mode")?.unwrap_or_default();
        self.text(profile, name)?
            .ok_or_else(|| self.refused(profile, &format!("mode {mode} needs `{name}`")))
    }

    /// A text without the blanks around it; `None` if it is empty or not there.
    pub(super) fn text(&self, profile: &Profile, name: &str) -> Result<Option<String>, CloudError> {
        match field(&profile.fields, name) {
            None => Ok(None),
            Some(Value::String(text)) => {
                Ok(Some(trimmed(text).to_owned()).filter(|text| !text.is_empty()))
            }
            Some(other) => Err(self.refused(
                profile,
                &format!("`{name}` is {}, expected a text in quotation marks", kind(other)),
            )),
        }
    }

    /// Why a profile cannot be used; others can.
    pub(super) fn refused(&self, profile: &Profile, why: &str) -> CloudError {
        config(format!("{}: {why}", self.place(profile)))
    }

    /// Where a profile stands, for messages.
    pub(super) fn place(&self, profile: &Profile) -> String {
        let (path, name) = (self.path.display(), &profile.name);
        let line = self.line(name).map(|line| format!(":{line}")).unwrap_or_default();
        format!("{path}{line}: profile `{name}`")
    }

    /// The line of a profile's name, from 1.
    fn line(&self, name: &str) -> Option<usize> {
        let name = Value::from(name).to_string();
        let is_name = |at: &usize| {
            let before = self.text[..*at].trim_end();
            let key = before.strip_suffix(':').map(str::trim_end).unwrap_or_default();
            key.to_ascii_lowercase().ends_with("\"name\"")
        };
        let at = self.text.match_indices(&name).map(|(at, _)| at).find(is_name)?;
        Some(self.text[..at].matches('\n').count() + 1)
    }
}

/// The profiles of a file, without their secrets.
pub(in crate::cloud) fn listed(path: &Path) -> Result<Vec<ListedProfile>, CloudError> {
    let profiles = Profiles::read(path, Allowed::default())?;
    let listed = |profile: &Profile| {
        let role = field(&profile.fields, "ram_role_arn").and_then(Value::as_str);
        let account = role.and_then(|role| role.split(':').nth(3)).map(AccountId::new);
        let account = account.filter(AccountId::is_numeric);
        ListedProfile { name: profile.name.clone(), account }
    };
    Ok(profiles.all.iter().map(listed).collect())
}

impl Profile {
    /// `None` for what is no profile at all.
    fn of(value: &Value) -> Option<Self> {
        let fields = value.as_object()?.clone();
        let name = field(&fields, "name")?.as_str()?.to_owned();
        Some(Self { name, fields })
    }
}

/// A field, whatever the case of its key; `null` is none.
fn field<'v>(fields: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    let found = fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value).filter(|value| !value.is_null())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// `LINE:COLUMN: WHY` of an error. What the parser says of a value may quote a secret, what it says
/// of the syntax quotes nothing.
fn told(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        Category::Syntax | Category::Eof => error.to_string(),
        Category::Data | Category::Io => "it is not an object in `{ }`".to_owned(),
    };
    let what = what.split(" at line ").next().unwrap_or_default();
    format!("{}:{}: {what}", error.line(), error.column())
}
