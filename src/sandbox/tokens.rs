//! What makes a request unique: signature nonces, and client tokens with their first answers.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::call::{Call, Refusal};
use super::http::canonical_query;
use crate::model::hex;

/// How long a nonce is remembered: longer than a timestamp stays valid, either way.
const NONCE_LIFE: SignedDuration = SignedDuration::from_mins(31);
/// How many nonces may be kept before old ones are looked for.
const NONCES_BEFORE_CLEANING: usize = 4096;

/// The nonces of the last half hour.
#[derive(Debug, Default)]
pub(super) struct Nonces {
    seen: HashMap<String, Timestamp>,
    clean_at: usize,
}

impl Nonces {
    /// Books a nonce; false if it was used before.
    pub(super) fn is_new(&mut self, key: &str, nonce: &str, now: Timestamp) -> bool {
        if self.seen.len() > self.clean_at.max(NONCES_BEFORE_CLEANING) {
            self.seen.retain(|_, used| now.duration_since(*used) < NONCE_LIFE);
            self.clean_at = self.seen.len() * 2;
        }
        self.seen.insert(format!("{key} {nonce}"), now).is_none()
    }
}

/// The first answer to a client token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Remembered {
    /// Whose token: account, region and the token itself.
    pub(super) key: String,
    /// What was asked, hashed.
    pub(super) asked: String,
    /// What was answered.
    pub(super) outcome: Result<Value, Refusal>,
}

/// The client tokens that were used.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    used: BTreeMap<String, Remembered>,
}

/// What a client token says of a call.
#[derive(Debug, PartialEq)]
pub(super) enum Novelty {
    /// Never seen.
    New,
    /// The very same call came before and was answered with this.
    Replayed(Result<Value, Refusal>),
    /// The token came before with other parameters.
    Mismatch,
}

impl Tokens {
    /// Whether the token of this call was used before.
    pub(super) fn novelty(&self, call: &Call, token: &str) -> Novelty {
        match self.used.get(&key(call, token)) {
            None => Novelty::New,
            Some(first) if first.asked == asked(call) => Novelty::Replayed(first.outcome.clone()),
            Some(_) => Novelty::Mismatch,
        }
    }

    /// Keeps the first answer.
    pub(super) fn remember(&mut self, remembered: Remembered) {
        self.used.insert(remembered.key.clone(), remembered);
    }

    /// Every token with its answer.
    pub(super) fn all(&self) -> impl Iterator<Item = &Remembered> {
        self.used.values()
    }
}

impl Remembered {
    pub(super) fn new(call: &Call, token: &str, outcome: Result<Value, Refusal>) -> Self {
        Self { key: key(call, token), asked: asked(call), outcome }
    }
}

fn key(call: &Call, token: &str) -> String {
    format!("{} {} {token}", call.account, call.region)
}

fn asked(call: &Call) -> String {
    let text = format!("{}?{}", call.action, canonical_query(&call.params));
    hex(&Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_once_for_each_key() {
        let (mut nonces, now) = (Nonces::default(), Timestamp::UNIX_EPOCH);
        assert!(nonces.is_new("a", "1", now));
        assert!(nonces.is_new("b", "1", now));
        assert!(!nonces.is_new("a", "1", now));
    }

    #[test]
    fn a_token_replays_the_same_call_and_refuses_another() {
        let (mut tokens, mut call) = (Tokens::default(), Call::for_test("Revoke"));
        assert_eq!(tokens.novelty(&call, "t"), Novelty::New);
        tokens.remember(Remembered::new(&call, "t", Ok(Value::Null)));
        assert_eq!(tokens.novelty(&call, "t"), Novelty::Replayed(Ok(Value::Null)));
        call.params.insert("SecurityGroupId".to_owned(), "sg-2".to_owned());
        assert_eq!(tokens.novelty(&call, "t"), Novelty::Mismatch);
        call.account = "2".into();
        assert_eq!(tokens.novelty(&call, "t"), Novelty::New);
    }
}
