//! The first calls of an account's action: few are in flight before one of them is answered well, so
//! that bad credentials cost few calls however many lanes the account has.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Exchanges in flight while nobody knows yet whether the credentials are good for the action.
const UNPROVEN: usize = 2;
/// The longest that one that hangs keeps the others waiting: it may be its region's fault alone.
const LONGEST: Duration = Duration::from_secs(5);

/// Limits the calls in flight until an answer shows that the credentials are good, then none.
#[derive(Debug)]
pub(super) struct CredentialGate(Arc<Semaphore>);

/// Held by an exchange in flight that was sent before anybody knew; `None` once there is no limit.
pub(super) type GatePermit = Option<OwnedSemaphorePermit>;

impl Default for CredentialGate {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(UNPROVEN)))
    }
}

impl CredentialGate {
    /// Waits until one more call may be in flight.
    pub(super) async fn admit(&self) -> GatePermit {
        let admitted = Arc::clone(&self.0).acquire_owned();
        // Err: the gate is open, or the wait timed out.
        tokio::time::timeout(LONGEST, admitted).await.ok()?.ok()
    }

    /// The credentials are good: nothing is held back any more.
    pub(super) fn open(&self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn two_are_sent_and_the_rest_once_one_of_them_is_answered_well() {
        let gate = CredentialGate::default();
        let permits = [gate.admit().await, gate.admit().await];
        assert!(permits.iter().all(Option::is_some));
        let mut rest: Vec<_> = (0..100).map(|_| gate.admit().boxed()).collect();
        for third in &mut rest {
            assert!(third.now_or_never().is_none());
        }
        let passed = tokio::time::Instant::now();
        gate.open();
        for third in rest {
            assert!(third.await.is_none());
        }
        assert_eq!(passed.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_is_sent_once_one_is_refused() {
        let gate = CredentialGate::default();
        let permits = [gate.admit().await, gate.admit().await];
        let third = gate.admit();
        tokio::pin!(third);
        assert!((&mut third).now_or_never().is_none());
        drop(permits);
        assert!(third.await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn two_that_hang_keep_the_rest_waiting_for_five_seconds() {
        let gate = CredentialGate::default();
        let _permits = [gate.admit().await, gate.admit().await];
        let began = tokio::time::Instant::now();
        assert!(gate.admit().await.is_none());
        assert_eq!(began.elapsed(), LONGEST);
    }
}
