//! Rates as the provider sees them, also of processes that are killed one after the other.

use std::collections::BTreeMap;

use unpair::sandbox::LoggedCall;

use crate::faults::{assert_clean, many_pairs, write_pairs};
use crate::scene::{Setting, is_revocation};

const LIMITS: &str = "rate = 20\nburst = 20\nin_flight = 4\n";
const RATE: f64 = 20.0;
const BURST: f64 = 20.0;
/// How much later than it left a call may arrive, in seconds.
const JITTER: f64 = 0.1;

/// When the calls of each account, region and action arrived, in seconds, in order.
fn arrivals(calls: &[LoggedCall]) -> BTreeMap<String, Vec<f64>> {
    let mut arrivals: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for call in calls {
        let account = call.account.as_ref().map(ToString::to_string).unwrap_or_default();
        let key = format!("{} {account} {} {}", call.cloud, call.region, call.action);
        let at = call.at.duration_since(calls[0].at).as_secs_f64();
        arrivals.entry(key).or_default().push(at);
    }
    for times in arrivals.values_mut() {
        times.sort_by(f64::total_cmp);
    }
    arrivals
}

/// Between any two calls of one key there were no more than its bucket gives.
fn assert_within_limits(calls: &[LoggedCall]) {
    for (key, times) in arrivals(calls) {
        for (first, from) in times.iter().enumerate() {
            for (later, until) in times[first..].iter().enumerate() {
                let most = BURST + RATE * (until - from + JITTER);
                let calls = f64::from(u32::try_from(later).expect("a small number"));
                assert!(calls <= most, "{key}: {calls} calls in {} s", until - from);
            }
        }
    }
}

#[test]
fn a_configured_rate_is_never_exceeded_however_often_the_run_is_killed() {
    let (world, pairs) = many_pairs(80, 2);
    let scene = Setting::of(&world).limits(LIMITS).start();
    write_pairs(&scene, &pairs);
    let mut command: &[&str] = &["revoke", "pairs.csv", "--yes"];
    let revoked = |calls: &[LoggedCall]| calls.iter().filter(|call| is_revocation(call)).count();
    // As soon as each process has made a few calls: a bucket that begins full would be emptied
    // by each of them.
    for (kill, revocations) in [0, 0, 0, 12, 30].into_iter().enumerate() {
        let before = scene.calls().len();
        let mut running = scene.begin(command);
        scene
            .wait_for("calls", |calls| calls.len() >= before + 30 && revoked(calls) >= revocations);
        assert!(running.is_running(), "the run ended before kill {kill}");
        running.signal("KILL");
        assert_eq!(running.wait().code(), None);
        command = &["resume", "--yes"];
    }
    scene.run(command).exits(0);
    assert_clean(&scene, &pairs);
    let calls = scene.calls();
    assert!(calls.len() > 4 * 80, "{} calls", calls.len());
    assert_within_limits(&calls);
}
