//! With the feature: the process ends, and bugs live, as the environment says.

use std::env;
use std::io::Write as _;
use std::pin::pin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{Bug, POINTS};

/// How long after its start a future counts as under way.
const UNDER_WAY: Duration = Duration::from_millis(20);

/// The armed point and at which hit it strikes.
fn armed() -> Option<(&'static str, u64)> {
    static ARMED: OnceLock<Option<(&'static str, u64)>> = OnceLock::new();
    *ARMED.get_or_init(|| {
        let text = env::var("UNPAIR_FAILPOINT").ok()?;
        let (name, count) = text.split_once(':').expect("UNPAIR_FAILPOINT is NAME:N");
        let point = POINTS.iter().find(|point| **point == name).expect("a known failpoint");
        Some((*point, count.parse().expect("UNPAIR_FAILPOINT is NAME:N")))
    })
}

pub(crate) fn hit(point: &str) {
    static HITS: AtomicU64 = AtomicU64::new(0);
    assert!(POINTS.contains(&point), "{point} is not in the list of failpoints");
    if let Some((name, count)) = armed()
        && name == point
        && HITS.fetch_add(1, Ordering::SeqCst) + 1 == count
    {
        die(point);
    }
}

fn die(point: &str) {
    if let Some(path) = env::var_os("UNPAIR_FAILPOINT_LOG") {
        let file = std::fs::File::options().create(true).append(true).open(path);
        let mut file = file.expect("a writable failpoint log");
        writeln!(file, "{point}").expect("a writable failpoint log");
    }
    let panics = env::var_os("UNPAIR_FAILPOINT_PANICS").is_some();
    assert!(!panics, "the failpoint {point} was hit");
    std::process::abort();
}

pub(crate) async fn during<F: Future>(point: &str, future: F) -> F::Output {
    let mut future = pin!(future);
    if armed().is_some_and(|(name, _)| name == point) {
        tokio::select! {
            biased;
            output = &mut future => return output,
            () = tokio::time::sleep(UNDER_WAY) => hit(point),
        }
    }
    future.await
}

pub(crate) fn planted(bug: Bug) -> bool {
    static PLANTED: OnceLock<Option<Bug>> = OnceLock::new();
    let planted = PLANTED.get_or_init(|| {
        let name = env::var("UNPAIR_PLANTED_BUG").ok()?;
        let known = Bug::ALL.into_iter().find(|bug| bug.as_str() == name);
        Some(known.expect("a known planted bug"))
    });
    *planted == Some(bug)
}
