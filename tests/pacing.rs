//! The limiters as runs use them, on a clock that stands still while nobody waits: many tasks of
//! one lane, and a provider that counts at its own end.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};
use unpair::model::{LaneKey, PerCloud, Provider};
use unpair::pace::{Ceiling, Limit, LimitSettings, LimitSignal, Pacer, Used};

const ACTION: &str = "RevokeSecurityGroupIngress";

/// One way to the provider, or back.
const WAY: Duration = Duration::from_millis(40);

/// A provider's bucket, and when each call arrived.
struct Provided {
    capacity: f64,
    refill: f64,
    state: Mutex<State>,
}

struct State {
    tokens: f64,
    at: Instant,
    /// When each call arrived, and whether it was let through.
    arrivals: Vec<(Instant, bool)>,
}

impl Provided {
    fn bucket(capacity: f64, refill: f64) -> Arc<Self> {
        let state = State { tokens: capacity, at: Instant::now(), arrivals: Vec::new() };
        Arc::new(Self { capacity, refill, state: Mutex::new(state) })
    }

    fn arrive(&self) -> LimitSignal {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = (now - state.at).as_secs_f64();
        state.tokens = (state.tokens + passed * self.refill).min(self.capacity);
        state.at = now;
        let is_let_through = state.tokens >= 1.0;
        if is_let_through {
            state.tokens -= 1.0;
        }
        state.arrivals.push((now, is_let_through));
        if is_let_through {
            LimitSignal::Passed
        } else {
            LimitSignal::Refused { retry_after: None }
        }
    }

    fn arrivals(&self) -> Vec<(Instant, bool)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).arrivals.clone()
    }

    fn refused(&self) -> usize {
        self.arrivals().iter().filter(|(_, is_let_through)| !is_let_through).count()
    }
}

fn lane() -> LaneKey {
    LaneKey { cloud: Provider::Aws, account: "123456789012".into(), region: "us-east-1".into() }
}

fn pacer(default: Limit, used: u32) -> Arc<Pacer> {
    let limits = LimitSettings { default, in_flight: 8, actions: BTreeMap::new() };
    let used = Used::from([((lane(), ACTION.to_owned()), used)]);
    Arc::new(Pacer::new(PerCloud { alibaba: limits.clone(), aws: limits }, used))
}

/// Makes `calls` calls, eight at a time, each until it is let through. Returns how long it took.
async fn work(pacer: &Arc<Pacer>, provided: &Arc<Provided>, calls: usize) -> Duration {
    let began = Instant::now();
    let left = Arc::new(Mutex::new(calls));
    let workers = (0..8).map(|_| {
        let (pacer, provided, left) = (pacer.clone(), provided.clone(), left.clone());
        tokio::spawn(async move {
            while one_more(&left) {
                call(&pacer, &provided).await;
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.expect("a worker comes to its end");
    }
    began.elapsed()
}

fn one_more(left: &Mutex<usize>) -> bool {
    let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
    let is_left = *left > 0;
    *left = left.saturating_sub(1);
    is_left
}

async fn call(pacer: &Pacer, provided: &Provided) {
    loop {
        let turn = pacer.turn(&lane(), ACTION).await;
        sleep(WAY).await;
        let answer = provided.arrive();
        sleep(WAY).await;
        turn.answered(answer);
        if answer == LimitSignal::Passed {
            return;
        }
    }
}

/// Between any two calls there were no more than the bucket gives.
fn assert_within(ceiling: Ceiling, arrivals: &[(Instant, bool)]) {
    for (first, (from, _)) in arrivals.iter().enumerate() {
        for (last, (until, _)) in arrivals.iter().enumerate().skip(first) {
            let calls = u32::try_from(last - first + 1).expect("a small number");
            // Timers count whole milliseconds.
            let time = (*until - *from).as_secs_f64() + 0.002;
            let most = f64::from(ceiling.burst) + ceiling.rate * time;
            assert!(f64::from(calls) <= most, "{calls} calls in {time} s");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_nobody_told_is_found_and_used() {
    let provided = Provided::bucket(100.0, 10.0);
    let took = work(&pacer(Limit::Auto, 0), &provided, 2_000).await;
    assert!(took <= Duration::from_secs_f64(190.0 / 0.98), "{took:?}, at best 190 s");
    let refused = provided.refused();
    assert!(refused <= 30, "{refused} refused");
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_is_known_is_used_and_never_exceeded() {
    let ceiling = Ceiling { rate: 10.0, burst: 100 };
    let provided = Provided::bucket(100.0, 10.0);
    let took = work(&pacer(Limit::Ceiling(ceiling), 0), &provided, 1_000).await;
    assert_eq!(provided.refused(), 0);
    assert!(took <= Duration::from_secs_f64(90.0 / 0.98), "{took:?}, at best 90 s");
    assert_within(ceiling, &provided.arrivals());
}

#[tokio::test(start_paused = true)]
async fn the_ceiling_holds_however_generous_the_provider_is() {
    let ceiling = Ceiling { rate: 5.0, burst: 1 };
    let provided = Provided::bucket(1_000.0, 1_000.0);
    let took = work(&pacer(Limit::Ceiling(ceiling), 0), &provided, 200).await;
    assert!(took <= Duration::from_secs(42), "{took:?}, at best 40 s");
    assert_within(ceiling, &provided.arrivals());
}

#[tokio::test(start_paused = true)]
async fn the_ceiling_holds_across_two_processes_one_after_the_other() {
    let ceiling = Ceiling { rate: 5.0, burst: 50 };
    let provided = Provided::bucket(50.0, 5.0);
    work(&pacer(Limit::Ceiling(ceiling), 0), &provided, 60).await;
    work(&pacer(Limit::Ceiling(ceiling), 60), &provided, 60).await;
    assert_eq!(provided.refused(), 0);
    assert_within(ceiling, &provided.arrivals());
}

#[tokio::test(start_paused = true)]
async fn a_ceiling_above_the_real_limit_does_not_hammer_it() {
    let provided = Provided::bucket(20.0, 2.0);
    let took =
        work(&pacer(Limit::Ceiling(Ceiling { rate: 50.0, burst: 50 }), 0), &provided, 420).await;
    let calls = provided.arrivals().len();
    assert!(took <= Duration::from_secs(220), "{took:?}, at best 200 s");
    assert!(provided.refused() * 5 <= calls, "{} of {calls} refused", provided.refused());
}
