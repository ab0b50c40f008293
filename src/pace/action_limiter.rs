//! The limiter of one (lane, action): whose turn it is, and what an answer changes.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::Notify;

use super::breaker::CallEnd;
use super::budget::{self, Budget};
use super::clock::{At, ProviderTime, TokioClock, chance};
use super::endpoint::Endpoint;
use super::learn::{Bounds, Learner, NextCall, Seconds};
use super::settings::{Ceiling, Limit};
use super::signal::{LaneEffect, LimitSignal};
use crate::model::Provider;

type CeilingLimiter = RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<At>>;

/// The limiter of one (lane, action).
pub(super) struct ActionLimiter {
    /// Held by the first in the queue alone: tokio's mutex is fair, so turns are first come,
    /// first served, and only one waiter watches the limiter.
    queue: tokio::sync::Mutex<()>,
    ceiling: Option<CeilingLimiter>,
    learner: Mutex<Learner>,
    budget: Mutex<Budget>,
    endpoint: Arc<Endpoint>,
    /// Told of each answer, since that may let the first in the queue go.
    answers: Notify,
    time: ProviderTime,
}

impl ActionLimiter {
    /// A limiter with a full bucket, less the calls that were `used` of late.
    pub(super) fn new(
        cloud: Provider,
        limit: Limit,
        used: u32,
        time: ProviderTime,
        endpoint: Arc<Endpoint>,
    ) -> Self {
        let bounds = match limit {
            Limit::Ceiling(ceiling) => Bounds::known(ceiling.rate, ceiling.burst),
            Limit::Auto => Bounds::UNKNOWN,
            Limit::Off => Bounds::OFF,
        };
        let mut learner = Learner::new(bounds, cloud.facts().counts_by_the_minute);
        learner.spent_before(used);
        Self {
            queue: tokio::sync::Mutex::default(),
            ceiling: limit.ceiling().and_then(|ceiling| ceiling_limiter(ceiling, used)),
            learner: Mutex::new(learner),
            budget: Mutex::default(),
            endpoint,
            answers: Notify::new(),
            time,
        }
    }

    /// Lets no further call pass for `delay`.
    pub(super) fn hold_back(&self, delay: Duration) {
        self.learner().shut_until(self.now() + delay.as_secs_f64());
        self.answers.notify_one();
    }

    /// Waits for the pace, the endpoint and the ceiling, counts one call, and returns when it goes
    /// out.
    pub(super) async fn wait(&self) -> Seconds {
        let _first = self.queue.lock().await;
        loop {
            // Made before the state is looked at, so that a change between the two is not missed.
            let changed = self.endpoint.changed();
            let now = self.now();
            match self.next(now) {
                NextCall::Now => match self.under_ceiling() {
                    Ok(()) => {
                        self.learner().sent(now);
                        return now;
                    }
                    Err(wait) => {
                        // The endpoint has counted this call already.
                        self.endpoint.leave(CallEnd::Unknown, now);
                        tokio::time::sleep(wait).await;
                    }
                },
                NextCall::At(at) => tokio::select! {
                    biased;
                    () = self.answers.notified() => {}
                    () = changed => {}
                    () = tokio::time::sleep(seconds(at - now)) => {}
                },
                NextCall::Reply => tokio::select! {
                    biased;
                    () = self.answers.notified() => {}
                    () = changed => {}
                },
            }
        }
    }

    /// When pace and endpoint let the next call go; now means that the endpoint counts it.
    fn next(&self, now: Seconds) -> NextCall {
        match self.learner().next(now, chance()) {
            NextCall::Now => self.endpoint.enter(now),
            later => later,
        }
    }

    /// Takes one call's quota, or says how long to wait before asking again.
    fn under_ceiling(&self) -> Result<(), Duration> {
        let Some(ceiling) = &self.ceiling else { return Ok(()) };
        ceiling.check().map_err(|not_yet| not_yet.wait_time_from(TokioClock.now()))
    }

    /// The provider's clock shows `time`.
    pub(super) fn keep_time(&self, time: SystemTime) {
        let phase = self.time.ahead_of(time);
        self.learner().align(phase);
    }

    /// Records how a call that went out at `sent_at` ended; `None` means that nobody took an answer.
    pub(super) fn record(&self, sent_at: Seconds, answer: Option<LimitSignal>) -> LaneEffect {
        let now = self.now();
        // Where refusals are bought, the pace itself bounds their share.
        let is_bought = self.learner().buys_refusals();
        let must_rest = match answer {
            Some(LimitSignal::Refused { .. }) if is_bought => false,
            answer => self.spend(answer),
        };
        let opens_at = {
            let mut learner = self.learner();
            match answer {
                Some(LimitSignal::Passed) => learner.accepted(now, sent_at),
                Some(LimitSignal::Refused { retry_after }) => {
                    let asked = retry_after.map(|asked| asked.as_secs_f64());
                    learner.throttled(now, sent_at, asked, chance());
                }
                Some(LimitSignal::Fault | LimitSignal::Silent) | None => learner.other(),
            }
            if must_rest {
                learner.shut_until(now + budget::REST);
            }
            learner.opens_at()
        };
        let end = match answer {
            Some(LimitSignal::Passed | LimitSignal::Refused { .. } | LimitSignal::Silent) => {
                CallEnd::Answered
            }
            Some(LimitSignal::Fault) => CallEnd::Fault,
            None => CallEnd::Unknown,
        };
        // The endpoint is told last: whoever it wakes must find the limiter as it is after this answer.
        let gives_up = self.endpoint.leave(end, sent_at);
        self.answers.notify_one();
        LaneEffect { shut_for: seconds(opens_at - now), gives_up }
    }

    /// Takes what an answer costs from the budget. Returns whether the action is to rest.
    fn spend(&self, answer: Option<LimitSignal>) -> bool {
        let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Some(LimitSignal::Passed) => {
                budget.earn();
                false
            }
            Some(LimitSignal::Refused { .. }) => budget.refusal(),
            Some(LimitSignal::Fault) => budget.fault(),
            Some(LimitSignal::Silent) | None => false,
        }
    }

    fn learner(&self) -> MutexGuard<'_, Learner> {
        self.learner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Seconds {
        self.time.now()
    }
}

fn ceiling_limiter(ceiling: Ceiling, used: u32) -> Option<CeilingLimiter> {
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
    use super::*;

    #[test]
    fn a_wait_of_less_than_a_nanosecond_is_still_a_wait() {
        assert_eq!(seconds(3e-10), Duration::from_nanos(1));
        assert_eq!([seconds(0.0), seconds(-1.0)], [Duration::ZERO; 2]);
        assert_eq!(seconds(0.5), Duration::from_millis(500));
    }
}
