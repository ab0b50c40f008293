//! Calls that are to be read back, each when it is due.

use tokio::time::Instant;

use super::in_hand::InHand;

/// The read-backs of a lane: one at a time, of whole batches.
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
    /// [`Backlog::was_read`].
    pub(super) fn begin(&mut self, batch: usize) -> Option<Vec<InHand>> {
        let now = Instant::now();
        if self.is_reading || !self.calls.iter().any(|call| call.due <= now) {
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

    /// A read came to its end.
    pub(super) fn was_read(&mut self) {
        self.is_reading = false;
    }

    /// When to look for what is due, unless a read or another look comes before.
    pub(super) fn next_look(&mut self) -> Option<Instant> {
        let next = self.calls.iter().map(|call| call.due).min()?;
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
