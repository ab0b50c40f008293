//! Bad networks: answers that are lost, late, cut or nonsense.

use std::time::Duration;

use unpair_testing::world_file::{A, B, Owner, WorldText, X, Y, admits_tcp, cidr};

use crate::workspace::{CliWorkspace, WorkspaceSetup};

/// A pair by its two groups.
pub(crate) type Ids = (String, String);

/// A world of many pairs on both clouds, each side with a rule for every one of `ports`.
pub(crate) fn many_pairs(count: usize, ports: u32) -> (WorldText, Vec<Ids>) {
    let mut world = WorldText::empty();
    let mut pairs = Vec::new();
    for number in 0..count {
        let (a, b, left, right) = if number % 2 == 0 {
            (A, B, format!("sg-a{number}"), format!("sg-b{number}"))
        } else {
            (X, Y, format!("sg-{number:08x}"), format!("sg-{:08x}", number + 0xb000))
        };
        world =
            world.group(a, &left, &side(ports, b, &right)).group(b, &right, &side(ports, a, &left));
        pairs.push((left, right));
    }
    (world, pairs)
}

/// The rules of one side: the grants, and two rules that nobody may touch.
fn side(ports: u32, peer: Owner, group: &str) -> Vec<String> {
    let mut rules: Vec<String> = (1..=ports).map(|port| admits_tcp(port, peer, group)).collect();
    rules.push(cidr(443));
    rules.push(admits_tcp(9_999, peer, "sg-0000ffff"));
    rules
}

/// Writes the manifest of such pairs.
pub(crate) fn write_pairs(workspace: &CliWorkspace, pairs: &[Ids]) {
    let rows: Vec<_> = pairs
        .iter()
        .enumerate()
        .map(|(number, (left, right))| {
            let (a, b) = if number % 2 == 0 { (A, B) } else { (X, Y) };
            (a, left.as_str(), b, right.as_str())
        })
        .collect();
    workspace.pairs(&rows);
}

/// Asserts that the grants of these pairs are gone, and nothing else.
pub(crate) fn assert_clean(workspace: &CliWorkspace, pairs: &[Ids]) {
    let pairs: Vec<_> = pairs.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    workspace.assert_only_severed(&pairs);
    workspace.assert_each_token_names_one_request();
}

/// Revokes under a fault; resumes at most once; the world must be clean.
fn assert_clean_under(faults: &[&str], lag: Duration, count: usize) -> CliWorkspace {
    let (world, pairs) = many_pairs(count, 3);
    let mut setup = WorkspaceSetup::of(&world).seed(7).lag(lag);
    for fault in faults {
        setup = setup.fault(fault);
    }
    let workspace = setup.start();
    write_pairs(&workspace, &pairs);
    let first = workspace.run(&["revoke", "pairs.csv", "--yes"]);
    if first.code() != Some(0) {
        first.exits(3);
        workspace.run(&["resume", "--yes"]).exits(0);
    }
    assert_clean(&workspace, &pairs);
    workspace
}

#[test]
fn answers_lost_after_the_effect_leave_a_clean_world() {
    let workspace = assert_clean_under(&["drop-after=0.1"], Duration::ZERO, 40);
    let lost = workspace.revocations().iter().filter(|call| call.fault.is_some()).count();
    assert!(lost > 0, "the fault struck revocations");
    let report = workspace.report();
    let rows = report["revocations"].as_array().expect("revocations");
    let told = rows.iter().filter(|row| row["reply_lost"] == true).count();
    assert_eq!(told, 3 * lost, "every rule of a call whose answer was lost is told as such");
}

#[test]
fn requests_lost_before_the_effect_leave_a_clean_world() {
    assert_clean_under(&["drop-before=0.1"], Duration::ZERO, 24);
}

#[test]
fn errors_of_the_server_after_the_effect_leave_a_clean_world() {
    assert_clean_under(&["error-500-after=0.1"], Duration::ZERO, 40);
}

#[test]
fn errors_of_the_server_before_the_effect_leave_a_clean_world() {
    assert_clean_under(&["error-500-before=0.1"], Duration::ZERO, 24);
}

#[test]
fn a_proxy_s_page_in_place_of_an_answer_leaves_a_clean_world() {
    assert_clean_under(&["garbage=0.1"], Duration::ZERO, 24);
}

#[test]
fn answers_that_end_half_way_leave_a_clean_world() {
    assert_clean_under(&["truncate=0.1"], Duration::ZERO, 40);
}

#[test]
fn throttling_of_every_third_call_leaves_a_clean_world() {
    let workspace = assert_clean_under(&["throttle:10=0.3"], Duration::ZERO, 8);
    let report = workspace.report();
    assert!(report["calls"]["throttled"].as_i64() > Some(0), "{}", report["calls"]);
}

#[test]
fn answers_without_a_request_id_leave_a_clean_world() {
    assert_clean_under(&["no-request-id=0.3"], Duration::ZERO, 8);
}

#[test]
fn late_answers_leave_a_clean_world() {
    assert_clean_under(&["slow:40=0.3"], Duration::ZERO, 8);
}

#[test]
fn reads_that_lag_behind_do_not_make_a_removed_rule_stand() {
    let workspace = assert_clean_under(&[], Duration::from_millis(600), 8);
    assert_eq!(workspace.revocations().len(), 16, "nothing is sent twice for a read that lags");
}

#[test]
fn everything_at_once_leaves_a_clean_world() {
    let faults = [
        "drop-after=0.05",
        "truncate=0.05",
        "error-500-after=0.05",
        "throttle:10=0.05",
        "slow:20=0.1",
    ];
    assert_clean_under(&faults, Duration::from_millis(300), 16);
}
