//! Power cuts: what reached the journal's files is recorded, then replayed up to a random instant
//! with sectors that were not flushed torn or lost; what had counted as durable must be there.

use std::collections::BTreeMap;
use std::path::Path;

use unpair::failpoint::Bug;
use unpair::model::GroupId;

use crate::acknowledged::{Lost, Owed, Sent};
use crate::journal::Facts;
use crate::preload;
use crate::program::{SHIPPED, with_failpoints};
use crate::seeded_world::{SeededWorld, Size};
use crate::setup::Setup;
use crate::together::together;

const SIZE: Size = Size { alibaba: 14, aws: 8 };
/// Calls that are sent again, with the same token and with another. Two requests that get lost are
/// never the three after which a rule is left standing.
const FAULTS: [&str; 5] = [
    "throttle:20@RevokeSecurityGroup=0.2",
    "drop-after@RevokeSecurityGroup=0.1",
    "drop-before@RevokeSecurityGroup=2x",
    "throttle:20@RevokeSecurityGroupIngress=0.2",
    "drop-after@RevokeSecurityGroupIngress=0.1",
];
/// What a disk writes at once.
const SECTOR: usize = 512;
/// Crash states that are judged at the same time.
const AT_ONCE: usize = 8;

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
    /// A request left the process.
    Sent(Sent),
    /// Something was printed.
    Printed,
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
    lost: Lost,
    /// States that are damaged: not to be read, or not sound by the journal's own check.
    damaged: Vec<String>,
}

/// Records one run of `program`; `None` where nothing can be preloaded.
fn recorded(program: &str, env: &[(&str, &str)], seed: u64) -> Option<Vec<Op>> {
    let disk = preload::disk()?;
    let setup = Setup::new(SeededWorld::new(seed, SIZE), &FAULTS, seed);
    let env = [env, &[("LD_PRELOAD", disk), ("UNPAIR_DISK_LOG", "disk.log")]].concat();
    setup.run(program, &["revoke", "pairs.csv", "--yes"], &env).exits(0);
    let groups: Vec<&str> = setup.seeded.world.groups.keys().map(GroupId::as_str).collect();
    let log = std::fs::read(setup.path("disk.log")).expect("the library was preloaded");
    let ops = read_log(&log, &groups);
    let sent = |is_one: fn(&Sent) -> bool| {
        ops.iter().filter(|op| matches!(op, Op::Sent(sent) if is_one(sent))).count()
    };
    let calls = [sent(Sent::is_by_token), sent(Sent::is_by_group), sent(Sent::is_reading)];
    println!(
        "recorded {} calls of Alibaba Cloud, {} of AWS, {} readings",
        calls[0], calls[1], calls[2]
    );
    assert!(calls.iter().all(|count| *count > 0), "UNPAIR_SEED={seed}: each kind is recorded");
    Some(ops)
}

fn read_log(log: &[u8], groups: &[&str]) -> Vec<Op> {
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
            5 => Op::Sent(Sent::read(&String::from_utf8_lossy(data), groups)),
            6 => Op::Printed,
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
            Op::Truncate { .. } | Op::Sync { .. } | Op::Sent(_) | Op::Printed => {}
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

/// What is wrong with one crash state: the rows that it owes and lost, or that it is damaged.
fn losses(files: &Files, owed: &Owed) -> Result<Lost, String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).expect("a writable folder");
    }
    Ok(owed.lost(&facts(folder.path())?))
}

/// What was acknowledged when all of `ops` was done. What is printed at the end tells of every
/// verdict; `last` is where that is, in the whole recording.
fn owed(ops: &[Op], last: usize) -> Owed {
    let mut owed = Owed::default();
    for (n, op) in ops.iter().enumerate() {
        match op {
            Op::Sent(sent) => owed.send(sent),
            Op::Printed if n == last => owed.print(),
            _ => {}
        }
    }
    owed
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
    let first = ops
        .iter()
        .position(|op| matches!(op, Op::Sent(Sent::Call { .. })))
        .expect("a call was sent");
    let last = ops.iter().rposition(|op| matches!(op, Op::Printed)).expect("a result was printed");
    let results = together(states, AT_ONCE, |n| {
        let mut dice = fastrand::Rng::with_seed(seed.wrapping_add(n as u64));
        let before = &ops[..dice.usize(first + 1..=ops.len())];
        losses(&crash(before, &mut dice), &owed(before, last))
    });
    let mut tally = Tally { states, ..Tally::default() };
    for result in results {
        match result {
            Ok(losses) => {
                tally.with_losses += usize::from(losses.rows() > 0);
                tally.worst = tally.worst.max(losses.rows());
                tally.lost.add(&losses);
            }
            Err(damage) => tally.damaged.push(damage),
        }
    }
    println!(
        "{} crash states of {} operations: {} lost acknowledged rows, at most {}, {:?} in all; {} are \
         damaged",
        tally.states,
        ops.len(),
        tally.with_losses,
        tally.worst,
        tally.lost,
        tally.damaged.len()
    );
    tally
}

fn states() -> usize {
    if crate::is_long() { 2_000 } else { 200 }
}

#[test]
fn a_power_cut_loses_no_row_that_was_acknowledged() {
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
    let Lost { intents, outcomes, verdicts } = tally.lost;
    let each = [intents, outcomes, verdicts];
    assert!(each.iter().all(|lost| *lost > 0), "UNPAIR_SEED={seed}: rows of each kind: {tally:?}");
}
