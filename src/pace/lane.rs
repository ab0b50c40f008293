//! One limiter a (lane, action): a ceiling that is never exceeded, and below it what the lane
//! learned of the provider's real limit.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::{Notify, Semaphore};

use super::clock::{At, ProviderTime, TokioClock, chance};
use super::learn::{Bounds, Learner, Next, Seconds};
use super::settings::{Ceiling, Limit, LimitSettings};
use super::turn::Turn;
use crate::model::{LaneKey, Provider};

/// Calls in flight of the whole process: bounds sockets and memory.
const MAX_IN_FLIGHT: usize = 256;

type Limiter = RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<At>>;

/// Calls that an earlier process made of late: what a limiter starts from.
pub type Used = HashMap<(LaneKey, String), u32>;

/// The limiters of a process.
pub struct Pacer {
    alibaba: LimitSettings,
    aws: LimitSettings,
    used: Used,
    time: ProviderTime,
    keys: Mutex<HashMap<(LaneKey, &'static str), Arc<Key>>>,
    slots: Semaphore,
}

/// The limiter of one (lane, action).
pub(super) struct Key {
    /// Held by the first in the queue alone: tokio's mutex is fair, so turns are first come,
    /// first served, and only one waiter watches the limiter.
    queue: tokio::sync::Mutex<()>,
    ceiling: Option<Limiter>,
    learner: Mutex<Learner>,
    /// Told of each answer, since that may let the first in the queue go.
    answers: Notify,
    time: ProviderTime,
}

impl Pacer {
    /// Limiters with full buckets, less what `used` says was taken of late.
    pub fn new(alibaba: LimitSettings, aws: LimitSettings, used: Used) -> Self {
        Self {
            alibaba,
            aws,
            used,
            time: ProviderTime::begin(),
            keys: Mutex::default(),
            slots: Semaphore::new(MAX_IN_FLIGHT),
        }
    }

    /// The same limiters for a wall clock that shows `wall`, since 1970, in place of the system's.
    #[must_use]
    pub fn with_wall(self, wall: Duration) -> Self {
        Self { time: ProviderTime::begin_at(wall), ..self }
    }

    /// Calls in flight that a lane of `cloud` may have.
    pub fn width(&self, cloud: Provider) -> usize {
        self.settings(cloud).in_flight.max(1)
    }

    /// The ceiling of an action, for estimates.
    pub fn ceiling(&self, cloud: Provider, action: &str) -> Option<Ceiling> {
        self.settings(cloud).ceiling(action)
    }

    /// Waits until one call may go out, then for a slot, and returns the right to send it.
    ///
    /// Cancel safe: a cancelled wait counts as no call. No slot is held while waiting for quota.
    pub async fn turn(&self, lane: &LaneKey, action: &'static str) -> Turn<'_> {
        let key = self.key(lane, action);
        let sent_at = key.wait().await;
        let turn = Turn::new(key, sent_at);
        match self.slots.acquire().await {
            Ok(slot) => turn.with(slot),
            // The semaphore is never closed; without it there is no bound to keep.
            Err(_) => unreachable!("the semaphore is never closed"),
        }
    }

    /// Lets no further call of the action pass for `delay`: an earlier process was told to wait.
    pub fn hold_back(&self, lane: &LaneKey, action: &'static str, delay: Duration) {
        let key = self.key(lane, action);
        key.learner().shut_until(key.now() + delay.as_secs_f64());
        key.answers.notify_one();
    }

    fn settings(&self, cloud: Provider) -> &LimitSettings {
        match cloud {
            Provider::Alibaba => &self.alibaba,
            Provider::Aws => &self.aws,
        }
    }

    fn key(&self, lane: &LaneKey, action: &'static str) -> Arc<Key> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let id = (lane.clone(), action);
        Arc::clone(keys.entry(id).or_insert_with(|| {
            let used = self.used.get(&(lane.clone(), action.to_owned())).copied().unwrap_or(0);
            let limit = self.settings(lane.cloud).limit(action);
            Arc::new(Key::new(lane.cloud, limit, used, self.time))
        }))
    }
}

impl Key {
    fn new(cloud: Provider, limit: Limit, used: u32, time: ProviderTime) -> Self {
        let bounds = match limit {
            Limit::Ceiling(ceiling) => Bounds::known(ceiling.rate, ceiling.burst),
            Limit::Auto => Bounds::UNKNOWN,
            Limit::Off => Bounds::OFF,
        };
        let counts_by_the_minute = match cloud {
            Provider::Alibaba => true,
            Provider::Aws => false,
        };
        let mut learner = Learner::new(bounds, counts_by_the_minute);
        learner.spent_before(used);
        Self {
            queue: tokio::sync::Mutex::default(),
            ceiling: limit.ceiling().and_then(|ceiling| limiter(ceiling, used)),
            learner: Mutex::new(learner),
            answers: Notify::new(),
            time,
        }
    }

