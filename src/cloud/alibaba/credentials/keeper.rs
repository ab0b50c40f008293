//! The keeper of an account's key: assumes its roles, keeps the session while it is good.

use std::time::{Instant, SystemTime};

use tokio::sync::Mutex;

use super::kept::Kept;
use super::recipe::Recipe;
use super::source::{Origin, Role};
use super::{external, machine, oidc, uri};
use crate::cloud::alibaba::exchange::{Request, Service, exchange};
use crate::cloud::alibaba::regions::Endpoints;
use crate::cloud::hide::hide;
use crate::cloud::{CloudError, ErrorClass, Http, StaticKey};

/// Gives out the key of one account.
pub(in crate::cloud::alibaba) struct Keeper {
    http: Http,
    endpoints: Endpoints,
    /// The STS that the profile of the first resolution names.
    sts: Option<String>,
    recipe: Recipe,
    slot: Mutex<Slot>,
}

/// What the last attempt came to.
#[derive(Default)]
struct Slot {
    kept: Option<Kept>,
    failed: Option<(Instant, CloudError)>,
}

impl Keeper {
    /// A keeper that asks the services at `endpoints`. [`ErrorClass::Config`] or [`ErrorClass::NotOurs`] if
    /// the recipe leads nowhere; nothing is sent.
    pub(in crate::cloud::alibaba) fn new(
        http: Http,
        endpoints: Endpoints,
        recipe: Recipe,
    ) -> Result<Self, CloudError> {
        let sts = recipe.resolve()?.sts;
        Ok(Self { http, endpoints, sts, recipe, slot: Mutex::default() })
    }

    /// The STS that tells whose the key is.
    pub(in crate::cloud::alibaba) fn sts(&self) -> &str {
        self.endpoints.sts(self.sts.as_deref())
    }

    /// A key that is good for at least five minutes. Assumes roles first if need be: callers
    /// that come meanwhile wait and share the outcome, so that a dead STS costs one deadline.
    ///
    /// No error of this method is [`ErrorClass::Lost`] or [`ErrorClass::Transient`]: whatever
    /// the key was wanted for was not sent.
    pub(in crate::cloud::alibaba) async fn key(&self) -> Result<StaticKey, CloudError> {
        let asked = Instant::now();
        let mut slot = self.slot.lock().await;
        if let Some((_, error)) = slot.failed.as_ref().filter(|(at, _)| *at > asked) {
            return Err(error.clone());
        }
        if let Some(kept) = slot.kept.as_ref().filter(|kept| kept.is_good(SystemTime::now())) {
            return Ok(kept.key.clone());
        }
        match self.fetch().await {
            Ok(fresh) => Ok(slot.kept.insert(fresh).key.clone()),
            Err(error) => {
                slot.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// Whether there will never be another key.
    pub(in crate::cloud::alibaba) const fn is_fixed(&self) -> bool {
        self.recipe.is_fixed()
    }

    /// Drops what is kept, so that files are read and roles assumed anew.
    pub(in crate::cloud::alibaba) async fn forget(&self) {
        self.slot.lock().await.kept = None;
    }

    async fn fetch(&self) -> Result<Kept, CloudError> {
        let source = self.recipe.resolve()?;
        let mut kept = self.begin(&source.origin).await?;
        for role in &source.roles {
            let session = self.assume(&kept.key, role).await;
            kept = session.map_err(|error| unsent(&assuming(role), error))?;
        }
        Ok(kept)
    }

    /// The key that roles are assumed with.
    async fn begin(&self, origin: &Origin) -> Result<Kept, CloudError> {
        let fetched = match origin {
            Origin::Key(key) => return Ok(Kept { key: key.clone(), expires: None }),
            Origin::Oidc(oidc) => {
                let endpoint = self.endpoints.sts(oidc.role.sts.as_deref());
                let session = oidc::key(&self.http, endpoint, oidc).await;
                return session.map_err(|error| unsent(&assuming(&oidc.role), error));
            }
            Origin::Machine(role) => {
                machine::key(&self.http, self.endpoints.metadata(), role.as_deref()).await
            }
            Origin::External(external) => external::key(external).await,
            Origin::Uri(uri) => uri::key(&self.http, uri).await,
        };
        fetched.map_err(|error| unsent("", error))
    }

    /// STS `AssumeRole` (2015-04-01).
    async fn assume(&self, key: &StaticKey, role: &Role) -> Result<Kept, CloudError> {
        let mut parameters = role.parameters();
        parameters.extend(role.external_id.clone().map(|id| ("ExternalId".to_owned(), id)));
        let (service, endpoint) = (Service::Sts, self.endpoints.sts(role.sts.as_deref()));
        let request = Request { service, endpoint, action: "AssumeRole", parameters };
        let answer = exchange(&self.http, key, request, Kept::of_session).await;
        let answer = answer.map_err(|error| hide(error, [role.external_id.as_deref()]))?;
        Ok(answer.value)
    }
}

fn assuming(role: &Role) -> String {
    format!("assuming {}: ", role.arn)
}

/// The error as the call sees it that wanted the key: that call was not sent.
fn unsent(before: &str, error: CloudError) -> CloudError {
    let class = match error.class {
        ErrorClass::Throttled
        | ErrorClass::Expired
        | ErrorClass::ClockSkew
        | ErrorClass::Denied
        | ErrorClass::Scarce
        | ErrorClass::Config => error.class,
        ErrorClass::Lost | ErrorClass::Transient | ErrorClass::Unreached | ErrorClass::Resign => {
            ErrorClass::Unreached
        }
        _ => ErrorClass::Credential,
    };
    CloudError { class, message: format!("{before}{}", error.message), ..error }
}
