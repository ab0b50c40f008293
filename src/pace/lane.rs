//! One limiter a (lane, action): a ceiling that is never exceeded, and gates set by refusals.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::clock::{At, TokioClock, now};
use super::settings::{Ceiling, LimitSettings};
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
    keys: Mutex<HashMap<(LaneKey, &'static str), Arc<Key>>>,
    slots: Semaphore,
}

struct Key {
    /// Held by the first in the queue alone: tokio's mutex is fair, so turns are first come,
    /// first served, and only one waiter watches the limiter.
    turn: tokio::sync::Mutex<()>,
    limiter: Option<Limiter>,
    gate: Mutex<Option<Instant>>,
}

impl Pacer {
    /// Limiters with full buckets, less what `used` says was taken of late.
    pub fn new(alibaba: LimitSettings, aws: LimitSettings, used: Used) -> Self {
        Self { alibaba, aws, used, keys: Mutex::default(), slots: Semaphore::new(MAX_IN_FLIGHT) }
    }

    /// Calls in flight that a lane of `cloud` may have.
    pub fn width(&self, cloud: Provider) -> usize {
        self.settings(cloud).in_flight.max(1)
    }

    /// The ceiling of an action, for estimates.
    pub fn ceiling(&self, cloud: Provider, action: &str) -> Option<Ceiling> {
        self.settings(cloud).ceiling(action)
    }

    /// Waits for the quota of one call, then for a slot, and returns the slot.
    ///
    /// Cancel safe: a cancelled wait takes no quota. No slot is held while waiting for quota.
    pub async fn turn(&self, lane: &LaneKey, action: &'static str) -> SemaphorePermit<'_> {
        let key = self.key(lane, action);
        {
            let _turn = key.turn.lock().await;
            loop {
                let gate = *key.gate.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(gate) = gate.filter(|gate| *gate > now()) {
                    tokio::time::sleep_until(gate).await;
                    continue;
                }
                match key.try_take() {
                    Ok(()) => break,
                    Err(wait) => tokio::time::sleep(wait).await,
                }
            }
        }
        match self.slots.acquire().await {
            Ok(slot) => slot,
            // The semaphore is never closed; without it there is no bound to keep.
            Err(_) => unreachable!("the semaphore is never closed"),
        }
    }

    /// Lets no further call of the action pass for `delay`.
    pub fn hold_back(&self, lane: &LaneKey, action: &'static str, delay: Duration) {
        let key = self.key(lane, action);
        let until = now() + delay;
        let mut gate = key.gate.lock().unwrap_or_else(PoisonError::into_inner);
        *gate = Some(gate.map_or(until, |gate| gate.max(until)));
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
            Arc::new(Key::new(self.settings(lane.cloud).ceiling(action), used))
        }))
    }
}

impl Key {
    fn new(ceiling: Option<Ceiling>, used: u32) -> Self {
        let limiter = ceiling.and_then(|ceiling| {
            let quota = Quota::with_period(Duration::from_secs_f64(1.0 / ceiling.rate))?
                .allow_burst(NonZeroU32::new(ceiling.burst)?);
            let limiter = RateLimiter::direct_with_clock(quota, TokioClock);
            if let Some(used) = NonZeroU32::new(used.min(ceiling.burst)) {
                // At most the burst, so the only refusal possible is one that changes nothing.
                drop(limiter.check_n(used));
            }
            Some(limiter)
        });
        Self { turn: tokio::sync::Mutex::default(), limiter, gate: Mutex::default() }
    }

    /// Takes one call's quota, or says how long to wait before asking again.
    fn try_take(&self) -> Result<(), Duration> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        limiter.check().map_err(|not_yet| {
            use governor::clock::Clock as _;
            not_yet.wait_time_from(TokioClock.now())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn limits(rate: f64, burst: u32) -> LimitSettings {
        LimitSettings {
            default: Some(Ceiling { rate, burst }),
            in_flight: 4,
            actions: BTreeMap::new(),
        }
    }

    fn lane(account: &str) -> LaneKey {
        LaneKey { cloud: Provider::Aws, account: account.into(), region: "us-east-1".into() }
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
}
