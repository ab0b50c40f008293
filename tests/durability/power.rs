//! Power cuts: what reached the journal's files is recorded, then replayed up to a random instant
//! with sectors that were not flushed torn or lost; what had counted as durable must be there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use unpair::failpoint::Bug;

use crate::journal::Facts;
use crate::preload;
use crate::program::{SHIPPED, with_failpoints};
use crate::stage::Stage;
use crate::together::together;
use crate::world::{Plot, Size};

const SIZE: Size = Size { alibaba: 20, aws: 2 };
/// What a disk writes at once.
const SECTOR: usize = 512;

/// One thing that was done, in order.
#[derive(Debug)]
enum Op {
    Write {
        file: String,
        at: usize,
        data: Vec<u8>,
    },
    Truncate {
        file: String,
        size: usize,
    },
    Unlink {
        file: String,
    },
    Sync {
        file: String,
    },
    /// A request left the process: the intent with this token counted as durable.
    Sent(String),
}

/// The files of a journal.
type Files = BTreeMap<String, Vec<u8>>;

/// What became of crash states.
#[derive(Debug, Default)]
struct Tally {
    states: usize,
    /// States without some row that had counted as durable, and the most such rows of one state.
    with_losses: usize,
    worst: usize,
    /// States that are damaged: not to be read, or not sound by the journal's own check.
    damaged: Vec<String>,
}

/// Records one run of `program`; `None` where nothing can be preloaded.
fn recorded(program: &str, env: &[(&str, &str)], seed: u64) -> Option<Vec<Op>> {
    let disk = preload::disk()?;
    let stage = Stage::new(Plot::new(seed, SIZE), &[], seed);
    let env = [env, &[("LD_PRELOAD", disk), ("UNPAIR_DISK_LOG", "disk.log")]].concat();
    stage.run(program, &["revoke", "pairs.csv", "--yes"], &env).exits(0);
    Some(read_log(&std::fs::read(stage.path("disk.log")).expect("the library was preloaded")))
}

fn read_log(log: &[u8]) -> Vec<Op> {
    let (mut ops, mut rest) = (Vec::new(), log);
    while !rest.is_empty() {
        let [kind, name_len, at, len] = [0, 1, 2, 3].map(|n| number(&rest[8 * n..]));
        let (name, after) = rest[32..].split_at(name_len);
        let (data, after) = after.split_at(len);
        let file = String::from_utf8_lossy(name).into_owned();
        ops.push(match kind {
            1 => Op::Write { file, at, data: data.to_vec() },
            2 => Op::Truncate { file, size: at },
            3 => Op::Unlink { file },
            4 => Op::Sync { file },
            5 => Op::Sent(String::from_utf8_lossy(data).into_owned()),
            other => panic!("a record of kind {other}"),
        });
        rest = after;
    }
    ops
}

fn number(bytes: &[u8]) -> usize {
    usize::from_ne_bytes(*bytes.first_chunk().expect("a whole record"))
}

/// The files as a power cut after `ops` may leave them.
fn crash(ops: &[Op], dice: &mut fastrand::Rng) -> Files {
    let mut flushed = BTreeMap::new();
    for (n, op) in ops.iter().enumerate() {
        if let Op::Sync { file } = op {
            flushed.insert(file.as_str(), n);
        }
    }
    let is_flushed = |n: usize, file: &str| flushed.get(file).is_some_and(|sync| n < *sync);
    let mut files = Files::new();
    for (n, op) in ops.iter().enumerate() {
        match op {
            Op::Write { file, at, data } => {
                let kept = if is_flushed(n, file) { 0.0 } else { dice.f64() };
                let bytes = files.entry(file.clone()).or_default();
                match kept {
                    0.0..0.4 => write(bytes, *at, data),
                    0.4..0.7 => write_torn(bytes, *at, data, dice),
                    _ => {}
                }
            }
            Op::Truncate { file, size } if is_flushed(n, file) || dice.bool() => {
                files.entry(file.clone()).or_default().resize(*size, 0);
            }
            Op::Unlink { file } => drop(files.remove(file)),
            Op::Truncate { .. } | Op::Sync { .. } | Op::Sent(_) => {}
        }
    }
    files
}

