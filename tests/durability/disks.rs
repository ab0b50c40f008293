//! Disks that are full, read-only or broken: nothing is lost, nothing is sent after the error, and
//! what was in flight is told.

use std::collections::BTreeSet;
use std::process::Command;

use unpair_testing::process::{Ended, wait_until};

use crate::judge::{Findings, Invariant, Judge, sent_and_open};
use crate::preload;
use crate::program::SHIPPED;
use crate::seeded_world::{SeededWorld, Size};
use crate::setup::Setup;

const SIZE: Size = Size { alibaba: 8, aws: 4 };
/// Answers take a while, so that calls are in flight when the disk fails.
const SLOW: [&str; 3] = [
    "slow:30@RevokeSecurityGroup=1",
    "slow:30@RevokeSecurityGroupIngress=1",
    "slow:30@RevokeSecurityGroupEgress=1",
];
const REVOKE: [&str; 3] = ["revoke", "pairs.csv", "--yes"];
/// Where shells find `mount` and `cp`.
const PATH: (&str, &str) = ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
/// Invocations on a sound disk until the run must have come to its end.
const PATIENCE: u32 = 3;

/// What became of several runs on failing disks.
#[derive(Debug, Default)]
struct Tally {
    /// Runs that ended with exit code 1, and those of them with calls in flight at the error.
    failed: u32,
    in_flight: u32,
    /// Answers that were told because they could not be journalled.
    told: usize,
    findings: Findings,
}

impl Tally {
    /// Judges a run on a failing disk, then goes on on a sound one until its end.
    fn take(&mut self, setup: &Setup, ended: &Ended) {
        let mut judge = Judge::default();
        let facts = judge.judge(setup);
        match ended.code() {
            Some(0) => {}
            Some(1) => {
                self.failed += 1;
                let (open, told) = (sent_and_open(&setup.calls(), &facts), unrecorded(ended));
                self.in_flight += u32::from(!open.is_empty());
                self.told += told.len();
                for call in open.difference(&told) {
                    let what = format!("the answer to call {call} was told nowhere: {ended:?}");
                    judge.findings.add(Invariant::NothingLost, what);
                }
            }
            other => judge.findings.add(Invariant::End, format!("exit {other:?}: {ended:?}")),
        }
        let mut last = (ended.code() == Some(0)).then(|| ended.clone());
        for _ in 0..PATIENCE {
            if last.as_ref().and_then(Ended::code) == Some(0) {
                break;
            }
            last = Some(setup.run(SHIPPED, &REVOKE, &[]));
            judge.judge(setup);
        }
        if last.as_ref().and_then(Ended::code) == Some(0) {
            judge.judge_end(setup);
        } else {
            judge.findings.add(Invariant::End, format!("on a sound disk: {last:?}"));
        }
        self.findings.extend(judge.findings);
    }
}

/// The calls that standard error tells of, because their answers could not be journalled.
fn unrecorded(ended: &Ended) -> BTreeSet<u64> {
    let call = |line| {
        let told: serde_json::Value = serde_json::from_str(line).ok()?;
        told["event"].as_str()?;
        told["call"].as_u64()
    };
    ended.stderr.lines().filter_map(call).collect()
}

fn setup(seed: u64) -> Setup {
    Setup::new(SeededWorld::new(seed, SIZE), &SLOW, seed)
}

/// How many bytes the journal of an undisturbed run takes, with its log.
fn bytes_of_a_run(seed: u64) -> u64 {
    let setup = setup(seed);
    // While it runs: at its end the log is folded into the journal.
    let mut running = setup.begin(SHIPPED, &REVOKE, &[]);
    let mut most = 0;
    while running.is_running() {
        let sizes = ["unpair.db", "unpair.db-wal"]
            .map(|name| std::fs::metadata(setup.path(name)).map_or(0, |file| file.len()));
        most = most.max(sizes.iter().sum());
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    running.wait().exits(0);
    // Every page went through the log first, whether or not it was seen there.
    let whole = std::fs::metadata(setup.path("unpair.db")).expect("a journal").len();
    most.max(2 * whole)
}

/// How many writes, truncations and syncs the journal of an undisturbed run takes.
fn operations_of_a_run(seed: u64, disk: &str) -> u64 {
    let setup = setup(seed);
    let count = setup.path("count");
    let env = [("LD_PRELOAD", disk), ("UNPAIR_DISK_COUNT", "count")];
    setup.run(SHIPPED, &REVOKE, &env).exits(0);
    let text = std::fs::read_to_string(count).expect("the library was preloaded");
    text.parse().expect("a number")
}

/// Whether a file system can be mounted here, and how.
fn mounter() -> Option<Vec<&'static str>> {
    let ways = [vec!["unshare", "-m"], vec!["unshare", "-Urm"]];
    ways.into_iter().find(|way| {
        let probe = "mount -t tmpfs -o size=64k none /mnt";
        let run = Command::new(way[0]).args(&way[1..]).args(["sh", "-c", probe]).output();
        run.is_ok_and(|output| output.status.success())
    })
}

/// Runs `script` with a file system of its own at `disk`, and takes the journal home.
fn on_a_mount(setup: &Setup, way: &[&str], mount: &str) -> Ended {
    std::fs::create_dir_all(setup.path("disk")).expect("a new folder");
    let script = format!(
        "{mount} && \"$0\" revoke pairs.csv --yes --journal disk/unpair.db; code=$?; \
         cp disk/unpair.db disk/unpair.db-wal . 2>/dev/null; exit $code"
    );
    let mut command = Command::new(way[0]);
    command.args(&way[1..]).args(["sh", "-c", &script, SHIPPED]);
    setup.begin_command(command, &[PATH]).wait()
}

