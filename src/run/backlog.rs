//! Calls that are to be read back, each when it is due.

use std::time::Duration;

use tokio::time::Instant;

use super::active_call::ActiveCall;
use crate::cloud::Batch;

/// Listings of rules for each listing of groups that a read-back waits for: where one lists the
/// rules of one group alone (Alibaba Cloud), reads must keep up with the calls.
const LISTINGS: usize = 10;

/// The longest that a call that is due waits for a batch to fill while others are being sent. Long
/// enough for whole batches at most limits, short enough that failures are counted, and calls sent
/// again, while the lane is still at work.
const GATHERING: Duration = Duration::from_secs(5);

/// The read-backs of a lane: one at a time, of whole batches, since a read costs the same for one
/// group as for as many as the provider takes at once.
pub(super) struct Backlog {
    /// Groups that one read-back takes at most.
    most: usize,
    /// Groups that are worth a read-back while others are to come.
    enough: usize,
    calls: Vec<ActiveCall>,
    is_reading: bool,
}

impl Backlog {
    /// An empty one of a provider that reads `batch` at once.
    pub(super) fn new(batch: Batch) -> Self {
        let most = batch.groups.max(1);
        let enough = batch.rules.saturating_mul(LISTINGS).clamp(1, most);
        Self { most, enough, calls: Vec::new(), is_reading: false }
    }

    /// Adds a call; it says itself when it is due.
    pub(super) fn push(&mut self, call: ActiveCall) {
        self.calls.push(call);
    }

    /// Calls that are due, no more than are read at once: they are to be read now, and nothing else
    /// is until [`Backlog::was_read`]. While `more_come`, a few wait for others to join them.
    pub(super) fn begin(&mut self, more_come: bool) -> Option<Vec<ActiveCall>> {
        let now = Instant::now();
        let due = self.calls.iter().filter(|call| call.due <= now).count();
        let is_time =
            if more_come && due < self.enough { self.first_due()? + GATHERING } else { now };
        if self.is_reading || due == 0 || is_time > now {
            return None;
        }
        let (mut due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.calls).into_iter().partition(|call| call.due <= now);
        self.calls = later;
        if due.len() > self.most {
            self.calls.extend(due.split_off(self.most));
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

    /// When to look for what is due, unless a read comes to its end before.
    pub(super) fn next_look(&self, more_come: bool) -> Option<Instant> {
        let gathering = if more_come { GATHERING } else { Duration::ZERO };
        let next = self.first_due()? + gathering;
        (!self.is_reading).then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::active_call::testing::call;

    const AWS: Batch =
        Batch { groups: 3, rules: 3, revoke_ids: 9, revoke_permissions: 9, references: 0 };

    #[test]
    fn where_rules_are_listed_group_by_group_reads_keep_up_with_calls() {
        let alibaba = Backlog::new(Batch { groups: 100, rules: 1, ..AWS });
        assert_eq!((alibaba.most, alibaba.enough), (100, 10));
        let aws = Backlog::new(Batch { groups: 200, rules: 200, ..AWS });
        assert_eq!((aws.most, aws.enough), (200, 200));
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_that_is_not_full_waits_while_more_come() {
        let mut back = Backlog::new(AWS);
        back.push(call(1));
        back.push(call(2));
        assert!(back.begin(true).is_none());
        assert_eq!(back.next_look(true), Some(Instant::now() + GATHERING));
        back.push(call(3));
        assert_eq!(back.begin(true).map(|due| due.len()), Some(3));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_waits_longer_than_a_few_seconds_or_for_what_never_comes() {
        let mut back = Backlog::new(AWS);
        back.push(call(1));
        tokio::time::advance(GATHERING).await;
        assert!(back.begin(true).is_some());
        back.was_read();
        back.push(call(2));
        assert!(back.begin(true).is_none());
        assert_eq!(back.next_look(false), Some(Instant::now()));
        assert!(back.begin(false).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn one_batch_is_read_at_a_time() {
        let mut back = Backlog::new(AWS);
        (0..5).for_each(|id| back.push(call(id)));
        assert_eq!(back.begin(false).map(|due| due.len()), Some(3));
        assert!(back.begin(false).is_none() && back.next_look(false).is_none());
        back.was_read();
        assert_eq!(back.begin(false).map(|due| due.len()), Some(2));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_due_later_is_not_read_now() {
        let mut back = Backlog::new(AWS);
        let due = Instant::now() + Duration::from_secs(2);
        let mut first = call(1);
        first.due = due;
        back.push(first);
        back.push(call(2));
        assert_eq!(back.begin(false).map(|due| due.len()), Some(1));
        back.was_read();
        assert!(back.begin(false).is_none());
        assert_eq!(back.next_look(false), Some(due));
    }
}
