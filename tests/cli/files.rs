//! Whose file a journal may be.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};

use unpair_testing::world_file::{A, B, mutual};

use crate::workspace::{CliWorkspace, WorkspaceSetup};

/// A user who is nobody in particular.
const NOBODY: u32 = 65_534;

fn workspace() -> CliWorkspace {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace
}

#[track_caller]
fn assert_refused(workspace: &CliWorkspace, reason: &str) {
    let before = workspace.calls().len();
    for command in
        [&["audit", "pairs.csv"][..], &["revoke", "pairs.csv", "--yes"], &["resume", "--yes"]]
    {
        workspace.run(command).exits(1).tells("unpair.db").tells(reason);
    }
    assert_eq!(workspace.calls().len(), before, "nothing is sent");
}

#[test]
fn a_journal_that_is_a_link_is_refused_and_what_it_leads_to_is_left_alone() {
    let workspace = workspace();
    symlink(workspace.path("elsewhere.db"), workspace.path("unpair.db")).expect("a link");
    assert_refused(&workspace, "is a link");
    assert!(!workspace.path("elsewhere.db").exists(), "nothing is made behind a link");
    workspace.write("elsewhere.db", "theirs");
    assert_refused(&workspace, "is a link");
    assert_eq!(workspace.read("elsewhere.db"), "theirs");
}

#[test]
fn a_lock_that_is_a_link_is_refused() {
    let workspace = workspace();
    workspace.run(&["audit", "pairs.csv"]).exits(0);
    fs::remove_file(workspace.path("unpair.db.lock")).expect("a lock file");
    symlink(workspace.path("elsewhere"), workspace.path("unpair.db.lock")).expect("a link");
    assert_refused(&workspace, "is a link");
    assert!(!workspace.path("elsewhere").exists());
}

#[test]
fn a_journal_that_others_can_write_is_refused() {
    let workspace = workspace();
    workspace.run(&["audit", "pairs.csv"]).exits(0);
    for mode in [0o620, 0o602, 0o666] {
        fs::set_permissions(workspace.path("unpair.db"), fs::Permissions::from_mode(mode))
            .expect("a mode");
        assert_refused(&workspace, "chmod 600");
    }
}

#[test]
fn a_journal_of_another_user_is_refused() {
    let workspace = workspace();
    workspace.run(&["audit", "pairs.csv"]).exits(0);
    let ours = fs::metadata(workspace.path("unpair.db")).expect("a journal").uid();
    if ours != 0 {
        println!("only root can give a file away: not tried");
        return;
    }
    chown(workspace.path("unpair.db"), Some(NOBODY), None).expect("root gives a file away");
    assert_refused(&workspace, "another user");
}

#[test]
fn a_journal_and_what_stands_beside_it_are_the_owners_alone() {
    let workspace = workspace();
    workspace.write("pause", "");
    let running = workspace.begin(&["revoke", "pairs.csv", "--yes", "--pause-file", "pause"]);
    workspace.wait_for("the audit", |calls| calls.len() > 3);
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let path = workspace.path(&format!("unpair.db{suffix}"));
        let mode = fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{suffix}");
    }
    fs::remove_file(workspace.path("pause")).expect("the pause file is there");
    running.wait().exits(0);
}
