//! `kill -9` at random instants of a run, again and again, until the run comes to its end.

use std::time::{Duration, Instant};

use crate::judge::{Findings, Judge, Law};
use crate::program::SHIPPED;
use crate::stage::{Running, Stage};
use crate::together::together;
use crate::world::{Plot, Size};

const SIZE: Size = Size { alibaba: 16, aws: 8 };
/// Lost answers before and after the effect, refusals by the rate limit, and slow answers, so that
/// many a kill finds calls in the air.
const FAULTS: [&str; 10] = [
    "throttle:100@RevokeSecurityGroup=0.15",
    "drop-before@RevokeSecurityGroup=0.05",
    "drop-after@RevokeSecurityGroup=0.05",
    "truncate@RevokeSecurityGroup=0.03",
    "drop-after@RevokeSecurityGroupIngress=0.1",
    "error-500-after@RevokeSecurityGroupIngress=0.05",
    "throttle:20@RevokeSecurityGroupEgress=0.1",
    "slow:40@RevokeSecurityGroup=1",
    "slow:40@RevokeSecurityGroupIngress=1",
    "slow:40@RevokeSecurityGroupEgress=1",
];
/// Ends without a kill and without success after which a scene is given up.
const MAX_ENDS: u32 = 4;

/// Kills of one run before it is left to come to its end: a call that may or may not have arrived
/// is watched for a quarter of a minute before it is sent again.
const KILLS_A_RUN: u32 = 11;
/// The latest instant of a kill.
const LATEST: Duration = Duration::from_millis(1_500);

/// What a kill loop came to.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) kills: u32,
    /// Kills that found an intent without an outcome.
    pub(crate) in_flight: u32,
    /// Kills before the run was in the journal.
    pub(crate) before_begin: u32,
    /// Runs that came to their end.
    pub(crate) runs: u32,
    pub(crate) findings: Findings,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.kills += other.kills;
        self.in_flight += other.in_flight;
        self.before_begin += other.before_begin;
        self.runs += other.runs;
        self.findings.extend(other.findings);
    }
}

/// Kills `program` this often or a little more, over as many runs as it takes.
pub(crate) fn kill_loop(program: &str, env: &[(&str, &str)], kills: u32, seed: u64) -> Tally {
    let runs = together(kills.div_ceil(KILLS_A_RUN) as usize, |n| {
        run(program, env, &mut fastrand::Rng::with_seed(seed.wrapping_add(n as u64)))
    });
    let mut total = Tally::default();
    for tally in runs {
        total.add(tally);
    }
    total
}

/// One run: killed and resumed, then left to end by itself.
fn run(program: &str, env: &[(&str, &str)], dice: &mut fastrand::Rng) -> Tally {
    let seed = dice.u64(..);
    let stage = Stage::new(Plot::new(seed, SIZE), &FAULTS, seed);
    let (mut judge, mut tally) = (Judge::default(), Tally { runs: 1, ..Tally::default() });
    let (mut ends, mut is_begun) = (0, false);
    loop {
        // A cron line and a person: the one repeats its command, the other resumes.
        let args: &[&str] = if is_begun && dice.bool() {
            &["resume", "--yes"]
        } else {
            &["revoke", "pairs.csv", "--yes"]
        };
        let mut running = stage.begin(program, args, env);
        let killed =
            tally.kills < KILLS_A_RUN && comes_to(&stage, &mut running, dice) && running.kill();
        if killed {
            let facts = judge.judge(&stage);
            is_begun = !facts.runs.is_empty();
            tally.kills += 1;
            tally.in_flight += u32::from(facts.in_flight() > 0);
            tally.before_begin += u32::from(!is_begun);
            continue;
        }
        let ended = running.wait();
        if ended.code() == Some(0) {
            judge.judge_end(&stage);
            break;
        }
        is_begun = !judge.judge(&stage).runs.is_empty();
        ends += 1;
        if ends == MAX_ENDS {
            judge.findings.add(Law::End, format!("ends again and again: {ended:#?}"));
            break;
        }
    }
    tally.findings = judge.findings;
    tally
}

/// Waits for the instant of a kill: some time after the start, or after so many more calls that
/// change something. False if the program ends before.
fn comes_to(stage: &Stage, running: &mut Running, dice: &mut fastrand::Rng) -> bool {
    let (mut counter, begun) = (stage.counter(), Instant::now());
    let wanted = dice.usize(1..=10);
    let by_calls = dice.f64() < 0.7;
    let delay = Duration::from_millis(dice.u64(0..500));
    let mut is_met = || {
        if by_calls {
            counter.count() >= wanted || begun.elapsed() > LATEST
        } else {
            begun.elapsed() >= delay
        }
    };
    while !is_met() {
        if !running.is_running() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(Duration::from_micros(dice.u64(0..20_000)));
    true
}

#[test]
fn a_run_that_is_killed_anywhere_ends_as_if_nobody_had_disturbed_it() {
    let kills = if crate::is_long() { 1_000 } else { 150 };
    let seed = crate::seed();
    let begun = Instant::now();
    let mut tally = kill_loop(SHIPPED, &[], kills, seed);
    // A busy machine shifts the moments: more kills, rather than kills that prove less.
    let mut more = seed;
    while tally.in_flight * 10 < tally.kills * 4 && tally.kills < kills * 4 {
        more = more.wrapping_add(1);
        tally.add(kill_loop(SHIPPED, &[], kills / 2, more));
    }
    println!(
        "{} kills in {:?} over {} runs: {} with an intent open, {} before the run was begun",
        tally.kills,
        begun.elapsed(),
        tally.runs,
        tally.in_flight,
        tally.before_begin
    );
    assert!(tally.findings.is_empty(), "UNPAIR_SEED={seed}\n{}", tally.findings);
    assert!(tally.in_flight * 10 >= tally.kills * 4, "40 % of the kills find an intent open");
}
