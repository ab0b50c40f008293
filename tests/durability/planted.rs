//! Planted bugs: a harness that finds none of them would find no real one either.

use unpair::failpoint::Bug;

use crate::judge::{Findings, Law};
use crate::kills::kill_loop;
use crate::program::{SHIPPED, with_failpoints};
use crate::writers::{a_second_process, a_stopped_process};

/// Kills of one round.
const KILLS: u32 = 44;
/// Rounds after which a planted bug must have been found: a busy machine shifts the moments.
const ROUNDS: u64 = 8;

/// What the harness that looks for `law` finds in a program with `bug`.
fn found(bug: Bug, law: Law) {
    let seed = crate::seed();
    let env = [("UNPAIR_PLANTED_BUG", bug.as_str())];
    let program = with_failpoints();
    let round = |seed| match law {
        Law::OneWriter if bug == Bug::LockNotTaken => a_second_process(program, &env, seed),
        Law::OneWriter => a_stopped_process(program, &env, seed),
        _ => kill_loop(program, &env, KILLS, seed).findings,
    };
    let mut findings = round(seed);
    for more in 1..ROUNDS {
        if findings.count(law) > 0 {
            break;
        }
        findings = round(seed.wrapping_add(more));
    }
    report(bug, law, &findings, seed);
}

fn report(bug: Bug, law: Law, findings: &Findings, seed: u64) {
    println!("{}: {law:?} broken {} times", bug.as_str(), findings.count(law));
    assert!(findings.count(law) > 0, "UNPAIR_SEED={seed}: nothing found but\n{findings}");
}

#[test]
fn a_call_before_its_intent_is_found() {
    found(Bug::CallBeforeIntent, Law::WriteAhead);
}

#[test]
fn a_new_token_on_a_retry_is_found() {
    found(Bug::NewTokenOnRetry, Law::Tokens);
}

#[test]
fn an_answer_taken_as_done_is_found() {
    found(Bug::OkIsDone, Law::ReadBack);
}

#[test]
fn a_missing_positive_control_is_found() {
    found(Bug::NoPositiveControl, Law::ReadBack);
}

#[test]
fn a_lock_that_is_not_taken_is_found() {
    found(Bug::LockNotTaken, Law::OneWriter);
}

#[test]
fn a_lease_that_is_not_checked_is_found() {
    found(Bug::LeaseNotChecked, Law::OneWriter);
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
