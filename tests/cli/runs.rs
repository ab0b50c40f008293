//! Runs over several invocations: what goes on, what begins anew, what is refused.

use std::process::Command;

use unpair::model::{GroupId, RuleId};
use unpair_testing::world_file::{A, B, WorldText, admits_ports, admits_tcp, mutual};

use crate::workspace::{CliWorkspace, WorkspaceSetup};

const REFUSED: &str = "code:InvalidPriority.Malformed@RevokeSecurityGroup";

fn planned(workspace: &CliWorkspace) -> String {
    workspace.json(&["plan", "pairs.csv"], 0)["run"].as_str().expect("an id").to_owned()
}

fn mutual_workspace() -> CliWorkspace {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace
}

/// The outcomes of the revocations of one group in the latest run.
fn outcomes_of(workspace: &CliWorkspace, group: &str) -> Vec<String> {
    let report = workspace.report();
    let rows = report["revocations"].as_array().expect("revocations").clone();
    let of_group = rows.iter().filter(|row| row["group"] == group);
    of_group.map(|row| row["outcome"].as_str().expect("an outcome").to_owned()).collect()
}

#[test]
fn the_same_manifest_goes_on_with_the_unfinished_run() {
    let workspace = WorkspaceSetup::of(&mutual()).fault(format!("{REFUSED}@{}=1x", B.id)).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    let first = workspace.json(&["revoke", "pairs.csv", "--yes"], 3)["run"].clone();
    // Mirrored, with a note: other bytes, the same content.
    workspace.write(
        "pairs.csv",
        &format!(
            "region,account_a,group_a,account_b,group_b,note\n\
             cn-hangzhou,{},sg-b1,{},sg-a1,again\n",
            B.id, A.id
        ),
    );
    let ended = workspace.run(&["revoke", "pairs.csv", "--yes", "--format", "json"]).exits(0);
    assert_eq!(ended.json()["run"], first);
    ended.tells("going on with run");
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
    assert_eq!(workspace.json(&["runs"], 0).as_array().map(Vec::len), Some(1));
}

#[test]
fn a_finished_run_is_not_gone_on_with() {
    let workspace = mutual_workspace();
    let first = workspace.json(&["revoke", "pairs.csv", "--yes"], 0)["run"].clone();
    let second = workspace.json(&["revoke", "pairs.csv", "--yes"], 0);
    assert_ne!(second["run"], first);
    assert_eq!(second["rules"]["planned"], 0);
    assert_eq!(second["pairs"]["severed"], 1);
}

#[test]
fn a_changed_manifest_is_a_new_run_and_the_old_one_is_named() {
    let world = mutual().group(A, "sg-a2", &[admits_tcp(1, B, "sg-b2")]).group(
        B,
        "sg-b2",
        &[admits_tcp(1, A, "sg-a2")],
    );
    let workspace = WorkspaceSetup::of(&world).fault(format!("{REFUSED}@{}=1x", B.id)).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    let result = workspace.json(&["revoke", "pairs.csv", "--yes"], 3);
    let first = result["run"].as_str().expect("an id");
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1"), (A, "sg-a2", B, "sg-b2")]);
    let ended = workspace.run(&["revoke", "pairs.csv", "--yes", "--format", "json"]).exits(0);
    assert_ne!(ended.json()["run"], first);
    ended.tells(first);
    workspace.assert_only_severed(&[("sg-a1", "sg-b1"), ("sg-a2", "sg-b2")]);
}

