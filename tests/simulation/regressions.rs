//! Every seed that once found a bug, run again.

use crate::repeated_crashes::survive;

/// One line a bug: its seed, and what it was.
const SEEDS: &str = include_str!("regressions.txt");

fn seeds() -> Vec<(u64, &'static str)> {
    let lines = SEEDS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (seed, what) = line.split_once(' ').expect("a seed and what it was");
            (seed.parse().expect("a seed"), what)
        })
        .collect()
}

#[test]
fn no_bug_that_a_seed_once_found_is_back() {
    for (seed, what) in seeds() {
        println!("UNPAIR_SEED={seed}: {what}");
        survive(seed);
    }
}
