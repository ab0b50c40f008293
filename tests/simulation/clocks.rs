//! Clocks that jump, machines that were down, and providers that are never ready.

use std::time::Duration;

use unpair::model::Outcome;
use unpair::run::Ending;

use crate::fault_rates::FaultRates;
use crate::scenario::{Scenario, Size};
use crate::simulated_run::{Crashes, End, NoCrashes, SimulatedRun};
use crate::time::Jump;

/// Every other request is refused by the rate limit, so that calls wait with a token.
const BUSY: FaultRates = FaultRates { throttled: 0.5, ..FaultRates::NONE };

/// A run on a wall clock that jumps by this many minutes after so many seconds.
fn run_with_a_jump(minutes: i64, after: u64, crashes: &mut dyn Crashes) -> End {
    let mut scenario = Scenario::new(after, Size::SMALL, BUSY);
    scenario.clouds.jumps = vec![Jump { at: Duration::from_secs(after), by_ms: minutes * 60_000 }];
    let end = SimulatedRun::begin(scenario).finish(after, crashes);
    assert_eq!(end.broken, [""; 0], "{minutes} min after {after} s");
    assert!(end.outcomes.values().all(|outcome| *outcome == Outcome::Removed), "{minutes} {after}");
    end
}

#[test]
fn a_wall_clock_that_jumps_leads_to_a_read_back_and_never_to_a_blind_retry() {
    for minutes in [120, -180, 15] {
        let lapsed: usize =
            (1..=10).map(|step| run_with_a_jump(minutes, step * step, &mut NoCrashes).lapsed).sum();
        assert!(lapsed > 0, "no jump of {minutes} minutes found a call that waits");
    }
}

#[test]
fn a_wall_clock_that_is_off_by_less_than_a_minute_costs_nothing() {
    let mut scenario =
        Scenario::new(1, Size::SMALL, FaultRates { throttled: 0.2, ..FaultRates::NONE });
    let at = |after| Duration::from_secs(after);
    scenario.clouds.jumps =
        vec![Jump { at: at(3), by_ms: 50_000 }, Jump { at: at(9), by_ms: -40_000 }];
    scenario.clouds.allowed_jump_ms = 60_000;
    let end = SimulatedRun::begin(scenario).finish(1, &mut NoCrashes);
    assert_eq!((end.broken, end.lapsed), (Vec::new(), 0));
}

/// The first process ends after so many steps, and the machine is down for a while.
struct Reboot {
    steps: u64,
    down: Duration,
}

impl Crashes for Reboot {
    fn steps(&mut self, n: u32) -> Option<u64> {
        (n == 0).then_some(self.steps)
    }

    fn down(&mut self, _n: u32) -> Duration {
        self.down
    }
}

#[test]
fn a_token_of_an_earlier_process_is_never_sent_again_whatever_its_clock_says() {
    // The clock is set back by as long as the machine was down: it shows that no time passed.
    let down = Duration::from_secs(180 * 60);
    let lapsed: usize = (60..120)
        .step_by(5)
        .map(|steps| run_with_a_jump(-180, 600, &mut Reboot { steps, down }).lapsed)
        .sum();
    assert!(lapsed > 0, "no crash found a call that waits");
}

#[test]
fn half_an_hour_of_refusals_by_the_rate_limit_leaves_the_lane_for_the_next_command() {
    let never = FaultRates { throttled: 1.0, ..FaultRates::NONE };
    let run = SimulatedRun::begin(Scenario::new(1, Size::SMALL, never));
    let (end, took) = run.first_process(1);
    assert_eq!((end.left_alone.len(), &end.ending), (4, &Ending::Finished));
    for (lane, reason) in &end.left_alone {
        assert!(reason.contains("rate limit") && reason.contains("resume"), "{lane}: {reason}");
    }
    assert!(took >= Duration::from_secs(1_800), "{took:?}");
    assert!(took < Duration::from_secs(3_600), "{took:?}");
    let end = run.without_faults(took).finish(1, &mut NoCrashes);
    assert_eq!(end.broken, [""; 0]);
}
