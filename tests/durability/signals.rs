//! SIGINT and SIGTERM: the first ends the intake, and what is in flight is journalled; the second
//! ends the process. Judged by the order of things: while the server holds every call, a process
//! that has told of the signal has nothing left to do but wait.

use unpair::sandbox::{Held, Moment};
use unpair_testing::process::{Running, wait_until};

use crate::judge::{Findings, Judge, sent_and_open};
use crate::program::SHIPPED;
use crate::seeded_world::{SeededWorld, Size};
use crate::setup::Setup;
use crate::writers::calls_in_the_air;

const SIZE: Size = Size { alibaba: 8, aws: 8 };
const RESUME: [&str; 2] = ["resume", "--yes"];

/// A process with calls in flight that was told to stop, and has said so.
fn told_to_stop(setup: &Setup, signal: &str, moment: Moment) -> (Running, Held) {
    let (running, held) = calls_in_the_air(setup, SHIPPED, &[], moment);
    running.signal(signal);
    wait_until("the signal to be told", || running.told().contains("stopping:"));
    (running, held)
}

/// Interrupts a run with calls in flight, and resumes it to its end.
fn interrupted(signal: &str, moment: Moment, seed: u64) -> Findings {
    let setup = Setup::new(SeededWorld::new(seed, SIZE), &[], seed);
    let mut judge = Judge::default();
    let (running, held) = told_to_stop(&setup, signal, moment);
    let sent = setup.revocations();
    drop(held);
    running.wait().exits(4);
    assert_eq!(setup.revocations(), sent, "UNPAIR_SEED={seed}: a call after the signal was told");
    let facts = judge.judge(&setup);
    let open = sent_and_open(&setup.calls(), &facts);
    assert!(open.is_empty(), "UNPAIR_SEED={seed}: answers that were not journalled: {open:?}");
    setup.run(SHIPPED, &RESUME, &[]).exits(0);
    judge.judge_end(&setup);
    judge.findings
}

#[test]
fn after_a_signal_is_told_no_call_is_sent_and_what_is_in_the_air_is_journalled() {
    let seed = crate::seed();
    let cases = [
        ("INT", Moment::BeforeEffect),
        ("INT", Moment::AfterEffect),
        ("TERM", Moment::BeforeEffect),
        ("HUP", Moment::AfterEffect),
    ];
    for (n, (signal, moment)) in (seed..).zip(cases) {
        let findings = interrupted(signal, moment, n);
        assert!(findings.is_empty(), "UNPAIR_SEED={seed}\n{findings}");
    }
}

#[test]
fn a_second_signal_ends_the_process_while_its_calls_are_in_the_air() {
    let seed = crate::seed();
    for (first, second) in [("INT", "INT"), ("TERM", "INT")] {
        let setup = Setup::new(SeededWorld::new(seed, SIZE), &[], seed);
        let mut judge = Judge::default();
        let (running, held) = told_to_stop(&setup, first, Moment::BeforeEffect);
        running.signal(second);
        // It ends although not one of its calls is answered.
        running.wait().exits(4);
        drop(held);
        assert!(judge.judge(&setup).in_flight() > 0, "UNPAIR_SEED={seed}: it did not wait");
        setup.run(SHIPPED, &RESUME, &[]).exits(0);
        judge.judge_end(&setup);
        assert!(judge.findings.is_empty(), "UNPAIR_SEED={seed}\n{}", judge.findings);
    }
}
