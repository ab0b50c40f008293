//! The file of a result: its mode, its owner, its links, and the files that it never replaces.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::process::Command;

use rustix::fs::{XattrFlags, getxattr, setxattr};
use unpair_testing::process::Ended;
use unpair_testing::world_file::{A, B, mutual};

use crate::workspace::{CliWorkspace, PROGRAM, WorkspaceSetup};

fn workspace() -> CliWorkspace {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace
}

fn mode(workspace: &CliWorkspace, name: &str) -> u32 {
    fs::metadata(workspace.path(name)).expect("it is there").mode() & 0o7777
}

fn set_mode(workspace: &CliWorkspace, name: &str, mode: u32) {
    fs::set_permissions(workspace.path(name), Permissions::from_mode(mode)).expect("a mode");
}

fn with_umask(workspace: &CliWorkspace, umask: &str, args: &[&str]) -> Ended {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh", PROGRAM]).args(args);
    command.env_clear();
    workspace.spawn(command).wait()
}

/// Commands that write a file, each with the name of its own.
const COMMANDS: [&[&str]; 7] = [
    &["audit", "pairs.csv"],
    &["plan", "pairs.csv", "--format", "json"],
    &["commands", "pairs.csv", "--format", "csv"],
    &["report", "--format", "html"],
    &["runs"],
    &["accounts", "--policy"],
    &["completions", "bash"],
];

#[test]
fn a_new_file_has_the_mode_that_the_umask_leaves() {
    let workspace = workspace();
    for (number, command) in COMMANDS.iter().enumerate() {
        for (umask, expected) in [("022", 0o644), ("077", 0o600), ("002", 0o664)] {
            let name = format!("out.{number}.{umask}");
            let args: Vec<&str> = command.iter().copied().chain(["--output", &name]).collect();
            with_umask(&workspace, umask, &args).exits(0);
            assert_eq!(mode(&workspace, &name), expected, "{command:?}");
        }
    }
}

#[test]
fn a_replaced_file_keeps_its_mode_and_its_group() {
    let workspace = workspace();
    let is_root = fs::metadata(workspace.path(".")).expect("a folder").uid() == 0;
    for (number, command) in COMMANDS.iter().enumerate() {
        let name = format!("out.{number}");
        workspace.write(&name, "former");
        if is_root {
            chown(workspace.path(&name), None, Some(4_003)).expect("root gives a file away");
        }
        let group = fs::metadata(workspace.path(&name)).expect("it is there").gid();
        set_mode(&workspace, &name, 0o664);
        let args: Vec<&str> = command.iter().copied().chain(["--output", &name]).collect();
        with_umask(&workspace, "077", &args).exits(0);
        assert_eq!(mode(&workspace, &name), 0o664, "{command:?}");
        assert_eq!(fs::metadata(workspace.path(&name)).expect("it is there").gid(), group);
        assert_ne!(workspace.read(&name), "former");
    }
}

#[test]
fn root_leaves_a_file_to_its_owner_where_nobody_else_can_have_put_it() {
    let workspace = workspace();
    if fs::metadata(workspace.path(".")).expect("a folder").uid() != 0 {
        println!("left out: needs root");
        return;
    }
    for (folder_mode, owner, left) in [(0o755, 4_002, 0o640), (0o1777, 0, 0o644), (0o777, 0, 0o644)]
    {
        workspace.write("out", "theirs");
        set_mode(&workspace, "out", 0o640);
        chown(workspace.path("out"), Some(4_002), Some(4_002)).expect("root gives a file away");
        set_mode(&workspace, ".", folder_mode);
        with_umask(&workspace, "022", &["completions", "bash", "--output", "out"]).exits(0);
        let meta = fs::metadata(workspace.path("out")).expect("it is there");
        assert_eq!((meta.uid(), meta.mode() & 0o7777), (owner, left), "folder {folder_mode:o}");
    }
}

