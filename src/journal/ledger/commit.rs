//! What a command writes: history rows and row changes of one lane, all or nothing.

use super::calls::Ended;
use super::chain::{Link, link};
use super::columns::Begun;
use super::head::LaneHead;
use super::reading::ReadingRow;
use super::rows::{CallRow, MemberRow, RevocationRow};
use crate::journal::{CallId, Tally};
use crate::model::{Digest, RevocationId};

/// A row of `event`, but for whose it is.
#[derive(Clone, Debug)]
pub(in crate::journal) struct EventRow {
    pub(in crate::journal) seq: u64,
    pub(in crate::journal) at_ms: i64,
    pub(in crate::journal) kind: &'static str,
    pub(in crate::journal) call: Option<CallId>,
    /// Canonical JSON.
    pub(in crate::journal) body: String,
    pub(in crate::journal) hash: Digest,
}

/// What one command writes of a lane. A store makes it durable as a whole if the lane's epoch and
/// its last history number are still `epoch` and `was`.
#[derive(Debug)]
pub(in crate::journal) struct Commit {
    pub(in crate::journal) run_no: i64,
    pub(in crate::journal) lane: u32,
    pub(in crate::journal) epoch: u64,
    pub(in crate::journal) was: u64,
    /// The lane's head afterwards.
    pub(in crate::journal) head: LaneHead,
    pub(in crate::journal) events: Vec<EventRow>,
    /// Readings, in order: a group may be read twice.
    pub(in crate::journal) readings: Vec<ReadingRow>,
    /// Calls that go with their members and revocations: they were replaced before they were sent.
    pub(in crate::journal) dropped: Vec<CallId>,
    /// Calls as they are now.
    pub(in crate::journal) calls: Vec<(CallId, CallRow)>,
    pub(in crate::journal) revocations: Vec<RevocationRow>,
    /// Members of new calls.
    pub(in crate::journal) joined: Vec<(RevocationId, CallId)>,
    /// Groups that were planned from their last reading.
    pub(in crate::journal) planned: Vec<u32>,
    /// Members as they are now, with their calls.
    pub(in crate::journal) members: Vec<(CallId, MemberRow)>,
    pub(in crate::journal) begun: Vec<Begun>,
    pub(in crate::journal) ended: Vec<Ended>,
    /// Counts to be added.
    pub(in crate::journal) tallies: Vec<Tally>,
}

impl Commit {
    /// A commit of a lane that ends with `head`, without any change.
    pub(super) fn after(run_no: i64, lane: u32, epoch: u64, head: LaneHead) -> Self {
        Self {
            run_no,
            lane,
            epoch,
            was: head.seq,
            head,
            events: Vec::new(),
            readings: Vec::new(),
            dropped: Vec::new(),
            calls: Vec::new(),
            revocations: Vec::new(),
            joined: Vec::new(),
            planned: Vec::new(),
            members: Vec::new(),
            begun: Vec::new(),
            ended: Vec::new(),
            tallies: Vec::new(),
        }
    }

    /// Adds a row to the history.
    pub(super) fn record(
        &mut self,
        at_ms: i64,
        kind: &'static str,
        call: Option<CallId>,
        body: String,
    ) {
        let (head, epoch) = (&mut self.head, self.epoch);
        head.seq += 1;
        let row = Link { seq: head.seq, at_ms, epoch, kind, call, body: &body };
        head.hash = link(&head.hash, &row);
        head.last_ms = Some(at_ms);
        let (seq, hash) = (head.seq, head.hash);
        self.events.push(EventRow { seq, at_ms, kind, call, body, hash });
    }
}
