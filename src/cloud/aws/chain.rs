//! The provider's own credential chain: environment, profiles, SSO, web identity, containers and
//! instance metadata, by `aws-config`; a `credential_process` by ourselves (see `process`).
//!
//! `aws-config` is handed a copy of the environment (see `surroundings`), so that its own STS
//! calls, for role chains of a profile and for web identity, go where all others go. Handing it in
//! is what its feature `test-util` is enabled for.

use std::collections::HashMap;
use std::error::Error as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
#[expect(deprecated, reason = "the new path is in a crate that is not ours to depend on")]
use aws_config::profile::profile_file::{ProfileFileKind, ProfileFiles};
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, ConfigLoader};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::error::ErrorMetadata;
use aws_types::os_shim_internal::{Env, Fs};
use aws_types::region::Region;

use super::answer::shorten;
use super::carrier::http_client;
use super::codes::classify;
use super::credentials::{Fixed, Identities, Role, without_credentials};
use super::endpoints::{Place, Service};
use super::exchange::{Exchange, with_remedy};
use super::origin::{Origin, Trail};
use super::process::Process;
use super::profiles::{config, spelled};
use super::surroundings::{Surroundings, spell};
use crate::cloud::key_text::flaw;
use crate::cloud::{CloudError, ErrorClass, scarce};
use crate::model::RegionId;

#[cfg(test)]
mod tests;

/// Longest wait for a credential source, such as a `credential_process`.
const WHOLE: Duration = Duration::from_mins(1);
/// The name of the session of a profile's role that does not name its own.
const SESSION: &str = "unpair";

/// The chain, or with `profile` that profile alone.
pub(super) struct Chain {
    /// What it reads.
    pub(super) surroundings: Surroundings,
    /// The profile, if one was asked for by name.
    pub(super) profile: Option<String>,
    /// Where the work is that they are for.
    pub(super) region: RegionId,
    /// The way to STS, also for the roles that a command's credentials assume.
    pub(super) exchange: Exchange,
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
                format!("{}: no credentials within {} s", self.name(), WHOLE.as_secs()),
            )),
        }
    }

    async fn forget(&self) {}
}

impl Chain {
    async fn load(&self) -> Result<Credentials, CloudError> {
        let trail = self.surroundings.trail(self.profile.as_deref()).await?;
        let credentials = match &trail.origin {
            Origin::Process(process) => self.run(process).await?,
            _ => self.provided(&trail).await?,
        };
        self.checked(credentials, &trail)
    }

    /// The credentials that `aws-config` comes by.
    async fn provided(&self, trail: &Trail) -> Result<Credentials, CloudError> {
        let profile = self.profile.as_deref();
        let endpoints = &self.exchange.endpoints;
        let sts = endpoints.place(Service::Sts, &self.region)?;
        let mut asked = vec![("STS", sts.url.clone())];
        if matches!(trail.origin, Origin::Sso(_)) {
            asked.extend(self.surroundings.sign_on(profile, endpoints.variant()).await?);
        }
        let env = self.surroundings.narrowed(profile, &trail.origin, asked)?;
        let fs = self.surroundings.fs(trail).await?;
        let loaded = self.loader(env, fs, trail, &sts).load().await;
        match loaded.credentials_provider() {
            Some(provider) => {
                let given = provider.provide_credentials().await;
                let told = |error| self.failed(&error, trail);
                given.map_err(told).map_err(|error| with_remedy(error, Service::Sts, &sts.region))
            }
            None => Err(config("no AWS credentials are configured")),
        }
    }

    /// The credentials that a command gives, or those of the roles that they assume.
    async fn run(&self, process: &Process) -> Result<Credentials, CloudError> {
        let mut credentials = process.credentials().await?;
        for role in &process.roles {
            let assumed = Role {
                base: Arc::new(Fixed::of(credentials)),
                exchange: self.exchange.clone(),
                region: self.region.clone(),
                arn: role.arn.clone(),
                session: role.session.clone().unwrap_or_else(|| SESSION.to_owned()),
                external_id: role.external_id.clone(),
            };
            credentials = assumed.credentials(SystemTime::now()).await?;
        }
        Ok(credentials)
    }

    /// Whatever gave a key: what no request can be signed with is told here, and not by a request.
    fn checked(&self, key: Credentials, trail: &Trail) -> Result<Credentials, CloudError> {
        let parts = [
            ("the id of its key", Some(key.access_key_id())),
            ("the secret of its key", Some(key.secret_access_key())),
            ("its session token", key.session_token()),
        ];
        for (what, part) in parts {
            if let Some(why) = part.and_then(flaw) {
                return Err(config(&format!("{}: {what} {why}", self.from(trail))));
            }
        }
        Ok(key)
    }

