//! Calls that are to be read back, each when it is due.

use std::time::Duration;

use tokio::time::Instant;

use super::in_hand::InHand;

/// The longest that a call that is due waits for a batch to fill while others are being sent. Long
/// enough for whole batches at most limits, short enough that failures are counted, and calls sent
/// again, while the lane is still at work.
const GATHERING: Duration = Duration::from_secs(5);

/// The read-backs of a lane: one at a time, of whole batches, since a read costs the same for one
/// group as for as many as the provider takes at once.
#[derive(Default)]
pub(super) struct Backlog {
    calls: Vec<InHand>,
    is_reading: bool,
    /// The next look for what is due, if one is on its way.
    look: Option<Instant>,
}

impl Backlog {
    /// Adds a call; it says itself when it is due.
    pub(super) fn push(&mut self, call: InHand) {
        self.calls.push(call);
    }

    /// Up to `batch` calls that are due: they are to be read now, and nothing else is until
    /// [`Backlog::was_read`]. While `more_come`, fewer than a batch wait for others to join them.
    pub(super) fn begin(&mut self, batch: usize, more_come: bool) -> Option<Vec<InHand>> {
        let now = Instant::now();
        let due = self.calls.iter().filter(|call| call.due <= now).count();
        let is_time = if more_come && due < batch { self.first_due()? + GATHERING } else { now };
        if self.is_reading || due == 0 || is_time > now {
            return None;
        }
        let (mut due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.calls).into_iter().partition(|call| call.due <= now);
        self.calls = later;
        if due.len() > batch {
            self.calls.extend(due.split_off(batch));
        }
        self.is_reading = true;
        Some(due)
    }

    fn first_due(&self) -> Option<Instant> {
        self.calls.iter().map(|call| call.due).min()
    }

    /// A read came to its end.
    pub(super) fn was_read(&mut self) {
        self.is_reading = false;
    }

    /// When to look for what is due, unless a read or another look comes before.
    pub(super) fn next_look(&mut self, more_come: bool) -> Option<Instant> {
        let gathering = if more_come { GATHERING } else { Duration::ZERO };
        let next = self.first_due()? + gathering;
        if self.is_reading || self.look.is_some_and(|look| look <= next) {
            return None;
        }
        self.look = Some(next);
        Some(next)
    }

    /// The look at `at` is over.
    pub(super) fn looked(&mut self, at: Instant) {
        self.look = self.look.filter(|look| *look != at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::in_hand::testing::call;

    #[tokio::test(start_paused = true)]
    async fn a_batch_that_is_not_full_waits_while_more_come() {
        let mut back = Backlog::default();
        back.push(call(1));
        back.push(call(2));
        assert!(back.begin(3, true).is_none());
        assert_eq!(back.next_look(true), Some(Instant::now() + GATHERING));
        back.push(call(3));
        assert_eq!(back.begin(3, true).map(|due| due.len()), Some(3));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_waits_longer_than_a_few_seconds_or_for_what_never_comes() {
        let mut back = Backlog::default();
        back.push(call(1));
        tokio::time::advance(GATHERING).await;
        assert!(back.begin(3, true).is_some());
        back.was_read();
        back.push(call(2));
        assert!(back.begin(3, true).is_none());
        assert_eq!(back.next_look(false), Some(Instant::now()));
        assert!(back.begin(3, false).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn one_batch_is_read_at_a_time() {
        let mut back = Backlog::default();
        (0..5).for_each(|id| back.push(call(id)));
        assert_eq!(back.begin(2, false).map(|due| due.len()), Some(2));
        assert!(back.begin(2, false).is_none() && back.next_look(false).is_none());
        back.was_read();
        assert_eq!(back.begin(9, false).map(|due| due.len()), Some(3));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_due_later_is_not_read_now() {
        let mut back = Backlog::default();
        let due = Instant::now() + Duration::from_secs(2);
        let mut first = call(1);
        first.due = due;
        back.push(first);
        back.push(call(2));
        assert_eq!(back.begin(9, false).map(|due| due.len()), Some(1));
        back.was_read();
        assert!(back.begin(9, false).is_none());
        assert_eq!(back.next_look(false), Some(due));
    }
}
