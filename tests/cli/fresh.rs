//! How old a reading may be: nothing is sent on an old one, and no verdict rests on one that an
//! earlier invocation made.

use std::thread::sleep;
use std::time::Duration;

use unpair::sandbox::LoggedCall;
use unpair_testing::world_file::{A, B, Owner, mutual};

use crate::runs::{add_grant, edit_journal};
use crate::workspace::{CliWorkspace, WorkspaceSetup};

const RULES: &str = "DescribeSecurityGroupAttribute";

fn workspace() -> CliWorkspace {
    workspace_with("")
}

fn workspace_with(config: &str) -> CliWorkspace {
    let workspace = WorkspaceSetup::of(&mutual()).config(config).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace
}

/// How often rules were listed.
fn reads(workspace: &CliWorkspace) -> usize {
    workspace.calls().iter().filter(|call| call.action == RULES).count()
}

fn reads_of(workspace: &CliWorkspace, owner: Owner) -> usize {
    let calls = workspace.calls();
    calls.iter().filter(|call| call.action == RULES && is_of(call, owner)).count()
}

fn is_of(call: &LoggedCall, owner: Owner) -> bool {
    call.account.as_ref().is_some_and(|account| account.as_str() == owner.id)
}

/// Ends every run of the journal as a signal after its last call would.
fn interrupt(workspace: &CliWorkspace) {
    edit_journal(workspace, "UPDATE run SET exit = 4, state = 'interrupted'");
}

#[test]
fn a_run_of_one_invocation_reads_nothing_for_the_sake_of_freshness() {
    let workspace = workspace();
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    // Each side once for the plan and once after its call.
    assert_eq!(reads(&workspace), 4);
    let identities =
        workspace.calls().iter().filter(|call| call.action == "GetCallerIdentity").count();
    assert_eq!(identities, 2);
}

#[test]
fn what_an_earlier_invocation_read_is_read_once_more_and_what_is_new_is_revoked() {
    for go_on in [&["resume", "--yes"][..], &["revoke", "pairs.csv", "--yes"]] {
        let workspace = workspace();
        workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
        interrupt(&workspace);
        add_again(&workspace);
        let before = reads(&workspace);
        let ended = workspace.run(go_on).exits(0);
        assert!(ended.stderr.contains("rules changed"), "{}", ended.stderr);
        assert!(ended.stdout.contains("3 rules: 3 removed"), "{}", ended.stdout);
        // Both sides once more, and the one with the new rule after its call.
        assert_eq!(reads(&workspace) - before, 3);
    }
}

/// A grant is back, under another id.
fn add_again(workspace: &CliWorkspace) {
    let before = workspace.before.clone();
    workspace.edit(|world| {
        for group in world.groups.values_mut().filter(|group| group.id.as_str() == "sg-b1") {
            group.rules.clone_from(&before.groups[&group.id].rules);
        }
    });
    add_grant(workspace);
    workspace.edit(|world| {
        for group in world.groups.values_mut().filter(|group| group.id.as_str() == "sg-b1") {
            group.rules.retain(|rule| {
                rule.peer_group().is_none() || rule.id.as_str() == "sgr-bp1brandnew000000000"
            });
        }
    });
}

#[test]
fn a_stored_plan_gets_nothing_added_by_the_closing_look() {
    let workspace = workspace();
    let plan = workspace.json(&["plan", "pairs.csv"], 0);
    workspace.run(&["revoke", "--run", plan["run"].as_str().expect("an id"), "--yes"]).exits(0);
    interrupt(&workspace);
    add_again(&workspace);
    let sent = workspace.revocations().len();
    workspace.run(&["resume", "--yes"]).exits(5).tells("sgr-bp1brandnew000000000");
    assert_eq!(workspace.revocations().len(), sent);
}

#[test]
fn fresh_off_trusts_every_reading() {
    let workspace = workspace_with("[guard]\nfresh = 'off'\n");
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    interrupt(&workspace);
    let before = reads(&workspace);
    workspace.run(&["resume", "--yes"]).exits(0);
    assert_eq!(reads(&workspace), before);
}

