//! A panic at a named instant, with keys in memory and calls in flight: it tells no secret, ends
//! the command with exit code 1, and the run is resumed to its end.

use crate::judge::Judge;
use crate::program::{SHIPPED, with_failpoints};
use crate::seeded_world::{SeededWorld, Size};
use crate::setup::Setup;

const SIZE: Size = Size { alibaba: 2, aws: 2 };
/// In the journal's own task, and in the futures of reading, sending, and reading back.
const POINTS: [&str; 6] = [
    "before-commit",
    "after-reading",
    "before-intent",
    "after-reply",
    "before-outcome",
    "before-verified",
];

#[test]
fn a_panic_tells_no_secret_ends_with_1_and_is_resumed_to_the_same_end() {
    let seed = crate::seed();
    for point in POINTS {
        let setup = Setup::new(SeededWorld::new(seed, SIZE), &[], seed);
        let mut judge = Judge::default();
        let at = format!("{point}:2");
        let env = [
            ("UNPAIR_FAILPOINT", &*at),
            ("UNPAIR_FAILPOINT_PANICS", "1"),
            ("RUST_BACKTRACE", "full"),
        ];
        // What it prints is searched for secrets when it ends, what it leaves when the setup does.
        let args = ["revoke", "pairs.csv", "--yes", "-vv"];
        let ended = setup.run(with_failpoints(), &args, &env).exits(1);
        let told = format!("the failpoint {point} was hit");
        assert!(ended.stderr.contains(&told), "UNPAIR_SEED={seed} {point}: {}", ended.stderr);
        judge.judge(&setup);
        setup.run(SHIPPED, &["revoke", "pairs.csv", "--yes"], &[]).exits(0);
        judge.judge_end(&setup);
        assert!(judge.findings.is_empty(), "UNPAIR_SEED={seed} {point}\n{}", judge.findings);
    }
}
