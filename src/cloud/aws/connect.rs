//! Account → the client that acts as it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::chain::Chain;
use super::client::AwsClient;
use super::credentials::{Cached, Fixed, Identities, Role};
use super::exchange::Exchange;
use super::regions::{Endpoints, Partition, Service};
use super::surroundings::Surroundings;
use crate::cloud::{AccountSource, AwsSettings, CloudError, Http};
use crate::model::{AccountId, RegionId};

#[cfg(test)]
mod tests;

/// Where STS is asked if nothing says a region.
const DEFAULT_REGION: &str = "us-east-1";
/// Longest name of an assumed-role session.
const SESSION: usize = 64;

/// Makes the clients of a run's accounts; accounts with the same source credentials share them.
pub struct AwsConnector {
    exchange: Exchange,
    settings: AwsSettings,
    session: String,
    surroundings: Surroundings,
    /// By profile: each may have authorities of its own.
    exchanges: Mutex<HashMap<Option<String>, Exchange>>,
    sources: Mutex<HashMap<SourceKey, Arc<dyn Identities>>>,
}

/// What tells source credentials apart: the profile, and where they are good.
type SourceKey = (Option<String>, Partition);

impl AwsConnector {
    /// Reads the environment. `session` ends in the names of assumed-role sessions.
    /// `ErrorClass::Config` if an endpoint of `settings` may not be used.
    pub fn new(http: Http, settings: &AwsSettings, session: &str) -> Result<Self, CloudError> {
        Self::with_surroundings(http, settings, session, Surroundings::of_process())
    }

    fn with_surroundings(
        http: Http,
        settings: &AwsSettings,
        session: &str,
        surroundings: Surroundings,
    ) -> Result<Self, CloudError> {
        Ok(Self {
            exchange: Exchange { http: http.for_aws(None)?, endpoints: Endpoints::new(settings)? },
            settings: settings.clone(),
            session: session_name(session),
            surroundings,
            exchanges: Mutex::default(),
            sources: Mutex::default(),
        })
    }

    /// The client that acts as `account`. Calls nobody: credentials are loaded by the first call.
    ///
    /// `hint` is where roles are assumed and the list of regions is asked; without it, the region
    /// of the environment or the profile. `ErrorClass::NotOurs` for [`AccountSource::None`],
    /// `ErrorClass::Config` for a region or a role that cannot be.
    pub async fn connect(
        &self,
        source: &AccountSource,
        account: &AccountId,
        hint: Option<&RegionId>,
    ) -> Result<AwsClient, CloudError> {
        let home = self.home(source, hint).await?;
        let exchange = self.exchange(source).await?;
        let role = |arn: &str| self.role(arn, account, &home, &exchange);
        let identities = match (source, &self.settings.role_arn) {
            (AccountSource::None, _) => return Err(CloudError::not_ours(account)),
            (AccountSource::Static(key), _) => Arc::new(Fixed::new(key)) as Arc<dyn Identities>,
            (AccountSource::Profile(name), _) => self.source(Some(name), &home, &exchange)?,
            (AccountSource::Role(arn), _) => role(arn)?,
            (AccountSource::Inherit, Some(template)) => role(template)?,
            (AccountSource::Inherit, None) => {
                self.source(self.settings.profile.as_deref(), &home, &exchange)?
            }
        };
        Ok(AwsClient::new(exchange, identities, account, home))
    }

    /// The profile of an account's source credentials.
    fn profile<'a>(&'a self, source: &'a AccountSource) -> Option<&'a str> {
        match source {
            AccountSource::Profile(name) => Some(name.as_str()),
            _ => self.settings.profile.as_deref(),
        }
    }

