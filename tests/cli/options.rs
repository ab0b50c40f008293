//! The options of every command, and their short forms.

use unpair_testing::world_file::{A, B, mutual};

use crate::workspace::{CliWorkspace, WorkspaceSetup};

const NOTE: &str = "OPS-1001 the contract with team b ended in November, and nobody of that team \
                    needs to reach the database or the caches any more";

fn workspace() -> CliWorkspace {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace
}

#[test]
fn a_dry_run_of_revoke_is_a_plan_that_needs_no_consent() {
    let workspace = workspace();
    let plan = workspace.json(&["plan", "pairs.csv"], 0);
    for option in ["-n", "--dry-run"] {
        let told = workspace.json(&["revoke", "pairs.csv", option], 0);
        for key in ["command", "state", "digest", "pairs", "rules"] {
            assert_eq!(told[key], plan[key], "{option}: {key}");
        }
    }
    assert_eq!(workspace.json(&["plan", "pairs.csv", "-n"], 0)["digest"], plan["digest"]);
    let told = workspace.json(&["revoke", "pairs.csv", "-n", "-y"], 0);
    assert_eq!(told["state"], "planned", "what changes nothing wins");
    workspace.assert_untouched();
    let run = told["run"].as_str().expect("an id");
    workspace.run(&["revoke", "--run", run, "-n"]).exits(2);
    workspace.run(&["revoke", "--run", run, "-y"]).exits(0);
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

#[test]
fn a_dry_run_ends_when_the_longest_duration_is_over() {
    let workspace = workspace();
    let args = ["revoke", "pairs.csv", "-n", "--max-duration", "1ms"];
    workspace.run(&args).exits(4).tells("--max-duration");
}

#[test]
fn a_dry_run_of_pruning_lists_what_would_go_and_drops_nothing() {
    let workspace = workspace();
    workspace.run(&["audit", "pairs.csv"]).exits(0);
    let run = workspace.json(&["runs"], 0)[0]["run"].clone();
    for option in ["-n", "--dry-run"] {
        let listed = workspace.json(&["runs", "--prune", "0s", option], 0);
        assert_eq!(listed[0]["run"], run);
    }
    assert_eq!(
        workspace.json(&["runs", "--prune", "1d", "-n"], 0).as_array().map(Vec::len),
        Some(0)
    );
    assert_eq!(workspace.json(&["runs"], 0)[0]["run"], run);
}

#[test]
fn yes_quiet_and_output_have_short_forms() {
    let workspace = workspace();
    let ended = workspace.run(&["revoke", "pairs.csv", "-y", "-q", "-o", "out.txt"]).exits(0);
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
    assert!(
        workspace.read("out.txt").contains("1 pair: 1 severed"),
        "{}",
        workspace.read("out.txt")
    );
}

#[test]
fn what_goes_to_a_pipe_or_a_file_is_not_wrapped() {
    let workspace = workspace();
    let manifest = workspace.read("pairs.csv").replace("group_b\n", "group_b,note\n");
    workspace.write("pairs.csv", &manifest.replace("sg-b1\n", &format!("sg-b1,\"{NOTE}\"\n")));
    let fault = ["revoke", "pairs.csv", "--yes", "--max-duration", "1ms"];
    workspace.run(&fault).exits(4);
    let piped = workspace.run(&["report"]).exits(0).stdout;
    workspace.run(&["report", "--output", "out.txt"]).exits(0);
    assert_eq!(workspace.read("out.txt"), piped);
    assert!(piped.lines().any(|line| line.contains(NOTE)), "{piped}");
    let narrow = [("LINES", "500"), ("COLUMNS", "60")];
    let shown = workspace.run_on_terminal(&["report"], "", &narrow).exits(0).stdout;
    assert!(!shown.lines().any(|line| line.contains(NOTE)), "{shown}");
    let listed = workspace.run(&["runs"]).exits(0).stdout;
    assert!(listed.contains("DIGEST"), "a pipe has room for every column: {listed}");
}

#[test]
fn a_summary_is_the_verdict_and_the_counts_without_lists() {
    let workspace = workspace();
    let verdict = "1 pair: 1 open · 2 rules to revoke";
    for args in
        [&["audit", "pairs.csv"][..], &["plan", "pairs.csv"], &["revoke", "pairs.csv", "-n"]]
    {
        let full = workspace.run(args).exits(0).stdout;
        let short = workspace.run(&[args, &["--summary"]].concat()).exits(0).stdout;
        assert!(full.contains(verdict) && full.contains("sg-a1"), "{full}");
        assert!(short.contains(verdict) && !short.contains("sg-a1"), "{args:?}: {short}");
    }
    for (args, verdict) in [
        (&["revoke", "pairs.csv", "--yes"][..], "1 pair: 1 severed · 2 rules: 2 removed"),
        (&["report"], "1 pair: 1 severed · 2 rules: 2 removed"),
        (&["verify"], "1 pair: 1 severed"),
    ] {
        let short = workspace.run(&[args, &["--summary"]].concat()).exits(0).stdout;
        assert!(short.contains(verdict) && !short.contains("Severed: 1 pair"), "{args:?}: {short}");
    }
}
