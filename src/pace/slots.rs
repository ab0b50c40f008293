//! A semaphore that grows while its permits are stuck: it bounds how much works at once, and those that
//! hang cannot use it up.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::clock::now;

/// How long nobody is given a slot before their number doubles.
const STUCK: Duration = Duration::from_secs(1);

/// A number of slots. It doubles whenever somebody waited for a second in which nobody was given
/// one, and shrinks again as they are given back: so a thousand holders that hang delay the next
/// one by a few seconds.
#[derive(Debug)]
pub struct Slots {
    free: Semaphore,
    usual: usize,
    most: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Slots that there are now, free or taken.
    size: usize,
    /// When a slot was given last, or their number grew.
    moved_at: Option<Instant>,
}

/// The right to work, given back when it is dropped.
#[must_use = "the slot is given back when this is dropped"]
pub struct Slot<'a> {
    slots: &'a Slots,
    permit: Option<SemaphorePermit<'a>>,
}

impl Slots {
    /// `usual` slots, and `most` at the worst.
    pub fn new(usual: usize, most: usize) -> Self {
        let most = most.max(usual);
        let state = Mutex::new(State { size: usual, moved_at: None });
        Self { free: Semaphore::new(usual), usual, most, state }
    }

    /// Waits for a slot. Cancel safe; first come, first served.
    pub async fn take(&self) -> Slot<'_> {
        let acquiring = self.free.acquire();
        tokio::pin!(acquiring);
        let mut since = now();
        loop {
            tokio::select! {
                biased;
                permit = &mut acquiring => {
                    self.state().moved_at = Some(now());
                    // An error cannot be: the semaphore is never closed.
                    return Slot { slots: self, permit: permit.ok() };
                }
                () = tokio::time::sleep_until(since + STUCK) => since = self.grow(since),
            }
        }
    }

    /// Doubles the slots if nobody was given one since `since`. Returns from when on to wait.
    fn grow(&self, since: Instant) -> Instant {
        let mut state = self.state();
        if let Some(moved_at) = state.moved_at.filter(|moved_at| *moved_at > since) {
            return moved_at;
        }
        let more = state.size.min(self.most - state.size.min(self.most));
        state.size += more;
        state.moved_at = Some(now());
        drop(state);
        self.free.add_permits(more);
        now()
    }

    /// Whether a slot that is given back is one too many.
    fn shrinks(&self) -> bool {
        let mut state = self.state();
        let is_surplus = state.size > self.usual;
        state.size -= usize::from(is_surplus);
        is_surplus
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take()
            && self.slots.shrinks()
        {
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_thousand_that_hang_delay_the_next_one_by_seconds() {
        let slots = Slots::new(64, 4_096);
        let began = Instant::now();
        let mut hanging = Vec::new();
        for _ in 0..1_000 {
            hanging.push(slots.take().await);
        }
        let _healthy = slots.take().await;
        assert_eq!(began.elapsed(), Duration::from_secs(4), "64, 128, 256, 512, 1,024");
    }

    #[tokio::test(start_paused = true)]
    async fn there_are_no_more_than_usual_while_slots_are_given() {
        let slots = Slots::new(2, 4_096);
        let mut held = vec![slots.take().await, slots.take().await];
        let began = Instant::now();
        for _ in 0..20 {
            let next = slots.take();
            tokio::pin!(next);
            assert!((&mut next).now_or_never().is_none());
            tokio::time::sleep(STUCK / 2).await;
            assert!((&mut next).now_or_never().is_none(), "no more than usual");
            drop(held.remove(0));
            held.push(next.await);
        }
        assert_eq!(began.elapsed(), STUCK * 10);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_added_goes_when_it_is_given_back() {
        let slots = Slots::new(1, 2);
        let held = (slots.take().await, slots.take().await);
        assert!(tokio::time::timeout(STUCK * 10, slots.take()).await.is_err(), "two at most");
        drop(held);
        let _one = slots.take().await;
        assert!(slots.take().now_or_never().is_none(), "one again");
    }
}