    /// The way of an account's calls, which trust the `ca_bundle` of its profile.
    async fn exchange(&self, source: &AccountSource) -> Result<Exchange, CloudError> {
        let has_profile = !matches!(source, AccountSource::Static(_) | AccountSource::None);
        if !has_profile || self.exchange.http.has_aws_bundle() {
            return Ok(self.exchange.clone());
        }
        let profile = self.profile(source).map(str::to_owned);
        if let Some(known) = self.exchanges().get(&profile) {
            return Ok(known.clone());
        }
        let bundle = self.surroundings.ca_bundle(profile.as_deref()).await;
        let http = self.exchange.http.for_aws(bundle.as_ref())?;
        let endpoints = self.exchange.endpoints.clone();
        let mut exchanges = self.exchanges();
        let found = exchanges.entry(profile).or_insert_with(|| {
            if let Some(bundle) = bundle {
                tracing::warn!("{}", bundle.told());
            }
            Exchange { http, endpoints }
        });
        Ok(found.clone())
    }

    fn exchanges(&self) -> MutexGuard<'_, HashMap<Option<String>, Exchange>> {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn home(
        &self,
        source: &AccountSource,
        hint: Option<&RegionId>,
    ) -> Result<RegionId, CloudError> {
        let profile = self.profile(source);
        let home = match hint {
            Some(region) => region.clone(),
            None => RegionId::new(
                self.surroundings.region(profile).await.as_deref().unwrap_or(DEFAULT_REGION),
            ),
        };
        Partition::of(&home).map(|_| home)
    }

    /// The provider's chain, or a profile, shared by all accounts that use it. Its own STS calls
    /// go to the region of the first.
    fn source(
        &self,
        profile: Option<&str>,
        region: &RegionId,
        exchange: &Exchange,
    ) -> Result<Arc<dyn Identities>, CloudError> {
        let sts = exchange.endpoints.url(Service::Sts, region)?;
        let key = (profile.map(str::to_owned), Partition::of(region)?);
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let source = sources.entry(key).or_insert_with(|| {
            Arc::new(Cached::new(Chain {
                surroundings: self.surroundings.clone(),
                profile: profile.map(str::to_owned),
                region: region.clone(),
                sts,
                exchange: exchange.clone(),
            }))
        });
        Ok(Arc::clone(source))
    }

    fn role(
        &self,
        template: &str,
        account: &AccountId,
        region: &RegionId,
        exchange: &Exchange,
    ) -> Result<Arc<dyn Identities>, CloudError> {
        Ok(Arc::new(Cached::new(Role {
            base: self.source(self.settings.profile.as_deref(), region, exchange)?,
            exchange: exchange.clone(),
            region: region.clone(),
            arn: role_arn(template, account, Partition::of(region)?)?,
            session: self.session.clone(),
            external_id: self.settings.external_id.clone(),
        })))
    }
}

/// Fills in `{account}` and, for a role of the commercial partition, the region's partition.
fn role_arn(
    template: &str,
    account: &AccountId,
    partition: Partition,
) -> Result<String, CloudError> {
    let id = account.as_str();
    if template.contains("{account}") && (id.len() != 12 || !account.is_numeric()) {
        return Err(bad_role(template, &format!("account `{id}`, expected 12 digits")));
    }
    let arn = template.replace("{account}", id);
    let Some(rest) = arn.strip_prefix("arn:") else {
        return Err(bad_role(template, "expected arn:aws:iam::{account}:role/NAME"));
    };
    Ok(match rest.strip_prefix("aws:") {
        Some(rest) => format!("arn:{}:{rest}", partition.arn()),
        None => arn,
    })
}

fn bad_role(template: &str, why: &str) -> CloudError {
    CloudError::config("role_arn", format!("role_arn \"{template}\": {why}"))
}

/// A name that STS takes: `[\w+=,.@-]`, at most 64 characters.
fn session_name(session: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let clean = session.chars().map(|c| if allowed(c) { c } else { '-' });
    let name: String = "unpair-".chars().chain(clean).take(SESSION).collect();
    name.trim_end_matches('-').to_owned()
}
