//! What once went wrong, met again in every run: a line each, with its seed.
//!
//! A failure prints `UNPAIR_SEED`; once it is mended, its seed comes here with what it was.

use crate::judge::Findings;
use crate::kills::kill_loop;
use crate::points::{Life, die_at};
use crate::program::SHIPPED;

/// How a failure is met again.
#[derive(Clone, Copy, Debug)]
enum Again {
    /// The process ends at the n-th hit of a named instant.
    At(&'static str, u64),
    /// It is killed so often, in tens, by the kill loop.
    Killed(u32),
}

const REGRESSIONS: [(u64, Again, &str); 4] = [
    (
        1,
        Again::At("after-reading", 1),
        "a process that died between the reading of a group and its plan left the group's rules \
         out: the resumed run took the group for planned",
    ),
    (2, Again::At("after-reading", 3), "the same, when other groups were planned before"),
    (
        3,
        Again::At("before-commit", 4),
        "a reading and the plan made from it were two commits, and a death between them lost rules",
    ),
    (
        16_669_508_723_659_051_262,
        Again::Killed(10),
        "a kill after the run was finished in the journal and before the process ended: there is \
         nothing to resume, and that is no failure",
    ),
];

fn again(seed: u64, again: Again) -> Findings {
    match again {
        Again::At(point, nth) => die_at(point, Life::First, nth, seed).findings,
        Again::Killed(kills) => kill_loop(SHIPPED, &[], kills, seed).findings,
    }
}

#[test]
fn what_once_went_wrong_does_not_go_wrong_again() {
    for (seed, how, what) in REGRESSIONS {
        let findings = again(seed, how);
        assert!(findings.is_empty(), "UNPAIR_SEED={seed} {how:?}: {what}\n{findings}");
    }
}
