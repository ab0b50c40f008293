//! What the credential chain reads: a copy of the environment, and the file system.
//!
//! No `AWS_ENDPOINT_URL*` stands in the copy but the one of STS, which is ours, and with a profile
//! asked for by name no source that would answer in its place.

use std::collections::HashMap;

use aws_config::profile::{Profile, ProfileSet};
use aws_types::os_shim_internal::{Env, Fs};

use super::process::{Process, process_of};
use crate::cloud::CloudError;
use crate::cloud::surroundings::Bundle;

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
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self::new(env, Fs::real())
    }

    /// Takes `env` without its overrides of endpoints.
    pub(super) fn new(env: impl IntoIterator<Item = (String, String)>, fs: Fs) -> Self {
        let kept = env.into_iter().filter(|(name, _)| !name.starts_with(ENDPOINTS));
        Self { env: kept.collect(), fs }
    }

    /// The region that the environment or the profile says.
    pub(super) async fn region(&self, profile: Option<&str>) -> Option<String> {
        let variable = ["AWS_REGION", "AWS_DEFAULT_REGION"]
            .iter()
            .find_map(|name| self.env.get(*name).filter(|value| !value.is_empty()).cloned());
        if variable.is_some() {
            return variable;
        }
        let profiles = self.profiles(profile).await.ok()?;
        profiles.get("region").map(str::to_owned)
    }

    /// The `ca_bundle` of the profile that is used.
    pub(super) async fn ca_bundle(&self, profile: Option<&str>) -> Option<Bundle> {
        let profiles = self.profiles(profile).await.ok()?;
        let path = profiles.get("ca_bundle").filter(|path| !path.trim().is_empty())?;
        let from = format!("ca_bundle of profile `{}`", profiles.selected_profile());
        Some(Bundle::new(path, from))
    }

    /// The file system.
    pub(super) fn fs(&self) -> Fs {
        self.fs.clone()
    }

    /// The environment for the chain, or for `profile` alone, whose STS calls go to `sts`.
    pub(super) async fn narrowed(
        &self,
        profile: Option<&str>,
        sts: &str,
    ) -> Result<HashMap<String, String>, CloudError> {
        let mut env = self.env.clone();
        env.insert(format!("{ENDPOINTS}_STS"), sts.trim_end_matches('/').to_owned());
        if let Some(profile) = profile {
            let profiles = self.profiles(Some(profile)).await?;
            keep_only_profile(&mut env, profile, &profiles)?;
        }
        Ok(env)
    }

    /// The command that gives the credentials of `profile`, or of the chain if nothing before the
    /// profile answers; `None` if they come from elsewhere.
    pub(super) async fn process(
        &self,
        profile: Option<&str>,
    ) -> Result<Option<Process>, CloudError> {
        if profile.is_none() && self.has_keys() {
            return Ok(None);
        }
        let profile = profile.or_else(|| self.var("AWS_PROFILE"));
        Ok(process_of(&self.profiles(profile).await?))
    }

    /// Whether the environment itself has a key, as `aws-config` looks for it.
    fn has_keys(&self) -> bool {
        let secrets = ["AWS_SECRET_ACCESS_KEY", "SECRET_ACCESS_KEY"];
        self.var("AWS_ACCESS_KEY_ID").is_some()
            && secrets.iter().any(|name| self.var(name).is_some())
    }

    /// A variable that is set and not blank.
    fn var(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(String::as_str).filter(|value| !value.trim().is_empty())
    }

    #[expect(deprecated, reason = "the new path is in a crate that is not ours to depend on")]
    async fn profiles(&self, selected: Option<&str>) -> Result<ProfileSet, CloudError> {
        let env = Env::from(self.env.clone());
        let files = aws_config::profile::profile_file::ProfileFiles::default();
        let selected = selected.map(|name| name.to_owned().into());
        aws_config::profile::load(&self.fs, &env, &files, selected)
            .await
            .map_err(|error| config(&spell(&error)))
    }
}

/// Shuts off what would answer before or instead of the profile, but for the source that the
/// profile itself names.
fn keep_only_profile(
    env: &mut HashMap<String, String>,
    name: &str,
    profiles: &ProfileSet,
) -> Result<(), CloudError> {
    let source = source_of(name, profiles)?;
    if source.as_deref() == Some("Environment") {
        return Err(config(&format!(
            "profile `{name}` has credential_source = Environment: leave the profile out, and set \
             its role as role_arn"
        )));
    }
    let container = source.as_deref() == Some("EcsContainer");
    env.retain(|name, _| {
        !OTHER_SOURCES.contains(&name.as_str()) || (container && name.starts_with("AWS_CONTAINER_"))
    });
    if source.as_deref() != Some("Ec2InstanceMetadata") {
        env.insert("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned());
    }
    Ok(())
}

/// The `credential_source` at the end of a profile's chain, if it has one.
fn source_of(name: &str, profiles: &ProfileSet) -> Result<Option<String>, CloudError> {
    let mut profile = defined(name, profiles)?;
    for _ in 0..MAX_HOPS {
        match (profile.get("source_profile"), profile.get("credential_source")) {
            (Some(next), _) if next != profile.name() => profile = defined(next, profiles)?,
            (_, source) => return Ok(source.map(str::to_owned)),
        }
    }
    Err(config(&format!("profile `{name}`: source_profile goes round in circles")))
}

fn defined<'a>(name: &str, profiles: &'a ProfileSet) -> Result<&'a Profile, CloudError> {
    profiles.get_profile(name).ok_or_else(|| {
        config(&format!("profile `{name}` stands in neither the AWS config nor credentials file"))
    })
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

/// An error of configuration: nothing was sent.
pub(super) fn config(message: &str) -> CloudError {
    CloudError::config("credentials", message)
}
