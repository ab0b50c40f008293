//! One account's calls by the limiters as runs use them, on tokio's paused clock: the ceiling, the
//! pace below it, the budget of refusals and the delay after each.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::runtime::Builder;
use tokio::time::{Instant, sleep, timeout};
use unpair::model::{ErrorClass, LaneKey, PerCloud, Provider};
use unpair::pace::learn::Seconds;
use unpair::pace::{
    Limit, LimitSettings, LimitSignal, Pacer, RetryPolicy, Tries, Used, Verdict as Decision,
};

use super::server::{Model, Server, Verdict};
use super::work::{Outcome, STAGGER, Work};

const ACTION: &str = "RevokeSecurityGroup";

/// A wall clock at a full hour, and so at a full minute.
const HOUR: Seconds = 3_600.0;

/// The pacer of an account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paced {
    pub(crate) cloud: Provider,
    pub(crate) limit: Limit,
}

/// One account at work.
struct Lane {
    pacer: Pacer,
    policy: RetryPolicy,
    key: LaneKey,
    work: Work,
    began: Instant,
    state: RefCell<State>,
}

/// What its calls share. Never borrowed across a wait.
struct State {
    random: fastrand::Rng,
    server: Server,
    to_send: u32,
    outcome: Outcome,
}

impl Paced {
    /// Runs one lane to its end, or until `limit`.
    pub(crate) fn run(self, model: Model, work: Work, seed: u64, limit: Seconds) -> Outcome {
        // The pacer's own chance, for which this thread's generator stands.
        fastrand::seed(seed);
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(async {
            let lane = self.lane(model, work, seed);
            let all = timeout(Duration::from_secs_f64(limit), lane.work()).await;
            let mut outcome = lane.state.into_inner().outcome;
            if all.is_err() {
                outcome.took = f64::INFINITY;
            }
            outcome
        })
    }

    fn lane(self, model: Model, work: Work, seed: u64) -> Lane {
        let own = LimitSettings {
            default: self.limit,
            in_flight: work.in_flight as usize,
            actions: BTreeMap::new(),
        };
        let limits = PerCloud { alibaba: own.clone(), aws: own };
        let wall = Duration::from_secs_f64(HOUR + work.clock_ahead);
        let state = State {
            random: fastrand::Rng::with_seed(seed),
            server: Server::new(model),
            to_send: work.items,
            outcome: Outcome::default(),
        };
        Lane {
            pacer: Pacer::new(limits, Used::new()).with_wall(wall),
            policy: RetryPolicy::default(),
            key: LaneKey { cloud: self.cloud, account: "1".into(), region: "r".into() },
            work,
            began: Instant::now(),
            state: RefCell::new(state),
        }
    }
}

impl Lane {
    /// As many calls at once as may be in flight.
    async fn work(&self) {
        let begin = self.state.borrow_mut().random.f64() * STAGGER;
        sleep(Duration::from_secs_f64(begin)).await;
        let mut workers: FuturesUnordered<_> =
            (0..self.work.in_flight).map(|_| self.one_after_the_other()).collect();
        while workers.next().await.is_some() {}
    }

    async fn one_after_the_other(&self) {
        while self.take() {
            self.send().await;
        }
    }

    fn take(&self) -> bool {
        let to_send = &mut self.state.borrow_mut().to_send;
        let is_left = *to_send > 0;
        *to_send = to_send.saturating_sub(1);
        is_left
    }

    /// Sends one call until it is let through.
    async fn send(&self) {
        let mut tries = Tries::default();
        loop {
            let turn = self.pacer.turn(&self.key, ACTION).await;
            let verdict = self.exchange().await;
            let Verdict::Refused { retry_after } = verdict else {
                turn.answered(LimitSignal::Passed);
                return;
            };
            let retry_after = retry_after.map(Duration::from_secs_f64);
            let shut_for = turn.answered(LimitSignal::Refused { retry_after }).shut_for;
            let (class, now) = (ErrorClass::Throttled, Instant::now());
            let decision = self.policy.after_call(class, tries, retry_after, fastrand::f64(), now);
            assert_eq!(decision, Decision::Throttled, "refusals cost time and no attempts");
            tries.count(class, now);
            sleep(shut_for).await;
        }
    }

    /// There, the server's verdict, and back.
    async fn exchange(&self) -> Verdict {
        let way = {
            let mut state = self.state.borrow_mut();
            state.outcome.calls += 1;
            Duration::from_secs_f64(self.work.round_trip(&mut state.random) / 2.0)
        };
        sleep(way).await;
        let verdict = self.arrive();
        sleep(way).await;
        self.state.borrow_mut().outcome.took = self.now();
        verdict
    }

    fn arrive(&self) -> Verdict {
        let (now, mut state) = (self.now(), self.state.borrow_mut());
        let verdict = state.server.arrive(now);
        match verdict {
            Verdict::Accepted => state.outcome.served_at.push(now),
            Verdict::Refused { .. } => state.outcome.refused += 1,
        }
        verdict
    }

    fn now(&self) -> Seconds {
        self.began.elapsed().as_secs_f64()
    }
}
