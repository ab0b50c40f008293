//! Credentials: the keys of the world's accounts, and the ones that `AssumeRole` gave out.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::world::World;
use crate::model::{AccountId, Provider};

/// Who a key belongs to and what proves it.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// The account.
    pub(super) account: AccountId,
    /// The ARN of user or role session.
    pub(super) arn: String,
    /// The key's secret.
    pub(super) secret: String,
    /// The session token that must come along.
    pub(super) token: Option<String>,
    /// When the credentials end.
    pub(super) expires: Option<Timestamp>,
}

impl Caller {
    /// Whether temporary credentials have ended.
    pub(super) fn is_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|end| end <= now)
    }
}

/// The temporary credentials that were given out.
#[derive(Debug)]
pub(super) struct Sessions {
    issued: HashMap<String, Caller>,
    dice: fastrand::Rng,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { issued: HashMap::new(), dice: fastrand::Rng::new() }
    }
}

impl Sessions {
    /// Whose key this is: an account's own or a session's.
    pub(super) fn find(&self, world: &World, cloud: Provider, key: &str) -> Option<Caller> {
        if let Some(caller) = self.issued.get(key) {
            return Some(caller.clone());
        }
        let (account, secret) = world.key(cloud, key)?;
        let arn = match cloud {
            Provider::Alibaba => format!("acs:ram::{}:user/unpair", account.id),
            Provider::Aws => format!("arn:aws:iam::{}:user/unpair", account.id),
        };
        let (account, secret) = (account.id.clone(), secret.to_owned());
        Some(Caller { account, arn, secret, token: None, expires: None })
    }

    /// New temporary credentials; the key's id comes back with them.
    pub(super) fn issue(
        &mut self,
        cloud: Provider,
        account: AccountId,
        arn: String,
        expires: Timestamp,
    ) -> (String, Caller) {
        let key = match cloud {
            Provider::Alibaba => format!("STS.{}", self.letters(24)),
            Provider::Aws => format!("ASIA{}", self.letters(16).to_uppercase()),
        };
        let (secret, token) = (self.letters(40), Some(self.letters(96)));
        let caller = Caller { account, arn, secret, token, expires: Some(expires) };
        self.issued.insert(key.clone(), caller.clone());
        (key, caller)
    }

    /// Random letters and digits.
    fn letters(&mut self, count: usize) -> String {
        std::iter::repeat_with(|| self.dice.alphanumeric()).take(count).collect()
    }
}

/// The account and the name of a role's ARN, which begins with `prefix`.
pub(super) fn read_role<'a>(arn: &'a str, prefix: &str) -> Option<(&'a str, &'a str)> {
    arn.strip_prefix(prefix)?.split_once(":role/").filter(|(_, name)| !name.is_empty())
}

/// When a session ends, for a lifetime given in seconds; `None` if that is not within 900 s to
/// 12 h. The default is one hour.
pub(super) fn session_end(seconds: Option<&str>, now: Timestamp) -> Option<Timestamp> {
    let seconds = seconds.map_or(Some(3600), |text| text.parse::<i64>().ok())?;
    let lifetime = (900..=43_200).contains(&seconds).then(|| SignedDuration::from_secs(seconds))?;
    now.checked_add(lifetime).ok()
}