    /// Waits for the pace and for the ceiling, counts one call, and returns when it goes out.
    async fn wait(&self) -> Seconds {
        let _first = self.queue.lock().await;
        loop {
            let now = self.now();
            let next = self.learner().next(now, chance());
            match next {
                Next::Now => match self.under_ceiling() {
                    Ok(()) => {
                        self.learner().sent(now);
                        return now;
                    }
                    Err(wait) => tokio::time::sleep(wait).await,
                },
                Next::At(at) => tokio::select! {
                    biased;
                    () = self.answers.notified() => {}
                    () = tokio::time::sleep(seconds(at - now)) => {}
                },
                Next::Reply => self.answers.notified().await,
            }
        }
    }

    /// Takes one call's quota, or says how long to wait before asking again.
    fn under_ceiling(&self) -> Result<(), Duration> {
        let Some(ceiling) = &self.ceiling else { return Ok(()) };
        ceiling.check().map_err(|not_yet| not_yet.wait_time_from(TokioClock.now()))
    }

    /// Tells the learner of an answer, and whoever waits for one. Returns how long the gate is
    /// shut.
    pub(super) fn tell(&self, news: impl FnOnce(&mut Learner, Seconds)) -> Duration {
        let now = self.now();
        let opens_at = {
            let mut learner = self.learner();
            news(&mut learner, now);
            learner.opens_at()
        };
        self.answers.notify_one();
        seconds(opens_at - now)
    }