#[test]
fn a_run_that_was_only_planned_is_not_resumed() {
    let workspace = mutual_workspace();
    let run = planned(&workspace);
    workspace.run(&["resume", "--yes"]).exits(2);
    workspace.run(&["resume", &run, "--yes"]).exits(2).tells("--run");
    workspace.assert_untouched();
    workspace.run(&["revoke", "--run", &run, "--yes"]).exits(0);
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

#[test]
fn a_rule_that_is_gone_before_its_call_is_already_absent() {
    let workspace = mutual_workspace();
    let run = planned(&workspace);
    workspace.cut_behind_the_back("sg-b1");
    let result = workspace.json(&["revoke", "--run", &run, "--yes"], 0);
    assert_eq!(result["rules"]["already_absent"], 1);
    assert_eq!(result["rules"]["removed"], 1);
    assert_eq!(outcomes_of(&workspace, "sg-b1"), ["already_absent"]);
}

#[test]
fn a_rule_that_stands_again_under_another_id_is_a_conflict_and_survives() {
    let workspace = mutual_workspace();
    let run = planned(&workspace);
    workspace.edit(|world| {
        let group = world.groups.get_mut(&GroupId::from("sg-b1")).expect("sg-b1");
        let rule =
            group.rules.iter_mut().find(|rule| rule.peer_group().is_some()).expect("a grant");
        rule.id = RuleId::from("sgr-bp1addedagain0000000");
    });
    workspace.run(&["revoke", "--run", &run, "--yes"]).exits(3);
    assert_eq!(outcomes_of(&workspace, "sg-b1"), ["conflict"]);
    assert_eq!(outcomes_of(&workspace, "sg-a1"), ["removed"]);
    let world = workspace.world();
    let group = &world.groups[&GroupId::from("sg-b1")];
    assert!(group.rules.iter().any(|rule| rule.id.as_str() == "sgr-bp1addedagain0000000"));
}

#[test]
fn a_new_rule_between_the_pair_refuses_a_stored_plan_and_is_named() {
    let workspace = mutual_workspace();
    let run = planned(&workspace);
    age_readings(&workspace);
    add_grant(&workspace);
    workspace.run(&["revoke", "--run", &run, "--yes"]).exits(5).tells("sgr-bp1brandnew000000000");
    assert!(workspace.revocations().is_empty());
}

#[test]
fn a_new_rule_between_the_pair_is_planned_as_well_without_a_stored_plan() {
    let workspace = WorkspaceSetup::of(&mutual()).fault(format!("{REFUSED}@{}=1x", B.id)).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(3);
    age_readings(&workspace);
    add_grant(&workspace);
    let result = workspace.json(&["revoke", "pairs.csv", "--yes"], 0);
    assert_eq!(result["rules"]["planned"], 3);
    assert_eq!(result["rules"]["removed"], 3);
}

/// A run whose B side was refused, and the text of its configuration.
fn half_done() -> (CliWorkspace, String) {
    let workspace = WorkspaceSetup::of(&mutual()).fault(format!("{REFUSED}@{}=1x", B.id)).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(3);
    let config = workspace.read("unpair.toml");
    (workspace, config)
}

#[test]
fn accounts_that_changed_are_taken_over_and_their_identities_are_proved_again() {
    let (workspace, config) = half_done();
    let before = workspace.calls().len();
    let profile = |id: &str| format!("profile = '{id}'");
    workspace.write("unpair.toml", &config.replace(&profile(B.id), &profile(A.id)));
    workspace.run(&["resume", "--yes"]).exits(7).tells(B.id);
    let asked = workspace.calls().split_off(before);
    assert!(!asked.is_empty() && asked.iter().all(|call| call.action == "GetCallerIdentity"));
    workspace.write("unpair.toml", &config);
    workspace.run(&["resume", "--yes"]).exits(0);
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

#[test]
fn endpoints_that_changed_are_taken_over_and_told() {
    let (workspace, config) = half_done();
    let calls = workspace.calls().len();
    workspace.write("unpair.toml", &config.replace("http://127.0.0.1:", "http://localhost:"));
    workspace
        .run(&["resume", "--yes"])
        .exits(0)
        .tells("ecs_endpoint is overridden: http://localhost:");
    assert_eq!(
        workspace.calls()[calls].action,
        "GetCallerIdentity",
        "the identity is proved again"
    );
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

pub(crate) fn add_grant(workspace: &CliWorkspace) {
    workspace.edit(|world| {
        let group = world.groups.get_mut(&GroupId::from("sg-b1")).expect("sg-b1");
        let mut rule = group.rules.first().expect("the grant stands first").clone();
        rule.id = RuleId::from("sgr-bp1brandnew000000000");
        rule.priority = 77;
        group.rules.push(rule);
    });
}

/// Runs SQL on the journal, as somebody who edits it would.
pub(crate) fn edit_journal(workspace: &CliWorkspace, sql: &str) {
    let script = "import sqlite3, sys\n\
                  with sqlite3.connect('unpair.db') as db: db.executescript(sys.argv[1])";
    let ended = Command::new("python3")
        .args(["-c", script, sql])
        .current_dir(workspace.path("."))
        .output()
        .expect("python3 runs");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}

/// Makes everything that was read older than the hour for which it is believed.
pub(crate) fn age_readings(workspace: &CliWorkspace) {
    edit_journal(
        workspace,
        "UPDATE grp SET read_ms = read_ms - 3700000, known_ms = known_ms - 3700000",
    );
}

#[test]
fn what_was_read_more_than_an_hour_ago_is_read_again() {
    let workspace = mutual_workspace();
    let run = planned(&workspace);
    let reads = || {
        let calls = workspace.calls();
        calls.iter().filter(|call| call.action == "DescribeSecurityGroupAttribute").count()
    };
    let of_plan = reads();
    age_readings(&workspace);
    workspace.run(&["revoke", "--run", &run, "--yes"]).exits(0);
    // Once to audit and once to read back.
    assert_eq!(reads() - of_plan, 4);
}

#[test]
fn a_plan_that_was_edited_in_the_journal_is_refused() {
    let workspace = mutual_workspace();
    let run = planned(&workspace);
    edit_journal(
        &workspace,
        "UPDATE revocation SET rule = replace(json_set(rule, '$.id', 'sgr-bp1someotherrule0000'), \
         '\"priority\":1', '\"priority\":2')",
    );
    let ended = workspace.run(&["revoke", "--run", &run, "--yes"]);
    ended.exits(5);
    assert!(workspace.revocations().is_empty());
    workspace.assert_untouched();
}

#[test]
fn a_history_that_was_edited_is_told_by_runs_check() {
    let workspace = mutual_workspace();
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    workspace.run(&["runs", "--check"]).exits(0);
    edit_journal(
        &workspace,
        "DROP TRIGGER event_is_not_changed; UPDATE event SET at_ms = at_ms + 1 WHERE seq = 3",
    );
    assert_ne!(workspace.run(&["runs", "--check"]).code(), Some(0));
}

#[test]
fn resume_leaves_settled_revocations_alone() {
    let world = WorldText::empty().group(A, "sg-a1", &[admits_ports(3, B, "sg-b1")]).group(
        B,
        "sg-b1",
        &[admits_ports(3, A, "sg-a1")],
    );
    let workspace = WorkspaceSetup::of(&world).fault(format!("{REFUSED}@{}=1x", B.id)).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace.run(&["revoke", "pairs.csv", "--yes", "--by", "flat"]).exits(3);
    let before = workspace.revocations().len();
    workspace.run(&["resume", "--yes"]).exits(0);
    let again = workspace.revocations().split_off(before);
    assert_eq!(again.len(), 1, "only the one that failed is sent again");
    assert_eq!(again[0].account.as_ref().map(ToString::to_string).as_deref(), Some(B.id));
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
    workspace.run(&["resume", "--yes"]).exits(2);
}