fn write(bytes: &mut Vec<u8>, at: usize, data: &[u8]) {
    if bytes.len() < at + data.len() {
        bytes.resize(at + data.len(), 0);
    }
    bytes[at..at + data.len()].copy_from_slice(data);
}

/// Writes some of the sectors.
fn write_torn(bytes: &mut Vec<u8>, at: usize, data: &[u8], dice: &mut fastrand::Rng) {
    let mut done = 0;
    while done < data.len() {
        let end = data.len().min(done + SECTOR - (at + done) % SECTOR);
        if dice.bool() {
            write(bytes, at + done, &data[done..end]);
        }
        done = end;
    }
}

/// What is wrong with one crash state: how many acknowledged rows it lost, or that it is damaged.
fn losses(files: &Files, acknowledged: &BTreeSet<&str>) -> Result<usize, String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).expect("a writable folder");
    }
    let facts = facts(folder.path())?;
    let kept: BTreeSet<&str> =
        facts.intents().filter_map(|intent| intent.token.as_deref()).collect();
    Ok(acknowledged.difference(&kept).count())
}

fn facts(folder: &Path) -> Result<Facts, String> {
    let facts = Facts::read(&folder.join("unpair.db")).map_err(|error| error.to_string())?;
    match facts.runs.iter().find_map(|run| run.bad.first()) {
        Some(bad) => Err(bad.clone()),
        None => Ok(facts),
    }
}

/// Cuts the power at `states` random instants after the first call.
fn cut_power(ops: &[Op], states: usize, seed: u64) -> Tally {
    let first = ops.iter().position(|op| matches!(op, Op::Sent(_))).expect("a call was sent");
    let results = together(states, |n| {
        let mut dice = fastrand::Rng::with_seed(seed.wrapping_add(n as u64));
        let before = &ops[..dice.usize(first + 1..=ops.len())];
        let acknowledged = before.iter().filter_map(|op| match op {
            Op::Sent(token) => Some(token.as_str()),
            _ => None,
        });
        losses(&crash(before, &mut dice), &acknowledged.collect())
    });
    let mut tally = Tally { states, ..Tally::default() };
    for result in results {
        match result {
            Ok(lost) => {
                tally.with_losses += usize::from(lost > 0);
                tally.worst = tally.worst.max(lost);
            }
            Err(damage) => tally.damaged.push(damage),
        }
    }
    println!(
        "{} crash states of {} operations: {} lost acknowledged rows, at most {}; {} are damaged",
        tally.states,
        ops.len(),
        tally.with_losses,
        tally.worst,
        tally.damaged.len()
    );
    tally
}

fn states() -> usize {
    if crate::is_long() { 2_000 } else { 200 }
}

#[test]
fn a_power_cut_loses_no_row_that_a_call_was_sent_for() {
    let seed = crate::seed();
    let Some(ops) = recorded(SHIPPED, &[], seed) else { return };
    let tally = cut_power(&ops, states(), seed);
    assert_eq!(tally.damaged, [""; 0], "UNPAIR_SEED={seed}");
    assert_eq!(tally.with_losses, 0, "UNPAIR_SEED={seed}: lost up to {} rows", tally.worst);
}

#[test]
fn the_harness_sees_what_commits_that_are_not_flushed_lose() {
    let seed = crate::seed();
    let env = [("UNPAIR_PLANTED_BUG", Bug::NotFlushed.as_str())];
    let Some(ops) = recorded(with_failpoints(), &env, seed) else { return };
    let tally = cut_power(&ops, states(), seed);
    assert!(tally.with_losses * 2 > tally.states, "UNPAIR_SEED={seed}: {tally:?}");
}
