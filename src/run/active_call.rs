//! A call with what this process knows of it beyond the journal.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::Instant;

use super::age::lapse;
use crate::exchange::Moment;
use crate::journal::CallRecord;
use crate::model::{RuleId, Status};
use crate::pace::Tries;

/// The longest stored delay that is waited for: a little above what a retry policy gives, so that
/// a wall clock that jumped back costs little.
const LONGEST_DELAY_MS: u64 = 150_000;

/// A call that this process works on.
#[derive(Debug)]
pub(super) struct ActiveCall {
    pub(super) record: CallRecord,
    /// What the last answer was.
    pub(super) last_answer: LastAnswer,
    /// What the provider said when it refused.
    pub(super) refusal: Option<String>,
    /// The rules to which the last answer says that something was done, where it lists any.
    pub(super) listed: Option<HashSet<RuleId>>,
    /// What became of its sends, of whatever generation.
    pub(super) tries: Tries,
    /// Requests of this process after which members still stood.
    pub(super) rounds: u32,
    /// Read-backs since the last answer.
    pub(super) polls: u32,
    /// Not to be sent, or read back, before.
    pub(super) due: Instant,
    /// The last read-back did not find the group.
    pub(super) missing: bool,
    /// When this process first sent the present request.
    first_sent: Option<Moment>,
}

/// What the last answer to a call was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LastAnswer {
    /// Success, which proves nothing.
    Accepted,
    /// Nothing, or nothing that this process knows of.
    Unknown,
    /// That a member is not there: nothing was carried out.
    Missing,
    /// A refusal: nothing was carried out.
    Refused,
    /// To come again later, which is too long ago now: nothing was carried out.
    Lapsed,
}

impl ActiveCall {
    /// A call as the journal has it at `now`.
    pub(super) fn new(record: CallRecord, now: Moment) -> Self {
        let due = now.at + delay_left(record.status, now.wall_ms).unwrap_or_default();
        Self {
            record,
            last_answer: LastAnswer::Unknown,
            refusal: None,
            listed: None,
            tries: Tries::default(),
            rounds: 0,
            polls: 0,
            due,
            missing: false,
            first_sent: None,
        }
    }

    /// Its next generation, with what its earlier ones went through.
    pub(super) fn again(self, record: CallRecord, now: Moment) -> Self {
        Self { rounds: self.rounds, tries: self.tries, ..Self::new(record, now) }
    }

    /// What is left of a delay that an earlier process was told.
    pub(super) fn told_to_wait(&self) -> Option<Duration> {
        let waiting = matches!(self.record.status, Status::Waiting { .. });
        waiting.then(|| self.due.saturating_duration_since(Instant::now()))
    }

    /// Why it must not be sent again with the token it had, if so.
    pub(super) fn lapse(&self, now: &Moment) -> Option<String> {
        match self.record.status {
            Status::Waiting { .. } => lapse(self.first_sent.as_ref(), now),
            _ => None,
        }
    }

    /// Notes that an intent is in the journal since `at`.
    pub(super) fn sent(&mut self, status: Status, at: Moment) {
        if matches!(status, Status::InFlight { attempt: 1, .. }) {
            self.first_sent = Some(at);
        }
        self.record.status = status;
    }
}

/// What is left of a stored delay.
fn delay_left(status: Status, now_ms: i64) -> Option<Duration> {
    let Status::Waiting { not_before_ms, .. } = status else { return None };
    let left = u64::try_from(not_before_ms.saturating_sub(now_ms)).unwrap_or(0);
    Some(Duration::from_millis(left.min(LONGEST_DELAY_MS)))
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;
    use crate::journal::CallId;
    use crate::model::{CallForm, Direction, GroupId, GroupIx};

    /// A call of a group of its own, due now.
    pub(in crate::run) fn call(id: u32) -> ActiveCall {
        let record = CallRecord {
            id: CallId(u64::from(id)),
            group: GroupIx(id),
            group_id: GroupId::from(format!("sg-{id}")),
            direction: Direction::Ingress,
            form: CallForm::RuleId,
            status: Status::Pending { generation: 1 },
            first_sent_ms: None,
            reply_lost: false,
            accepted: false,
            looked_ms: None,
            members: Vec::new(),
        };
        ActiveCall::new(record, Moment { wall_ms: 0, at: Instant::now() })
    }
}
