//! A key as a JSON object: what commands write and services answer. Nothing of it is in an error.

use std::time::SystemTime;

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::key_text::{flaw, trimmed};

/// The object. No `Debug`: it holds secrets.
pub(super) struct KeyObject(Map<String, Value>);

impl KeyObject {
    /// Reads one object and nothing after it.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        serde_json::from_slice(bytes).map(Self).map_err(|_| "expected one JSON object".to_owned())
    }

    /// A field, whatever the case of its name.
    pub(super) fn field(&self, name: &str) -> Option<&Value> {
        let found = self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }

    /// A text without what stands around it; `None` if it is empty or not there.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let text = self.field(name).and_then(Value::as_str).map(trimmed);
        text.filter(|text| !text.is_empty())
    }

    /// A part of a key; an error if no key has such a part.
    pub(super) fn part(&self, name: &str) -> Result<Option<SecretString>, String> {
        let Some(text) = self.text(name) else { return Ok(None) };
        flaw(text).map_or(Ok(Some(text.to_owned().into())), |why| Err(format!("`{name}` {why}")))
    }

    /// A part that a key must have.
    pub(super) fn required(&self, name: &str) -> Result<SecretString, String> {
        self.part(name)?.ok_or_else(|| format!("no `{name}`"))
    }

    /// When the key ends, if that is told.
    pub(super) fn end(&self, name: &str) -> Result<Option<SystemTime>, String> {
        let end = self.text(name).map(str::parse::<jiff::Timestamp>).transpose();
        let end = end.map_err(|_| format!("`{name}` is not a time (ISO 8601)"))?;
        Ok(end.map(SystemTime::from))
    }
}
