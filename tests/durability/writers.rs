//! Two processes and one journal: the second is refused, and one that lost the journal while it
//! was stopped writes and sends nothing more.

use crate::journal::Facts;
use crate::judge::{Findings, Judge, Law, sent_and_open};
use crate::program::SHIPPED;
use crate::stage::{Stage, wait_until};
use crate::world::{Plot, Size};

const SIZE: Size = Size { alibaba: 8, aws: 8 };
const REVOKE: [&str; 3] = ["revoke", "pairs.csv", "--yes"];
/// The first call of every place in the air is answered late: four accounts, four places each.
const SLOW: [&str; 3] = [
    "slow:3000@RevokeSecurityGroup=1",
    "slow:3000@RevokeSecurityGroupIngress=1",
    "slow:3000@RevokeSecurityGroupEgress=1",
];
const IN_THE_AIR: usize = 16;

fn stage(seed: u64) -> Stage {
    Stage::new(Plot::new(seed, SIZE), &SLOW, seed)
}

/// Starts a second process while the first has calls in the air.
pub(crate) fn a_second_process(program: &str, env: &[(&str, &str)], seed: u64) -> Findings {
    let stage = stage(seed);
    let mut judge = Judge::default();
    let mut first = stage.begin(program, &REVOKE, env);
    let mut counter = stage.counter();
    wait_until("calls in the air", || counter.count() > 0);
    let second = stage.run(program, &REVOKE, env);
    if second.code() != Some(6) || !first.is_running() {
        judge.findings.add(Law::OneWriter, format!("a second process was let in: {second:?}"));
    }
    let first = first.wait();
    if first.code() != Some(0) {
        judge.findings.add(Law::OneWriter, format!("the first process was disturbed: {first:?}"));
    }
    judge.judge(&stage);
    judge.findings
}

/// Stops a process with calls in the air, lets another take the journal over, and continues it.
pub(crate) fn a_stopped_process(program: &str, env: &[(&str, &str)], seed: u64) -> Findings {
    let stage = stage(seed);
    let mut judge = Judge::default();
    let first = stage.begin(program, &REVOKE, env);
    let mut counter = stage.counter();
    wait_until("every place to be in the air", || counter.count() >= IN_THE_AIR);
    first.signal("STOP");
    // The lock goes with its file, as when somebody tidies up: the fence is what is left.
    std::fs::remove_file(stage.path("unpair.db.lock")).expect("a lock file");
    let second = stage.run(program, &REVOKE, env);
    if second.code() != Some(0) {
        judge.findings.add(Law::OneWriter, format!("the second process failed: {second:?}"));
    }
    let before = judge.judge(&stage);
    let mut counter = stage.counter();
    first.signal("CONT");
    let first = first.wait();
    if first.code() != Some(6) {
        judge.findings.add(Law::OneWriter, format!("the first process went on: {first:?}"));
    }
    if counter.count() > 0 {
        judge.findings.add(Law::OneWriter, "the first process sent more calls");
    }
    let after = judge.judge(&stage);
    if rows(&after) != rows(&before) {
        judge.findings.add(Law::OneWriter, "the first process wrote more rows");
    }
    if !sent_and_open(&stage.calls(), &after).is_empty() {
        judge.findings.add(Law::OneWriter, "calls of the first process were left open");
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
