//! The endpoint of one lane: its breaker, shared by the lane's limiters, and who waits for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::breaker::{Breaker, End};
use super::clock::chance;
use super::learn::{Next, Seconds};

/// A lane's breaker, between tasks.
#[derive(Debug)]
pub(super) struct Endpoint {
    breaker: Mutex<Breaker>,
    /// Told of each call that ended.
    ended: Notify,
    /// Told of each call that ended while the endpoint was silent.
    silent: Arc<Notify>,
}

impl Endpoint {
    /// One that nothing is known of; `silent` is told when it seems not to work.
    pub(super) fn new(silent: Arc<Notify>) -> Self {
        Self { breaker: Mutex::default(), ended: Notify::new(), silent }
    }

    /// Counts a call as sent if it may go out now; otherwise says when to ask again.
    pub(super) fn enter(&self, now: Seconds) -> Next {
        let mut breaker = self.breaker();
        let next = breaker.next(now);
        if next == Next::Now {
            breaker.sent();
        }
        next
    }

    /// A call that entered at `sent_at` came to its end at `now`. Returns whether the lane is given
    /// up now.
    pub(super) fn leave(&self, end: End, sent_at: Seconds, now: Seconds) -> bool {
        let mut breaker = self.breaker();
        let is_given_up = breaker.ended(end, sent_at, now, chance());
        let is_silent = breaker.is_silent();
        drop(breaker);
        self.ended.notify_waiters();
        if is_silent {
            self.silent.notify_waiters();
        }
        is_given_up
    }

    /// Nothing but faults came back for a while.
    pub(super) fn is_silent(&self) -> bool {
        self.breaker().is_silent()
    }

    /// The next end of a call, also one between this and the first poll.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.ended.notified()
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
