//! The memory of the program, which holds keys, stays its own: no core file, no look into it.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::Command;

use unpair_testing::process::Running;
use unpair_testing::world_file::{A, B, mutual};

use crate::workspace::{CliWorkspace, PROGRAM, WorkspaceSetup};

/// A user who is nobody in particular.
const NOBODY: u32 = 65_534;
/// Starts a program that may leave a core file of any size.
const UNLIMITED: &str = "ulimit -c unlimited 2>/dev/null; exec \"$0\" \"$@\"";

/// The program in the middle of its work, with keys in its memory.
fn at_work(workspace: &CliWorkspace, mut command: Command) -> Running {
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace.write("pause", "");
    command.args(["revoke", "pairs.csv", "--yes", "--pause-file", "pause"]).env_clear();
    let running = workspace.spawn(command);
    running.wait_until_it_tells("paused");
    running
}

#[test]
fn a_process_that_is_made_to_dump_core_leaves_none() {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    let mut command = Command::new("/bin/sh");
    command.args(["-c", UNLIMITED, PROGRAM]);
    let running = at_work(&workspace, command);
    let limits = fs::read_to_string(format!("/proc/{}/limits", running.child.id()));
    running.signal("QUIT");
    let status = running.wait().status;
    assert_eq!(status.signal(), Some(3), "it does not heed the signal otherwise");
    assert!(!status.core_dumped(), "{status:?}");
    // Where the system tells no limits there is nothing to look at.
    let core = limits.unwrap_or_default();
    for line in core.lines().filter(|line| line.starts_with("Max core file size")) {
        assert_eq!(line.split_whitespace().nth(4), Some("0"), "{line}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn another_process_of_the_same_user_cannot_look_into_its_memory() {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    if fs::metadata(workspace.path(".")).expect("a folder").uid() != 0 {
        println!("left out: needs root, to run the program as another user");
        return;
    }
    for name in [".", "unpair.toml", "aliyun.json", "aws-credentials", "aws-config"] {
        std::os::unix::fs::chown(workspace.path(name), Some(NOBODY), Some(NOBODY))
            .expect("root may");
    }
    let mut command = Command::new(PROGRAM);
    command.uid(NOBODY).gid(NOBODY);
    let running = at_work(&workspace, command);
    let memory = format!("/proc/{}/mem", running.child.id());
    let owner = fs::metadata(memory).expect("the process is there").uid();
    fs::remove_file(workspace.path("pause")).expect("the pause file is there");
    running.wait().exits(0);
    assert_eq!(owner, 0, "its memory is root's to look at");
}
