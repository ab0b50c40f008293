//! The door of an account's action: few go in before one was let in, so that bad credentials cost
//! few calls however many lanes the account has.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Exchanges in flight while nobody knows yet whether the credentials are good for the action.
const UNTRIED: usize = 2;
/// The longest that one that hangs keeps the others waiting: it may be its region's fault alone.
const LONGEST: Duration = Duration::from_secs(5);

/// Ajar until the first answer that shows that the credentials are good, then open for good.
#[derive(Debug)]
pub(super) struct Door(Arc<Semaphore>);

/// Held by an exchange in flight that went in while the door was ajar.
pub(super) type Foot = Option<OwnedSemaphorePermit>;

impl Default for Door {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(UNTRIED)))
    }
}

impl Door {
    /// Waits until the door lets one more in.
    pub(super) async fn enter(&self) -> Foot {
        let entering = Arc::clone(&self.0).acquire_owned();
        // Err: the door is open, or the wait timed out.
        tokio::time::timeout(LONGEST, entering).await.ok()?.ok()
    }

    /// The credentials are good.
    pub(super) fn open(&self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn two_go_in_and_the_rest_once_one_of_them_was_let_in() {
        let door = Door::default();
        let feet = [door.enter().await, door.enter().await];
        assert!(feet.iter().all(Option::is_some));
        let mut rest: Vec<_> = (0..100).map(|_| door.enter().boxed()).collect();
        for third in &mut rest {
            assert!(third.now_or_never().is_none());
        }
        let opened = tokio::time::Instant::now();
        door.open();
        for third in rest {
            assert!(third.await.is_none());
        }
        assert_eq!(opened.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_was_refused_lets_the_next_one_in() {
        let door = Door::default();
        let feet = [door.enter().await, door.enter().await];
        let third = door.enter();
        tokio::pin!(third);
        assert!((&mut third).now_or_never().is_none());
        drop(feet);
        assert!(third.await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn two_that_hang_keep_the_rest_waiting_for_five_seconds() {
        let door = Door::default();
        let _feet = [door.enter().await, door.enter().await];
        let began = tokio::time::Instant::now();
        assert!(door.enter().await.is_none());
        assert_eq!(began.elapsed(), LONGEST);
    }
}
