//! What once went wrong, each as the case that it was, in a world of a new seed every time.

use std::process::Command;

use unpair_testing::process::wait_until;

use crate::journal::Facts;
use crate::judge::{Findings, Judge};
use crate::points::{Life, die_at};
use crate::program::SHIPPED;
use crate::seeded_world::{SeededWorld, Size};
use crate::setup::Setup;

/// The end at the n-th hit of a named instant, and what it led to.
const ENDS: [(&str, u64, &str); 3] = [
    (
        "after-reading",
        1,
        "a process that died between the reading of a group and its plan left the group's rules \
         out: the resumed run took the group for planned",
    ),
    ("after-reading", 3, "the same, when other groups were planned before"),
    (
        "before-commit",
        4,
        "a reading and the plan made from it were two commits, and a death between them lost rules",
    ),
];
const SIZE: Size = Size { alibaba: 2, aws: 2 };
/// Runs a command whose standard output takes no byte more.
const PRINTS_NOTHING: &str = "mkfifo full && exec 3<>full && \
     dd if=/dev/zero bs=65536 count=1 >&3 2>/dev/null && exec \"$@\" >&3";

/// Kills a process that has finished its run in the journal and has its result yet to print.
fn killed_before_it_prints(seed: u64) -> Findings {
    let setup = Setup::new(SeededWorld::new(seed, SIZE), &[], seed);
    let mut command = Command::new("sh");
    command.args(["-c", PRINTS_NOTHING, "sh", SHIPPED, "revoke", "pairs.csv", "--yes"]);
    let mut running = setup.begin_command(command, &[]);
    wait_until("the run's end in the journal", || {
        assert!(running.is_running(), "UNPAIR_SEED={seed}: it ended: {}", running.told());
        Facts::read(&setup.journal()).is_ok_and(|facts| facts.is_finished())
    });
    assert!(running.kill(), "UNPAIR_SEED={seed}: it ended although it cannot print");
    let mut judge = Judge::default();
    judge.judge_end(&setup);
    setup.run(SHIPPED, &["resume", "--yes"], &[]).exits(2);
    judge.judge_end(&setup);
    judge.findings
}

#[test]
fn no_end_that_once_lost_rules_does_so_again() {
    let seed = crate::seed();
    for (point, nth, what) in ENDS {
        let findings = die_at(point, Life::First, nth, seed).findings;
        assert!(findings.is_empty(), "UNPAIR_SEED={seed} {point}:{nth}: {what}\n{findings}");
    }
}

#[test]
fn a_run_that_is_killed_before_it_prints_its_end_has_nothing_left_to_resume() {
    let seed = crate::seed();
    let findings = killed_before_it_prints(seed);
    assert!(findings.is_empty(), "UNPAIR_SEED={seed}\n{findings}");
}
