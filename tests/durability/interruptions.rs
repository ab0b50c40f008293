//! SIGINT, SIGTERM and SIGHUP at any instant of a run, its audit and its read-back included. Judged by
//! the order of things, as the process itself dates them: once it has told of the signal it begins
//! no call. How long it all took is printed, and depends on the machine.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::Value;
use unpair::journal::RunState;
use unpair::sandbox::{Held, Moment};
use unpair_testing::process::{Ended, Running, wait_until};
use unpair_testing::workspace::is_revocation;

use crate::journal::Facts;
use crate::judge::{Findings, Judge, sent_and_open};
use crate::program::SHIPPED;
use crate::seeded_world::{SeededWorld, Size};
use crate::setup::Setup;
use crate::together::together;

const SIZE: Size = Size { alibaba: 8, aws: 8 };
/// Calls take long enough for a signal to come between two of them.
const SLOW: [&str; 3] = [
    "slow:20@RevokeSecurityGroup=1",
    "slow:20@RevokeSecurityGroupIngress=1",
    "slow:20@RevokeSecurityGroupEgress=1",
];
const REVOKE: [&str; 3] = ["revoke", "pairs.csv", "--yes"];
/// The log with the time of each line, by the clock of the process.
const DATED: [&str; 5] = ["revoke", "pairs.csv", "--yes", "--log-format", "json"];
/// Runs at the same time.
const AT_ONCE: usize = 6;
/// Intents that the process may date after it told of the signal. Whether to stop is looked at, and
/// the intent dated, in one go and by one thread: the system may hold up that one.
const UNDER_WAY: usize = 1;
/// Most that a signal comes after what it waits for.
const MOST_WAIT_MS: u64 = 20;
/// How often it is looked whether a call is held.
const LOOK: Duration = Duration::from_millis(2);

/// What became of one interrupted run.
#[derive(Debug)]
struct Seen {
    code: Option<i32>,
    /// From the signal to the time at which the process told of it.
    heeded: Duration,
    /// From there to the last revocation that the server saw begin; zero if none did.
    late: Duration,
    /// From the signal to the end of the process.
    end: Duration,
    /// Intents that the process dated after it had told of the signal.
    begun: usize,
    findings: Findings,
}

/// When a process told that it stops, by its own clock.
fn told_at(ended: &Ended) -> Option<Timestamp> {
    let lines = ended.stderr.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut told = lines.filter(|line| {
        line["message"].as_str().is_some_and(|message| message.starts_with("stopping:"))
    });
    told.next()?["time"].as_str()?.parse().ok()
}

/// From one time to another, zero if that is before.
fn since(from: Timestamp, to: Timestamp) -> Duration {
    to.duration_since(from).try_into().unwrap_or_default()
}

/// The intents that were dated after a time.
fn begun_after(facts: &Facts, told: Timestamp) -> usize {
    let history = facts.runs.iter().flat_map(|run| &run.history);
    let started = history.filter(|row| row.kind == "started");
    started.filter(|row| row.at_ms > told.as_millisecond()).count()
}

/// Waits for the instant of the signal. What is held keeps the process from its end until then.
fn wait_for_the_instant(
    setup: &Setup,
    running: &mut Running,
    (requests, held): (usize, Option<&Held>),
    dice: &mut fastrand::Rng,
) {
    wait_until("the instant of a signal", || {
        let is_held = held.is_some_and(|held| held.wait(LOOK));
        is_held || setup.calls().len() >= requests || !running.is_running()
    });
    std::thread::sleep(Duration::from_millis(dice.u64(0..=MOST_WAIT_MS)));
}

