//! Rates as the provider sees them, also of processes that are killed one after the other.
//!
//! Judged so that no busy machine makes a call too much of one that arrived late: intents by the time
//! that the process itself gave them, arrivals by how many there are since a process was started.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tokio::runtime::Builder;
use unpair::journal::{open_to_read, whole_history};
use unpair::sandbox::LoggedCall;

use crate::faults::{assert_clean, many_pairs, write_pairs};
use crate::workspace::{CliWorkspace, WorkspaceSetup, is_revocation};

const LIMITS: &str = "rate = 20\nburst = 20\nin_flight = 4\n";
const RATE: f64 = 20.0;
const BURST: f64 = 20.0;
/// Calls of a lane that a killed process may have left on their way.
const IN_FLIGHT: usize = 4;
/// The journal tells whole milliseconds.
const ROUNDED: f64 = 0.002;

/// A time in seconds.
fn seconds(at: Timestamp) -> f64 {
    at.duration_since(Timestamp::UNIX_EPOCH).as_secs_f64()
}

/// When the calls of each account, region and action arrived.
fn arrivals(calls: &[LoggedCall]) -> BTreeMap<String, Vec<f64>> {
    let mut arrivals: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for call in calls {
        let account = call.account.as_ref().map(ToString::to_string).unwrap_or_default();
        let key = format!("{} {account} {} {}", call.cloud, call.region, call.action);
        arrivals.entry(key).or_default().push(seconds(call.at));
    }
    for times in arrivals.values_mut() {
        times.sort_by(f64::total_cmp);
    }
    arrivals
}

/// From the start of any process to any time after it, no more calls of one key arrived than its
/// bucket gives, and than were on their way before.
fn assert_arrivals_within_limits(calls: &[LoggedCall], starts: &[Timestamp]) {
    for (key, times) in arrivals(calls) {
        for start in starts.iter().map(|start| seconds(*start)) {
            let since = times.iter().filter(|at| **at >= start);
            for (before, until) in since.enumerate() {
                let most = BURST + RATE * (until - start);
                let calls =
                    f64::from(u32::try_from(before + 1 - before.min(IN_FLIGHT)).expect("few"));
                assert!(calls <= most, "{key}: {calls} calls in {} s", until - start);
            }
        }
    }
}

/// When each call of a lane and direction was to be sent, by the clock of its process.
fn intents(workspace: &CliWorkspace) -> BTreeMap<String, Vec<f64>> {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let url = workspace.path("unpair.db").display().to_string();
        let journal = open_to_read(&url).await.expect("the journal");
        let run = journal.runs().await.expect("runs").remove(0).new.id;
        let names = journal.lanes(&run).await.expect("lanes");
        let mut intents: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for row in whole_history(&*journal, &run).await.expect("a history") {
            if let ("started", Some(call)) = (row.kind.as_str(), row.call) {
                let call = journal.call(&run, call).await.expect("a call");
                let lane = names.iter().find(|lane| call.group.0 < lane.first.0 + lane.groups);
                let key = format!("{} {}", lane.expect("a lane").key, call.direction);
                let at = Timestamp::from_millisecond(row.at_ms).expect("a time");
                intents.entry(key).or_default().push(seconds(at));
            }
        }
        intents
    })
}

/// Between any two intents of one key there were no more than its bucket gives: a process that was
/// held up between the leave to send and the date began none meanwhile.
fn assert_intents_within_limits(workspace: &CliWorkspace) {
    let intents = intents(workspace);
    assert!(!intents.is_empty(), "calls were sent");
    for (key, times) in intents {
        for (first, from) in times.iter().enumerate() {
            for (later, until) in times[first..].iter().enumerate() {
                let most = BURST + RATE * (until - from + ROUNDED);
                let calls = f64::from(u32::try_from(later).expect("few"));
                assert!(calls <= most, "{key}: {calls} calls in {} s", until - from);
            }
        }
    }
}

#[test]
fn a_configured_rate_is_never_exceeded_however_often_the_run_is_killed() {
    let (world, pairs) = many_pairs(80, 2);
    let workspace = WorkspaceSetup::of(&world).limits(LIMITS).start();
    write_pairs(&workspace, &pairs);
    let mut command: &[&str] = &["revoke", "pairs.csv", "--yes"];
    let revoked = |calls: &[LoggedCall]| calls.iter().filter(|call| is_revocation(call)).count();
    // As soon as each process has made a few calls: a bucket that begins full would be emptied
    // by each of them.
    let mut starts = Vec::new();
    for (kill, revocations) in [0, 0, 0, 12, 30].into_iter().enumerate() {
        starts.push(Timestamp::now());
        let before = workspace.calls().len();
        let mut running = workspace.begin(command);
        workspace
            .wait_for("calls", |calls| calls.len() >= before + 30 && revoked(calls) >= revocations);
        // The rate keeps it from its end for several seconds.
        assert!(running.is_running(), "the run ended before kill {kill}");
        running.signal("KILL");
        assert_eq!(running.wait().code(), None);
        command = &["resume", "--yes"];
    }
    workspace.run(command).exits(0);
    assert_clean(&workspace, &pairs);
    let calls = workspace.calls();
    assert!(calls.len() > 4 * 80, "{} calls", calls.len());
    assert_arrivals_within_limits(&calls, &starts);
    assert_intents_within_limits(&workspace);
}
