//! Calls that are to be sent, taken from the journal a page at a time.

use std::collections::{HashMap, VecDeque};

use super::CarryOut;
use super::active_call::ActiveCall;
use crate::audit::{Observer, store_by_rows};
use crate::journal::{CallId, Held, JournalError};
use crate::model::{GroupIx, Status};

/// Calls that a lane takes from the journal at once: each brings up to 100 rules along, and of
/// hundreds of lanes all begin at the same time.
const PAGE: u32 = 32;

/// Groups with calls in flight or not read back: a batch never races itself. A group may have
/// several such calls, when a process takes up what an earlier one left, and is busy until all of
/// them are done.
#[derive(Default)]
pub(super) struct Busy(HashMap<GroupIx, u32>);

impl Busy {
    /// A call of `group` is sent, or is to be read back.
    pub(super) fn hold(&mut self, group: GroupIx) {
        *self.0.entry(group).or_default() += 1;
    }

    /// One of the calls of `group` is done, or came back unsent.
    pub(super) fn release(&mut self, group: GroupIx) {
        if let Some(calls) = self.0.get_mut(&group) {
            *calls -= 1;
            if *calls == 0 {
                self.0.remove(&group);
            }
        }
    }

    fn contains(&self, group: GroupIx) -> bool {
        self.0.contains_key(&group)
    }
}

/// The calls of a lane in order.
pub(super) struct Queue {
    /// Where the journal is read on.
    from: CallId,
    /// Whether there is anything to be read on.
    has_more: bool,
    calls: VecDeque<ActiveCall>,
}

impl Queue {
    /// A queue of which nothing is read yet.
    pub(super) fn new() -> Self {
        Self { from: CallId(0), has_more: true, calls: VecDeque::new() }
    }

    /// The journal has new calls: they have higher numbers than any before.
    pub(super) fn more_came(&mut self) {
        self.has_more = true;
    }

    /// Adds a call that is to be sent again.
    pub(super) fn push(&mut self, call: ActiveCall) {
        self.calls.push_back(call);
    }

    /// The first call whose group is not busy.
    pub(super) fn next(&mut self, busy: &Busy) -> Option<ActiveCall> {
        let at = self.calls.iter().position(|call| !busy.contains(call.record.group))?;
        self.calls.remove(at)
    }

    /// Whether there are calls and the groups of all of them are busy.
    pub(super) fn is_blocked(&self, busy: &Busy) -> bool {
        !self.calls.is_empty() && self.calls.iter().all(|call| busy.contains(call.record.group))
    }

    /// Takes more calls from the journal when no more than `few` are left. Returns those that are
    /// to be read back.
    pub(super) async fn refill(
        &mut self,
        (work, observer): (&CarryOut<'_>, &Observer<'_>),
        held: &Held,
        few: usize,
    ) -> Result<Vec<ActiveCall>, JournalError> {
        if !self.has_more || self.calls.len() > few {
            return Ok(Vec::new());
        }
        let mut page = work.journal.open_page(held, self.from, PAGE).await?;
        if page.is_empty() && held.unstored().is_some() {
            let at_ms = work.exchange.clock.now_ms();
            store_by_rows(work.journal, observer, held, at_ms).await?;
            page = work.journal.open_page(held, self.from, PAGE).await?;
        }
        self.from = page.last().map_or(self.from, |last| CallId(last.id.0 + 1));
        self.has_more = page.len() >= PAGE as usize || held.unstored().is_some();
        let now = work.exchange.clock.now();
        let calls = page.into_iter().map(|record| ActiveCall::new(record, now));
        let (back, calls): (Vec<_>, Vec<_>) =
            calls.partition(|call| matches!(call.record.status, Status::ReadBack { .. }));
        self.calls.extend(calls);
        Ok(back)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::active_call::testing::call;

    #[test]
    fn a_queue_is_blocked_when_every_call_waits_for_its_group() {
        let mut queue = Queue::new();
        let mut busy = Busy::default();
        busy.hold(GroupIx(1));
        assert!(!queue.is_blocked(&busy), "nothing waits");
        queue.push(call(1));
        assert!(queue.is_blocked(&busy));
        queue.push(call(2));
        assert!(!queue.is_blocked(&busy));
        assert_eq!(queue.next(&busy).map(|call| call.record.group), Some(GroupIx(2)));
        busy.hold(GroupIx(1));
        busy.release(GroupIx(1));
        assert!(queue.is_blocked(&busy), "one of its two calls is not done");
        busy.release(GroupIx(1));
        assert!(!queue.is_blocked(&busy));
    }
}