    fn learner(&self) -> MutexGuard<'_, Learner> {
        self.learner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Seconds {
        self.time.now()
    }
}

fn limiter(ceiling: Ceiling, used: u32) -> Option<Limiter> {
    let quota = Quota::with_period(Duration::from_secs_f64(1.0 / ceiling.rate))?
        .allow_burst(NonZeroU32::new(ceiling.burst)?);
    let limiter = RateLimiter::direct_with_clock(quota, TokioClock);
    if let Some(used) = NonZeroU32::new(used.min(ceiling.burst)) {
        // At most the burst, so the only refusal possible is one that changes nothing.
        drop(limiter.check_n(used));
    }
    Some(limiter)
}

/// A wait, none if it is over. Rounded up: one that is slept as none would be asked for again and
/// again until the clock moved.
fn seconds(wait: Seconds) -> Duration {
    let nearest = Duration::try_from_secs_f64(wait.max(0.0)).unwrap_or(Duration::MAX);
    if wait > nearest.as_secs_f64() {
        nearest.saturating_add(Duration::from_nanos(1))
    } else {
        nearest
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tokio::time::Instant;

    use super::*;
    use crate::pace::Answer;

    fn limits(rate: f64, burst: u32) -> LimitSettings {
        LimitSettings {
            default: Limit::Ceiling(Ceiling { rate, burst }),
            in_flight: 4,
            actions: BTreeMap::new(),
        }
    }

    fn lane(account: &str) -> LaneKey {
        LaneKey { cloud: Provider::Aws, account: account.into(), region: "us-east-1".into() }
    }

    #[test]
    fn a_wait_of_less_than_a_nanosecond_is_still_a_wait() {
        assert_eq!(seconds(3e-10), Duration::from_nanos(1));
        assert_eq!([seconds(0.0), seconds(-1.0)], [Duration::ZERO; 2]);
        assert_eq!(seconds(0.5), Duration::from_millis(500));
    }

    #[tokio::test(start_paused = true)]
    async fn the_ceiling_is_never_exceeded() {
        let pacer = Pacer::new(limits(1.0, 1), limits(10.0, 2), Used::new());
        let start = Instant::now();
        for _ in 0..22 {
            drop(pacer.turn(&lane("1"), "Revoke").await);
        }
        let took = start.elapsed();
        assert!(took >= Duration::from_secs(2), "{took:?}");
        assert!(took < Duration::from_millis(2_100), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn accounts_and_actions_do_not_share_quota() {
        let pacer = Pacer::new(limits(1.0, 1), limits(1.0, 1), Used::new());
        let start = Instant::now();
        for (account, action) in [("1", "Revoke"), ("2", "Revoke"), ("1", "Describe")] {
            drop(pacer.turn(&lane(account), action).await);
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_of_an_earlier_process_count() {
        let used = Used::from([((lane("1"), "Revoke".to_owned()), 50)]);
        let pacer = Pacer::new(limits(1.0, 1), limits(5.0, 50), used);
        let start = Instant::now();
        drop(pacer.turn(&lane("1"), "Revoke").await);
        assert!(start.elapsed() >= Duration::from_millis(190), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_gate_holds_every_waiter_back() {
        let pacer = Pacer::new(limits(1.0, 1), limits(100.0, 100), Used::new());
        pacer.hold_back(&lane("1"), "Revoke", Duration::from_secs(3));
        let start = Instant::now();
        drop(pacer.turn(&lane("1"), "Revoke").await);
        assert!(start.elapsed() >= Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_refusal_one_call_at_a_time_goes_out_and_not_before_the_gate_opens() {
        let pacer = Pacer::new(limits(1.0, 1), limits(100.0, 100), Used::new());
        let (refused, other) =
            (pacer.turn(&lane("1"), "Revoke").await, pacer.turn(&lane("1"), "Revoke").await);
        let start = Instant::now();
        let asked = Some(Duration::from_secs(5));
        let shut_for = refused.answered(Answer::Refused { retry_after: asked });
        assert!(shut_for >= Duration::from_secs(5), "{shut_for:?}");
        drop(other);
        let probe = pacer.turn(&lane("1"), "Revoke").await;
        assert!(start.elapsed() >= Duration::from_secs(5), "{:?}", start.elapsed());
        let lane = lane("1");
        let second = pacer.turn(&lane, "Revoke");
        tokio::pin!(second);
        let waited = tokio::time::timeout(Duration::from_secs(600), &mut second).await;
        assert!(waited.is_err(), "a second call while the probe is in flight");
        probe.answered(Answer::Passed);
        drop(second.await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_is_given_up_lets_the_next_one_go() {
        let pacer = Pacer::new(limits(1.0, 1), limits(100.0, 100), Used::new());
        let refused = pacer.turn(&lane("1"), "Revoke").await;
        refused.answered(Answer::Refused { retry_after: None });
        drop(pacer.turn(&lane("1"), "Revoke").await);
        drop(pacer.turn(&lane("1"), "Revoke").await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_is_cancelled_counts_as_no_call() {
        let pacer = Pacer::new(limits(1.0, 1), limits(1.0, 1), Used::new());
        let first = pacer.turn(&lane("1"), "Revoke").await;
        let wait = Duration::from_millis(100);
        assert!(tokio::time::timeout(wait, pacer.turn(&lane("1"), "Revoke")).await.is_err());
        first.answered(Answer::Refused { retry_after: None });
        drop(pacer.turn(&lane("1"), "Revoke").await);
    }
}
