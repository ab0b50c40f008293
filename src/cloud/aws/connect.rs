//! Account → the client that acts as it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::caller::Caller;
use super::chain::Chain;
use super::client::AwsClient;
use super::credentials::{Cached, Fixed, Identities, Role};
use super::endpoints::{Endpoints, partition_of};
use super::exchange::Exchange;
use super::surroundings::Surroundings;
use crate::cloud::surroundings::AwsVariables;
use crate::cloud::{AccountSource, AwsSettings, CloudError, Http};
use crate::model::{AccountId, Partition, RegionId};

#[cfg(test)]
mod tests;

/// Where an account is asked for its regions if nothing says a region.
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
    https: Mutex<HashMap<Option<String>, Http>>,
    variables: AwsVariables,
    callers: tokio::sync::Mutex<HashMap<Option<String>, Caller>>,
    sources: Mutex<HashMap<SourceKey, Arc<dyn Identities>>>,
}

/// What tells source credentials apart: the profile, and where they are good.
type SourceKey = (Option<String>, &'static str);

impl AwsConnector {
    /// Reads the environment, but for the region and the switches of a caller. `session` ends in
    /// the names of assumed-role sessions. `ErrorClass::Config` if an endpoint of `settings` may not
    /// be used.
    pub fn new(http: &Http, settings: &AwsSettings, session: &str) -> Result<Self, CloudError> {
        Self::with_surroundings(http, settings, session, Surroundings::of_process())
    }

    /// The same for callers of whom the environment says `variables`.
    pub(in crate::cloud) fn told(self, variables: AwsVariables) -> Self {
        Self { variables, ..self }
    }

    fn with_surroundings(
        http: &Http,
        settings: &AwsSettings,
        session: &str,
        surroundings: Surroundings,
    ) -> Result<Self, CloudError> {
        Ok(Self {
            exchange: Exchange { http: http.for_aws(None)?, endpoints: Endpoints::new(settings)? },
            settings: settings.clone(),
            session: session_name(session),
            surroundings,
            https: Mutex::default(),
            variables: AwsVariables::default(),
            callers: tokio::sync::Mutex::default(),
            sources: Mutex::default(),
        })
    }

    /// The client that acts as `account`. Calls nobody: credentials are loaded by the first call.
    ///
    /// `hint` is where the work is, and the list of regions is asked; without it, where the one
    /// endpoint of EC2 or the caller is at home. `ErrorClass::NotOurs` for [`AccountSource::None`],
    /// `ErrorClass::Config` for a region or a role that cannot be, and for a profile that cannot be
    /// obeyed.
    pub async fn connect(
        &self,
        source: &AccountSource,
        account: &AccountId,
        hint: Option<&RegionId>,
    ) -> Result<AwsClient, CloudError> {
        let caller = self.caller(source).await?;
        let fixed = self.exchange.endpoints.fixed();
        let home = hint.or(fixed).or(caller.regions.first()).cloned();
        let home = home.unwrap_or_else(|| RegionId::new(DEFAULT_REGION));
        partition_of(&home)?;
        let endpoints = self.exchange.endpoints.of(caller);
        let exchange = Exchange { http: self.http(source).await?, endpoints };
        let role = |arn: &str| self.role(&exchange, arn, account, &home);
        let identities = match (source, &self.settings.role_arn) {
            (AccountSource::None, _) => return Err(CloudError::not_ours(account)),
            (AccountSource::Static(key), _) => Arc::new(Fixed::new(key)) as Arc<dyn Identities>,
            (AccountSource::Profile(name), _) => self.source(&exchange, Some(name), &home)?,
            (AccountSource::Role(arn), _) => role(arn)?,
            (AccountSource::Inherit, Some(template)) => role(template)?,
            (AccountSource::Inherit, None) => {
                self.source(&exchange, self.settings.profile.as_deref(), &home)?
            }
        };
        Ok(AwsClient::new(exchange, identities, account, home))
    }

    /// The profile of an account's source credentials.
    fn profile<'a>(&'a self, source: &'a AccountSource) -> Option<&'a String> {
        match source {
            AccountSource::Profile(name) => Some(name),
            _ => self.settings.profile.as_ref(),
        }
    }

    /// The client of an account's calls, which trust the `ca_bundle` of its profile.
    async fn http(&self, source: &AccountSource) -> Result<Http, CloudError> {
        let has_profile = !matches!(source, AccountSource::Static(_) | AccountSource::None);
        if !has_profile || self.exchange.http.has_aws_bundle() {
            return Ok(self.exchange.http.clone());
        }
        let profile = self.profile(source).cloned();
        if let Some(known) = self.https().get(&profile) {
            return Ok(known.clone());
        }
        let bundle = self.surroundings.ca_bundle(profile.as_deref()).await;
        let http = self.exchange.http.for_aws(bundle.as_ref())?;
        let mut https = self.https();
        let found = https.entry(profile).or_insert_with(|| {
            if let Some(bundle) = bundle {
                tracing::warn!("{}", bundle.told());
            }
            http
        });
        Ok(found.clone())
    }

    fn https(&self) -> MutexGuard<'_, HashMap<Option<String>, Http>> {
        self.https.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who calls for accounts of `source`, decided once for each profile. A key in memory and a
    /// partner have no surroundings.
    async fn caller(&self, source: &AccountSource) -> Result<Caller, CloudError> {
        if matches!(source, AccountSource::None | AccountSource::Static(_)) {
            return Ok(Caller::default());
        }
        let profile = self.profile(source);
        let mut callers = self.callers.lock().await;
        if let Some(known) = callers.get(&profile.cloned()) {
            return Ok(known.clone());
        }
        let configured = self.settings.sts_region.as_ref();
        let asked = profile.map(String::as_str);
        let found = self.surroundings.caller(asked, configured, &self.variables).await?;
        for told in found.told {
            tracing::warn!("{told}");
        }
        callers.insert(profile.cloned(), found.caller.clone());
        Ok(found.caller)
    }

    /// The provider's chain, or a profile, shared by all accounts that use it.
    fn source(
        &self,
        exchange: &Exchange,
        profile: Option<&str>,
        region: &RegionId,
    ) -> Result<Arc<dyn Identities>, CloudError> {
        let key = (profile.map(str::to_owned), partition_of(region)?.name);
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let source = sources.entry(key).or_insert_with(|| {
            Arc::new(Cached::new(Chain {
                surroundings: self.surroundings.clone(),
                profile: profile.map(str::to_owned),
                region: region.clone(),
                exchange: exchange.clone(),
            }))
        });
        Ok(Arc::clone(source))
    }

    fn role(
        &self,
        exchange: &Exchange,
        template: &str,
        account: &AccountId,
        region: &RegionId,
    ) -> Result<Arc<dyn Identities>, CloudError> {
        Ok(Arc::new(Cached::new(Role {
            base: self.source(exchange, self.settings.profile.as_deref(), region)?,
            exchange: exchange.clone(),
            region: region.clone(),
            arn: role_arn(template, account, partition_of(region)?)?,
            session: self.session.clone(),
            external_id: self.settings.external_id.clone(),
        })))
    }
}

/// Fills in `{account}` and, for a role of the commercial partition, the region's partition; a
/// role of any other partition is good for its regions alone.
fn role_arn(
    template: &str,
    account: &AccountId,
    partition: &Partition,
) -> Result<String, CloudError> {
    let id = account.as_str();
    if template.contains("{account}") && (id.len() != 12 || !account.is_numeric()) {
        return Err(bad_role(template, &format!("account `{id}`, expected 12 digits")));
    }
    let arn = template.replace("{account}", id);
    let Some(rest) = arn.strip_prefix("arn:") else {
        return Err(bad_role(template, "expected arn:aws:iam::{account}:role/NAME"));
    };
    match rest.split_once(':') {
        Some(("aws", rest)) => Ok(format!("arn:{}:{rest}", partition.name)),
        Some((name, _)) if name == partition.name => Ok(arn),
        _ => Err(bad_role(
            template,
            &format!(
                "the region is of partition {}, expected a role of that partition",
                partition.name
            ),
        )),
    }
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
