//! The first calls of an account's action: few are in flight before one of them is answered well, so
//! that bad credentials cost few calls however many lanes the account has.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Exchanges in flight while nobody knows yet whether the credentials are good for the action.
const UNTRIED: usize = 2;
/// The longest that one that hangs keeps the others waiting: it may be its region's fault alone.
const LONGEST: Duration = Duration::from_secs(5);

/// Limits the calls in flight until an answer shows that the credentials are good, then none.
#[derive(Debug)]
pub(super) struct Trial(Arc<Semaphore>);

/// Held by an exchange in flight that was sent on trial; `None` once there is no limit.
pub(super) type TrialPermit = Option<OwnedSemaphorePermit>;

impl Default for Trial {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(UNTRIED)))
    }
}

impl Trial {
    /// Waits until one more call may be in flight.
    pub(super) async fn admit(&self) -> TrialPermit {
        let admitted = Arc::clone(&self.0).acquire_owned();
        // Err: the trial is over, or the wait timed out.
        tokio::time::timeout(LONGEST, admitted).await.ok()?.ok()
    }

    /// The credentials are good: the trial is over.
    pub(super) fn pass(&self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn two_are_sent_and_the_rest_once_one_of_them_is_answered_well() {
        let trial = Trial::default();
        let permits = [trial.admit().await, trial.admit().await];
        assert!(permits.iter().all(Option::is_some));
        let mut rest: Vec<_> = (0..100).map(|_| trial.admit().boxed()).collect();
        for third in &mut rest {
            assert!(third.now_or_never().is_none());
        }
        let passed = tokio::time::Instant::now();
        trial.pass();
        for third in rest {
            assert!(third.await.is_none());
        }
        assert_eq!(passed.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_is_sent_once_one_is_refused() {
        let trial = Trial::default();
        let permits = [trial.admit().await, trial.admit().await];
        let third = trial.admit();
        tokio::pin!(third);
        assert!((&mut third).now_or_never().is_none());
        drop(permits);
        assert!(third.await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn two_that_hang_keep_the_rest_waiting_for_five_seconds() {
        let trial = Trial::default();
        let _permits = [trial.admit().await, trial.admit().await];
        let began = tokio::time::Instant::now();
        assert!(trial.admit().await.is_none());
        assert_eq!(began.elapsed(), LONGEST);
    }
}
