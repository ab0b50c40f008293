//! Nothing lost, nothing twice, nothing outside the plan: the real program, a real journal and a
//! server that keeps its own log, under `kill -9`, power cuts and broken disks.
//!
//! `UNPAIR_LONG=1` takes the long form, `UNPAIR_SEED=N` repeats a failure.

#[path = "../support/canaries.rs"]
mod canaries;
mod disks;
#[path = "../support/ground.rs"]
mod ground;
mod journal;
mod judge;
mod kills;
mod moments;
mod owed;
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
mod together;
mod world;
mod writers;

/// Whether the long form was asked for.
fn is_long() -> bool {
    std::env::var_os("UNPAIR_LONG").is_some_and(|long| long == "1")
}

/// The seed of this run of the tests, printed so that a failure can be repeated.
fn seed() -> u64 {
    let given = std::env::var("UNPAIR_SEED").ok();
    let seed = given
        .map_or_else(|| fastrand::u64(..), |text| text.parse().expect("UNPAIR_SEED is a number"));
    println!("UNPAIR_SEED={seed}");
    seed
}
