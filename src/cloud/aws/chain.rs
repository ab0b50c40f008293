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
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, ConfigLoader};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::error::ErrorMetadata;
use aws_types::os_shim_internal::Env;
use aws_types::region::Region;

use super::answer::shorten;
use super::carrier::http_client;
use super::codes::classify;
use super::credentials::{Fixed, Identities, Role, without_credentials};
use super::exchange::Exchange;
use super::process::Process;
use super::surroundings::{Surroundings, config, spell};
use crate::cloud::{CloudError, ErrorClass};
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
    /// Where its STS calls go.
    pub(super) region: RegionId,
    /// The STS endpoint of `region`.
    pub(super) sts: String,
    /// The way to STS for the roles that a command's credentials assume.
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
                format!("{}: no credentials within {} s", self.from(), WHOLE.as_secs()),
            )),
        }
    }

    async fn forget(&self) {}
}

impl Chain {
    async fn load(&self) -> Result<Credentials, CloudError> {
        let env = self.surroundings.narrowed(self.profile.as_deref(), &self.sts).await?;
        if let Some(process) = self.surroundings.process(self.profile.as_deref()).await? {
            return self.run(&process).await;
        }
        let loaded = self.loader(env).load().await;
        match loaded.credentials_provider() {
            Some(provider) => {
                provider.provide_credentials().await.map_err(|error| self.failed(&error))
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

    fn loader(&self, env: HashMap<String, String>) -> ConfigLoader {
        let loader = aws_config::defaults(BehaviorVersion::latest())
            .env(Env::from(env))
            .fs(self.surroundings.fs())
            .http_client(http_client(self.exchange.http.clone()))
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

    fn failed(&self, error: &CredentialsError) -> CloudError {
        let (class, what) = match error {
            CredentialsError::CredentialsNotLoaded(_) => return self.nothing(),
            CredentialsError::InvalidConfiguration(_) => (ErrorClass::Config, "is not valid"),
            CredentialsError::ProviderTimedOut(_) => (ErrorClass::Unreached, "timed out"),
            _ if unreached(error) => (ErrorClass::Unreached, "cannot be reached"),
            _ => (ErrorClass::Credential, "gives no credentials (SSO: run `aws sso login`)"),
        };
        let from = self.from();
        refusal(error, &from).or_else(|| unsent(error, &from)).unwrap_or_else(|| {
            CloudError::local(class, "credentials", format!("{from} {what}: {}", spell(error)))
        })
    }

    fn from(&self) -> String {
        match &self.profile {
            Some(profile) => format!("profile `{profile}`"),
            None => "the AWS credential chain".to_owned(),
        }
    }

    fn nothing(&self) -> CloudError {
        config(&match &self.profile {
            Some(profile) => format!(
                "profile `{profile}` names no credentials, expected keys, a role, SSO or a \
                 credential_process"
            ),
            None => "no AWS credentials found: run `aws configure`, or set aws.profile".to_owned(),
        })
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
