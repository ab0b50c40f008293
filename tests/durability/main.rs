//! Nothing lost, nothing twice, nothing outside the plan: the real program, a real journal and a
//! server that keeps its own log, under `kill -9`, power cuts and broken disks.
//!
//! `UNPAIR_LONG=1` takes the long form, `UNPAIR_SEED=N` repeats a failure.

#[path = "../support/canaries.rs"]
mod canaries;
mod disks;
#[path = "../support/form.rs"]
mod form;
#[path = "../support/ground.rs"]
mod ground;
mod interruptions;
mod invocations;
mod journal;
mod judge;
mod kills;
mod moments;
mod owed;
mod panics;
mod planted;
mod points;
mod power;
mod preload;
#[path = "../support/process.rs"]
mod process;
mod program;
mod regressions;
mod signals;
mod stage;
#[path = "../support/terminal.rs"]
mod terminal;
mod together;
mod world;
mod writers;

use form::{is_long, seed};
