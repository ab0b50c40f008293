//! Planted bugs: a harness that finds none of them would find no real one either. Each has a case
//! made for it, which does not depend on how fast the machine is.

use std::process::Command;

use unpair::failpoint::Bug;
use unpair::sandbox::Moment;

use crate::invocations;
use crate::judge::{Findings, Invariant, Judge};
use crate::kills::kill_loop;
use crate::program::{SHIPPED, harness_with_failpoints, with_failpoints};
use crate::seeded_world::{SeededWorld, Size};
use crate::setup::Setup;
use crate::together::together;
use crate::writers::{a_second_process, a_stopped_process, calls_in_the_air};

const REVOKE: [&str; 3] = ["revoke", "pairs.csv", "--yes"];
const SIZE: Size = Size { alibaba: 8, aws: 8 };
/// The first calls of both accounts are refused by the rate limit.
const THROTTLED: [&str; 1] = ["throttle:50@RevokeSecurityGroup=8x"];
/// Stories in which a planted bug must be found, and how many are told before one looks.
const SEQUENCES: usize = 240;
const SEQUENCES_TOGETHER: usize = 8;
/// Kills in the round of a kill loop that must find a planted bug.
const KILLS: u32 = 20;

/// A case: what it finds in a program with this environment, and with this seed.
type Case = fn(&str, &[(&str, &str)], u64) -> Findings;

/// Demands that `case` finds `invariant` broken in a program with `bug`.
fn finds(bug: Bug, invariant: Invariant, case: Case) -> u64 {
    let seed = crate::seed();
    let env = [("UNPAIR_PLANTED_BUG", bug.as_str())];
    let findings = case(with_failpoints(), &env, seed);
    println!("{}: {invariant:?} broken {} times", bug.as_str(), findings.count(invariant));
    assert!(findings.count(invariant) > 0, "UNPAIR_SEED={seed}: nothing found but\n{findings}");
    seed
}

/// And nothing in the one that is shipped.
fn finds_that_alone(bug: Bug, invariant: Invariant, case: Case) {
    let seed = finds(bug, invariant, case);
    let sound = case(SHIPPED, &[], seed);
    assert!(sound.is_empty(), "UNPAIR_SEED={seed}: the case itself is wrong\n{sound}");
}

/// Kills a process while the server holds its calls, before and after their effect.
fn killed_in_the_air(program: &str, env: &[(&str, &str)], seed: u64) -> Findings {
    let mut findings = Findings::default();
    for moment in [Moment::BeforeEffect, Moment::AfterEffect] {
        let setup = Setup::new(SeededWorld::new(seed, SIZE), &[], seed);
        let mut judge = Judge::default();
        let (mut running, held) = calls_in_the_air(&setup, program, env, moment);
        assert!(running.kill(), "it waits for its answers");
        drop(held);
        judge.judge(&setup);
        findings.extend(judge.findings);
    }
    findings
}

/// Lets a run come to its end by itself.
fn undisturbed(program: &str, env: &[(&str, &str)], seed: u64) -> Findings {
    come_to_the_end(&Setup::new(SeededWorld::new(seed, SIZE), &[], seed), program, env)
}

/// The same, with calls that are sent again in the process that they were refused in.
fn throttled(program: &str, env: &[(&str, &str)], seed: u64) -> Findings {
    come_to_the_end(&Setup::new(SeededWorld::new(seed, SIZE), &THROTTLED, seed), program, env)
}

fn come_to_the_end(setup: &Setup, program: &str, env: &[(&str, &str)]) -> Findings {
    let mut judge = Judge::default();
    let ended = setup.run(program, &REVOKE, env);
    if ended.code() != Some(0) {
        judge.findings.add(Invariant::End, format!("{ended:?}"));
    }
    judge.judge_end(setup);
    judge.findings
}

fn killed_again_and_again(program: &str, env: &[(&str, &str)], seed: u64) -> Findings {
    kill_loop(program, env, KILLS, seed).findings
}

#[test]
fn a_call_before_its_intent_is_found() {
    finds_that_alone(Bug::CallBeforeIntent, Invariant::WriteAhead, killed_in_the_air);
}

#[test]
fn a_call_before_its_intent_is_found_by_the_kill_loop() {
    finds(Bug::CallBeforeIntent, Invariant::WriteAhead, killed_again_and_again);
}

#[test]
fn a_new_token_on_a_retry_is_found() {
    finds_that_alone(Bug::NewTokenOnRetry, Invariant::Tokens, throttled);
}

#[test]
fn an_answer_taken_as_done_is_found() {
    finds_that_alone(Bug::OkIsDone, Invariant::ReadBack, undisturbed);
}

#[test]
fn an_answer_taken_as_done_is_found_by_the_kill_loop() {
    finds(Bug::OkIsDone, Invariant::ReadBack, killed_again_and_again);
}

