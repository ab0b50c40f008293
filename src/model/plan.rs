//! What is to be done: revocations, and the calls that carry them out.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::text::hex;
use super::word::word_enum;
use super::{Direction, Rule};

/// A group's place in its run's plan: groups are numbered in lane order.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct GroupIx(pub u32);

/// A revocation's number in its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RevocationId(pub u64);

word_enum! {
    /// How a call names the rules that it revokes.
    CallForm, "a form: rule-id, permissions or flat", {
        /// By rule id: cannot hit a rule that was added again.
        RuleId = "rule-id",
        /// By the rules' values, several a call.
        Permissions = "permissions",
        /// By the values of one rule, as the providers' first manuals show.
        Flat = "flat",
    }
}

/// The order to remove one grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// The group whose rule it is.
    pub group: GroupIx,
    /// The group that the rule names.
    pub peer: GroupIx,
    /// The manifest line that asks for it.
    pub line: u32,
    /// The rule as read; with `--no-audit` the row's own values and an empty id.
    pub rule: Rule,
}

impl Revocation {
    /// Whether this was planned without reading: there is no rule id.
    pub fn is_blind(&self) -> bool {
        self.rule.id.as_str().is_empty()
    }
}

/// One API request to be: one group, one direction, up to the provider's batch limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedCall {
    /// The group.
    pub group: GroupIx,
    /// The direction.
    pub direction: Direction,
    /// How the rules are named.
    pub form: CallForm,
    /// What it removes, never empty.
    pub revocations: Vec<Revocation>,
}

/// What one side of a pair shows: counts of one group's rules that name one peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The peer.
    pub peer: GroupIx,
    /// Grants (or, where a row says so, drop rules) that the rows ask for.
    pub standing: u32,
    /// Grants outside the rows' filters.
    pub outside: u32,
    /// Drop rules that no row asks for.
    pub drops: u32,
    /// Rules that name the peer's id under another owner than the row.
    pub misowned: u32,
    /// Rules that name the peer and do not tell what it takes to say whether a row asks for them.
    pub unclear: u32,
}

impl Finding {
    /// Whether something of it keeps the side from being judged.
    pub fn is_in_doubt(&self) -> bool {
        self.misowned > 0 || self.unclear > 0
    }
}

/// A SHA-256 digest, printed as 64 hexadecimal characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Hashes fields so that no two different lists of fields hash alike: each is length-prefixed.
#[derive(Clone)]
pub struct Hasher(Sha256);

impl Hasher {
    /// Starts a hash for one purpose, named so that no other purpose's hash equals it.
    pub fn new(purpose: &str) -> Self {
        let mut hasher = Self(Sha256::new());
        hasher.field(purpose);
        hasher
    }

    /// Adds one field.
    pub fn field(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Adds one field of bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    /// The digest.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}
