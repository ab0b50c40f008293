//! One limiter a (lane, action): a ceiling that is never exceeded, and below it what the lane
//! learned of the provider's real limit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::action_limiter::ActionLimiter;
use super::clock::ProviderTime;
use super::endpoint::Endpoint;
use super::settings::LimitSettings;
use super::slots::Slots;
use super::turn::Turn;
use crate::model::{LaneKey, PerCloud, Provider};

/// Calls in flight of the whole process while they are answered: bounds sockets and memory.
const IN_FLIGHT: usize = 256;
/// Calls in flight at the most, nearly all of which hang: they cost a socket each.
const MAX_IN_FLIGHT: usize = 4_096;

/// Calls that an earlier process made of late: what a limiter starts from.
pub type Used = HashMap<(LaneKey, String), u32>;

/// The limiters of a process.
pub struct Pacer {
    limits: PerCloud<LimitSettings>,
    used: Used,
    is_empty: bool,
    time: ProviderTime,
    limiters: Mutex<HashMap<(LaneKey, &'static str), Arc<ActionLimiter>>>,
    endpoints: Mutex<HashMap<LaneKey, Arc<Endpoint>>>,
    slots: Slots,
}

impl Pacer {
    /// Limiters with full buckets, less what `used` says was taken of late.
    pub fn new(limits: PerCloud<LimitSettings>, used: Used) -> Self {
        Self {
            limits,
            used,
            is_empty: false,
            time: ProviderTime::begin(),
            limiters: Mutex::default(),
            endpoints: Mutex::default(),
            slots: Slots::new(IN_FLIGHT, MAX_IN_FLIGHT),
        }
    }

    /// The same limiters for a wall clock that shows `wall`, since 1970, in place of the system's.
    #[must_use]
    pub fn with_wall(self, wall: Duration) -> Self {
        Self { time: ProviderTime::begin_at(wall), ..self }
    }

    /// The same limiters where no more than `most` calls can be in flight, however many hang.
    #[must_use]
    pub fn at_most(self, most: usize) -> Self {
        Self { slots: Slots::new(IN_FLIGHT.min(most), MAX_IN_FLIGHT.min(most)), ..self }
    }

    /// The same limiters with empty buckets: nobody knows what was taken of late.
    #[must_use]
    pub fn emptied(self) -> Self {
        Self { is_empty: true, ..self }
    }

    /// Calls in flight that a lane of `cloud` may have.
    pub fn width(&self, cloud: Provider) -> usize {
        self.limits.of(cloud).in_flight.max(1)
    }

    /// Seconds until the last of `calls` of an action is admitted by a bucket that starts full; 0
    /// if no limit is known.
    pub fn seconds(&self, cloud: Provider, action: &str, calls: u64) -> f64 {
        self.limits.of(cloud).ceiling(action).map_or(0.0, |ceiling| ceiling.seconds(calls))
    }