#[test]
fn a_missing_positive_control_is_found() {
    finds_that_alone(Bug::NoPositiveControl, Invariant::ReadBack, undisturbed);
}

#[test]
fn a_lock_that_is_not_taken_is_found() {
    finds_that_alone(Bug::LockNotTaken, Invariant::OneWriter, a_second_process);
}

#[test]
fn a_lease_that_is_not_checked_is_found() {
    finds_that_alone(Bug::LeaseNotChecked, Invariant::OneWriter, a_stopped_process);
}

/// Demands that an invariant of another harness is broken with `bug`, and that it says which one.
fn breaks_the_invariant(bug: Bug, harness: &str, invariant: &str, says: &str) {
    let seed = crate::seed();
    let output = Command::new(harness_with_failpoints(harness))
        .args([invariant, "--exact", "--nocapture"])
        .env("UNPAIR_PLANTED_BUG", bug.as_str())
        .env("UNPAIR_SEED", seed.to_string())
        .env_remove("UNPAIR_LONG")
        .output()
        .expect("the harness runs");
    let told =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    let told = told.concat();
    let count = told.matches(says).count();
    println!("{}: {says}: {count} times", bug.as_str());
    assert!(told.contains("running 1 test"), "{harness} has no {invariant}");
    assert!(!output.status.success() && count > 0, "UNPAIR_SEED={seed}: not found\n{told}");
}

/// The invariant of the fuzzers.
const WORLDS: &str = "verdicts::generated_worlds::no_pair_is_called_clean_while_a_grant_stands_whatever_a_cloud_answers";
/// The invariant of the simulation.
const STORIES: &str = "invocations::\
    no_sequence_of_invocations_calls_a_pair_clean_or_sends_what_was_declined";

#[test]
fn a_mismatch_of_owners_that_counts_as_elsewhere_is_found() {
    breaks_the_invariant(
        Bug::OwnerMismatchElsewhere,
        "fuzz-failpoints",
        WORLDS,
        "clean means clean",
    );
    breaks_the_invariant(
        Bug::OwnerMismatchElsewhere,
        "simulation-failpoints",
        STORIES,
        "clean means clean",
    );
}

#[test]
fn absent_ports_that_are_read_as_all_are_found() {
    breaks_the_invariant(
        Bug::AbsentPortsAreAll,
        "fuzz-failpoints",
        WORLDS,
        "nothing but what a row names",
    );
}

#[test]
fn references_that_were_cut_and_are_believed_are_found() {
    breaks_the_invariant(
        Bug::CutReferencesBelieved,
        "fuzz-failpoints",
        WORLDS,
        "clean means clean",
    );
}

#[test]
fn a_declined_plan_that_is_taken_up_is_found() {
    sequences_find(Bug::DeclinedTakenUp, "resume takes up what was started");
    breaks_the_invariant(
        Bug::DeclinedTakenUp,
        "simulation-failpoints",
        STORIES,
        "nothing that was declined",
    );
}

#[test]
fn guards_before_the_take_up_are_found() {
    sequences_find(Bug::GuardsBeforeTakeUp, "nothing that a guard forbids");
    let says = "whoever approves sees all of it";
    breaks_the_invariant(Bug::GuardsBeforeTakeUp, "simulation-failpoints", STORIES, says);
}

/// Demands that some sequence of commands of the program with `bug` breaks this invariant.
fn sequences_find(bug: Bug, invariant: &str) {
    let (first, env) = (crate::seed(), [("UNPAIR_PLANTED_BUG", bug.as_str())]);
    let seed = |n: usize| first.wrapping_add(n as u64);
    for n in (0..SEQUENCES).step_by(SEQUENCES_TOGETHER) {
        let tell = |at| invocations::tell(with_failpoints(), &env, seed(n + at));
        let broken: Vec<String> = together(SEQUENCES_TOGETHER, SEQUENCES_TOGETHER, tell)
            .into_iter()
            .flat_map(|end| end.broken)
            .filter(|broken| broken.starts_with(invariant))
            .collect();
        if let Some(first) = broken.first() {
            println!("{}: {} times after {n} sequences, first {first}", bug.as_str(), broken.len());
            return;
        }
    }
    panic!("UNPAIR_SEED={first}: {invariant} was not broken by {SEQUENCES} sequences");
}

#[test]
fn the_program_that_is_shipped_has_no_failpoints() {
    let mentions = |program: &str, word: &str| {
        let bytes = std::fs::read(program).expect("a program");
        memchr::memmem::find(&bytes, word.as_bytes()).is_some()
    };
    for word in ["UNPAIR_FAILPOINT", "UNPAIR_PLANTED_BUG", Bug::OkIsDone.as_str()] {
        assert!(mentions(with_failpoints(), word), "{word}: the check sees what is there");
        assert!(!mentions(SHIPPED, word), "{word}");
    }
}
