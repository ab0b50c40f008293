//! Who worked on a run, when, and with what; and who holds a journal.

use std::process::Command;

use serde_json::Value;
use unpair_testing::process::wait_until;
use unpair_testing::world_file::{A, B, mutual};

use crate::workspace::{CliWorkspace, WorkspaceSetup};

fn workspace() -> CliWorkspace {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace
}

/// What a command of the system prints, without its line end.
fn told_by(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().expect("it is there");
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

#[test]
fn a_run_tells_who_gave_its_commands_and_as_whom_they_acted_on_which_manifests() {
    let workspace = WorkspaceSetup::of(&mutual())
        .fault(format!("code:InvalidPriority.Malformed@RevokeSecurityGroup@{}=1x", B.id))
        .start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(3);
    workspace.run(&["resume", "--yes", "--max-duration", "5m"]).exits(0);
    let report = workspace.report();
    let commands: Vec<&Value> =
        report["invocations"].as_array().expect("a list").iter().map(|it| &it["command"]).collect();
    let expected = ["unpair revoke pairs.csv --yes", "unpair resume --yes --max-duration 5m"];
    assert_eq!(commands, expected);
    assert_eq!(report["operator"]["command"], expected[1]);
    assert_eq!(report["operator"]["host"], told_by("uname", &["-n"]));
    assert_eq!(report["operator"]["user"], told_by("id", &["-un"]));
    assert_eq!(report["invocations"][0]["state"], "ended");
    let accounts: Vec<&Value> =
        report["identities"].as_array().expect("a list").iter().map(|it| &it["account"]).collect();
    assert_eq!(accounts, [A.id, B.id]);
    let digest = told_by("sha256sum", &[workspace.path("pairs.csv").to_str().expect("a path")]);
    assert_eq!(report["manifests"][0]["name"], "pairs.csv");
    assert_eq!(report["manifests"][0]["sha256"].as_str(), digest.split(' ').next());
    for key in ["created", "started", "ended"] {
        assert!(report[key].as_str().is_some_and(|time| time.ends_with('Z')), "{key}: {report}");
    }
    let table = workspace.run(&["report"]).exits(0);
    table
        .shows("\n  unpair resume --yes --max-duration 5m\n")
        .shows("Manifest pairs.csv\n  sha256 ");
    workspace.run(&["runs", "--check"]).exits(0);
}

#[test]
fn a_key_on_the_command_line_reaches_neither_the_journal_nor_a_report() {
    let workspace = workspace();
    let key = "AKIAIOSFODNN7EXAMPLE";
    workspace.write(key, "");
    workspace.run(&["audit", "pairs.csv", "--output", key]).exits(0);
    let report = workspace.report();
    assert_eq!(report["operator"]["command"], "unpair audit pairs.csv --output ***");
    let journal = std::fs::read(workspace.path("unpair.db")).expect("a journal");
    assert!(!journal.windows(key.len()).any(|bytes| bytes == key.as_bytes()));
}

#[test]
fn the_process_that_holds_a_journal_is_named_and_its_run_is_running() {
    let workspace = workspace();
    workspace.write("pause", "");
    let running = workspace.begin(&["revoke", "pairs.csv", "--yes", "--pause-file", "pause"]);
    running.wait_until_it_tells("paused");
    let pid = running.child.id();
    let held = workspace.run(&["audit", "pairs.csv"]).exits(6);
    held.tells(&format!("is held by process {pid} on {}", told_by("uname", &["-n"])))
        .tells("(unpair revoke pairs.csv --yes --pause-file pause, since 20")
        .tells("unpair runs --watch");
    let runs = workspace.json(&["runs"], 0);
    assert_eq!(runs[0]["state"], "running");
    assert_eq!(runs[0]["running"]["pid"], pid);
    assert_eq!(runs[0]["running"]["rules_done"], 0);
    workspace.run(&["runs"]).exits(0).shows(&format!("process {pid} on ")).shows("0 of 2");
    let report = workspace.report();
    assert_eq!(report["state"], "running");
    assert_eq!(report["invocations"][0]["state"], "running");
    running.signal("KILL");
    drop(running.wait());
    assert_eq!(workspace.json(&["runs"], 0)[0]["state"], "interrupted");
    assert_eq!(workspace.report()["invocations"][0]["state"], "killed");
    workspace.run(&["resume", "--yes"]).exits(0);
}

#[test]
fn a_watch_ends_when_the_process_of_the_run_is_gone() {
    let workspace = workspace();
    workspace.write("pause", "");
    let running = workspace.begin(&["revoke", "pairs.csv", "--yes", "--pause-file", "pause"]);
    running.wait_until_it_tells("paused");
    let mut watch = workspace.begin(&["runs", "--watch"]);
    wait_until("the list", || watch.shown().contains("running"));
    assert!(watch.is_running());
    running.signal("KILL");
    drop(running.wait());
    watch.wait().exits(0).shows("interrupted");
}
