//! Calls that are to be sent, taken from the journal a page at a time.

use std::collections::{HashSet, VecDeque};

use super::CarryOut;
use super::in_hand::InHand;
use crate::journal::{CallId, JournalError, Lane};
use crate::model::{GroupIx, Status};

/// Calls that a lane takes from the journal at once: each brings up to 100 rules along, and of
/// hundreds of lanes all begin at the same time.
const PAGE: u32 = 32;

/// The calls of a lane in order.
pub(super) struct Queue {
    /// Where the journal is read on; `None` at its end.
    cursor: Option<CallId>,
    calls: VecDeque<InHand>,
}

impl Queue {
    /// A queue of which nothing is read yet.
    pub(super) fn new() -> Self {
        Self { cursor: Some(CallId(0)), calls: VecDeque::new() }
    }

    /// Whether every open call of the journal has been taken.
    pub(super) fn has_all(&self) -> bool {
        self.cursor.is_none()
    }

    /// Adds a call that is to be sent, again or as part of another one.
    pub(super) fn push(&mut self, call: InHand) {
        self.calls.push_back(call);
    }

    /// The first call whose group is not busy.
    pub(super) fn next(&mut self, busy: &HashSet<GroupIx>) -> Option<InHand> {
        let at = self.calls.iter().position(|call| !busy.contains(&call.record.group))?;
        self.calls.remove(at)
    }

    /// Whether there are calls and the groups of all of them are busy.
    pub(super) fn is_blocked(&self, busy: &HashSet<GroupIx>) -> bool {
        !self.calls.is_empty() && self.calls.iter().all(|call| busy.contains(&call.record.group))
    }

    /// Takes more calls from the journal when no more than `few` are left. Returns those that are
    /// to be read back.
    pub(super) async fn refill(
        &mut self,
        work: &CarryOut<'_>,
        lane: &Lane,
        few: usize,
    ) -> Result<Vec<InHand>, JournalError> {
        let Some(from) = self.cursor.filter(|_| self.calls.len() <= few) else {
            return Ok(Vec::new());
        };
        let page = work.journal.open_calls(&work.run.new.id, lane, from, PAGE).await?;
        self.cursor =
            page.last().filter(|_| page.len() >= PAGE as usize).map(|last| CallId(last.id.0 + 1));
        let now = work.exchange.clock.now();
        let calls = page.into_iter().map(|record| InHand::new(record, now));
        let (back, calls): (Vec<_>, Vec<_>) =
            calls.partition(|call| matches!(call.record.status, Status::ReadBack { .. }));
        self.calls.extend(calls);
        Ok(back)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::in_hand::testing::call;

    #[test]
    fn a_queue_is_blocked_when_every_call_waits_for_its_group() {
        let mut queue = Queue::new();
        let mut busy = HashSet::from([GroupIx(1)]);
        assert!(!queue.is_blocked(&busy), "nothing waits");
        queue.push(call(1));
        assert!(queue.is_blocked(&busy));
        queue.push(call(2));
        assert!(!queue.is_blocked(&busy));
        assert_eq!(queue.next(&busy).map(|call| call.record.group), Some(GroupIx(2)));
        busy.clear();
        assert!(!queue.is_blocked(&busy));
    }
}
