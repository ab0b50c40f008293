//! Why pairs are not severed: the kinds of reasons, and a reason with what it keeps.

use std::sync::Arc;

use serde::Serialize;

use crate::model::LaneKey;

/// What kind of thing keeps a side from being clean, or from being judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CauseKind {
    /// The group, or its whole account, could not be read.
    Unreadable,
    /// The group was not read yet.
    NeverRead,
    /// There is no such group.
    NoSuchGroup,
    /// The cloud refused the call.
    Refused,
    /// The rule stood after every attempt.
    StillPresent,
    /// Nothing proves what the call did.
    NoProof,
    /// An equal rule stands under another id.
    Conflict,
    /// The call was not sent.
    NotSent,
    /// A service of the provider manages the group.
    Managed,
}

/// Why one side is not clean, or cannot be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideCause {
    /// The kind of it.
    pub kind: CauseKind,
    /// The provider's code and message, or what was told; may be empty.
    pub reason: Arc<str>,
    /// Rules that are not settled for it.
    pub rules: u64,
}

/// A cause with the pairs that it keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// Its number: 1 is the one that most pairs have.
    pub cause: usize,
    /// The kind of it.
    pub kind: CauseKind,
    /// What happened, in words; what differs from case to case is left out (`…`).
    pub reason: String,
    /// What to do about it, in words.
    pub remedy: String,
    /// Pairs that are not severed for it.
    pub pairs: u64,
    /// Rules that are not settled for it.
    pub rules: u64,
    /// The first lanes that it was met in.
    pub lanes: Vec<LaneKey>,
    /// How many lanes it was met in.
    pub lanes_total: usize,
    #[serde(skip)]
    pub(super) keys: Vec<(CauseKind, String)>,
}

impl CauseKind {
    /// What happened, without the reason.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unreadable => "could not be read",
            Self::NeverRead => "never read",
            Self::NoSuchGroup => "no such group there",
            Self::Refused => "refused",
            Self::StillPresent => "still present after every attempt",
            Self::NoProof => "no proof of what the call did",
            Self::Conflict => "an equal rule stands under another id",
            Self::NotSent => "not sent",
            Self::Managed => "a service of the provider manages the group",
        }
    }
}

impl SideCause {
    /// What happened and why, in words.
    pub(super) fn words(&self) -> String {
        let what = self.kind.words();
        match &*self.reason {
            "" => what.to_owned(),
            // It says itself that nothing was sent.
            reason if self.kind == CauseKind::NotSent => reason.to_owned(),
            reason => format!("{what}: {reason}"),
        }
    }
}
