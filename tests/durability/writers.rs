//! Two processes and one journal: the second is refused, and one that lost the journal while it
//! was stopped writes and sends nothing more.

use std::time::Duration;

use unpair::failpoint::Bug;
use unpair::sandbox::{Held, Moment};
use unpair_testing::process::{Running, wait_until};

use crate::journal::Facts;
use crate::judge::{Findings, Invariant, Judge, sent_and_open};
use crate::program::{SHIPPED, with_failpoints};
use crate::seeded_world::{SeededWorld, Size};
use crate::setup::Setup;

const SIZE: Size = Size { alibaba: 8, aws: 8 };
const REVOKE: [&str; 3] = ["revoke", "pairs.csv", "--yes"];
/// Four accounts, four places each.
const IN_THE_AIR: usize = 16;
/// How often it is looked whether the process has ended by itself.
const LOOK: Duration = Duration::from_millis(5);

fn setup(seed: u64) -> Setup {
    Setup::new(SeededWorld::new(seed, SIZE), &[], seed)
}

/// A process that has a call in flight in every place, all of them held.
pub(crate) fn calls_in_the_air(
    setup: &Setup,
    program: &str,
    env: &[(&str, &str)],
    moment: Moment,
) -> (Running, Held) {
    let held = setup.sandbox.hold(0, moment);
    let mut running = setup.begin(program, &REVOKE, env);
    for n in 0..IN_THE_AIR {
        let is_held = || held.wait(LOOK) || !running.is_running();
        wait_until(&format!("call {n} to be in flight"), is_held);
    }
    assert!(running.is_running(), "it has calls in flight: {:?}", running.wait());
    (running, held)
}

/// Starts a second process while the first has calls in flight.
pub(crate) fn a_second_process(program: &str, env: &[(&str, &str)], seed: u64) -> Findings {
    let setup = setup(seed);
    let mut judge = Judge::default();
    let (first, held) = calls_in_the_air(&setup, program, env, Moment::AfterEffect);
    let known = setup.calls().len();
    let mut second = setup.begin(program, &REVOKE, env);
    wait_until("the second process to be refused, or to call", || {
        !second.is_running() || setup.calls().len() > known
    });
    drop(held);
    let second = second.wait();
    if second.code() != Some(6) {
        judge
            .findings
            .add(Invariant::OneWriter, format!("a second process was let in: {second:?}"));
    }
    let first = first.wait();
    if first.code() != Some(0) {
        judge
            .findings
            .add(Invariant::OneWriter, format!("the first process was disturbed: {first:?}"));
    }
    judge.judge(&setup);
    judge.findings
}

/// Stops a process with calls in flight, lets another take the journal over, and continues it.
pub(crate) fn a_stopped_process(program: &str, env: &[(&str, &str)], seed: u64) -> Findings {
    let setup = setup(seed);
    let mut judge = Judge::default();
    let (first, held) = calls_in_the_air(&setup, program, env, Moment::AfterEffect);
    first.signal("STOP");
    // Its answers are there when it goes on.
    drop(held);
    // The second process heeds no lock, as where a file system has none: the fence is what is left.
    let heedless = [("UNPAIR_PLANTED_BUG", Bug::LockNotTaken.as_str())];
    let second = setup.run(with_failpoints(), &REVOKE, &heedless);
    if second.code() != Some(0) {
        judge.findings.add(Invariant::OneWriter, format!("the second process failed: {second:?}"));
    }
    let (before, sent) = (judge.judge(&setup), setup.revocations());
    first.signal("CONT");
    let first = first.wait();
    if first.code() != Some(6) {
        judge.findings.add(Invariant::OneWriter, format!("the first process went on: {first:?}"));
    }
    if setup.revocations() > sent {
        judge.findings.add(Invariant::OneWriter, "the first process sent more calls");
    }
    let after = judge.judge(&setup);
    if rows(&after) != rows(&before) {
        judge.findings.add(Invariant::OneWriter, "the first process wrote more rows");
    }
    if !sent_and_open(&setup.calls(), &after).is_empty() {
        judge.findings.add(Invariant::OneWriter, "calls of the first process were left open");
    }
    judge.findings
}

fn rows(facts: &Facts) -> usize {
    facts.runs.iter().map(|run| run.history.len()).sum()
}

#[test]
fn a_second_process_on_one_journal_is_refused() {
    let seed = crate::seed();
    let findings = a_second_process(SHIPPED, &[], seed);
    assert!(findings.is_empty(), "UNPAIR_SEED={seed}\n{findings}");
}

#[test]
fn a_stopped_process_that_lost_the_journal_neither_writes_nor_sends() {
    let seed = crate::seed();
    let findings = a_stopped_process(SHIPPED, &[], seed);
    assert!(findings.is_empty(), "UNPAIR_SEED={seed}\n{findings}");
}

#[test]
fn a_journal_that_is_held_stays_locked_when_somebody_removes_its_lock_file() {
    let seed = crate::seed();
    let setup = setup(seed);
    let (first, held) = calls_in_the_air(&setup, SHIPPED, &[], Moment::AfterEffect);
    std::fs::remove_file(setup.path("unpair.db.lock")).expect("a lock file");
    setup.run(SHIPPED, &REVOKE, &[]).exits(6);
    drop(held);
    first.wait().exits(0);
}

#[test]
fn a_process_that_is_stopped_for_a_while_keeps_the_journal_and_goes_on() {
    let seed = crate::seed();
    let setup = setup(seed);
    let (first, held) = calls_in_the_air(&setup, SHIPPED, &[], Moment::AfterEffect);
    first.signal("STOP");
    drop(held);
    setup.run(SHIPPED, &REVOKE, &[]).exits(6);
    first.signal("CONT");
    first.wait().exits(0);
    let mut judge = Judge::default();
    judge.judge_end(&setup);
    assert!(judge.findings.is_empty(), "UNPAIR_SEED={seed}\n{}", judge.findings);
}

#[test]
fn calls_that_wait_to_be_sent_again_are_taken_up_by_the_next_process() {
    let seed = crate::seed();
    // Longer than it takes to look into the journal on any machine.
    let throttled = ["throttle:8000@RevokeSecurityGroup=8x"];
    let setup = Setup::new(SeededWorld::new(seed, SIZE), &throttled, seed);
    let mut judge = Judge::default();
    let mut first = setup.begin(SHIPPED, &REVOKE, &[]);
    wait_until("calls that wait", || {
        let facts = Facts::read(&setup.journal()).unwrap_or_default();
        let history = facts.runs.iter().flat_map(|run| &run.history);
        // On a busy machine a call may be deferred for another reason as well.
        history.filter(|row| row.kind == "deferred").count() >= 8
    });
    assert!(first.kill(), "it waits to send again");
    judge.judge(&setup);
    setup.run(SHIPPED, &REVOKE, &[]).exits(0);
    judge.judge_end(&setup);
    assert!(judge.findings.is_empty(), "UNPAIR_SEED={seed}\n{}", judge.findings);
}
