//! What is told while a command works: records for people, and events for programs.

use serde_json::Value;
use unpair_testing::world_file::{A, B, mutual};

use crate::workspace::{CliWorkspace, WorkspaceSetup};

fn workspace() -> CliWorkspace {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace
}

/// The records of a JSON log.
fn records(log: &str) -> Vec<Value> {
    log.lines().map(|line| serde_json::from_str(line).expect("a JSON object a line")).collect()
}

/// The records of one kind of event.
fn events<'a>(records: &'a [Value], kind: &str) -> Vec<&'a Value> {
    records.iter().filter(|record| record["event"] == kind).collect()
}

#[test]
fn a_json_log_tells_what_happens_to_a_run_as_typed_events_with_its_id() {
    let workspace = workspace();
    let args = ["revoke", "pairs.csv", "--yes", "--format", "json", "--log-format", "json"];
    let ended = workspace.run(&args).exits(0);
    let records = records(&ended.stderr);
    let result: Value = serde_json::from_str(&ended.stdout).expect("one object");
    let run = &result["run"];
    assert!(records.iter().all(|record| record["run"] == *run), "{}", ended.stderr);
    assert!(records.iter().all(|record| record["time"].is_string() && record["level"].is_string()));
    let start = events(&records, "start")[0];
    assert_eq!(start["command"], "revoke");
    let plan = events(&records, "plan")[0];
    assert_eq!((plan["rules"].as_u64(), plan["lanes"].as_u64()), (Some(2), Some(2)));
    let lanes = events(&records, "lane");
    let done = lanes.iter().filter(|lane| lane["phase"] == "revoking rules");
    assert_eq!(done.filter(|lane| lane["state"] == "done").count(), 2, "{lanes:#?}");
    let end = records.last().expect("a record");
    assert_eq!((&end["event"], end["exit"].as_u64()), (&Value::from("end"), Some(0)));
}

#[test]
fn a_guard_that_refuses_is_an_event_and_quiet_leaves_events_out() {
    let workspace = workspace();
    let args = ["revoke", "pairs.csv", "--yes", "--max-rules", "1", "--log-format", "json"];
    let ended = workspace.run(&args).exits(5);
    let told: Vec<&str> = ended.stderr.lines().filter(|line| line.starts_with('{')).collect();
    let records = records(&told.join("\n"));
    assert_eq!(events(&records, "refusal")[0]["by"], "guard");
    assert_eq!(events(&records, "end")[0]["exit"], 5);
    let quiet = workspace.run(&[&args[..], &["--quiet"]].concat()).exits(5);
    assert!(!quiet.stderr.contains("\"event\""), "{}", quiet.stderr);
}

#[test]
fn a_text_log_has_times_and_says_nothing_of_events_unless_it_is_asked() {
    let workspace = workspace();
    let quiet = workspace.run(&["audit", "pairs.csv"]).exits(0);
    assert!(!quiet.stderr.contains("exit code"), "{}", quiet.stderr);
    let log = workspace.run(&["audit", "pairs.csv", "-v"]).exits(0).stderr;
    for line in log.lines() {
        let (time, _) = line.split_once(' ').expect("a time, a level and a message");
        assert!(time.ends_with('Z') && time.contains('T'), "{line}");
    }
    assert!(log.contains("audit: exit code 0"), "{log}");
}
