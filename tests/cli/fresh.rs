//! How old a reading may be: nothing is sent on an old one, and no verdict rests on one that an
//! earlier invocation made.

use std::thread::sleep;
use std::time::Duration;

use unpair::sandbox::LoggedCall;
use unpair_testing::world_file::{A, B, Owner, mutual};

use crate::runs::{add_grant, edit_journal};
use crate::scene::{Scene, Setting};

const RULES: &str = "DescribeSecurityGroupAttribute";

fn scene() -> Scene {
    scene_with("")
}

fn scene_with(config: &str) -> Scene {
    let scene = Setting::of(&mutual()).config(config).start();
    scene.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    scene
}

/// How often rules were listed.
fn reads(scene: &Scene) -> usize {
    scene.calls().iter().filter(|call| call.action == RULES).count()
}

fn reads_of(scene: &Scene, owner: Owner) -> usize {
    let calls = scene.calls();
    calls.iter().filter(|call| call.action == RULES && is_of(call, owner)).count()
}

fn is_of(call: &LoggedCall, owner: Owner) -> bool {
    call.account.as_ref().is_some_and(|account| account.as_str() == owner.id)
}

/// Ends every run of the journal as a signal after its last call would.
fn interrupt(scene: &Scene) {
    edit_journal(scene, "UPDATE run SET exit = 4, state = 'interrupted'");
}

#[test]
fn a_run_of_one_invocation_reads_nothing_for_the_sake_of_freshness() {
    let scene = scene();
    scene.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    // Each side once for the plan and once after its call.
    assert_eq!(reads(&scene), 4);
    let identities = scene.calls().iter().filter(|call| call.action == "GetCallerIdentity").count();
    assert_eq!(identities, 2);
}

#[test]
fn what_an_earlier_invocation_read_is_read_once_more_and_what_is_new_is_revoked() {
    for go_on in [&["resume", "--yes"][..], &["revoke", "pairs.csv", "--yes"]] {
        let scene = scene();
        scene.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
        interrupt(&scene);
        add_again(&scene);
        let before = reads(&scene);
        let ended = scene.run(go_on).exits(0);
        assert!(ended.stderr.contains("rules changed"), "{}", ended.stderr);
        assert!(ended.stdout.contains("3 rules: 3 removed"), "{}", ended.stdout);
        // Both sides once more, and the one with the new rule after its call.
        assert_eq!(reads(&scene) - before, 3);
    }
}

/// A grant is back, under another id.
fn add_again(scene: &Scene) {
    let before = scene.before.clone();
    scene.edit(|world| {
        for group in world.groups.values_mut().filter(|group| group.id.as_str() == "sg-b1") {
            group.rules.clone_from(&before.groups[&group.id].rules);
        }
    });
    add_grant(scene);
    scene.edit(|world| {
        for group in world.groups.values_mut().filter(|group| group.id.as_str() == "sg-b1") {
            group.rules.retain(|rule| {
                rule.peer_group().is_none() || rule.id.as_str() == "sgr-bp1brandnew000000000"
            });
        }
    });
}

#[test]
fn a_stored_plan_gets_nothing_added_by_the_closing_look() {
    let scene = scene();
    let plan = scene.json(&["plan", "pairs.csv"], 0);
    scene.run(&["revoke", "--run", plan["run"].as_str().expect("an id"), "--yes"]).exits(0);
    interrupt(&scene);
    add_again(&scene);
    let sent = scene.revocations().len();
    scene.run(&["resume", "--yes"]).exits(5).tells("sgr-bp1brandnew000000000");
    assert_eq!(scene.revocations().len(), sent);
}

#[test]
fn fresh_off_trusts_every_reading() {
    let scene = scene_with("[guard]\nfresh = 'off'\n");
    scene.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    interrupt(&scene);
    let before = reads(&scene);
    scene.run(&["resume", "--yes"]).exits(0);
    assert_eq!(reads(&scene), before);
}

#[test]
fn a_closing_look_that_is_cut_short_counts_for_the_next_invocation() {
    let hang = format!("hang@{RULES}@{}=2x", B.id);
    let scene = Setting::of(&mutual()).start();
    scene.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    scene.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    interrupt(&scene);
    scene.sandbox.set_faults(vec![hang.parse().expect("a fault")]);
    let (of_a, of_b) = (reads_of(&scene, A), reads_of(&scene, B));
    let running = scene.begin(&["resume", "--yes"]);
    scene.wait_for("both sides to be asked", |_| {
        reads_of(&scene, A) > of_a && reads_of(&scene, B) > of_b
    });
    // The side of A is in the journal once its reading is.
    unpair_testing::process::wait_until("the side of A to be journalled", || {
        let script = "import sqlite3; db = sqlite3.connect('unpair.db'); \
                      print(db.execute('select count(*) from grp, run where read_ms >= closing_ms').fetchone()[0])";
        let told = std::process::Command::new("python3")
            .args(["-c", script])
            .current_dir(scene.path("."))
            .output()
            .expect("python3 runs");
        String::from_utf8_lossy(&told.stdout).trim() == "1"
    });
    running.signal("INT");
    running.wait().exits(4);
    scene.sandbox.set_faults(Vec::new());
    let (of_a, of_b) = (reads_of(&scene, A), reads_of(&scene, B));
    scene.run(&["resume", "--yes"]).exits(0);
    assert_eq!((reads_of(&scene, A) - of_a, reads_of(&scene, B) - of_b), (0, 1));
}

#[test]
fn a_pause_makes_readings_old_and_nothing_is_sent_on_them() {
    let fresh = Duration::from_secs(4);
    let scene = scene_with("[guard]\nfresh = '4s'\n");
    scene.write("pause", "");
    let running = scene.begin(&["revoke", "pairs.csv", "--yes", "--pause-file", "pause"]);
    running.wait_until_it_tells("paused");
    add_grant(&scene);
    sleep(fresh);
    std::fs::remove_file(scene.path("pause")).expect("the pause file is there");
    running.wait().exits(0);
    // The grant that came during the pause was seen before anything was sent.
    let removed = scene.report()["rules"]["removed"].clone();
    assert_eq!(removed, 3);
    let calls = scene.calls();
    let first = calls.iter().position(crate::scene::is_revocation).expect("a revocation");
    assert!(calls[..first].iter().filter(|call| call.action == RULES).count() >= 4);
}

#[test]
fn a_verdict_tells_when_its_oldest_reading_was_made() {
    let scene = scene();
    scene.run(&["audit", "pairs.csv"]).exits(0).shows("oldest reading 20");
    let told = scene.json(&["audit", "pairs.csv"], 0);
    assert!(told["oldest_reading"].as_str().is_some_and(|at| at.ends_with('Z')), "{told}");
    scene.run(&["revoke", "pairs.csv", "--yes"]).exits(0).shows("oldest reading 20");
    scene.run(&["report", "--format", "json"]).exits(0).shows("oldest_reading");
}

#[test]
fn a_resumed_audit_reads_once_more_what_an_earlier_invocation_read() {
    let scene = scene();
    let run = scene.json(&["audit", "pairs.csv", "--expect-severed"], 3)["run"].clone();
    scene.cut_behind_the_back("sg-a1");
    scene.cut_behind_the_back("sg-b1");
    let run = run.as_str().expect("an id");
    // What is known to be live need not be read again for a verdict of 3.
    scene.run(&["resume", run, "--yes"]).exits(3);
    let clean = scene.json(&["audit", "pairs.csv", "--expect-severed"], 0)["run"].clone();
    add_again(&scene);
    scene.run(&["resume", clean.as_str().expect("an id"), "--yes"]).exits(3);
}
