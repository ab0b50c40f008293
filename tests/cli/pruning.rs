//! `runs --prune`: what goes is listed and asked about; what is unfinished stays.

use std::fs;

use serde_json::json;
use unpair_testing::world_file::{A, B, mutual};

use crate::workspace::{CliWorkspace, WorkspaceSetup};

const EVERYTHING: [&str; 3] = ["runs", "--prune", "0s"];

fn workspace() -> CliWorkspace {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace
}

/// The ids of the runs in the journal, latest first.
fn runs(workspace: &CliWorkspace) -> Vec<String> {
    let runs = workspace.json(&["runs"], 0);
    let runs = runs.as_array().expect("an array").iter();
    runs.map(|run| run["run"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn nothing_is_dropped_unasked() {
    let workspace = workspace();
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    let before = runs(&workspace);
    let refused = workspace.run(&EVERYTHING).exits(5).tells("--yes").tells("nothing was dropped");
    assert!(refused.stderr.contains(&before[0][..8]), "it is listed: {}", refused.stderr);
    for answer in ["no", "2", ""] {
        let refused = workspace.run_on_terminal(&EVERYTHING, answer, &[]).exits(5);
        assert!(refused.stdout.contains("nothing was dropped"), "{}", refused.stdout);
    }
    let typed = ["1\n", "no"];
    workspace.run_where_somebody_types(&EVERYTHING, typed, &[]).exits(5);
    assert_eq!(runs(&workspace), before);
}

#[test]
fn what_goes_is_listed_before_it_is_asked_about() {
    let workspace = workspace();
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    let id = runs(&workspace)[0].clone();
    let ended = workspace.run_on_terminal(&EVERYTHING, "1", &[]).exits(0);
    let (listed, _) = ended
        .stdout
        .split_once("To drop 1 run for good, type the number 1: ")
        .expect("the question");
    assert!(listed.contains(&id[..8]), "{listed}");
    assert!(ended.stdout.contains("1 run dropped"), "{}", ended.stdout);
    assert_eq!(runs(&workspace), [""; 0]);
}

#[test]
fn json_tells_the_ids_of_what_went() {
    let workspace = workspace();
    workspace.run(&["audit", "pairs.csv"]).exits(0);
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    let before = runs(&workspace);
    let told = workspace.json(&[&EVERYTHING[..], &["--yes"]].concat(), 0);
    assert_eq!(told, json!({ "pruned": 2, "runs": before }));
    let told = workspace.json(&EVERYTHING, 0);
    assert_eq!(told, json!({ "pruned": 0, "runs": [] }), "nothing goes, so nobody is asked");
}

#[test]
fn runs_that_are_not_at_their_end_stay_whatever_their_age() {
    // A run that failed, then one that was interrupted, and one that was killed.
    let refused = format!("code:InvalidPriority.Malformed@RevokeSecurityGroup@{}=1x", A.id);
    let workspace = WorkspaceSetup::of(&mutual()).fault(refused).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(3);
    workspace.run(&["audit", "pairs.csv"]).exits(0);
    let all = runs(&workspace);
    workspace.run(&[&EVERYTHING[..], &["--yes"]].concat()).exits(0).shows("1 run dropped");
    assert_eq!(runs(&workspace), all[1..], "the failed run stays");
    workspace.run(&["revoke", "pairs.csv", "--yes", "--max-duration", "1ms"]).exits(4);
    workspace.run(&[&EVERYTHING[..], &["--yes"]].concat()).exits(0).shows("0 runs dropped");
    workspace.run(&["resume", "--yes"]).exits(0);
    workspace.run(&[&EVERYTHING[..], &["--yes"]].concat()).exits(0).shows("1 run dropped");
    assert_eq!(runs(&workspace), [""; 0]);
}

#[test]
fn a_run_that_was_taken_up_again_and_killed_stays() {
    let workspace = workspace();
    workspace.run(&["revoke", "pairs.csv", "--yes", "--max-duration", "1ms"]).exits(4);
    workspace.write("pause", "");
    let running = workspace.begin(&["resume", "--yes", "--pause-file", "pause"]);
    running.wait_until_it_tells("paused");
    running.signal("KILL");
    running.wait();
    fs::remove_file(workspace.path("pause")).expect("the pause file is there");
    workspace.run(&[&EVERYTHING[..], &["--yes"]].concat()).exits(0).shows("0 runs dropped");
    workspace.run(&["resume", "--yes"]).exits(0);
}

#[test]
fn a_run_of_which_something_happened_of_late_stays() {
    let workspace = workspace();
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    workspace.run(&["runs", "--prune", "1h", "--yes"]).exits(0).shows("0 runs dropped");
    assert_eq!(runs(&workspace).len(), 1);
}

#[test]
fn yes_belongs_to_pruning() {
    workspace().run(&["runs", "--yes"]).exits(2).tells("--prune");
}