#[test]
fn extended_attributes_of_a_replaced_file_stay() {
    let workspace = workspace();
    workspace.write("out", "former");
    if setxattr(workspace.path("out"), "user.owner", b"team", XattrFlags::empty()).is_err() {
        println!("left out: this file system has no attributes");
        return;
    }
    workspace.run(&["audit", "pairs.csv", "--output", "out"]).exits(0);
    let mut value = [0; 16];
    let length = getxattr(workspace.path("out"), "user.owner", &mut value).expect("it stays");
    assert_eq!(&value[..length], b"team");
}

#[test]
fn a_link_stays_and_what_it_leads_to_is_replaced_or_made() {
    let workspace = workspace();
    fs::create_dir(workspace.path("share")).expect("a new folder");
    workspace.write("share/there", "former");
    set_mode(&workspace, "share/there", 0o640);
    for (link, target, left) in [("one", "share/there", 0o640), ("two", "share/new", 0o644)] {
        symlink(target, workspace.path(link)).expect("a link");
        with_umask(&workspace, "022", &["audit", "pairs.csv", "--output", link]).exits(0);
        assert!(workspace.path(link).is_symlink());
        assert!(workspace.read(target).contains("1 pair"), "{target}");
        assert_eq!(mode(&workspace, target), left);
    }
    symlink("circle", workspace.path("circle")).expect("a link");
    workspace.run(&["audit", "pairs.csv", "--output", "circle"]).exits(1).tells("symbolic links");
}

#[test]
fn a_dash_is_standard_output() {
    let workspace = workspace();
    let ended = workspace.run(&["audit", "pairs.csv", "--output", "-"]).exits(0);
    assert!(ended.stdout.contains("1 pair"), "{}", ended.stdout);
    assert!(!workspace.path("-").exists());
}

#[test]
fn a_name_that_can_be_no_file_is_refused_before_any_work() {
    let workspace = workspace();
    for (name, exit) in [("", 2), ("new/", 1), (".", 1), ("none/out", 1)] {
        workspace
            .run(&["revoke", "pairs.csv", "--yes", "--output", name])
            .exits(exit)
            .tells("--output");
    }
    workspace.assert_untouched();
}

#[test]
fn no_result_takes_the_place_of_a_file_that_the_command_reads() {
    let workspace = workspace();
    workspace.write("world.toml", "");
    symlink("pairs.csv", workspace.path("link.csv")).expect("a link");
    let audit = &["audit", "pairs.csv", "--output"][..];
    let cases: [(&[&str], &str); 9] = [
        (audit, "pairs.csv"),
        (audit, "./pairs.csv"),
        (audit, "link.csv"),
        (audit, "unpair.toml"),
        (audit, "aliyun.json"),
        (audit, "aws-credentials"),
        (audit, "aws-config"),
        (&["commands", "pairs.csv", "--output"], "pairs.csv"),
        (&["audit", "link.csv", "--output"], "pairs.csv"),
    ];
    for (command, name) in cases {
        let before = workspace.read(name);
        let args = [command, &[name]].concat();
        workspace.run(&args).exits(2).tells("would be overwritten: use another name");
        assert_eq!(workspace.read(name), before, "{args:?}");
    }
    for (option, name) in [("--output", "world.toml"), ("--call-log", "unpair.toml")] {
        let args = ["sandbox", "--world", "world.toml", option, name];
        workspace.run(&args).exits(2).tells("would be overwritten");
    }
    assert!(workspace.calls().is_empty(), "nothing is read either");
}

#[test]
fn a_device_is_no_file_that_could_be_replaced() {
    let workspace = workspace();
    let mut command = Command::new("/bin/sh");
    let script = "cat pairs.csv | \"$1\" audit /dev/stdin --output /dev/stdout | cat";
    command.args(["-c", script, "sh", PROGRAM]).env_clear().env("PATH", "/usr/bin:/bin");
    let ended = workspace.spawn(command).wait().exits(0);
    assert!(ended.stdout.contains("1 pair"), "{}{}", ended.stdout, ended.stderr);
}
