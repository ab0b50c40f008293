//! What the credential chain reads: a copy of the environment, and the file system.
//!
//! No `AWS_ENDPOINT_URL*` stands in the copy but the one of STS, which is ours, and with a profile
//! asked for by name no source that would answer in its place.

use std::collections::HashMap;
use std::io::ErrorKind::{IsADirectory, NotADirectory, NotFound};

use aws_types::os_shim_internal::Fs;
use tokio::sync::Semaphore;

use super::caller::{Found, Variant, caller};
use super::origin::{Origin, Trail};
use super::profiles::{File, Profile, Profiles, config};
use super::sso;
use crate::cloud::key_text::{flaw, trimmed};
use crate::cloud::surroundings::{AwsVariables, Bundle};
use crate::cloud::{CloudError, scarce};
use crate::model::RegionId;

#[cfg(test)]
mod tests;

/// Variables that override endpoints begin with this.
const ENDPOINTS: &str = "AWS_ENDPOINT_URL";
/// Sources that a profile replaces: with a profile asked for by name they must not answer.
const OTHER_SOURCES: [&str; 7] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];
/// Most hops from a profile to its source.
const MAX_HOPS: usize = 16;
/// The parts of a key in the environment.
const KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const KEY_SECRETS: [&str; 2] = ["AWS_SECRET_ACCESS_KEY", "SECRET_ACCESS_KEY"];
/// A file with the token of a web identity, and its role.
const TOKEN_FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
const TOKEN_ROLE: &str = "AWS_ROLE_ARN";
/// The two files of profiles: what moves each, and where it is otherwise.
const FILES: [(File, &str, &str); 2] = [
    (File::Config, "AWS_CONFIG_FILE", "~/.aws/config"),
    (File::Credentials, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
];
/// Accounts whose profiles are read at once: each has a file open meanwhile.
static READERS: Semaphore = Semaphore::const_new(2);

/// What the chain reads: the environment and the file system.
#[derive(Clone)]
pub(super) struct Surroundings {
    env: HashMap<String, String>,
    fs: Fs,
}

impl Surroundings {
    /// Those of this process.
    pub(super) fn of_process() -> Self {
        let env = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
        });
        Self::new(env, Fs::real())
    }

    /// Takes `env` without its overrides of endpoints, and without the blanks and line ends around
    /// its values: a secret of Kubernetes made by `echo` ends in one.
    pub(super) fn new(env: impl IntoIterator<Item = (String, String)>, fs: Fs) -> Self {
        let kept = env.into_iter().filter(|(name, _)| !name.starts_with(ENDPOINTS));
        let is_ours = |name: &str| name.starts_with("AWS_") || KEY_SECRETS.contains(&name);
        let clean = kept.map(|(name, value)| {
            let value = if is_ours(&name) { trimmed(&value).to_owned() } else { value };
            (name, value)
        });
        Self { env: clean.collect(), fs }
    }

    /// The caller that `profile` makes, or that of the chain, where `configured` and `variables`
    /// do not say.
    pub(super) async fn caller(
        &self,
        profile: Option<&str>,
        configured: Option<&RegionId>,
        variables: &AwsVariables,
    ) -> Result<Found, CloudError> {
        let profiles = self.profiles(profile).await?;
        caller(configured, variables, &in_use(&profiles)).map_err(|why| config(&why))
    }

    /// The `ca_bundle` of the profile that is used.
    pub(super) async fn ca_bundle(&self, profile: Option<&str>) -> Option<Bundle> {
        let profiles = self.profiles(profile).await.ok()?;
        let path = profiles.get("ca_bundle").filter(|path| !path.trim().is_empty())?;
        let from = format!("ca_bundle of profile `{}`", profiles.selected_profile());
        Some(Bundle::new(path, from))
    }

    /// Where the sign-on of `profile` is asked, at hosts of `variant`.
    pub(super) async fn sign_on(
        &self,
        profile: Option<&str>,
        variant: Variant,
    ) -> Result<Vec<(&'static str, String)>, CloudError> {
        let profiles = self.profiles(profile).await?;
        sso::endpoints(&profiles, &in_use(&profiles), variant)
    }

    /// The environment for the chain, or for `profile` alone, whose services are `asked` at these
    /// URLs.
    pub(super) fn narrowed(
        &self,
        profile: Option<&str>,
        origin: &Origin,
        asked: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Result<HashMap<String, String>, CloudError> {
        let mut env = self.env.clone();
        for (service, url) in asked {
            env.insert(format!("{ENDPOINTS}_{service}"), url.trim_end_matches('/').to_owned());
        }
        if let Some(profile) = profile {
            keep_only_profile(&mut env, profile, origin)?;
        }
        Ok(env)
    }

    /// Where the credentials of `profile` come from, or those of the chain. Files are read only if
    /// the environment itself has no key.
    pub(super) async fn trail(&self, profile: Option<&str>) -> Result<Trail, CloudError> {
        if profile.is_none() && self.has_keys()? {
            return Ok(Trail::without_profile(Origin::Environment, None));
        }
        let profiles = self.profiles(profile).await?;
        let name = profiles.selected_profile();
        if profile.or_else(|| self.chosen()).is_none() && !profiles.has(name) {
            return Ok(Trail::without_profile(Origin::Surroundings, profiles.hint(name).cloned()));
        }
        let trail = Trail::of(&profiles)?;
        Ok(match trail.origin {
            Origin::Nothing if profile.is_none() => Trail { origin: Origin::Surroundings, ..trail },
            _ => trail,
        })
    }

    /// The file system, in which the token of a web identity has no line end.
    pub(super) async fn fs(&self, trail: &Trail) -> Result<Fs, CloudError> {
        let (place, path) = match (&trail.origin, self.var(TOKEN_FILE)) {
            (Origin::WebIdentity(path), _) => {
                (format!("profile `{}`: web_identity_token_file", trail.profile), path.as_str())
            }
            (Origin::Surroundings, Some(path)) => (TOKEN_FILE.to_owned(), path),
            _ => return Ok(self.fs.clone()),
        };
        if trail.origin == Origin::Surroundings && self.var(TOKEN_ROLE).is_none() {
            return Err(config(&format!("{TOKEN_FILE} is set and {TOKEN_ROLE} is not")));
        }
        let read = self.fs.read_to_end(path).await;
        let bytes = read.map_err(|why| {
            config(&format!("{place}: {path}: {why}, expected the token of a web identity"))
        })?;
        let text = String::from_utf8_lossy(&bytes);
        let token = trimmed(&text);
        if let Some(why) = flaw(token) {
            return Err(config(&format!("{place}: {path}: the token {why}")));
        }
        Ok(Fs::from_raw_map(HashMap::from([(path.into(), token.as_bytes().to_vec())])))
    }

    /// Whether the environment itself has a key, as `aws-config` looks for it. Half a key, or one
    /// that cannot be, is an error.
    fn has_keys(&self) -> Result<bool, CloudError> {
        let Some(_) = self.var(KEY_ID) else { return Ok(false) };
        let Some(secret) = KEY_SECRETS.into_iter().find(|name| self.var(name).is_some()) else {
            return Err(config(&format!("{KEY_ID} is set and {} is not", KEY_SECRETS[0])));
        };
        for name in [KEY_ID, secret, "AWS_SESSION_TOKEN"] {
            if let Some(why) = self.var(name).and_then(flaw) {
                return Err(config(&format!("{name} {why}")));
            }
        }
        Ok(true)
    }

    /// The profile that the environment asks for.
    fn chosen(&self) -> Option<&str> {
        ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"].iter().find_map(|name| self.var(name))
    }

    /// A variable that is set and not blank.
    pub(super) fn var(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(String::as_str).filter(|value| !value.trim().is_empty())
    }

    /// The profiles of both files, of which `selected` is asked for. A file that is not there has
    /// none; one that cannot be read is an error.
    async fn profiles(&self, selected: Option<&str>) -> Result<Profiles, CloudError> {
        let selected = selected.or_else(|| self.chosen()).unwrap_or("default");
        let mut profiles = Profiles::new(selected);
        // An error cannot be: the semaphore is never closed.
        let _reading = READERS.acquire().await;
        for (file, variable, place) in FILES {
            let path = self.env.get(variable).map_or(place, String::as_str);
            let path = match (path.strip_prefix("~/"), self.var("HOME")) {
                (Some(below), Some(home)) => format!("{}/{below}", home.trim_end_matches('/')),
                _ => path.to_owned(),
            };
            match self.fs.read_to_end(&path).await {
                Ok(bytes) => profiles.add(file, &path, &bytes)?,
                Err(why) if matches!(why.kind(), NotFound | IsADirectory | NotADirectory) => {}
                Err(why) => {
                    let unreadable = || config(&format!("{path}: {why}"));
                    return Err(scarce::of(&why).unwrap_or_else(unreadable));
                }
            }
        }
        Ok(profiles)
    }
}

