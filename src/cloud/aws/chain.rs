//! The provider's own credential chain: environment, profiles, SSO, web identity, containers and
//! instance metadata, by `aws-config`.
//!
//! `aws-config` sees a copy of the environment in which no `AWS_ENDPOINT_URL*` stands and the STS
//! endpoint is ours, so that its own calls (role chains of a profile, web identity) go where all
//! others go. Handing in that copy is what its feature `test-util` is enabled for.

use std::collections::HashMap;
use std::error::Error as _;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_config::profile::{Profile, ProfileSet};
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, ConfigLoader};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_types::os_shim_internal::{Env, Fs};
use aws_types::region::Region;

use super::credentials::Identities;
use crate::cloud::{CloudError, ErrorClass};
use crate::model::RegionId;

#[cfg(test)]
mod tests;

/// Longest wait for a credential source, such as a `credential_process`.
const WHOLE: Duration = Duration::from_secs(60);
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

/// The names of the variables in `env` that override AWS endpoints: all of them are ignored.
pub fn ignored_endpoint_variables<N: AsRef<str>, V>(
    env: impl IntoIterator<Item = (N, V)>,
) -> Vec<String> {
    let names = env.into_iter().map(|(name, _)| name.as_ref().to_owned());
    let mut found: Vec<String> = names.filter(|name| name.starts_with(ENDPOINTS)).collect();
    found.sort_unstable();
    found
}

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

/// The chain, or with `profile` that profile alone.
pub(super) struct Chain {
    /// What it reads.
    pub(super) surroundings: Surroundings,
    /// The profile, if one was asked for by name.
    pub(super) profile: Option<String>,
    /// Where its STS calls go.
    pub(super) region: RegionId,
    /// The STS endpoint of `region`.
    pub(super) sts: String,
}

#[async_trait]
impl Identities for Chain {
    /// Reads everything anew: files may have changed since.
    async fn credentials(&self, _now: SystemTime) -> Result<Credentials, CloudError> {
        match tokio::time::timeout(WHOLE, self.load()).await {
            Ok(loaded) => loaded,
            Err(_) => Err(CloudError::local(
                ErrorClass::Unreached,
                "credentials",
                format!("no credentials within {} s", WHOLE.as_secs()),
            )),
        }
    }

    async fn forget(&self) {}
}

impl Chain {
    async fn load(&self) -> Result<Credentials, CloudError> {
        let loaded = self.loader(self.environment().await?).load().await;
        match loaded.credentials_provider() {
            Some(provider) => {
                provider.provide_credentials().await.map_err(|error| self.failed(&error))
            }
            None => Err(config("no AWS credentials are configured")),
        }
    }

    fn loader(&self, env: HashMap<String, String>) -> ConfigLoader {
        let proxy = proxy(&env);
        let loader = aws_config::defaults(BehaviorVersion::latest())
            .env(Env::from(env))
            .fs(self.surroundings.fs.clone())
            .http_client(http_client(proxy))
            .retry_config(RetryConfig::disabled())
            .region(Region::new(self.region.as_str().to_owned()))
            // The endpoint is given, which rules out variants of it.
            .use_fips(false)
            .use_dual_stack(false);
        match &self.profile {
            Some(profile) => loader.profile_name(profile),
            None => loader,
        }
    }

    async fn environment(&self) -> Result<HashMap<String, String>, CloudError> {
        let mut env = self.surroundings.env.clone();
        env.insert(format!("{ENDPOINTS}_STS"), self.sts.trim_end_matches('/').to_owned());
        if let Some(profile) = &self.profile {
            let profiles = self.surroundings.profiles(Some(profile)).await?;
            keep_only_profile(&mut env, profile, &profiles)?;
        }
        Ok(env)
    }

    fn failed(&self, error: &CredentialsError) -> CloudError {
        let from = match &self.profile {
            Some(profile) => format!("profile `{profile}`"),
            None => "the AWS credential chain".to_owned(),
        };
        let (class, remedy) = match error {
            CredentialsError::CredentialsNotLoaded(_) => (
                ErrorClass::Config,
                "no credentials found: run `aws configure`, or set aws.profile",
            ),
            CredentialsError::InvalidConfiguration(_) => (ErrorClass::Config, "is not valid"),
            CredentialsError::ProviderTimedOut(_) => (ErrorClass::Unreached, "timed out"),
            _ if unreached(error) => (ErrorClass::Unreached, "cannot be reached"),
            _ => (ErrorClass::Credential, "gives no credentials"),
        };
        let message = format!("{from}: {remedy}: {}", spell(error));
        CloudError::local(class, "credentials", message)
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

/// Whether no connection came about, anywhere down the causes.
fn unreached(error: &CredentialsError) -> bool {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.downcast_ref::<ConnectorError>().is_some_and(|e| e.is_io() || e.is_timeout()) {
            return true;
        }
        cause = inner.source();
    }
    false
}

/// The innermost cause in one line, without what a process wrote: that may be a secret.
fn spell(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(inner) = innermost.source() {
        innermost = inner;
    }
    let text = innermost.to_string();
    let text = text.split("Stderr:").next().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect()
}

fn config(message: &str) -> CloudError {
    CloudError::local(ErrorClass::Config, "credentials", message)
}

/// The HTTP client of `aws-config`, with the same TLS as ours.
fn http_client(proxy: ProxyConfig) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut builder = Connector::builder().proxy_config(proxy.clone());
        builder.set_connector_settings(settings.cloned());
        builder.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).build()
    })
}

/// A proxy for https alone: metadata services are plain http on this very machine.
fn proxy(env: &HashMap<String, String>) -> ProxyConfig {
    let first = |names: [&str; 2]| names.iter().find_map(|name| env.get(*name));
    let Some(url) = first(["https_proxy", "HTTPS_PROXY"]).filter(|url| !url.is_empty()) else {
        return ProxyConfig::disabled();
    };
    let bypass = first(["no_proxy", "NO_PROXY"]).map_or("", String::as_str);
    ProxyConfig::https(url.as_str())
        .map_or_else(|_| ProxyConfig::disabled(), |proxy| proxy.no_proxy(bypass))
}
