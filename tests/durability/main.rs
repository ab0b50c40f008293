//! Nothing lost, nothing twice, nothing outside the plan: the real program, a real journal and a
//! server that keeps its own log, under `kill -9`, power cuts and broken disks.
//!
//! `UNPAIR_LONG=1` takes the long form, `UNPAIR_SEED=N` repeats a failure.

mod acknowledged;
mod disks;
mod interruptions;
mod invocations;
mod journal;
mod judge;
mod kills;
mod moments;
mod panics;
mod planted;
mod points;
mod power;
mod preload;
mod program;
mod regressions;
mod seeded_world;
mod setup;
mod signals;
mod together;
mod writers;

use unpair_testing::{is_long, seed};
