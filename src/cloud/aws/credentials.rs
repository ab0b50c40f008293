//! Whose key signs: a fixed key, a role that is assumed, and the cache in front of them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use secrecy::ExposeSecret;
use tokio::sync::Mutex;

use super::endpoints::Service;
use super::exchange::Exchange;
use super::read::{Unreadable, child, value};
use super::request;
use super::wire::Element;
use crate::cloud::hide::hide;
use crate::cloud::{CloudError, ErrorClass, MAX_WRITE_BODY, StaticKey};
use crate::model::RegionId;

#[cfg(test)]
mod tests;

/// Credentials are replaced this long before they expire, so that none expires on the way.
const MARGIN: Duration = Duration::from_mins(5);
/// Where these credentials come from, for the credential type's own notes.
const NAME: &str = "unpair";

/// A source of credentials.
#[async_trait]
pub(super) trait Identities: Send + Sync {
    /// The credentials to use at `now`.
    async fn credentials(&self, now: SystemTime) -> Result<Credentials, CloudError>;

    /// Drops whatever is kept, so that the next credentials are new.
    async fn forget(&self);

    /// Whether there will never be others.
    fn is_fixed(&self) -> bool {
        false
    }
}

/// A key that never changes.
pub(super) struct Fixed(Credentials);

impl Fixed {
    /// Wraps a key in memory.
    pub(super) fn new(key: &StaticKey) -> Self {
        let token = key.token.as_ref().map(|token| token.expose_secret().to_owned());
        Self::of(Credentials::new(&key.id, key.secret.expose_secret(), token, None, NAME))
    }

    /// Credentials that were given as they are.
    pub(super) fn of(credentials: Credentials) -> Self {
        Self(credentials)
    }
}

#[async_trait]
impl Identities for Fixed {
    async fn credentials(&self, _now: SystemTime) -> Result<Credentials, CloudError> {
        Ok(self.0.clone())
    }

    async fn forget(&self) {}

    fn is_fixed(&self) -> bool {
        true
    }
}

/// Keeps the credentials of another source until shortly before they expire. One caller at a time
/// asks the source; the others wait for its answer.
pub(super) struct Cached<S> {
    source: S,
    held: Mutex<Option<Credentials>>,
}

impl<S> Cached<S> {
    /// An empty cache in front of `source`.
    pub(super) fn new(source: S) -> Self {
        Self { source, held: Mutex::new(None) }
    }
}

#[async_trait]
impl<S: Identities> Identities for Cached<S> {
    async fn credentials(&self, now: SystemTime) -> Result<Credentials, CloudError> {
        let mut held = self.held.lock().await;
        if let Some(credentials) = held.as_ref().filter(|held| lasts(held, now)) {
            return Ok(credentials.clone());
        }
        let fresh = self.source.credentials(now).await?;
        *held = Some(fresh.clone());
        Ok(fresh)
    }

    async fn forget(&self) {
        *self.held.lock().await = None;
        self.source.forget().await;
    }
}

fn lasts(credentials: &Credentials, now: SystemTime) -> bool {
    credentials.expiry().is_none_or(|expiry| expiry > now + MARGIN)
}

/// A role that another source assumes through STS.
pub(super) struct Role {
    /// Who assumes it.
    pub(super) base: Arc<dyn Identities>,
    /// The way to STS.
    pub(super) exchange: Exchange,
    /// Which STS.
    pub(super) region: RegionId,
    /// The role.
    pub(super) arn: String,
    /// The session's name, which the provider's logs show.
    pub(super) session: String,
    /// What the role's trust policy asks for.
    pub(super) external_id: Option<String>,
}

#[async_trait]
impl Identities for Role {
    async fn credentials(&self, now: SystemTime) -> Result<Credentials, CloudError> {
        let query = request::assume_role(&self.arn, &self.session, self.external_id.as_deref());
        let base = self.base.credentials(now).await?;
        let told = |error: CloudError| CloudError {
            class: without_credentials(error.class),
            message: format!("assume {}: {}", self.arn, error.message),
            ..error
        };
        self.exchange
            .send(Service::Sts, &self.region, &base, &query, MAX_WRITE_BODY, assumed)
            .await
            .map(|answer| answer.value)
            .map_err(|error| told(hide(error, [self.external_id.as_deref()])))
    }

    async fn forget(&self) {
        self.base.forget().await;
    }
}

/// What an error of loading credentials means for the call that wanted them: it was not sent.
pub(super) fn without_credentials(class: ErrorClass) -> ErrorClass {
    match class {
        ErrorClass::Lost | ErrorClass::Transient => ErrorClass::Unreached,
        ErrorClass::Refused => ErrorClass::Credential,
        other => other,
    }
}

/// Reads the answer to `AssumeRole`.
fn assumed(root: &Element<'_>) -> Result<Credentials, Unreadable> {
    let credentials = child(child(root, "AssumeRoleResult")?, "Credentials")?;
    let expiry: jiff::Timestamp = value(credentials, "Expiration")?
        .parse()
        .map_err(|_| "Expiration is not a time".to_owned())?;
    Ok(Credentials::new(
        value(credentials, "AccessKeyId")?,
        value(credentials, "SecretAccessKey")?,
        Some(value(credentials, "SessionToken")?.to_owned()),
        Some(expiry.into()),
        NAME,
    ))
}