#[test]
fn a_disk_that_is_full_at_any_row_loses_nothing_and_ends_the_sending() {
    let Some(way) = mounter() else {
        println!("skipped: nothing can be mounted here (needs root or user namespaces)");
        return;
    };
    let seed = crate::seed();
    let sizes = if crate::is_long() { 60 } else { 20 };
    let (least, most) = (64 << 10, bytes_of_a_run(seed) + (64 << 10));
    let mut tally = Tally::default();
    for n in 0..sizes {
        let setup = setup(seed.wrapping_add(n));
        let size = least + (most - least) * n / sizes;
        let ended = on_a_mount(&setup, &way, &format!("mount -t tmpfs -o size={size} none disk"));
        tally.take(&setup, &ended);
    }
    told("full disks", seed, &tally);
    assert!(u64::from(tally.failed) * 2 > sizes, "most sizes are too small");
}

#[test]
fn a_file_that_may_not_grow_loses_nothing_and_ends_the_sending() {
    let seed = crate::seed();
    let sizes = if crate::is_long() { 60 } else { 12 };
    let most = bytes_of_a_run(seed);
    let mut tally = Tally::default();
    for n in 0..sizes {
        let setup = setup(seed.wrapping_add(n));
        // In units of 512 bytes. The signal that comes with it ends a program that does not heed it.
        let limit = most * (n + 1) / sizes / 512;
        let script = format!("ulimit -f {limit}; exec \"$0\" revoke pairs.csv --yes");
        let mut command = Command::new("sh");
        command.args(["-c", &script, SHIPPED]);
        let ended = setup.begin_command(command, &[PATH]).wait();
        tally.take(&setup, &ended);
    }
    told("limits", seed, &tally);
    assert!(tally.in_flight > 0, "some limits are met while calls are in flight");
}

#[test]
fn an_input_output_error_at_any_operation_loses_nothing_and_ends_the_sending() {
    let Some(disk) = preload::disk() else { return };
    let seed = crate::seed();
    let runs = if crate::is_long() { 150 } else { 16 };
    let operations = operations_of_a_run(seed, disk);
    let mut tally = Tally::default();
    for n in 0..runs {
        let setup = setup(seed.wrapping_add(n));
        let at = (1 + n * operations / runs).to_string();
        let mut env = vec![("LD_PRELOAD", disk), ("UNPAIR_EIO_AT", &*at)];
        if n % 2 == 0 {
            env.push(("UNPAIR_EIO_ONCE", "1"));
        }
        let ended = setup.run(SHIPPED, &REVOKE, &env);
        tally.take(&setup, &ended);
    }
    told("broken disks", seed, &tally);
    assert!(tally.in_flight > 0, "some errors come while calls are in flight");
}

#[test]
fn a_disk_that_hangs_keeps_no_process_that_was_told_to_stop_and_loses_nothing() {
    let Some(disk) = preload::disk() else { return };
    let seed = crate::seed();
    // The first waits a minute for the disk, the second is told twice.
    for (n, signals) in (seed..).zip([1, 2]) {
        let setup = setup(n);
        let hang = setup.path("hang");
        let way = hang.to_str().expect("text");
        let env = [("LD_PRELOAD", disk), ("UNPAIR_HANG_WHILE", way)];
        let running = setup.begin(SHIPPED, &REVOKE, &env);
        wait_until("a revocation", || setup.revocations() > 0);
        std::fs::write(&hang, "").expect("a file");
        running.signal("INT");
        wait_until("the signal to be told", || running.told().contains("stopping:"));
        if signals == 2 {
            running.signal("INT");
        }
        let ended = running.wait().exits(4);
        let is_told = ended.stderr.contains("without waiting any longer");
        assert_eq!(is_told, signals == 1, "UNPAIR_SEED={seed}: {}", ended.stderr);
        std::fs::remove_file(&hang).expect("it is there");
        let mut judge = Judge::default();
        judge.judge(&setup);
        setup.run(SHIPPED, &["resume", "--yes"], &[]).exits(0);
        judge.judge_end(&setup);
        assert!(judge.findings.is_empty(), "UNPAIR_SEED={seed}\n{}", judge.findings);
    }
}

#[test]
fn a_read_only_file_system_is_refused_before_any_call() {
    let Some(way) = mounter() else {
        println!("skipped: nothing can be mounted here (needs root or user namespaces)");
        return;
    };
    let setup = setup(1);
    let mount = "mount --bind disk disk && mount -o remount,bind,ro disk";
    let ended = on_a_mount(&setup, &way, mount).exits(1);
    assert!(ended.stderr.contains("use another --journal"), "{}", ended.stderr);
    assert_eq!(setup.calls(), []);
}

#[test]
fn a_missing_folder_is_refused_before_any_call() {
    let setup = setup(1);
    let args = [&REVOKE[..], &["--journal", "nowhere/unpair.db"]].concat();
    let ended = setup.run(SHIPPED, &args, &[]).exits(1);
    assert!(ended.stderr.contains("there is no folder"), "{}", ended.stderr);
    assert_eq!(setup.calls(), []);
}

fn told(what: &str, seed: u64, tally: &Tally) {
    println!(
        "{what}: {} runs failed, {} with calls in flight, {} answers told",
        tally.failed, tally.in_flight, tally.told
    );
    assert!(tally.findings.is_empty(), "UNPAIR_SEED={seed}\n{}", tally.findings);
}