/// The selected profile, then those from which it takes its credentials, as far as they are there.
fn in_use(profiles: &Profiles) -> Vec<&Profile> {
    let next = |profile: &&Profile| {
        let source = profile.get("source_profile").filter(|source| *source != profile.name())?;
        profiles.defined(source).ok()
    };
    let selected = profiles.defined(profiles.selected_profile()).ok();
    std::iter::successors(selected, next).take(MAX_HOPS).collect()
}

/// Shuts off what would answer before or instead of the profile, but for the source that the
/// profile itself names.
fn keep_only_profile(
    env: &mut HashMap<String, String>,
    name: &str,
    origin: &Origin,
) -> Result<(), CloudError> {
    let is_service = |name: &str| matches!(origin, Origin::Service(service) if service == name);
    if is_service("Environment") {
        return Err(config(&format!(
            "profile `{name}` has credential_source = Environment: leave the profile out, and set \
             its role as role_arn"
        )));
    }
    let container = is_service("EcsContainer");
    env.retain(|name, _| {
        !OTHER_SOURCES.contains(&name.as_str()) || (container && name.starts_with("AWS_CONTAINER_"))
    });
    if !is_service("Ec2InstanceMetadata") {
        env.insert("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned());
    }
    Ok(())
}

/// The innermost cause in one line, without what a process wrote: that may be a secret.
pub(super) fn spell(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(inner) = innermost.source() {
        innermost = inner;
    }
    let text = innermost.to_string();
    let text = text.split("Stderr:").next().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect()
}
