//! The endpoint of one lane: its breaker, shared by the lane's limiters, and who waits for it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::breaker::{Breaker, CallEnd};
use super::clock::chance;
use super::learn::{NextCall, Seconds};

/// A lane's breaker, between tasks.
#[derive(Debug, Default)]
pub(super) struct Endpoint {
    breaker: Mutex<Breaker>,
    /// Told of each call that ended.
    ended: Notify,
}

impl Endpoint {
    /// Counts a call as sent if it may go out now; otherwise says when to ask again.
    pub(super) fn enter(&self, now: Seconds) -> NextCall {
        let mut breaker = self.breaker();
        let next = breaker.next(now);
        if next == NextCall::Now {
            breaker.sent();
        }
        next
    }

    /// A call that entered at `sent_at` came to its end. Returns whether the lane is left
    /// alone now.
    pub(super) fn leave(&self, end: CallEnd, sent_at: Seconds) -> bool {
        let mut breaker = self.breaker();
        let is_left_alone = breaker.ended(end, sent_at, chance());
        drop(breaker);
        self.ended.notify_waiters();
        is_left_alone
    }

    /// Waits for the next end of a call. One that comes between this and the first poll counts.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.ended.notified()
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