#[test]
fn a_closing_look_that_is_cut_short_counts_for_the_next_invocation() {
    let hang = format!("hang@{RULES}@{}=2x", B.id);
    let workspace = WorkspaceSetup::of(&mutual()).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    interrupt(&workspace);
    workspace.sandbox.set_faults(vec![hang.parse().expect("a fault")]);
    let (of_a, of_b) = (reads_of(&workspace, A), reads_of(&workspace, B));
    let running = workspace.begin(&["resume", "--yes"]);
    workspace.wait_for("both sides to be asked", |_| {
        reads_of(&workspace, A) > of_a && reads_of(&workspace, B) > of_b
    });
    // The side of A is in the journal once its reading is.
    unpair_testing::process::wait_until("the side of A to be journalled", || {
        let script = "import sqlite3; db = sqlite3.connect('unpair.db'); \
                      print(db.execute('select count(*) from grp, run where read_ms >= closing_ms').fetchone()[0])";
        let told = std::process::Command::new("python3")
            .args(["-c", script])
            .current_dir(workspace.path("."))
            .output()
            .expect("python3 runs");
        String::from_utf8_lossy(&told.stdout).trim() == "1"
    });
    running.signal("INT");
    running.wait().exits(4);
    workspace.sandbox.set_faults(Vec::new());
    let (of_a, of_b) = (reads_of(&workspace, A), reads_of(&workspace, B));
    workspace.run(&["resume", "--yes"]).exits(0);
    assert_eq!((reads_of(&workspace, A) - of_a, reads_of(&workspace, B) - of_b), (0, 1));
}

#[test]
fn a_pause_makes_readings_old_and_nothing_is_sent_on_them() {
    let fresh = Duration::from_secs(4);
    let workspace = workspace_with("[guard]\nfresh = '4s'\n");
    workspace.write("pause", "");
    let running = workspace.begin(&["revoke", "pairs.csv", "--yes", "--pause-file", "pause"]);
    running.wait_until_it_tells("paused");
    add_grant(&workspace);
    sleep(fresh);
    std::fs::remove_file(workspace.path("pause")).expect("the pause file is there");
    running.wait().exits(0);
    // The grant that came during the pause was seen before anything was sent.
    let removed = workspace.report()["rules"]["removed"].clone();
    assert_eq!(removed, 3);
    let calls = workspace.calls();
    let first = calls.iter().position(crate::workspace::is_revocation).expect("a revocation");
    assert!(calls[..first].iter().filter(|call| call.action == RULES).count() >= 4);
}

#[test]
fn a_verdict_tells_when_its_oldest_reading_was_made() {
    let workspace = workspace();
    workspace.run(&["audit", "pairs.csv"]).exits(0).shows("oldest reading 20");
    let told = workspace.json(&["audit", "pairs.csv"], 0);
    assert!(told["oldest_reading"].as_str().is_some_and(|at| at.ends_with('Z')), "{told}");
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(0).shows("oldest reading 20");
    workspace.run(&["report", "--format", "json"]).exits(0).shows("oldest_reading");
}

#[test]
fn a_resumed_audit_reads_once_more_what_an_earlier_invocation_read() {
    let workspace = workspace();
    let run = workspace.json(&["audit", "pairs.csv", "--expect-severed"], 3)["run"].clone();
    workspace.cut_behind_the_back("sg-a1");
    workspace.cut_behind_the_back("sg-b1");
    let run = run.as_str().expect("an id");
    // What is known to be live need not be read again for a verdict of 3.
    workspace.run(&["resume", run, "--yes"]).exits(3);
    let clean = workspace.json(&["audit", "pairs.csv", "--expect-severed"], 0)["run"].clone();
    add_again(&workspace);
    workspace.run(&["resume", clean.as_str().expect("an id"), "--yes"]).exits(3);
}
