//! The right to send one call, and what its answer tells of the limit.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::key::Key;
use super::learn::Seconds;
use super::slots::Slot;

/// What an answer tells of the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The limit let the call through, whatever was said to it then.
    Passed,
    /// The limit refused it.
    Refused {
        /// What the provider asked for.
        retry_after: Option<Duration>,
    },
    /// None that tells of the limit: the endpoint hung, broke down or could not be reached.
    Fault,
    /// One in good order, given before the limit was looked at.
    Silent,
}

/// What becomes of the lane after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// How long no call of the action goes out.
    pub shut_for: Duration,
    /// Whether so many faults followed each other that the lane is to be left alone.
    pub gives_up: bool,
}

/// The right to send one call. Dropped without an answer, it counts as a call that got none.
#[must_use = "a call goes out while this is held"]
pub struct Turn<'a> {
    key: Arc<Key>,
    sent_at: Seconds,
    slot: Option<Slot<'a>>,
    is_answered: bool,
}

impl<'a> Turn<'a> {
    /// A call that the limiter counts as sent at `sent_at`.
    pub(super) fn new(key: Arc<Key>, sent_at: Seconds) -> Self {
        Self { key, sent_at, slot: None, is_answered: false }
    }

    /// Keeps `slot` until the call ended.
    pub(super) fn with(self, slot: Slot<'a>) -> Self {
        let mut turn = self;
        turn.slot = Some(slot);
        turn
    }

    /// The provider's clock shows `time`: its minutes are not this machine's, if that is off.
    pub fn keep_time(&self, time: SystemTime) {
        self.key.keep_time(time);
    }

    /// The call ended.
    pub fn answered(mut self, answer: Answer) -> Heard {
        self.is_answered = true;
        self.key.hear(self.sent_at, Some(answer))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            self.key.hear(self.sent_at, None);
        }
    }
}
