//! Profiles of the official command line: `~/.aliyun/config.json`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::source::{Role, Source, config};
use crate::cloud::{CloudError, StaticKey};

/// The profiles of one file.
pub(super) struct Profiles {
    path: PathBuf,
    /// Names the sessions of roles that do not name theirs.
    session: String,
    file: File,
}

/// The file, as far as it matters here. No `Debug`: it holds secrets.
#[derive(Deserialize)]
struct File {
    #[serde(default)]
    current: String,
    #[serde(default)]
    profiles: Vec<Profile>,
}

/// One profile; what is not there is empty.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Profile {
    name: String,
    mode: String,
    access_key_id: String,
    access_key_secret: String,
    sts_token: String,
    ram_role_arn: String,
    ram_session_name: String,
    external_id: String,
    #[serde(rename = "source_profile")]
    source: String,
    expired_seconds: u32,
}

impl Profiles {
    /// Reads the file. `session` names the sessions of roles whose profile does not.
    pub(super) fn read(path: &Path, session: &str) -> Result<Self, CloudError> {
        let text = std::fs::read_to_string(path).map_err(|why| {
            config(format!(
                "{}: {why}, expected the profiles that `aliyun configure` writes",
                path.display()
            ))
        })?;
        // The parser's own message may quote a secret.
        let file = serde_json::from_str(&text).map_err(|why| {
            let at = format!("{}:{}:{}", path.display(), why.line(), why.column());
            config(format!("{at}: not readable, expected the JSON that `aliyun configure` writes"))
        })?;
        Ok(Self { path: path.to_owned(), session: session.to_owned(), file })
    }

    /// The credentials of the profile `name`.
    pub(super) fn source(&self, name: &str) -> Result<Source, CloudError> {
        self.follow(name, &mut Vec::new())
    }

    /// The credentials of `named`, or of the file's current profile.
    pub(super) fn current(&self, named: Option<&str>) -> Result<Source, CloudError> {
        match named.unwrap_or(&self.file.current) {
            "" => Err(config(format!("{}: no current profile: name one", self.path.display()))),
            name => self.source(name),
        }
    }

    /// `seen` holds the profiles that led here.
    fn follow<'a>(&'a self, name: &str, seen: &mut Vec<&'a str>) -> Result<Source, CloudError> {
        let path = self.path.display();
        let profile = self
            .file
            .profiles
            .iter()
            .find(|profile| profile.name == name)
            .ok_or_else(|| config(format!("{path}: no profile `{name}`")))?;
        if seen.contains(&name) {
            return Err(config(format!("{path}: profile `{name}` is its own source_profile")));
        }
        seen.push(&profile.name);
        match profile.mode.to_ascii_lowercase().as_str() {
            "ak" => Ok(Source { key: self.key(profile, None)?, roles: vec![] }),
            "ststoken" => {
                let token = self.required(profile, "sts_token", &profile.sts_token)?;
                Ok(Source { key: self.key(profile, Some(token))?, roles: vec![] })
            }
            "ramrolearn" => {
                let key = self.key(profile, filled(&profile.sts_token))?;
                Ok(Source { key, roles: vec![self.role(profile)?] })
            }
            "chainableramrolearn" => {
                let from = self.required(profile, "source_profile", &profile.source)?;
                let mut source = self.follow(&from, seen)?;
                source.roles.push(self.role(profile)?);
                Ok(source)
            }
            _ => Err(config(format!(
                "{path}: profile `{name}` has mode `{}`, expected AK, StsToken, RamRoleArn or ChainableRamRoleArn",
                profile.mode
            ))),
        }
    }

    fn key(&self, profile: &Profile, token: Option<String>) -> Result<StaticKey, CloudError> {
        let id = self.required(profile, "access_key_id", &profile.access_key_id)?;
        let secret = self.required(profile, "access_key_secret", &profile.access_key_secret)?;
        Ok(StaticKey { id, secret: secret.into(), token: token.map(Into::into) })
    }

    fn role(&self, profile: &Profile) -> Result<Role, CloudError> {
        Ok(Role {
            arn: self.required(profile, "ram_role_arn", &profile.ram_role_arn)?,
            session: filled(&profile.ram_session_name).unwrap_or_else(|| self.session.clone()),
            external_id: filled(&profile.external_id),
            seconds: (profile.expired_seconds > 0).then_some(profile.expired_seconds),
        })
    }

    fn required(&self, profile: &Profile, field: &str, value: &str) -> Result<String, CloudError> {
        if value.is_empty() {
            let (path, name, mode) = (self.path.display(), &profile.name, &profile.mode);
            return Err(config(format!("{path}: profile `{name}`: mode {mode} needs `{field}`")));
        }
        Ok(value.to_owned())
    }
}

fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
