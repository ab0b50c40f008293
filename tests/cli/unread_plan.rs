//! A plan from rows alone (`--no-audit`): told before it is stored, stored as it is sent.

use std::collections::BTreeSet;

use serde_json::Value;
use unpair_testing::world_file::{A, B, Owner, WorldText, admits};

use crate::runs::edit_journal;
use crate::workspace::{CliWorkspace, WorkspaceSetup, is_revocation};

/// More than a lane stores at once, several times.
const PAIRS: usize = 100;
const RULES: usize = 2 * PAIRS;

/// Groups of two accounts that admit each other, and the run that is planned from their rows.
fn planned() -> (CliWorkspace, String) {
    let names: Vec<[String; 2]> =
        (0..PAIRS).map(|n| [format!("sg-a{n:03}"), format!("sg-b{n:03}")]).collect();
    let world = names.iter().fold(WorldText::empty(), |world, [a, b]| {
        world.group(A, a, &[admits(B, b)]).group(B, b, &[admits(A, a)])
    });
    let workspace = WorkspaceSetup::of(&world).seed(1).fault("slow:15=0.5").start();
    let pairs: Vec<(Owner, &str, Owner, &str)> =
        names.iter().map(|[a, b]| (A, a.as_str(), B, b.as_str())).collect();
    workspace.pairs(&pairs);
    let run = workspace.json(&["plan", "pairs.csv", "--no-audit"], 0)["run"].clone();
    let run = run.as_str().expect("an id").to_owned();
    (workspace, run)
}

/// Kills a process that carries the plan out when a few of its calls were sent.
fn kill_early(workspace: &CliWorkspace, run: &str) {
    let running = workspace.begin(&["revoke", "--run", run, "--yes"]);
    workspace.wait_for("a few calls", |calls| {
        calls.iter().filter(|call| is_revocation(call)).count() >= 5
    });
    running.signal("KILL");
    running.wait();
}

/// Every revocation, with its call if it is stored.
fn told(workspace: &CliWorkspace, run: &str, exit: i32) -> Vec<(u64, Option<u64>)> {
    let report = workspace.json(&["report", run], exit);
    let rows = report["revocations"].as_array().expect("revocations").iter();
    let number = |value: &Value| value.as_u64();
    rows.map(|row| (number(&row["revocation"]).expect("a number"), number(&row["call"]))).collect()
}

#[test]
fn what_rows_ask_for_is_told_before_it_is_stored_and_keeps_its_numbers() {
    let (workspace, run) = planned();
    let before = told(&workspace, &run, 0);
    assert_eq!(before.iter().filter(|(_, call)| call.is_none()).count(), RULES);
    let ids: BTreeSet<u64> = before.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids.len(), RULES);
    let commands = workspace.run(&["commands", "--run", &run]).exits(0).stdout;
    let lines = commands.lines().filter(|line| line.starts_with("aliyun ")).count();
    assert_eq!(lines, RULES);
    kill_early(&workspace, &run);
    let amid = told(&workspace, &run, 0);
    assert_eq!(amid.iter().map(|(id, _)| *id).collect::<BTreeSet<_>>(), ids);
    assert!(amid.iter().any(|(_, call)| call.is_some()), "some are stored");
    workspace.run(&["runs", "--check"]).exits(0);
    let result = workspace.json(&["resume", "--yes"], 0);
    assert_eq!(result["rules"]["removed"], RULES, "{result}");
    let after = told(&workspace, &run, 0);
    assert_eq!(after.iter().map(|(id, _)| *id).collect::<BTreeSet<_>>(), ids);
    assert!(after.iter().all(|(_, call)| call.is_some()), "all are stored");
    workspace.run(&["runs", "--check"]).exits(0);
}

#[test]
fn stored_orders_that_do_not_follow_from_the_rows_are_refused() {
    let (workspace, run) = planned();
    kill_early(&workspace, &run);
    let sent = workspace.revocations().len();
    edit_journal(&workspace, "UPDATE revocation SET rule = json_set(rule, '$.ports', '22/22')");
    workspace.run(&["resume", "--yes"]).exits(1).tells("are not what its rows ask for");
    assert_eq!(workspace.revocations().len(), sent, "nothing more is sent");
}

#[test]
fn rows_that_were_edited_in_the_journal_make_another_plan() {
    let (workspace, run) = planned();
    edit_journal(&workspace, "UPDATE filter SET body = json_set(body, '$.policy', 'drop')");
    workspace.run(&["revoke", "--run", &run, "--yes"]).exits(5);
    assert!(workspace.revocations().is_empty());
}
