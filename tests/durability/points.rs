//! The end at every named instant, in the first process of a run and in one that resumes it.

use unpair::failpoint::POINTS;
use unpair_testing::process::Ended;

use crate::judge::{Findings, Invariant, Judge};
use crate::program::{SHIPPED, with_failpoints};
use crate::seeded_world::{SeededWorld, Size};
use crate::setup::Setup;
use crate::together::together;

const SIZE: Size = Size { alibaba: 3, aws: 2 };
/// A lost answer and a refusal by the rate limit, and time to die in while a call is in flight.
const FAULTS: [&str; 5] = [
    "throttle:20@RevokeSecurityGroup=1x",
    "drop-after@RevokeSecurityGroupIngress=1x",
    "slow:100@RevokeSecurityGroup=1",
    "slow:100@RevokeSecurityGroupIngress=1",
    "slow:100@RevokeSecurityGroupEgress=1",
];
const REVOKE: [&str; 3] = ["revoke", "pairs.csv", "--yes"];
const RESUME: [&str; 2] = ["resume", "--yes"];
/// Invocations after the end at a point until the run must have come to its own.
const PATIENCE: u32 = 3;
/// Ends at the same time.
const AT_ONCE: usize = 14;

/// Which process of a run dies at the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// The one that begins the run.
    First,
    /// One that takes up a run whose first process died with a call in flight.
    Second,
}

impl Life {
    /// A second process reads nothing again that was read of late, and begins no run.
    fn meets(self, point: &str) -> bool {
        match self {
            Self::First => true,
            Self::Second => !["during-begin", "before-reading", "after-reading"].contains(&point),
        }
    }
}

/// What came of one end at a point.
pub(crate) struct Case {
    point: &'static str,
    life: Life,
    has_fired: bool,
    pub(crate) findings: Findings,
}

/// Lets a process die at the n-th hit of a point, and the next ones come to the end.
pub(crate) fn die_at(point: &'static str, life: Life, nth: u64, seed: u64) -> Case {
    let setup = Setup::new(SeededWorld::new(seed, SIZE), &FAULTS, seed);
    let mut judge = Judge::default();
    let args: &[&str] = if life == Life::First {
        &REVOKE
    } else {
        armed(&setup, &REVOKE, "after-send", 2);
        judge.judge(&setup);
        &RESUME
    };
    let ended = armed(&setup, args, point, nth);
    let log = std::fs::read_to_string(setup.path("points")).unwrap_or_default();
    let has_fired = log.lines().next_back() == Some(point) && ended.code().is_none();
    judge.judge(&setup);
    come_to_the_end(&setup, &mut judge);
    Case { point, life, has_fired, findings: judge.findings }
}

/// Runs the variant until the N-th hit of a point.
fn armed(setup: &Setup, args: &[&str], point: &str, nth: u64) -> Ended {
    let armed = format!("{point}:{nth}");
    let env = [("UNPAIR_FAILPOINT", &*armed), ("UNPAIR_FAILPOINT_LOG", "points")];
    setup.run(with_failpoints(), args, &env)
}

/// The program that is shipped takes over, and the run must come to its end.
fn come_to_the_end(setup: &Setup, judge: &mut Judge) {
    let mut last = None;
    for _ in 0..PATIENCE {
        let ended = setup.run(SHIPPED, &REVOKE, &[]);
        if ended.code() == Some(0) {
            return judge.judge_end(setup);
        }
        judge.judge(setup);
        last = Some(ended);
    }
    judge.findings.add(Invariant::End, format!("does not come to its end: {last:?}"));
}

#[test]
fn a_run_survives_the_end_of_its_process_at_every_named_instant() {
    let seed = crate::seed();
    let hits = if crate::is_long() { 1..=10 } else { 1..=1 };
    let mut plan = Vec::new();
    for life in [Life::First, Life::Second] {
        for point in POINTS.into_iter().filter(|point| life.meets(point)) {
            plan.extend(hits.clone().map(|nth| (point, life, nth)));
        }
    }
    with_failpoints();
    let cases = together(plan.len(), AT_ONCE, |n| {
        let (point, life, nth) = plan[n];
        die_at(point, life, nth, seed.wrapping_add(n as u64))
    });
    let mut findings = Findings::default();
    for case in &cases {
        findings.extend(case.findings.clone());
    }
    assert!(findings.is_empty(), "UNPAIR_SEED={seed}\n{findings}");
    let mut silent: Vec<_> = plan.iter().map(|(point, life, _)| (*point, *life)).collect();
    silent.retain(|place| {
        !cases.iter().any(|case| case.has_fired && (case.point, case.life) == *place)
    });
    println!(
        "{} ends at {} points",
        cases.iter().filter(|case| case.has_fired).count(),
        POINTS.len()
    );
    assert_eq!(silent, [], "each point is seen to fire");
}
