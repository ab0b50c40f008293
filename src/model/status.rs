//! The states of a call.
//!
//! Events are facts; a call's status is the fold of its events, and [`Status::next`] is the one
//! place that says which fact may follow which.

use serde::{Deserialize, Serialize};

use super::{Event, EventKind};

/// Where a call is in its life. `generation` counts distinct requests, `attempt` the sends of
/// one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
#[expect(missing_docs, reason = "generation, attempt and not_before_ms are told above")]
pub enum Status {
    /// To be sent for the first time.
    Pending { generation: u32 },
    /// Sent, or about to be.
    InFlight { generation: u32, attempt: u32 },
    /// To be sent again, not before `not_before_ms` (milliseconds since 1970).
    Waiting { generation: u32, attempt: u32, not_before_ms: i64 },
    /// Answered or lost; the group is to be read back.
    ReadBack { generation: u32 },
    /// Every member has an outcome.
    Settled { generation: u32 },
    /// Refused; every member failed.
    Failed { generation: u32 },
}

/// An event that cannot follow a status: a bug, or a journal that was edited.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a call that is {from:?} cannot have the event `{event}`")]
pub struct IllegalTransition {
    /// The status it had.
    pub from: Status,
    /// The event that came.
    pub event: EventKind,
}

impl Status {
    /// A new call.
    pub const NEW: Self = Self::Pending { generation: 1 };

    /// The status after `event`; used for appending and for loading alike.
    ///
    /// ```
    /// use unpair::model::{Event, Status};
    ///
    /// let sent = Status::InFlight { generation: 1, attempt: 1 };
    /// let accepted = Event::Accepted { request_id: None, http: 200 };
    /// // An answer settles nothing: the group is read back.
    /// let after = sent.next(&accepted)?;
    /// assert_eq!(after, Status::ReadBack { generation: 1 });
    /// // What is read back was not waiting for an answer.
    /// assert!(after.next(&accepted).is_err());
    /// # Ok::<(), unpair::model::IllegalTransition>(())
    /// ```
    pub fn next(self, event: &Event) -> Result<Self, IllegalTransition> {
        let next = match (self, event) {
            (Self::Pending { generation }, Event::Started { .. }) => {
                Self::InFlight { generation, attempt: 1 }
            }
            (Self::Waiting { generation, attempt, .. }, Event::Started { .. }) => {
                Self::InFlight { generation, attempt: attempt + 1 }
            }
            (
                Self::InFlight { generation, .. },
                Event::Accepted { .. }
                | Event::MemberMissing { .. }
                | Event::Ambiguous { .. }
                | Event::Reclaimed,
            ) => Self::ReadBack { generation },
            // An old token may be one that the provider has forgotten, with what it did.
            (Self::Waiting { generation, .. }, Event::Lapsed { .. }) => {
                Self::ReadBack { generation }
            }
            (Self::InFlight { generation, attempt }, Event::Deferred { not_before_ms, .. }) => {
                Self::Waiting { generation, attempt, not_before_ms: *not_before_ms }
            }
            (Self::InFlight { generation, .. }, Event::Refused { .. }) => {
                Self::Failed { generation }
            }
            (Self::ReadBack { generation }, Event::Verified { retry, .. }) => {
                if retry.is_empty() {
                    Self::Settled { generation }
                } else {
                    Self::Pending { generation: generation + 1 }
                }
            }
            // Taken up again, it is read first: a call is sent only for what still stands.
            (
                Self::Failed { generation } | Self::Settled { generation },
                Event::Reopened { .. },
            ) => Self::ReadBack { generation },
            _ => return Err(IllegalTransition { from: self, event: event.kind() }),
        };
        Ok(next)
    }

    /// The number of the current request.
    pub const fn generation(self) -> u32 {
        match self {
            Self::Pending { generation }
            | Self::InFlight { generation, .. }
            | Self::Waiting { generation, .. }
            | Self::ReadBack { generation }
            | Self::Settled { generation }
            | Self::Failed { generation } => generation,
        }
    }

    /// Whether nothing more happens to the call in this run, short of a `resume`.
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Settled { .. } | Self::Failed { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Identity, RevocationId};

    fn events() -> Vec<Event> {
        let identity = Identity { account: "1".into(), arn: "arn".into() };
        let text = String::new;
        vec![
            Event::Started { token: None, request: text(), identity },
            Event::Accepted { request_id: None, http: 200 },
            Event::Deferred { not_before_ms: 5, code: text(), request_id: None, throttled: true },
            Event::MemberMissing { code: text(), message: text(), request_id: None },
            Event::Refused { code: text(), message: text(), request_id: None, http: 400 },
            Event::Ambiguous { reason: text(), request_id: None },
            Event::Reclaimed,
            Event::Lapsed { reason: text() },
            Event::Verified { settled: vec![], retry: vec![] },
            Event::Reopened { members: vec![] },
        ]
    }

    #[test]
    fn only_the_edges_of_the_table_are_legal() {
        let legal: [(Status, &[EventKind]); 6] = [
            (Status::NEW, &[EventKind::Started]),
            (
                Status::InFlight { generation: 1, attempt: 1 },
                &[
                    EventKind::Accepted,
                    EventKind::Deferred,
                    EventKind::MemberMissing,
                    EventKind::Refused,
                    EventKind::Ambiguous,
                    EventKind::Reclaimed,
                ],
            ),
            (
                Status::Waiting { generation: 1, attempt: 1, not_before_ms: 0 },
                &[EventKind::Started, EventKind::Lapsed],
            ),
            (Status::ReadBack { generation: 1 }, &[EventKind::Verified]),
            (Status::Settled { generation: 1 }, &[EventKind::Reopened]),
            (Status::Failed { generation: 1 }, &[EventKind::Reopened]),
        ];
        for (status, allowed) in legal {
            for event in events() {
                let ok = status.next(&event).is_ok();
                assert_eq!(ok, allowed.contains(&event.kind()), "{status:?} {:?}", event.kind());
            }
        }
    }

    #[test]
    fn what_still_stands_goes_again_as_the_next_generation() {
        let verified = Event::Verified { settled: vec![], retry: vec![vec![RevocationId(1)]] };
        let next = Status::ReadBack { generation: 1 }.next(&verified);
        assert_eq!(next, Ok(Status::Pending { generation: 2 }));
    }
}
