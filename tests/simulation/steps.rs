//! A crash at every step of a run: what it leaves, a next process brings to the same end.
//!
//! What a crash leaves is the journal and the clouds, with what is on its way to them. So a run has
//! as many such states as it has writes and effects: a crash before a write leaves what the step
//! before it left. One run tells them all, as copies of the journal's files and of the clouds, and
//! each is gone on with by itself.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use unpair::model::PairSet;

use crate::fault_rates::FaultRates;
use crate::host::{State, Watch};
use crate::journal::cores;
use crate::scenario::{Scenario, Size};
use crate::simulated_run::{Crashes, End, NoCrashes, SimulatedRun};

/// What a crash at one step came to.
struct Resumed {
    at: usize,
    end: End,
}

/// The next process comes at once, or after the longest that the clocks of a call allow for.
struct After(Duration);

impl Crashes for After {
    fn steps(&mut self, _n: u32) -> Option<u64> {
        None
    }

    fn down(&mut self, n: u32) -> Duration {
        if n == 0 { self.0 } else { Duration::from_secs(1) }
    }
}

/// Resumes every state that comes in.
fn resume_all(
    states: &Mutex<Receiver<(usize, State)>>,
    pairs: &PairSet,
    seed: u64,
) -> Vec<Resumed> {
    let mut resumed = Vec::new();
    loop {
        let next = states.lock().expect("nobody panicked").recv();
        let Ok((at, state)) = next else { return resumed };
        let downs = [1, 90, 1_000];
        let mut crashes = After(Duration::from_secs(downs[at % downs.len()]));
        let end = SimulatedRun::from(state, pairs.clone()).finish(seed, &mut crashes);
        resumed.push(Resumed { at, end });
    }
}

/// Crashes a run of `size` at one step in `stride`, and at all of them if that is 1.
fn crash_everywhere(seed: u64, size: Size, rates: FaultRates, stride: usize) {
    let scenario = Scenario::new(seed, size, rates);
    let pairs = scenario.pairs.clone();
    let (chosen, states) = sync_channel(cores());
    let (count, states) = (Arc::new(AtomicUsize::new(0)), Mutex::new(states));
    let watch = Watch { chosen, stride, count: Arc::clone(&count) };
    let began = std::time::Instant::now();
    let (whole, resumed) = std::thread::scope(|scope| {
        let resumers: Vec<_> =
            (0..cores()).map(|_| scope.spawn(|| resume_all(&states, &pairs, seed))).collect();
        let whole = SimulatedRun::begin(scenario).watched(watch).finish(seed, &mut NoCrashes);
        let resumed: Vec<Resumed> =
            resumers.into_iter().flat_map(|resumer| resumer.join().expect("resumed")).collect();
        (whole, resumed)
    });
    let count = count.load(Ordering::Relaxed);
    println!(
        "{} revocations, {} requests, {count} states, {} resumed, {:?}",
        whole.outcomes.len(),
        whole.sent,
        resumed.len(),
        began.elapsed()
    );
    assert_eq!(whole.outcomes.len(), size.revocations(), "UNPAIR_SEED={seed}");
    assert_eq!(whole.broken, [""; 0], "UNPAIR_SEED={seed}: without a crash");
    assert!(resumed.len() == count.div_ceil(stride) && count > whole.outcomes.len());
    for Resumed { at, end } in resumed {
        assert_eq!(end.broken, [""; 0], "UNPAIR_SEED={seed}: crash {at}");
        assert_eq!(end.outcomes, whole.outcomes, "UNPAIR_SEED={seed}: crash {at}");
    }
}

#[test]
fn a_crash_at_any_step_of_a_run_changes_nothing_of_its_end() {
    crash_everywhere(crate::seed(), Size::SMALL, FaultRates::SOME, 1);
}

#[test]
fn a_crash_at_any_step_of_a_run_of_200_revocations_changes_nothing_of_its_end() {
    let (seeds, stride) = if crate::is_long() { (10, 1) } else { (1, 6) };
    let first = crate::seed();
    for seed in (0..seeds).map(|n| first.wrapping_add(n)) {
        crash_everywhere(seed, Size::WHOLE, FaultRates::SOME, stride);
    }
}
