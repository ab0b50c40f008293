//! The keeper of an account's key: assumes its roles, keeps the session while it is good.

use std::time::{Duration, Instant, SystemTime};

use tokio::sync::Mutex;

use super::recipe::Recipe;
use super::source::Role;
use crate::cloud::alibaba::exchange::{Request, Service, exchange};
use crate::cloud::alibaba::node::{Node, Unreadable};
use crate::cloud::hide::hide;
use crate::cloud::{CloudError, ErrorClass, Http, StaticKey};

/// How long before its end a session is replaced: longer than a call and its signature last.
const MARGIN: Duration = Duration::from_mins(5);

/// Gives out the key of one account.
pub(in crate::cloud::alibaba) struct Keeper {
    http: Http,
    sts: String,
    recipe: Recipe,
    slot: Mutex<Slot>,
}

/// What the last attempt came to.
#[derive(Default)]
struct Slot {
    kept: Option<Kept>,
    failed: Option<(Instant, CloudError)>,
}

/// A key and, if it is a session's, its end.
struct Kept {
    key: StaticKey,
    expires: Option<SystemTime>,
}

impl Keeper {
    /// A keeper that asks the STS at `sts`. [`ErrorClass::Config`] or [`ErrorClass::NotOurs`] if
    /// the recipe leads nowhere; nothing is sent.
    pub(in crate::cloud::alibaba) fn new(
        http: Http,
        sts: &str,
        recipe: Recipe,
    ) -> Result<Self, CloudError> {
        recipe.resolve()?;
        Ok(Self { http, sts: sts.to_owned(), recipe, slot: Mutex::default() })
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
        let mut kept = Kept { key: source.key, expires: None };
        for role in &source.roles {
            let session = self.assume(&kept.key, role).await;
            kept = session.map_err(|error| unsent(role, error))?;
        }
        Ok(kept)
    }

    /// STS `AssumeRole` (2015-04-01).
    async fn assume(&self, key: &StaticKey, role: &Role) -> Result<Kept, CloudError> {
        let mut parameters = vec![
            ("RoleArn".to_owned(), role.arn.clone()),
            ("RoleSessionName".to_owned(), role.session.clone()),
        ];
        parameters.extend(role.external_id.clone().map(|id| ("ExternalId".to_owned(), id)));
        parameters.extend(role.seconds.map(|s| ("DurationSeconds".to_owned(), s.to_string())));
        let (service, endpoint) = (Service::Sts, self.sts.as_str());
        let request = Request { service, endpoint, action: "AssumeRole", parameters };
        let answer = exchange(&self.http, key, request, session).await;
        let answer = answer.map_err(|error| hide(error, [role.external_id.as_deref()]))?;
        Ok(answer.value)
    }
}

impl Kept {
    fn is_good(&self, now: SystemTime) -> bool {
        self.expires.is_none_or(|end| now + MARGIN < end)
    }
}

/// Reads the session of an `AssumeRole` answer.
fn session(node: &Node) -> Result<Kept, Unreadable> {
    let missing = || Unreadable("`Credentials` is missing".into());
    let credentials = node.get("Credentials").ok_or_else(missing)?;
    let text = |name| credentials.required(name).map(str::to_owned);
    let end: jiff::Timestamp =
        text("Expiration")?.parse().map_err(|_| Unreadable("`Expiration` is not a time".into()))?;
    let (secret, token) = (text("AccessKeySecret")?, text("SecurityToken")?);
    Ok(Kept {
        key: StaticKey {
            id: text("AccessKeyId")?,
            secret: secret.into(),
            token: Some(token.into()),
        },
        expires: Some(end.into()),
    })
}

/// The error as the call sees it that wanted the key: that call was not sent.
fn unsent(role: &Role, error: CloudError) -> CloudError {
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
    CloudError { class, message: format!("assuming {}: {}", role.arn, error.message), ..error }
}
