//! `runs --prune`: what goes is listed and asked about; what is unfinished stays.

use std::fs;

use serde_json::json;
use unpair_testing::world_file::{A, B, mutual};

use crate::scene::{Scene, Setting};

const EVERYTHING: [&str; 3] = ["runs", "--prune", "0s"];

fn scene() -> Scene {
    let scene = Setting::of(&mutual()).start();
    scene.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    scene
}

/// The ids of the runs in the journal, latest first.
fn runs(scene: &Scene) -> Vec<String> {
    let runs = scene.json(&["runs"], 0);
    let runs = runs.as_array().expect("an array").iter();
    runs.map(|run| run["run"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn nothing_is_dropped_unasked() {
    let scene = scene();
    scene.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    let before = runs(&scene);
    let refused = scene.run(&EVERYTHING).exits(5).tells("--yes").tells("nothing was dropped");
    assert!(refused.stderr.contains(&before[0][..8]), "it is listed: {}", refused.stderr);
    for answer in ["no", "2", ""] {
        let refused = scene.run_on_terminal(&EVERYTHING, answer, &[]).exits(5);
        assert!(refused.stdout.contains("nothing was dropped"), "{}", refused.stdout);
    }
    let typed = ["1\n", "no"];
    scene.run_where_somebody_types(&EVERYTHING, typed, &[]).exits(5);
    assert_eq!(runs(&scene), before);
}

#[test]
fn what_goes_is_listed_before_it_is_asked_about() {
    let scene = scene();
    scene.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    let id = runs(&scene)[0].clone();
    let ended = scene.run_on_terminal(&EVERYTHING, "1", &[]).exits(0);
    let (listed, _) = ended
        .stdout
        .split_once("To drop 1 run for good, type the number 1: ")
        .expect("the question");
    assert!(listed.contains(&id[..8]), "{listed}");
    assert!(ended.stdout.contains("1 run dropped"), "{}", ended.stdout);
    assert_eq!(runs(&scene), [""; 0]);
}

#[test]
fn json_tells_the_ids_of_what_went() {
    let scene = scene();
    scene.run(&["audit", "pairs.csv"]).exits(0);
    scene.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    let before = runs(&scene);
    let told = scene.json(&[&EVERYTHING[..], &["--yes"]].concat(), 0);
    assert_eq!(told, json!({ "pruned": 2, "runs": before }));
    let told = scene.json(&EVERYTHING, 0);
    assert_eq!(told, json!({ "pruned": 0, "runs": [] }), "nothing goes, so nobody is asked");
}

#[test]
fn runs_that_are_not_at_their_end_stay_whatever_their_age() {
    // A run that failed, then one that was interrupted, and one that was killed.
    let refused = format!("code:InvalidPriority.Malformed@RevokeSecurityGroup@{}=1x", A.id);
    let scene = Setting::of(&mutual()).fault(refused).start();
    scene.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    scene.run(&["revoke", "pairs.csv", "--yes"]).exits(3);
    scene.run(&["audit", "pairs.csv"]).exits(0);
    let all = runs(&scene);
    scene.run(&[&EVERYTHING[..], &["--yes"]].concat()).exits(0).shows("1 run dropped");
    assert_eq!(runs(&scene), all[1..], "the failed run stays");
    scene.run(&["revoke", "pairs.csv", "--yes", "--max-duration", "1ms"]).exits(4);
    scene.run(&[&EVERYTHING[..], &["--yes"]].concat()).exits(0).shows("0 runs dropped");
    scene.run(&["resume", "--yes"]).exits(0);
    scene.run(&[&EVERYTHING[..], &["--yes"]].concat()).exits(0).shows("1 run dropped");
    assert_eq!(runs(&scene), [""; 0]);
}

#[test]
fn a_run_that_was_taken_up_again_and_killed_stays() {
    let scene = scene();
    scene.run(&["revoke", "pairs.csv", "--yes", "--max-duration", "1ms"]).exits(4);
    scene.write("pause", "");
    let running = scene.begin(&["resume", "--yes", "--pause-file", "pause"]);
    running.wait_until_it_tells("paused");
    running.signal("KILL");
    running.wait();
    fs::remove_file(scene.path("pause")).expect("the pause file is there");
    scene.run(&[&EVERYTHING[..], &["--yes"]].concat()).exits(0).shows("0 runs dropped");
    scene.run(&["resume", "--yes"]).exits(0);
}

#[test]
fn a_run_of_which_something_happened_of_late_stays() {
    let scene = scene();
    scene.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    scene.run(&["runs", "--prune", "1h", "--yes"]).exits(0).shows("0 runs dropped");
    assert_eq!(runs(&scene).len(), 1);
}

#[test]
fn yes_belongs_to_pruning() {
    scene().run(&["runs", "--yes"]).exits(2).tells("--prune");
}
