//! The right to send one call, and what its answer tells of the limit.

use std::sync::Arc;
use std::time::SystemTime;

use super::action_limiter::ActionLimiter;
use super::learn::Seconds;
use super::signal::{LaneEffect, LimitSignal};
use super::slots::Slot;

/// The right to send one call. Dropped without an answer, it counts as a call that got none.
#[must_use = "a call goes out while this is held"]
pub struct Turn<'a> {
    limiter: Arc<ActionLimiter>,
    sent_at: Seconds,
    slot: Option<Slot<'a>>,
    is_answered: bool,
}

impl<'a> Turn<'a> {
    /// A call that the limiter counts as sent at `sent_at`.
    pub(super) fn new(limiter: Arc<ActionLimiter>, sent_at: Seconds) -> Self {
        Self { limiter, sent_at, slot: None, is_answered: false }
    }

    /// Keeps `slot` until the call ended.
    pub(super) fn with(self, slot: Slot<'a>) -> Self {
        let mut turn = self;
        turn.slot = Some(slot);
        turn
    }

    /// The provider's clock shows `time`: its minutes are not this machine's, if that is off.
    pub fn keep_time(&self, time: SystemTime) {
        self.limiter.keep_time(time);
    }

    /// The call ended.
    pub fn answered(mut self, answer: LimitSignal) -> LaneEffect {
        self.is_answered = true;
        self.limiter.record(self.sent_at, Some(answer))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            self.limiter.record(self.sent_at, None);
        }
    }
}
