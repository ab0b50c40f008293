//! Causes before cases: what many pairs have in common is told once, and no rule lacks its reason.

use serde_json::Value;
use unpair_testing::world_file::{A, B, Owner, WorldText, admits};

use crate::workspace::{CliWorkspace, WorkspaceSetup};

const PAIRS: [(Owner, &str, Owner, &str); 4] = [
    (A, "sg-a1", B, "sg-b1"),
    (A, "sg-a2", B, "sg-b2"),
    (A, "sg-a3", B, "sg-b3"),
    (A, "sg-a4", B, "sg-b4"),
];

/// Four pairs whose sides admit each other.
fn setup() -> WorkspaceSetup {
    let mut world = WorldText::empty();
    for (a, group_a, b, group_b) in PAIRS {
        world = world.group(a, group_a, &[admits(b, group_b)]);
        world = world.group(b, group_b, &[admits(a, group_a)]);
    }
    WorkspaceSetup::of(&world)
}

fn workspace(setup: WorkspaceSetup) -> CliWorkspace {
    let workspace = setup.start();
    workspace.pairs(&PAIRS);
    workspace
}

fn list<'a>(report: &'a Value, key: &str) -> &'a [Value] {
    report[key].as_array().expect("a list")
}

#[test]
fn a_right_that_is_refused_is_one_cause_and_the_reason_of_every_rule_that_stands() {
    let workspace =
        workspace(setup().fault(format!("code:Forbidden.RAM@RevokeSecurityGroup@{}=1", B.id)));
    let ended = workspace.run(&["revoke", "pairs.csv", "--yes", "--quiet"]).exits(3);
    assert_eq!(ended.stdout.matches("Cause 1: ").count(), 1, "{}", ended.stdout);
    assert_eq!(ended.stdout.matches("(cause 1)").count(), 4, "{}", ended.stdout);
    let report = workspace.report();
    let unsettled = list(&report, "revocations").iter().filter(|row| row["outcome"] != "removed");
    for row in unsettled {
        assert!(row["reason"].as_str().is_some_and(|it| it.contains("Forbidden.RAM")), "{row}");
    }
    let failed = |row: &&Value| row["outcome"] == "failed" && row["attempts"] == 1;
    assert!(list(&report, "revocations").iter().any(|row| failed(&row)), "{report}");
    let causes = list(&report, "causes");
    assert_eq!(causes.len(), 1, "{causes:?}");
    assert_eq!((&causes[0]["pairs"], &causes[0]["rules"]), (&4.into(), &4.into()));
    assert_eq!(causes[0]["lanes"][0]["account"], B.id);
    let csv = workspace.run(&["report", "--format", "csv"]).exits(0).stdout;
    assert_eq!(csv.matches("Forbidden.RAM").count(), 4, "{csv}");
}

#[test]
fn an_account_that_cannot_be_read_is_one_cause_of_the_plan_too() {
    let fault = format!("code:Forbidden.RAM@DescribeSecurityGroups@{}=1", B.id);
    let workspace = workspace(setup().fault(fault));
    let plan = workspace.json(&["plan", "pairs.csv"], 3);
    assert_eq!(plan["causes"][0]["kind"], "unreadable");
    assert_eq!(plan["causes"][0]["pairs"], 4);
    let shown = workspace.run(&["plan", "pairs.csv"]).exits(3);
    shown.shows("Cause 1: could not be read: ").shows("Next: unpair accounts");
}