    /// Only what leads to the credentials is in the profiles of `trail`; `aws-config` reads no
    /// other file of profiles.
    #[expect(deprecated, reason = "the new path is in a crate that is not ours to depend on")]
    fn loader(
        &self,
        env: HashMap<String, String>,
        fs: Fs,
        trail: &Trail,
        sts: &Place,
    ) -> ConfigLoader {
        let profiles = ProfileFiles::builder().with_contents(ProfileFileKind::Config, &trail.text);
        aws_config::defaults(BehaviorVersion::latest())
            .env(Env::from(env))
            .fs(fs)
            .profile_files(profiles.build())
            .profile_name(spelled(&trail.profile))
            .http_client(http_client(self.exchange.http.clone()))
            .retry_config(RetryConfig::disabled())
            .region(Region::new(sts.region.as_str().to_owned()))
            // Every endpoint is given, as a variant if one is asked for.
            .use_fips(false)
            .use_dual_stack(false)
    }

    fn failed(&self, error: &CredentialsError, trail: &Trail) -> CloudError {
        if let Some(shortage) = scarce::behind(error).or_else(scarce::now) {
            return shortage;
        }
        let (class, what) = match error {
            CredentialsError::CredentialsNotLoaded(_) => return self.nothing(error, trail),
            _ if matches!(trail.origin, Origin::Service(_)) && is_absent(error) => {
                return self.nothing(error, trail);
            }
            CredentialsError::InvalidConfiguration(_) => (ErrorClass::Config, "is not valid"),
            CredentialsError::ProviderTimedOut(_) => (ErrorClass::Unreached, "timed out"),
            _ if unreached(error) => (ErrorClass::Unreached, "cannot be reached"),
            _ => (ErrorClass::Credential, "gives no credentials"),
        };
        let from = self.from(trail);
        let error = refusal(error, &from).or_else(|| unsent(error, &from)).unwrap_or_else(|| {
            CloudError::local(class, "credentials", format!("{from} {what}: {}", spell(error)))
        });
        match remedy(&error, &trail.origin) {
            Some(remedy) => CloudError { message: format!("{}: {remedy}", error.message), ..error },
            None => error,
        }
    }

    /// Who was asked for credentials.
    fn name(&self) -> String {
        match &self.profile {
            Some(profile) => format!("profile `{profile}`"),
            None => "the AWS credential chain".to_owned(),
        }
    }

    /// Who gives the credentials.
    fn from(&self, trail: &Trail) -> String {
        match &trail.origin {
            Origin::Environment | Origin::Surroundings => self.name(),
            _ => format!("profile `{}`", trail.profile),
        }
    }

    fn nothing(&self, error: &CredentialsError, trail: &Trail) -> CloudError {
        let from = self.from(trail);
        let off = self.surroundings.var("AWS_EC2_METADATA_DISABLED");
        let off = if off.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            " (AWS_EC2_METADATA_DISABLED is set)"
        } else {
            ""
        };
        config(&match &trail.origin {
            Origin::Nothing => format!(
                "{from} names no credentials, expected keys, a role, SSO or a credential_process"
            ),
            Origin::Service(service) if service == "EcsContainer" => format!(
                "{from} has credential_source = EcsContainer, and neither \
                 AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set"
            ),
            Origin::Service(service) => {
                format!("{from} has credential_source = {service}, which gives none here{off}")
            }
            Origin::Environment | Origin::Surroundings => {
                let hint = trail.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
                format!(
                    "no AWS credentials found{hint}: run `aws configure`, or set aws.profile{off}"
                )
            }
            Origin::Keys | Origin::Process(_) | Origin::Sso(_) | Origin::WebIdentity(_) => {
                format!("{from} gives no credentials: {}", spell(error))
            }
        })
    }
}

/// What to do about credentials that were refused, or are not there, by where they come from.
fn remedy(error: &CloudError, origin: &Origin) -> Option<String> {
    let Origin::Sso(profile) = origin else { return None };
    match error.class {
        ErrorClass::Denied => Some("check sso_account_id and sso_role_name".to_owned()),
        ErrorClass::Credential | ErrorClass::Expired => {
            Some(format!("run `aws sso login --profile {profile}`, and check sso_region"))
        }
        _ => None,
    }
}

/// What STS or SSO answered to `from`, if that is down the causes.
fn refusal(error: &CredentialsError, from: &str) -> Option<CloudError> {
    let answer = causes(error).find_map(|cause| cause.downcast_ref::<ErrorMetadata>())?;
    // The status is not told; an unknown code counts as refused.
    let code = answer.code()?;
    let class = without_credentials(classify(code, 400));
    let message = shorten(answer.message().unwrap_or_default());
    Some(CloudError::local(class, code, format!("{from}: {message}")))
}

/// Whether a source says, anywhere down the causes, that it has nothing to give here.
fn is_absent(error: &CredentialsError) -> bool {
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<CredentialsError>())
        .any(|error| matches!(error, CredentialsError::CredentialsNotLoaded(_)))
}

/// Why a request of the chain was not answered, if that is down the causes.
fn unsent(error: &CredentialsError, from: &str) -> Option<CloudError> {
    let CloudError { class, code, message, .. } =
        causes(error).find_map(|cause| cause.downcast_ref())?;
    let class = without_credentials(*class);
    Some(CloudError::local(class, code, format!("{from}: {message}")))
}

/// Whether no connection came about, anywhere down the causes.
fn unreached(error: &CredentialsError) -> bool {
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<ConnectorError>())
        .any(|error| error.is_io() || error.is_timeout())
}

fn causes(error: &CredentialsError) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}
