//! Rows of calls and of their members, and how these change.

use serde::{Deserialize, Serialize};

use crate::journal::CallId;
use crate::model::{CallForm, Direction, Outcome, RevocationId, Settled, Status};

/// A row of `call`.
#[derive(Clone, Debug)]
pub(in crate::journal) struct CallRow {
    pub(in crate::journal) group: u32,
    pub(in crate::journal) direction: Direction,
    pub(in crate::journal) form: CallForm,
    pub(in crate::journal) status: Status,
    pub(in crate::journal) first_sent_ms: Option<i64>,
    pub(in crate::journal) reply_lost: bool,
    pub(in crate::journal) accepted: bool,
    pub(in crate::journal) origin: Option<CallId>,
}

impl CallRow {
    /// A call as it is planned.
    pub(in crate::journal) const fn planned(
        group: u32,
        direction: Direction,
        form: CallForm,
    ) -> Self {
        Self {
            group,
            direction,
            form,
            status: Status::NEW,
            first_sent_ms: None,
            reply_lost: false,
            accepted: false,
            origin: None,
        }
    }
}

/// Generations of a call during which a revocation was its member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::journal) struct Stay(
    pub(in crate::journal) CallId,
    pub(in crate::journal) u32,
    pub(in crate::journal) u32,
);

/// A row of `member`.
#[derive(Clone, Debug)]
pub(in crate::journal) struct MemberRow {
    pub(in crate::journal) id: RevocationId,
    pub(in crate::journal) outcome: Outcome,
    pub(in crate::journal) reply_lost: bool,
    pub(in crate::journal) reason: Option<String>,
    pub(in crate::journal) settled_ms: Option<i64>,
    pub(in crate::journal) since: u32,
    pub(in crate::journal) until: Option<u32>,
    pub(in crate::journal) past: Vec<Stay>,
}

impl MemberRow {
    /// A revocation as it is planned.
    pub(in crate::journal) const fn planned(id: RevocationId) -> Self {
        Self {
            id,
            outcome: Outcome::Pending,
            reply_lost: false,
            reason: None,
            settled_ms: None,
            since: 1,
            until: None,
            past: Vec::new(),
        }
    }

    pub(super) fn settle(&mut self, generation: u32, settled: Settled, at_ms: i64) {
        self.outcome = settled.outcome;
        self.reply_lost = settled.reply_lost;
        self.reason = settled.reason;
        self.settled_ms = Some(at_ms);
        self.until = Some(generation);
    }

    /// Is a member of `call` again, whose last generation was `generation`: that one was sent
    /// without it if it had left before.
    pub(super) fn reopen(&mut self, call: CallId, generation: u32) {
        if let Some(until) = self.until.take().filter(|until| *until < generation) {
            self.past.push(Stay(call, self.since, until));
            self.since = generation + 1;
        }
        self.outcome = Outcome::Pending;
        self.reply_lost = false;
        self.reason = None;
        self.settled_ms = None;
    }

    pub(super) fn move_from(&mut self, call: CallId, generation: u32) {
        self.past.push(Stay(call, self.since, generation));
        self.since = 1;
    }
}

/// A row of `revocation`.
#[derive(Debug)]
pub(in crate::journal) struct RevocationRow {
    pub(in crate::journal) id: RevocationId,
    pub(in crate::journal) group: u32,
    pub(in crate::journal) peer: u32,
    pub(in crate::journal) line: u32,
    pub(in crate::journal) rule: String,
    pub(in crate::journal) fields: String,
}
