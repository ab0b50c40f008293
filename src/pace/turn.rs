//! The right to send one call, and what its answer tells of the limit.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::SemaphorePermit;

use super::clock::chance;
use super::lane::Key;
use super::learn::Seconds;

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
    /// No answer, or one given before the limit was looked at.
    Silent,
}

/// The right to send one call. Dropped without an answer, it counts as a call that got none.
#[must_use = "a call goes out while this is held"]
pub struct Turn<'a> {
    key: Arc<Key>,
    sent_at: Seconds,
    slot: Option<SemaphorePermit<'a>>,
    is_answered: bool,
}

impl<'a> Turn<'a> {
    /// A call that the limiter counts as sent at `sent_at`.
    pub(super) fn new(key: Arc<Key>, sent_at: Seconds) -> Self {
        Self { key, sent_at, slot: None, is_answered: false }
    }

    /// Keeps `slot` until the call ended.
    pub(super) fn with(self, slot: SemaphorePermit<'a>) -> Self {
        let mut turn = self;
        turn.slot = Some(slot);
        turn
    }

    /// The call ended. Returns how long no call of its action goes out.
    pub fn answered(mut self, answer: Answer) -> Duration {
        self.is_answered = true;
        let sent_at = self.sent_at;
        self.key.tell(|learner, now| match answer {
            Answer::Passed => learner.accepted(now, sent_at),
            Answer::Refused { retry_after } => {
                let asked = retry_after.map(|asked| asked.as_secs_f64());
                learner.throttled(now, sent_at, asked, chance());
            }
            Answer::Silent => learner.other(),
        })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            self.key.tell(|learner, _| learner.other());
        }
    }
}