/// Interrupts a run when the server has had some of its `requests`, or holds a call, and brings it
/// to its end. `None` if it had come there before.
fn interrupted(requests: usize, seed: u64) -> Option<Seen> {
    let mut dice = fastrand::Rng::with_seed(seed);
    let setup = Setup::new(SeededWorld::new(seed, SIZE), &SLOW, seed);
    let (enough, twice) = (dice.usize(0..requests), dice.u8(0..4) == 0);
    // In two of three runs a call is held, so that the end does not come first on any machine; the
    // third may be interrupted in its last read-back.
    let moment = if dice.bool() { Moment::BeforeEffect } else { Moment::AfterEffect };
    let pass = dice.usize(0..=requests / 8);
    let held = (dice.u8(0..3) > 0).then(|| setup.sandbox.hold(pass, moment));
    let mut running = setup.begin(SHIPPED, &DATED, &[]);
    wait_for_the_instant(&setup, &mut running, (enough, held.as_ref()), &mut dice);
    if !running.is_running() {
        return None;
    }
    let mut signal = || ["INT", "TERM", "HUP"][dice.usize(0..3)];
    let (sent, begun) = (Timestamp::now(), Instant::now());
    running.signal(signal());
    if twice {
        running.signal(signal());
    }
    drop(held);
    let ended = running.wait();
    let end = begun.elapsed();
    let heeded = told_at(&ended).map(|told| since(sent, told)).unwrap_or_default();
    Some(Seen { heeded, end, ..judged(&setup, &ended, twice, seed) })
}

/// Judges a run that was interrupted, perhaps `twice`, and brings it to its end.
fn judged(setup: &Setup, ended: &Ended, twice: bool, seed: u64) -> Seen {
    let mut judge = Judge::default();
    let (calls, facts) = (setup.calls(), judge.judge(setup));
    let open = sent_and_open(&calls, &facts);
    assert!(twice || open.is_empty(), "UNPAIR_SEED={seed}: not journalled: {open:?}");
    let told = told_at(ended);
    match ended.code() {
        // A signal after the last read-back interrupts nothing.
        Some(0) => {}
        // One that comes before the program watches for any ends it at once.
        None => assert!(calls.is_empty(), "UNPAIR_SEED={seed}: {ended:?}"),
        code => {
            assert_eq!(code, Some(4), "UNPAIR_SEED={seed}: {ended:?}");
            assert!(told.is_some(), "UNPAIR_SEED={seed}: the signal was not told: {ended:?}");
        }
    }
    let is_finished = facts.runs.iter().any(|run| run.record.state == RunState::Finished);
    // A second signal ends the process while it tells of a run that is over: nothing is left of it,
    // and the same command would be a new one.
    assert!(!is_finished || twice || ended.code() == Some(0), "UNPAIR_SEED={seed}: {ended:?}");
    if !is_finished {
        setup.run(SHIPPED, &REVOKE, &[]).exits(0);
    }
    judge.judge_end(setup);
    let last = calls.iter().rfind(|call| is_revocation(call)).map(|last| last.at);
    Seen {
        code: ended.code(),
        heeded: Duration::ZERO,
        late: told.zip(last).map(|(told, last)| since(told, last)).unwrap_or_default(),
        end: Duration::ZERO,
        begun: told.map_or(0, |told| begun_after(&facts, told)),
        findings: judge.findings,
    }
}

/// How many requests a run makes that nobody interrupts.
fn requests(seed: u64) -> usize {
    let setup = Setup::new(SeededWorld::new(seed, SIZE), &SLOW, seed);
    setup.run(SHIPPED, &REVOKE, &[]).exits(0);
    setup.calls().len()
}

/// `half within …`, of what takes some time.
fn spread(times: impl Iterator<Item = Duration>) -> String {
    let mut times: Vec<Duration> = times.collect();
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    format!("half within {:?}, 95 % within {:?}, all within {:?}", at(50), at(95), at(100))
}

#[test]
fn no_call_begins_after_a_signal_at_any_instant_is_told() {
    let seed = crate::seed();
    let runs = if crate::is_long() { 300 } else { 30 };
    let requests = requests(seed);
    let tried = together(runs, AT_ONCE, |n| interrupted(requests, seed.wrapping_add(n as u64)));
    let ended: Vec<Seen> = tried.into_iter().flatten().collect();
    let stopped = ended.iter().filter(|seen| seen.code == Some(4)).count();
    println!("{runs} runs, {stopped} of them ended with exit code 4");
    println!("told after the signal: {}", spread(ended.iter().map(|seen| seen.heeded)));
    println!("last call after it was told: {}", spread(ended.iter().map(|seen| seen.late)));
    println!("end after the signal: {}", spread(ended.iter().map(|seen| seen.end)));
    for run in &ended {
        assert!(run.findings.is_empty(), "UNPAIR_SEED={seed}\n{}", run.findings);
        assert!(run.begun <= UNDER_WAY, "UNPAIR_SEED={seed}: {run:?}");
    }
    assert!(stopped * 3 >= runs, "UNPAIR_SEED={seed}: only {stopped} were interrupted");
}
