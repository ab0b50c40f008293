//! The keeper of an account's key: assumes its roles, keeps the session while it is good.

use std::time::{Duration, SystemTime};

use tokio::sync::Mutex;

use super::super::super::{CloudError, ErrorClass, Http, StaticKey};
use super::super::exchange::{Request, Service, exchange};
use super::super::node::{Node, Unreadable};
use super::source::{Recipe, Role};

/// How long before its end a session is replaced: longer than a call and its signature last.
const MARGIN: Duration = Duration::from_mins(5);

/// Gives out the key of one account.
pub(in super::super) struct Keeper {
    http: Http,
    sts: String,
    recipe: Recipe,
    kept: Mutex<Option<Kept>>,
}

/// A key and, if it is a session's, its end.
#[derive(Clone)]
struct Kept {
    key: StaticKey,
    expires: Option<SystemTime>,
}

impl Keeper {
    /// A keeper that asks the STS at `sts`. [`ErrorClass::Config`] or [`ErrorClass::NotOurs`] if
    /// the recipe leads nowhere; nothing is sent.
    pub(in super::super) fn new(http: Http, sts: &str, recipe: Recipe) -> Result<Self, CloudError> {
        recipe.resolve()?;
        Ok(Self { http, sts: sts.to_owned(), recipe, kept: Mutex::new(None) })
    }

    /// A key that is good for at least five minutes. Assumes roles first if need be: callers
    /// that come meanwhile wait and share the outcome.
    ///
    /// No error of this method is [`ErrorClass::Lost`] or [`ErrorClass::Transient`]: whatever
    /// the key was wanted for was not sent.
    pub(in super::super) async fn key(&self) -> Result<StaticKey, CloudError> {
        let mut slot = self.kept.lock().await;
        if let Some(kept) = slot.as_ref().filter(|kept| kept.is_good(SystemTime::now())) {
            return Ok(kept.key.clone());
        }
        let fresh = self.fetch().await?;
        let key = fresh.key.clone();
        *slot = Some(fresh);
        Ok(key)
    }

    /// Drops what is kept, so that files are read and roles assumed anew.
    pub(in super::super) async fn forget(&self) {
        *self.kept.lock().await = None;
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
        Ok(exchange(&self.http, key, request, session).await?.value)
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
        | ErrorClass::Config => error.class,
        ErrorClass::Lost | ErrorClass::Transient | ErrorClass::Unreached | ErrorClass::Resign => {
            ErrorClass::Unreached
        }
        _ => ErrorClass::Credential,
    };
    CloudError { class, message: format!("assuming {}: {}", role.arn, error.message), ..error }
}
