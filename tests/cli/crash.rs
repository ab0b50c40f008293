//! `kill -9` at many moments of a run of 2,000 rules, then `resume`.

use unpair::sandbox::LoggedCall;

use crate::faults::{Ids, assert_clean, many_pairs, write_pairs};
use crate::workspace::{CliWorkspace, WorkspaceSetup, is_revocation};

/// Runs of which one must be killed at every moment.
const TRIES: u32 = 10;
const PAIRS: usize = 100;
const PORTS: u32 = 10;
/// Each pair has its rules on both sides.
const RULES: usize = PAIRS * 2 * PORTS as usize;

/// Answers are late, so that most kills meet calls whose answer is on its way.
fn workspace() -> (CliWorkspace, Vec<Ids>) {
    let (world, pairs) = many_pairs(PAIRS, PORTS);
    let workspace = WorkspaceSetup::of(&world).seed(1).fault("slow:15=0.5").start();
    write_pairs(&workspace, &pairs);
    (workspace, pairs)
}

fn count(calls: &[LoggedCall], is_one: impl Fn(&LoggedCall) -> bool) -> usize {
    calls.iter().filter(|call| is_one(call)).count()
}

fn is_read(call: &LoggedCall) -> bool {
    call.action.starts_with("Describe")
}

/// Reads after the first revocation: read-backs.
fn read_backs(calls: &[LoggedCall]) -> usize {
    let acting = calls.iter().skip_while(|call| !is_revocation(call));
    acting.filter(|call| is_read(call)).count()
}

/// When to kill: the name of a moment, and whether it has come.
type Moment<'a> = (&'a str, &'a dyn Fn(&[LoggedCall]) -> bool);

/// Kills a run each time one of the moments comes, then resumes it to its end.
fn kill_and_resume(moments: &[Moment<'_>]) {
    // On a busy machine a run may come to its end before it is seen that its moment has come.
    assert!((0..TRIES).any(|_| try_to_kill_and_resume(moments)), "each run ended too early");
}

/// The same; false if the run came to its end before one of the moments was seen.
fn try_to_kill_and_resume(moments: &[Moment<'_>]) -> bool {
    let (workspace, pairs) = workspace();
    let mut command: &[&str] = &["revoke", "pairs.csv", "--yes"];
    for (what, has_come) in moments {
        let running = workspace.begin(command);
        workspace.wait_for(what, has_come);
        running.signal("KILL");
        let code = running.wait().code();
        if code.is_some() {
            println!("the run ended before it was killed at {what}");
            assert_eq!(code, Some(0), "at {what}");
            return false;
        }
        command = &["resume", "--yes"];
    }
    let result = workspace.json(command, 0);
    assert_every_rule_has_its_outcome(&workspace, &result);
    assert_clean(&workspace, &pairs);
    workspace.run(&["runs", "--check"]).exits(0);
    true
}

/// The end state is that of a run that nobody interrupted.
fn assert_every_rule_has_its_outcome(workspace: &CliWorkspace, result: &serde_json::Value) {
    assert_eq!(result["state"], "finished");
    assert_eq!(result["pairs"]["severed"], PAIRS);
    assert_eq!(result["rules"]["planned"], RULES);
    assert_eq!(result["rules"]["removed"], RULES, "{}", result["rules"]);
    let report = workspace.report();
    let rows = report["revocations"].as_array().expect("revocations");
    assert_eq!(rows.len(), RULES);
    assert!(rows.iter().all(|row| row["outcome"] == "removed"));
}

#[test]
fn an_uninterrupted_run_removes_every_rule() {
    kill_and_resume(&[]);
}

#[test]
fn a_run_killed_during_the_audit_is_resumed_to_the_same_end() {
    for reads in [1, 40, 200] {
        println!("killed after {reads} reads");
        kill_and_resume(&[("the audit", &|calls| count(calls, is_read) >= reads)]);
    }
}

#[test]
fn a_run_killed_during_the_calls_is_resumed_to_the_same_end() {
    for sent in [1, 60, 180] {
        println!("killed after {sent} calls");
        kill_and_resume(&[("the calls", &|calls| count(calls, is_revocation) >= sent)]);
    }
}

#[test]
fn a_run_killed_during_the_read_back_is_resumed_to_the_same_end() {
    for reads in [1, 50] {
        println!("killed after {reads} read-backs");
        kill_and_resume(&[("the read-back", &|calls| read_backs(calls) >= reads)]);
    }
}

#[test]
fn a_run_killed_again_and_again_is_resumed_to_the_same_end() {
    kill_and_resume(&[
        ("the audit", &|calls| count(calls, is_read) >= 20),
        ("the first call", &|calls| count(calls, is_revocation) >= 1),
        ("many calls", &|calls| count(calls, is_revocation) >= 70),
        ("more calls", &|calls| count(calls, is_revocation) >= 140),
    ]);
}

#[test]
fn a_run_whose_journal_cannot_grow_ends_with_1_and_is_resumed_to_the_same_end() {
    let (workspace, pairs) = workspace();
    for (command, blocks) in [("revoke", 1_500), ("resume", 4_000)] {
        let manifest = if command == "revoke" { &["pairs.csv"][..] } else { &[] };
        let args = [&[command], manifest, &["--yes"]].concat();
        let ended = workspace.run_on_full_disk(&args, blocks).exits(1);
        ended.tells("cannot write the journal").tells("unpair resume");
    }
    let result = workspace.json(&["resume", "--yes"], 0);
    assert_every_rule_has_its_outcome(&workspace, &result);
    assert_clean(&workspace, &pairs);
}
