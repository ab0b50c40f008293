//! What happens to a call, as facts, and what became of its revocations.

use serde::{Deserialize, Serialize};

use super::word::word_enum;
use super::{ClientToken, Identity, RequestId, RevocationId};

word_enum! {
    /// How a revocation stands.
    Outcome, "an outcome", {
        /// Gone by read-back after our call.
        Removed = "removed",
        /// Gone before any call of ours.
        AlreadyAbsent = "already_absent",
        /// Gone, but an equal rule stands under another id: reported, never chased.
        Conflict = "conflict",
        /// Still there after every attempt.
        StillPresent = "still_present",
        /// The group itself is gone.
        GroupGone = "group_gone",
        /// Refused by the provider.
        Failed = "failed",
        /// No proof either way.
        Unknown = "unknown",
        /// Called without the right to read back.
        Unverified = "unverified",
        /// Not done yet.
        Pending = "pending",
    }
}

impl Outcome {
    /// Whether `resume` leaves a revocation of this outcome alone.
    pub const fn is_settled(self) -> bool {
        match self {
            Self::Removed
            | Self::AlreadyAbsent
            | Self::Conflict
            | Self::GroupGone
            | Self::Unverified => true,
            Self::StillPresent | Self::Failed | Self::Unknown | Self::Pending => false,
        }
    }
}

/// One fact about a call, as journalled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The intent, durable before the request leaves.
    Started {
        /// The token sent, on clouds that take one.
        token: Option<ClientToken>,
        /// SHA-256 of the request's parameters, hexadecimal.
        request: String,
        /// Who the credentials were proven to be.
        identity: Identity,
    },
    /// The provider answered success, which proves nothing.
    Accepted {
        /// The answer's request id, if it had one.
        request_id: Option<RequestId>,
        /// The HTTP status.
        http: u16,
    },
    /// Not carried out, to be sent again later: throttled, credentials, not reached.
    Deferred {
        /// Earliest next attempt, milliseconds since 1970.
        not_before_ms: i64,
        /// The provider's code, or what happened on the way.
        code: String,
        /// The answer's request id, if there was one.
        request_id: Option<RequestId>,
        /// Whether it was the provider's rate limit.
        throttled: bool,
    },
    /// Refused because of a member: missing, or one that took the batch along.
    MemberMissing {
        /// The provider's code.
        code: String,
        /// What the provider said.
        message: String,
        /// The answer's request id, if it had one.
        request_id: Option<RequestId>,
    },
    /// Refused for good.
    Refused {
        /// The provider's code.
        code: String,
        /// What the provider said.
        message: String,
        /// The answer's request id, if it had one.
        request_id: Option<RequestId>,
        /// The HTTP status.
        http: u16,
    },
    /// No answer, or one that proves nothing: it may have been carried out.
    Ambiguous {
        /// What happened.
        reason: String,
        /// The answer's request id, if there was one.
        request_id: Option<RequestId>,
    },
    /// Found in flight by a later process.
    Reclaimed,
    /// To be sent again, but its first send is too long ago, or nobody can say how long: the
    /// provider may have forgotten its token, so the group is read back first.
    Lapsed {
        /// Which of the two, in words.
        reason: String,
    },
    /// The group was read back.
    Verified {
        /// What became of members; `reply_lost` if the answer never came.
        settled: Vec<Settled>,
        /// What still stands and is to be sent again. The first list stays with this call, as
        /// its next generation; each further list becomes a call of its own.
        retry: Vec<Vec<RevocationId>>,
    },
    /// Taken up again by `resume`: the group is read back before anything is sent.
    Reopened {
        /// The members whose outcome becomes pending again.
        members: Vec<RevocationId>,
    },
}

/// What became of one revocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// Which.
    pub id: RevocationId,
    /// How.
    pub outcome: Outcome,
    /// Gone after a call whose answer never came.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reply_lost: bool,
    /// The provider's code or the reason, for outcomes that need one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

word_enum! {
    /// An [`Event`] without its data.
    EventKind, "an event", {
        /// See [`Event::Started`].
        Started = "started",
        /// See [`Event::Accepted`].
        Accepted = "accepted",
        /// See [`Event::Deferred`].
        Deferred = "deferred",
        /// See [`Event::MemberMissing`].
        MemberMissing = "member_missing",
        /// See [`Event::Refused`].
        Refused = "refused",
        /// See [`Event::Ambiguous`].
        Ambiguous = "ambiguous",
        /// See [`Event::Reclaimed`].
        Reclaimed = "reclaimed",
        /// See [`Event::Lapsed`].
        Lapsed = "lapsed",
        /// See [`Event::Verified`].
        Verified = "verified",
        /// See [`Event::Reopened`].
        Reopened = "reopened",
    }
}

impl Event {
    /// Which event this is.
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::Started { .. } => EventKind::Started,
            Self::Accepted { .. } => EventKind::Accepted,
            Self::Deferred { .. } => EventKind::Deferred,
            Self::MemberMissing { .. } => EventKind::MemberMissing,
            Self::Refused { .. } => EventKind::Refused,
            Self::Ambiguous { .. } => EventKind::Ambiguous,
            Self::Reclaimed => EventKind::Reclaimed,
            Self::Lapsed { .. } => EventKind::Lapsed,
            Self::Verified { .. } => EventKind::Verified,
            Self::Reopened { .. } => EventKind::Reopened,
        }
    }
}
