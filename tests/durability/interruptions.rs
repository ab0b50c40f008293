//! SIGINT, SIGTERM and SIGHUP at any instant of a run, its audit and its read-back included: the
//! last call begins at most 100 ms after the signal, by the server's own log.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use unpair::journal::RunState;

use crate::drag::Drag;
use crate::ground::is_revocation;
use crate::judge::{Findings, Judge, sent_and_open};
use crate::process::{Running, wait_until};
use crate::program::SHIPPED;
use crate::stage::Stage;
use crate::together::together;
use crate::world::{Plot, Size};

const SIZE: Size = Size { alibaba: 8, aws: 8 };
/// Calls take long enough for a signal to come between two of them.
const SLOW: [&str; 3] = [
    "slow:20@RevokeSecurityGroup=1",
    "slow:20@RevokeSecurityGroupIngress=1",
    "slow:20@RevokeSecurityGroupEgress=1",
];
const REVOKE: [&str; 3] = ["revoke", "pairs.csv", "--yes"];
/// Runs at the same time.
const AT_ONCE: usize = 6;
/// How long after a signal a call may still begin.
const PROMPT: Duration = Duration::from_millis(100);
/// What a call that was under way has to pass: the signal's task, the journal's writer, the
/// client's, and the server's. Each may be held up as the watch was.
const HANDS: u32 = 4;
/// Most that a signal comes after the request that it waits for.
const MOST_WAIT_MS: u64 = 20;

/// What became of one interrupted run.
#[derive(Debug)]
struct Seen {
    code: Option<i32>,
    /// How long after the signal the last call began; zero if none did.
    late: Duration,
    /// How much the machine held everything up meanwhile.
    drag: Duration,
    /// From the signal to the end of the process.
    end: Duration,
    findings: Findings,
}

/// Tells a process to stop, and once more if it is to be told `twice`; waits for its end.
fn signalled(stage: &Stage, running: Running, twice: bool, dice: &mut fastrand::Rng) -> Seen {
    let mut signal = || ["INT", "TERM", "HUP"][dice.usize(0..3)];
    let drag = Drag::start();
    running.signal(signal());
    // It was sent by now, so what begins later than the promise from here on begins too late.
    let (at, begun) = (Timestamp::now(), Instant::now());
    if twice {
        running.signal(signal());
    }
    let code = running.wait().code();
    let end = begun.elapsed();
    let calls = stage.calls();
    let last =
        calls.iter().rfind(|call| is_revocation(call)).map(|last| last.at.duration_since(at));
    let late = last.and_then(|late| late.try_into().ok()).unwrap_or_default();
    Seen { code, late, drag: drag.end(), end, findings: Findings::default() }
}

/// Interrupts a run when the server has had some of its `requests`, and brings it to its end.
/// `None` if it had come there before.
fn interrupted(requests: usize, seed: u64) -> Option<Seen> {
    let mut dice = fastrand::Rng::with_seed(seed);
    let stage = Stage::new(Plot::new(seed, SIZE), &SLOW, seed);
    let (enough, twice) = (dice.usize(0..requests), dice.u8(0..4) == 0);
    let mut running = stage.begin(SHIPPED, &REVOKE, &[]);
    wait_until("requests", || stage.calls().len() >= enough || !running.is_running());
    std::thread::sleep(Duration::from_millis(dice.u64(0..=MOST_WAIT_MS)));
    if !running.is_running() {
        return None;
    }
    let mut seen = signalled(&stage, running, twice, &mut dice);
    let mut judge = Judge::default();
    let calls = stage.calls();
    let facts = judge.judge(&stage);
    let open = sent_and_open(&calls, &facts);
    assert!(twice || open.is_empty(), "UNPAIR_SEED={seed}: not journalled: {open:?}");
    match seen.code {
        // A signal after the last read-back interrupts nothing.
        Some(0) => {}
        // One that comes before the program watches for any ends it at once.
        None => assert!(calls.is_empty(), "UNPAIR_SEED={seed}: {seen:?}"),
        code => assert_eq!(code, Some(4), "UNPAIR_SEED={seed}: {seen:?}"),
    }
    let is_finished = facts.runs.iter().any(|run| run.record.state == RunState::Finished);
    // A second signal ends the process while it tells of a run that is over: nothing is left of it,
    // and the same command would be a new one.
    assert!(!is_finished || twice || seen.code == Some(0), "UNPAIR_SEED={seed}: {seen:?}");
    if !is_finished {
        stage.run(SHIPPED, &REVOKE, &[]).exits(0);
    }
    judge.judge_end(&stage);
    seen.findings = judge.findings;
    Some(seen)
}

/// How many requests a run makes that nobody interrupts.
fn requests(seed: u64) -> usize {
    let stage = Stage::new(Plot::new(seed, SIZE), &SLOW, seed);
    stage.run(SHIPPED, &REVOKE, &[]).exits(0);
    stage.calls().len()
}

/// `50 %: 0ns, 95 %: …`, of what is ascending.
fn spread(times: impl Iterator<Item = Duration>) -> String {
    let mut times: Vec<Duration> = times.collect();
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    format!("half within {:?}, 95 % within {:?}, all within {:?}", at(50), at(95), at(100))
}

#[test]
fn no_call_begins_later_than_100_ms_after_a_signal_at_any_instant() {
    let seed = crate::seed();
    let runs = if crate::is_long() { 300 } else { 30 };
    let requests = requests(seed);
    let seen = together(runs, AT_ONCE, |n| interrupted(requests, seed.wrapping_add(n as u64)));
    let seen: Vec<Seen> = seen.into_iter().flatten().collect();
    let stopped = seen.iter().filter(|seen| seen.code == Some(4)).count();
    println!(
        "{runs} runs, {stopped} of them ended with exit code 4; a call begun after the signal in {}",
        seen.iter().filter(|seen| !seen.late.is_zero()).count()
    );
    println!("last call after the signal: {}", spread(seen.iter().map(|seen| seen.late)));
    println!("end after the signal: {}", spread(seen.iter().map(|seen| seen.end)));
    println!("held up by the machine: {}", spread(seen.iter().map(|seen| seen.drag)));
    for seen in &seen {
        assert!(seen.findings.is_empty(), "UNPAIR_SEED={seed}\n{}", seen.findings);
        assert!(seen.late <= PROMPT + seen.drag * HANDS, "UNPAIR_SEED={seed}: {seen:?}");
    }
    assert!(stopped * 2 >= runs, "UNPAIR_SEED={seed}: only {stopped} were interrupted");
}
