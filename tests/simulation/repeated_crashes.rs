//! Runs while the clouds fail: processes that end at any step, again and again, machines that are down
//! for a while, and wall clocks that jump.

use std::time::Duration;

use fastrand::Rng;
use unpair::model::Outcome;

use crate::fault_rates::FaultRates;
use crate::scenario::{Scenario, Size};
use crate::simulated_run::{Crashes, End, SimulatedRun};
use crate::time::Jump;

/// Processes that may end before their work does; the later ones are left alone.
const CRASHES: u32 = 10;
/// Steps that a process makes at the most before it ends: about a third of a small run.
const STEPS: u64 = 120;
/// By how much wall clocks jump, in minutes.
const JUMPS: [i64; 3] = [120, -180, 15];
/// When, at the latest.
const JUMPS_UNTIL: Duration = Duration::from_secs(1_200);

/// Crashes and pauses drawn from a seed.
struct RandomCrashes(Rng);

impl Crashes for RandomCrashes {
    fn steps(&mut self, n: u32) -> Option<u64> {
        (n < CRASHES && self.0.f64() < 0.8).then(|| self.0.u64(1..STEPS))
    }

    fn down(&mut self, _n: u32) -> Duration {
        let longest = [1, 60, 1_500, 7_000][self.0.usize(0..4)];
        Duration::from_millis(self.0.u64(10..longest * 1_000))
    }
}

/// A whole run of `seed`, its fault rates and its crashes drawn from it as well.
pub(crate) fn crash_repeatedly(seed: u64) -> End {
    let mut rng = Rng::with_seed(seed);
    let mut rates = if rng.bool() { FaultRates::MANY } else { FaultRates::SOME };
    rates.added_again = [0.0, 0.2][rng.usize(0..2)];
    let mut scenario = Scenario::new(seed, Size::SMALL, rates);
    scenario.clouds.jumps = jumps(&mut rng);
    SimulatedRun::begin(scenario).finish(seed, &mut RandomCrashes(rng))
}

fn jumps(rng: &mut Rng) -> Vec<Jump> {
    let drawn = rng.usize(0..4);
    (0..drawn)
        .map(|_| Jump {
            at: JUMPS_UNTIL.mul_f64(rng.f64().powi(2)),
            by_ms: JUMPS[rng.usize(0..JUMPS.len())] * 60_000,
        })
        .collect()
}

/// Every revocation came to a good end, and no invariant was broken.
pub(crate) fn survive(seed: u64) -> End {
    let end = crash_repeatedly(seed);
    assert_eq!(end.broken, [""; 0], "UNPAIR_SEED={seed}");
    let bad = end.outcomes.iter().find(|(_, outcome)| {
        !matches!(outcome, Outcome::Removed | Outcome::AlreadyAbsent | Outcome::Conflict)
    });
    assert_eq!(bad, None, "UNPAIR_SEED={seed}");
    end
}

#[test]
fn runs_that_crash_again_and_again_while_the_clouds_fail_lose_nothing_and_do_nothing_twice() {
    let (first, runs) = (crate::seed(), if crate::is_long() { 2_000 } else { 30 });
    let (mut processes, mut steps, mut sent) = (0, 0, 0);
    for seed in (0..runs).map(|n| first.wrapping_add(n)) {
        let end = survive(seed);
        processes += end.processes;
        steps += end.steps;
        sent += end.sent;
    }
    println!("{runs} runs, {processes} processes, {steps} steps, {sent} requests");
    assert!(u64::from(processes) > 2 * runs, "processes crash: {processes}");
}

#[test]
fn a_seed_makes_the_same_run_every_time() {
    let seed = crate::seed();
    let told = || {
        let end = crash_repeatedly(seed);
        (end.outcomes, end.broken, end.processes, end.steps, end.sent)
    };
    assert_eq!(told(), told(), "UNPAIR_SEED={seed}");
}
