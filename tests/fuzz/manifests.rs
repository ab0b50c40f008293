//! Mutated manifests, small and swollen, in a process of their own: no panic, no hang, and little
//! memory.

use std::env;
use std::io::Cursor;
use std::process::Command;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use fastrand::Rng;
use unpair::manifest::{ManifestInput, Rules, read};
use unpair_testing::{is_long, seed};

use crate::memory::peak;
use crate::mutate::{TOKENS, mutated};

const SAMPLE: &str = include_str!("../../sample-data/pairs.csv");
/// Pieces that mean something to a reader of manifests.
const PIECES: [&str; 24] = [
    "\r",
    "\"\"",
    ",,,,,,,,",
    "\"\n",
    "cn-beijing,",
    "sg-a,",
    "1.23457E+15",
    "1/65535",
    "-1/-1",
    "@",
    ";",
    "\u{0}\"",
    "sep=;\n",
    "\n;;;;;;;;\n",
    ",,,,,,,,\n",
    "\u{feff}",
    "\u{2013}",
    "\u{ff0c}",
    "\u{200b}",
    "\t",
    "111111111111/sg-a",
    "arn:aws:ec2:us-east-1:111111111111:security-group/sg-0123abcd",
    "8-Aug",
    "80-90",
];
/// Manifests in a usual run, and in a long one.
const USUAL: u64 = 10_000;
const LONG: u64 = 100_000;
/// One manifest in so many is swollen to `SWOLLEN` bytes, most of them the same few.
const SWELLS: u16 = 500;
const SWOLLEN: usize = 1 << 20;
/// Most that reading all of them may add to a process.
const MOST_KIB: u64 = 128 << 10;
/// How long reading one manifest may take, whatever else the machine does.
const PATIENCE: Duration = Duration::from_mins(2);
/// Tells the process of its own which manifests to read: the first, and how many.
const ASKED: &str = "UNPAIR_FUZZ_MANIFESTS";
/// The name of the test, for the process of its own.
const NAME: &str = "manifests::mutated_manifests_neither_panic_nor_hang_nor_take_much_memory";

/// The manifest of a number.
fn manifest(number: u64) -> Vec<u8> {
    let mut rng = Rng::with_seed(number);
    let mut bytes = mutated(&mut rng, SAMPLE, &PIECES);
    if rng.u16(..SWELLS) == 0 {
        let pieces = [&TOKENS[..], &PIECES].concat();
        let piece = pieces[rng.usize(..pieces.len())];
        let at = rng.usize(..=bytes.len());
        bytes.splice(at..at, piece.bytes().cycle().take(SWOLLEN));
    }
    bytes
}

fn read_one(number: u64) {
    let bytes = manifest(number);
    let lines = memchr::memchr_iter(b'\n', &bytes).count() as u64 + 1;
    let input = ManifestInput { name: "m.csv".to_owned(), reader: Box::new(Cursor::new(bytes)) };
    let parsed = read(vec![input], &Rules::default());
    assert!(parsed.rows_read <= lines, "manifest {number}: {} of {lines} rows", parsed.rows_read);
}

/// Reads what it is asked for, and prints what that added to the peak.
fn read_all(asked: &str) {
    let (first, count) = asked.split_once(' ').expect("the first, and how many");
    let [first, count] = [first, count].map(|number| number.parse::<u64>().expect("a number"));
    let before = peak();
    let (done, next) = channel();
    let reader = std::thread::spawn(move || {
        for number in 0..count {
            read_one(first.wrapping_add(number));
            done.send(number).expect("somebody waits");
        }
    });
    let mut read = 0;
    loop {
        match next.recv_timeout(PATIENCE) {
            Ok(number) => read = number + 1,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => panic!("manifest {} hangs", first.wrapping_add(read)),
        }
    }
    reader.join().expect("no manifest makes the reader panic");
    println!("ADDED {}", peak() - before);
}

#[test]
fn mutated_manifests_neither_panic_nor_hang_nor_take_much_memory() {
    if let Ok(asked) = env::var(ASKED) {
        return read_all(&asked);
    }
    let (seed, count) = (seed(), if is_long() { LONG } else { USUAL });
    let output = Command::new(env::current_exe().expect("this program"))
        .args([NAME, "--exact", "--nocapture"])
        .env(ASKED, format!("{seed} {count}"))
        .output()
        .expect("this program runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let added = text.lines().find_map(|line| line.split_once("ADDED "));
    let Some((_, kib)) = added.filter(|_| output.status.success()) else {
        panic!("UNPAIR_SEED={seed}\n{text}\n{}", String::from_utf8_lossy(&output.stderr))
    };
    println!("{count} manifests read, the peak grew by {kib} KiB");
    let kib: u64 = kib.trim().parse().expect("a number of KiB");
    assert!(kib < MOST_KIB, "UNPAIR_SEED={seed}: {kib} KiB");
}
