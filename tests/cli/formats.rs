//! `--format` is obeyed or refused; the name of `--output` chooses the form where it is not given.

use unpair_testing::world_file::{A, B, mutual};

use crate::workspace::{CliWorkspace, WorkspaceSetup};

fn workspace() -> CliWorkspace {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace
}

/// What a text is, by its beginning.
fn form_of(text: &str) -> &'static str {
    match text.trim_start() {
        text if text.starts_with("<!doctype html>") => "html",
        text if serde_json::from_str::<serde_json::Value>(text).is_ok() => "json",
        text if text.lines().next().is_some_and(|line| line.matches(',').count() >= 3) => "csv",
        _ => "table",
    }
}

const FORMATS: [&str; 4] = ["table", "json", "csv", "html"];

/// Commands, each with the forms that it has.
const COMMANDS: [(&[&str], &[&str]); 12] = [
    (&["audit", "pairs.csv"], &FORMATS),
    (&["plan", "pairs.csv"], &FORMATS),
    (&["revoke", "pairs.csv", "--yes"], &FORMATS),
    (&["resume", "--yes"], &FORMATS),
    (&["verify"], &FORMATS),
    (&["commands", "pairs.csv"], &FORMATS),
    (&["report"], &FORMATS),
    (&["runs"], &["table", "json", "csv"]),
    (&["runs", "--check"], &["table", "json"]),
    (&["accounts"], &["table", "json", "csv"]),
    (&["accounts", "--policy"], &["json"]),
    (&["runs", "--prune", "1d", "--yes"], &["table", "json"]),
];

/// Leaves something for `resume` to do, whatever was done before.
fn interrupt(workspace: &CliWorkspace) {
    let args = ["revoke", "pairs.csv", "--yes", "--max-duration", "1ms"];
    workspace.run(&args).exits(4);
}

#[test]
fn every_command_prints_each_of_its_forms_and_refuses_the_others() {
    let workspace = workspace();
    for (command, forms) in COMMANDS {
        for format in FORMATS {
            if command[0] == "resume" {
                interrupt(&workspace);
            }
            let args = [command, &["--format", format]].concat();
            if forms.contains(&format) {
                let ended = workspace.run(&args).exits(0);
                assert_eq!(form_of(&ended.stdout), format, "{args:?}: {}", ended.stdout);
            } else {
                let words = format!("--format {format}: `unpair {}", command[0]);
                let ended = workspace.run(&args).exits(2).tells(&words).tells(forms[0]);
                assert_eq!(ended.stdout, "");
            }
        }
    }
}

#[test]
fn what_has_one_form_refuses_every_other_before_anything_is_opened() {
    let workspace = workspace();
    for command in [&["completions", "bash"][..], &["runs", "--watch"]] {
        for format in ["json", "csv", "html"] {
            let ended = workspace.run(&[command, &["--format", format]].concat()).exits(2);
            assert!(ended.stderr.contains("has table"), "{}", ended.stderr);
        }
    }
    for format in ["csv", "html"] {
        workspace.run(&["sandbox", "--format", format]).exits(2).tells("has table or json");
    }
    assert!(!workspace.path("unpair.db").exists());
}

#[test]
fn the_name_of_the_output_file_chooses_the_form() {
    let workspace = workspace();
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    for (name, form) in [
        ("out.json", "json"),
        ("out.CSV", "csv"),
        ("out.html", "html"),
        ("out.txt", "table"),
        ("out", "table"),
    ] {
        workspace.run(&["report", "--output", name]).exits(0);
        assert_eq!(form_of(&workspace.read(name)), form, "{name}");
    }
    workspace.run(&["report", "--output", "given.json", "--format", "csv"]).exits(0);
    assert_eq!(form_of(&workspace.read("given.json")), "csv");
    workspace.run(&["revoke", "pairs.csv", "--yes", "-o", "run.json"]).exits(0);
    assert_eq!(form_of(&workspace.read("run.json")), "json");
}

#[test]
fn a_name_whose_form_the_command_does_not_have_is_refused() {
    let workspace = workspace();
    let ended = workspace.run(&["runs", "--output", "runs.html"]).exits(2);
    ended.tells("--output runs.html: `unpair runs` has table, json or csv: give --format");
    assert!(!workspace.path("runs.html").exists());
}

#[test]
fn a_history_that_was_edited_is_told_as_json_too() {
    let workspace = workspace();
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    let intact = workspace.json(&["runs", "--check"], 0);
    assert_eq!(intact[0]["intact"], true);
    assert_eq!(intact[0]["head"].as_str().map(str::len), Some(64));
    let journal = rusqlite::Connection::open(workspace.path("unpair.db")).expect("a journal");
    journal.execute("UPDATE run SET exit = 5", []).expect("an edit");
    drop(journal);
    let ended = workspace.run(&["runs", "--check", "--format", "json"]).exits(1);
    let told = ended.json();
    assert_eq!(told[0]["intact"], false);
    let problem = told[0]["problems"][0].as_str().expect("a problem").to_owned();
    assert!(ended.stderr.contains(&problem), "{}", ended.stderr);
}
