//! What is told of runs that are not there, that fit no id, or that a guard refuses.

use unpair_testing::world_file::{A, B, PARTNER, mutual};

use crate::runs::age_readings;
use crate::workspace::{CliWorkspace, WorkspaceSetup};

fn workspace() -> CliWorkspace {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace
}

#[test]
fn what_goes_on_with_a_journal_makes_none_in_the_wrong_folder() {
    let workspace = workspace();
    for args in [&["resume", "--yes"][..], &["verify"], &["revoke", "--run", "01", "--yes"]] {
        let ended = workspace.run(args).exits(2);
        ended.tells("unpair.db does not exist: is this the right folder? (--journal FILE)");
        assert!(!workspace.path("unpair.db").exists(), "{args:?}");
    }
    assert_eq!(workspace.calls().len(), 0);
}

#[test]
fn an_id_that_fits_no_run_or_several_is_told_with_the_runs_that_there_are() {
    let workspace = workspace();
    let first =
        workspace.json(&["audit", "pairs.csv"], 0)["run"].as_str().expect("an id").to_owned();
    workspace
        .run(&["report", "zz"])
        .exits(2)
        .tells(&format!("unpair.db holds no run zz, only {first}"));
    let second =
        workspace.json(&["audit", "pairs.csv"], 0)["run"].as_str().expect("an id").to_owned();
    workspace
        .run(&["report", "zz"])
        .exits(2)
        .tells(&format!("unpair.db holds no run zz (2 runs, the newest is {second})"));
    workspace
        .run(&["report", "01"])
        .exits(2)
        .tells(&format!("01 fits 2 runs: {second}, {first}; give more digits"));
}

#[test]
fn a_plan_that_is_too_large_is_named_with_what_would_allow_it() {
    let workspace = workspace();
    let args = ["revoke", "pairs.csv", "--yes", "--max-rules", "1"];
    let refused = workspace.run(&[&args[..], &["--format", "json"]].concat()).exits(5);
    let object = refused.json();
    let run = object["run"].as_str().expect("the run that was planned");
    refused
        .tells(&format!("See it: `unpair report {run}`"))
        .tells("To allow it: --max-rules 2, or max_rules in [guard]");
    assert_eq!(workspace.report()["run"], run);
}

#[test]
fn a_resume_that_is_cut_short_makes_no_pair_look_worse() {
    let workspace = WorkspaceSetup::of(&mutual())
        .fault(format!("code:InvalidPriority.Malformed@RevokeSecurityGroup@{}=1", B.id))
        .start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(3);
    let before = workspace.report();
    workspace.run(&["resume", "--yes", "--max-duration", "1ms"]).exits(4);
    let after = workspace.report();
    for key in ["pairs", "rules", "findings"] {
        assert_eq!(after[key], before[key]);
    }
}

#[test]
fn a_resume_that_is_cut_short_forgets_nothing_of_what_references_showed_of_a_partner() {
    let world = mutual().group(A, "sg-a2", &[]).group(PARTNER, "sg-p2", &[]);
    let workspace = WorkspaceSetup::of(&world)
        .fault(format!("code:InvalidPriority.Malformed@RevokeSecurityGroup@{}=1", B.id))
        .start();
    workspace.write(
        "pairs.csv",
        &format!(
            "region,account_a,group_a,account_b,group_b,direction\n\
             cn-hangzhou,{},sg-a1,{},sg-b1,both\n\
             cn-hangzhou,{},sg-a2,{},sg-p2,ingress\n",
            A.id, B.id, A.id, PARTNER.id
        ),
    );
    let before = workspace.json(&["revoke", "pairs.csv", "--yes"], 3)["pairs"].clone();
    assert_eq!(before["severed"], 1, "{before}");
    age_readings(&workspace);
    workspace.run(&["resume", "--yes", "--max-duration", "1ms"]).exits(4);
    assert_eq!(workspace.report()["pairs"], before);
}
