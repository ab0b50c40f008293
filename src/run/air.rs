//! The steps of a lane that are under way.

use std::collections::VecDeque;

use super::RunError;
use super::in_hand::InHand;
use super::verify::Verdict;
use crate::exchange::ReadError;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;

/// A step that came to its end.
pub(super) enum Step {
    Sent(InHand),
    ReadBack(Result<Vec<Verdict>, ReadError>),
}

/// How a step came to its end.
pub(super) type Ended = Result<Step, RunError>;

pub(super) type Steps<'a> = FuturesUnordered<BoxFuture<'a, Ended>>;

/// The steps under way, and those that ended while something else was awaited.
#[derive(Default)]
pub(super) struct Air<'a> {
    pub(super) steps: Steps<'a>,
    ended: VecDeque<Ended>,
}

impl Air<'_> {
    /// The next step that ended; `None` if there is none.
    pub(super) async fn next(&mut self) -> Option<Ended> {
        match self.ended.pop_front() {
            Some(step) => Some(step),
            None => self.steps.next().await,
        }
    }

    /// Awaits `other` while the steps go on. A step that nobody polls may hold the very lock that
    /// `other` waits for.
    pub(super) async fn beside<T>(&mut self, other: impl Future<Output = T>) -> T {
        tokio::pin!(other);
        loop {
            tokio::select! {
                biased;
                done = &mut other => return done,
                Some(step) = self.steps.next() => self.ended.push_back(step),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::{FutureExt as _, poll};
    use tokio::sync::Mutex;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_step_that_holds_a_lock_goes_on_while_the_lock_is_awaited() {
        let lock = Mutex::new(());
        let mut air = Air::default();
        let step = async {
            let _held = lock.lock().await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(Step::ReadBack(Ok(Vec::new())))
        };
        air.steps.push(step.boxed());
        assert!(poll!(air.steps.next()).is_pending(), "the step holds the lock");
        let awaited = tokio::time::timeout(Duration::from_secs(60), air.beside(lock.lock()));
        drop(awaited.await.expect("the lock is let go"));
        assert!(matches!(air.next().await, Some(Ok(Step::ReadBack(_)))));
        assert!(air.next().await.is_none());
    }
}
