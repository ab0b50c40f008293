//! `kill -9` again and again, with calls in flight and at random instants, until a run comes to
//! its end.

use std::time::{Duration, Instant};

use crate::judge::{Findings, Invariant, Judge};
use crate::moments::Kill;
use crate::program::SHIPPED;
use crate::seeded_world::{SeededWorld, Size};
use crate::setup::Setup;
use crate::together::together;

const SIZE: Size = Size { alibaba: 8, aws: 4 };
/// Lost answers before and after the effect, refusals by the rate limit, and slow answers.
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
const REVOKE: [&str; 3] = ["revoke", "pairs.csv", "--yes"];
const RESUME: [&str; 2] = ["resume", "--yes"];
/// Ends without a kill and without success after which a run is given up.
const MAX_ENDS: u32 = 4;
/// Kills of one job, over as many runs as it takes.
const KILLS_A_JOB: u32 = 10;
/// Jobs at the same time: most of a run is waiting for what is slow, lost or throttled.
const AT_ONCE: usize = 32;

/// What a kill loop came to.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) kills: u32,
    /// Kills that found an intent without an outcome.
    pub(crate) in_flight: u32,
    /// Kills before the run was in the journal.
    before_begin: u32,
    /// Kills after that and before its first call.
    before_calls: u32,
    /// Runs that came to their end.
    runs: u32,
    /// How long an undisturbed run takes: the median.
    length: Duration,
    pub(crate) findings: Findings,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.kills += other.kills;
        self.in_flight += other.in_flight;
        self.before_begin += other.before_begin;
        self.before_calls += other.before_calls;
        self.runs += other.runs;
        self.findings.extend(other.findings);
    }

    fn of_all(tallies: Vec<Self>) -> Self {
        let mut total = Self::default();
        for tally in tallies {
            total.add(tally);
        }
        total
    }
}

/// The program that is killed.
#[derive(Clone, Copy)]
struct Victim<'a> {
    program: &'a str,
    env: &'a [(&'a str, &'a str)],
}

/// Kills `program` exactly this often, in tens.
pub(crate) fn kill_loop(program: &str, env: &[(&str, &str)], kills: u32, seed: u64) -> Tally {
    let victim = Victim { program, env };
    let jobs = kills.div_ceil(KILLS_A_JOB) as usize;
    let dice = |n: usize| fastrand::Rng::with_seed(seed.wrapping_add(n as u64));
    // As many side by side as later on, so that they take as long.
    let undisturbed = together(jobs.min(AT_ONCE), AT_ONCE, |n| {
        let begun = Instant::now();
        let tally = run(victim, 0, Duration::ZERO, &mut dice(jobs + n));
        (begun.elapsed(), tally)
    });
    let (mut lengths, undisturbed): (Vec<_>, Vec<_>) = undisturbed.into_iter().unzip();
    lengths.sort_unstable();
    let mut total = Tally { length: lengths[lengths.len() / 2], ..Tally::of_all(undisturbed) };
    let killed = together(jobs, AT_ONCE, |n| job(victim, total.length, &mut dice(n)));
    total.add(Tally::of_all(killed));
    total
}

/// Runs that are killed ten times in all.
fn job(victim: Victim<'_>, length: Duration, dice: &mut fastrand::Rng) -> Tally {
    let mut tally = Tally::default();
    while tally.kills < KILLS_A_JOB && tally.findings.count(Invariant::End) == 0 {
        tally.add(run(victim, KILLS_A_JOB - tally.kills, length, dice));
    }
    tally
}

/// One run: killed at most this often and resumed, then left to end by itself.
fn run(victim: Victim<'_>, kills: u32, length: Duration, dice: &mut fastrand::Rng) -> Tally {
    let seed = dice.u64(..);
    let setup = Setup::new(SeededWorld::new(seed, SIZE), &FAULTS, seed);
    let (mut judge, mut tally) = (Judge::default(), Tally { runs: 1, ..Tally::default() });
    let mut plan = Kill::draw(kills, length, dice).into_iter();
    let (mut ends, mut is_begun) = (0, false);
    loop {
        // A cron line and a person: the one repeats its command, the other resumes.
        let args: &[&str] = if is_begun && dice.bool() { &RESUME } else { &REVOKE };
        let armed = plan.next().map(|kill| kill.arm(&setup));
        let mut running = setup.begin(victim.program, args, victim.env);
        if armed.is_some_and(|armed| armed.strike(&mut running)) {
            let facts = judge.judge(&setup);
            is_begun = !facts.runs.is_empty();
            tally.kills += 1;
            tally.in_flight += u32::from(facts.in_flight() > 0);
            tally.before_begin += u32::from(!is_begun);
            tally.before_calls += u32::from(is_begun && setup.revocations() == 0);
            if facts.is_finished() {
                judge.judge_end(&setup);
                break;
            }
            continue;
        }
        let ended = running.wait();
        if ended.code() == Some(0) {
            judge.judge_end(&setup);
            break;
        }
        is_begun = !judge.judge(&setup).runs.is_empty();
        ends += 1;
        if ends == MAX_ENDS {
            judge.findings.add(Invariant::End, format!("ends again and again: {ended:#?}"));
            break;
        }
    }
    tally.findings = judge.findings;
    tally
}

#[test]
fn a_run_that_is_killed_anywhere_ends_as_if_nobody_had_disturbed_it() {
    let kills = if crate::is_long() { 1_000 } else { 150 };
    let seed = crate::seed();
    let begun = Instant::now();
    let tally = kill_loop(SHIPPED, &[], kills, seed);
    println!(
        "{} kills in {:?} over {} runs, undisturbed {:?} long: {} with an intent open, {} before the run \
         was begun, {} before its first call",
        tally.kills,
        begun.elapsed(),
        tally.runs,
        tally.length,
        tally.in_flight,
        tally.before_begin,
        tally.before_calls
    );
    assert!(tally.findings.is_empty(), "UNPAIR_SEED={seed}\n{}", tally.findings);
    assert_eq!(tally.kills, kills, "UNPAIR_SEED={seed}");
    let share = f64::from(tally.in_flight) / f64::from(tally.kills);
    assert!(share >= 0.4, "UNPAIR_SEED={seed}: only {share:.2} of the kills find an intent open");
}