    /// Waits until one call may go out, then for a slot, and returns the right to send it.
    ///
    /// Cancel safe: a cancelled wait counts as no call. No slot is held while waiting for quota.
    pub async fn turn(&self, lane: &LaneKey, action: &'static str) -> Turn<'_> {
        let limiter = self.limiter(lane, action);
        let sent_at = limiter.wait().await;
        let turn = Turn::new(limiter, sent_at);
        turn.with(self.slots.take().await)
    }

    /// Lets no further call of the action pass for `delay`: an earlier process was told to wait.
    pub fn hold_back(&self, lane: &LaneKey, action: &'static str, delay: Duration) {
        self.limiter(lane, action).hold_back(delay);
    }

    fn limiter(&self, lane: &LaneKey, action: &'static str) -> Arc<ActionLimiter> {
        let mut limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
        let id = (lane.clone(), action);
        Arc::clone(limiters.entry(id).or_insert_with(|| {
            let counted = self.used.get(&(lane.clone(), action.to_owned())).copied();
            let used = if self.is_empty { u32::MAX } else { counted.unwrap_or(0) };
            let limit = self.limits.of(lane.cloud).limit(action);
            Arc::new(ActionLimiter::new(lane.cloud, limit, used, self.time, self.endpoint(lane)))
        }))
    }

    fn endpoint(&self, lane: &LaneKey) -> Arc<Endpoint> {
        let mut endpoints = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(endpoints.entry(lane.clone()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tokio::time::Instant;

    use super::*;
    use crate::pace::{Ceiling, Limit, LimitSignal};

    fn aws_limits(rate: f64, burst: u32) -> PerCloud<LimitSettings> {
        let aws = LimitSettings {
            default: Limit::Ceiling(Ceiling { rate, burst }),
            in_flight: 4,
            actions: BTreeMap::new(),
        };
        PerCloud { aws, ..LimitSettings::defaults() }
    }

    fn lane(account: &str) -> LaneKey {
        LaneKey { cloud: Provider::Aws, account: account.into(), region: "us-east-1".into() }
    }

    /// A turn that must come: whoever waits for a call that nobody counts any more waits for ever.
    async fn turn_in_time(pacer: &Pacer) -> Turn<'_> {
        let lane = lane("1");
        let turn = tokio::time::timeout(Duration::from_secs(600), pacer.turn(&lane, "Revoke"));
        turn.await.expect("a turn within ten minutes")
    }

    #[tokio::test(start_paused = true)]
    async fn the_ceiling_is_never_exceeded() {
        let pacer = Pacer::new(aws_limits(10.0, 2), Used::new());
        let start = Instant::now();
        for _ in 0..22 {
            drop(pacer.turn(&lane("1"), "Revoke").await);
        }
        let took = start.elapsed();
        assert!(took >= Duration::from_secs(2), "{took:?}");
        assert!(took < Duration::from_millis(2_100), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_calls_than_told_are_in_flight_however_many_hang() {
        let pacer = Pacer::new(aws_limits(100.0, 100), Used::new()).at_most(2);
        let [one, two, three] = ["1", "2", "3"].map(lane);
        let _hanging = (pacer.turn(&one, "Revoke").await, pacer.turn(&two, "Revoke").await);
        let third = tokio::time::timeout(Duration::from_secs(600), pacer.turn(&three, "Revoke"));
        assert!(third.await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn accounts_and_actions_do_not_share_quota() {
        let pacer = Pacer::new(aws_limits(1.0, 1), Used::new());
        let start = Instant::now();
        for (account, action) in [("1", "Revoke"), ("2", "Revoke"), ("1", "Describe")] {
            drop(pacer.turn(&lane(account), action).await);
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_of_an_earlier_process_count() {
        let used = Used::from([((lane("1"), "Revoke".to_owned()), 50)]);
        let pacer = Pacer::new(aws_limits(5.0, 50), used);
        let start = Instant::now();
        drop(pacer.turn(&lane("1"), "Revoke").await);
        assert!(start.elapsed() >= Duration::from_millis(190), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn empty_buckets_are_filled_before_they_are_used() {
        let pacer = Pacer::new(aws_limits(5.0, 50), Used::new()).emptied();
        let start = Instant::now();
        for _ in 0..10 {
            drop(pacer.turn(&lane("1"), "Revoke").await);
        }
        assert!(start.elapsed() >= Duration::from_millis(1_990), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_gate_holds_every_waiter_back() {
        let pacer = Pacer::new(aws_limits(100.0, 100), Used::new());
        pacer.hold_back(&lane("1"), "Revoke", Duration::from_secs(3));
        let start = Instant::now();
        drop(pacer.turn(&lane("1"), "Revoke").await);
        assert!(start.elapsed() >= Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_refusal_one_call_at_a_time_goes_out_and_not_before_the_gate_opens() {
        let pacer = Pacer::new(aws_limits(100.0, 100), Used::new());
        let (refused, other) =
            (pacer.turn(&lane("1"), "Revoke").await, pacer.turn(&lane("1"), "Revoke").await);
        let start = Instant::now();
        let asked = Some(Duration::from_secs(5));
        let shut_for = refused.answered(LimitSignal::Refused { retry_after: asked }).shut_for;
        assert!(shut_for >= Duration::from_secs(5), "{shut_for:?}");
        drop(other);
        let probe = pacer.turn(&lane("1"), "Revoke").await;
        assert!(start.elapsed() >= Duration::from_secs(5), "{:?}", start.elapsed());
        let lane = lane("1");
        let second = pacer.turn(&lane, "Revoke");
        tokio::pin!(second);
        let waited = tokio::time::timeout(Duration::from_secs(600), &mut second).await;
        assert!(waited.is_err(), "a second call while the probe is in flight");
        probe.answered(LimitSignal::Passed);
        drop(tokio::time::timeout(Duration::from_secs(600), second).await.expect("its turn"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_is_given_up_lets_the_next_one_go() {
        let pacer = Pacer::new(aws_limits(100.0, 100), Used::new());
        let refused = pacer.turn(&lane("1"), "Revoke").await;
        refused.answered(LimitSignal::Refused { retry_after: None });
        drop(turn_in_time(&pacer).await);
        drop(turn_in_time(&pacer).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_is_cancelled_counts_as_no_call() {
        let pacer = Pacer::new(aws_limits(1.0, 1), Used::new());
        let first = pacer.turn(&lane("1"), "Revoke").await;
        let wait = Duration::from_millis(100);
        assert!(tokio::time::timeout(wait, pacer.turn(&lane("1"), "Revoke")).await.is_err());
        first.answered(LimitSignal::Refused { retry_after: None });
        drop(turn_in_time(&pacer).await);
    }
}
