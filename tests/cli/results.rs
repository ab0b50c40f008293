//! The file of a result: its mode, its owner, its links, and the files that it never replaces.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::process::Command;

use rustix::fs::{XattrFlags, getxattr, setxattr};
use unpair_testing::process::Ended;
use unpair_testing::world_file::{A, B, mutual};

use crate::scene::{PROGRAM, Scene, Setting};

fn scene() -> Scene {
    let scene = Setting::of(&mutual()).start();
    scene.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    scene
}

fn mode(scene: &Scene, name: &str) -> u32 {
    fs::metadata(scene.path(name)).expect("it is there").mode() & 0o7777
}

fn set_mode(scene: &Scene, name: &str, mode: u32) {
    fs::set_permissions(scene.path(name), Permissions::from_mode(mode)).expect("a mode");
}

fn with_umask(scene: &Scene, umask: &str, args: &[&str]) -> Ended {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh", PROGRAM]).args(args);
    command.env_clear();
    scene.spawn(command).wait()
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
    let scene = scene();
    for (number, command) in COMMANDS.iter().enumerate() {
        for (umask, expected) in [("022", 0o644), ("077", 0o600), ("002", 0o664)] {
            let name = format!("out.{number}.{umask}");
            let args: Vec<&str> = command.iter().copied().chain(["--output", &name]).collect();
            with_umask(&scene, umask, &args).exits(0);
            assert_eq!(mode(&scene, &name), expected, "{command:?}");
        }
    }
}

#[test]
fn a_replaced_file_keeps_its_mode_and_its_group() {
    let scene = scene();
    let is_root = fs::metadata(scene.path(".")).expect("a folder").uid() == 0;
    for (number, command) in COMMANDS.iter().enumerate() {
        let name = format!("out.{number}");
        scene.write(&name, "former");
        if is_root {
            chown(scene.path(&name), None, Some(4_003)).expect("root gives a file away");
        }
        let group = fs::metadata(scene.path(&name)).expect("it is there").gid();
        set_mode(&scene, &name, 0o664);
        let args: Vec<&str> = command.iter().copied().chain(["--output", &name]).collect();
        with_umask(&scene, "077", &args).exits(0);
        assert_eq!(mode(&scene, &name), 0o664, "{command:?}");
        assert_eq!(fs::metadata(scene.path(&name)).expect("it is there").gid(), group);
        assert_ne!(scene.read(&name), "former");
    }
}

#[test]
fn root_leaves_a_file_to_its_owner_where_nobody_else_can_have_put_it() {
    let scene = scene();
    if fs::metadata(scene.path(".")).expect("a folder").uid() != 0 {
        println!("left out: needs root");
        return;
    }
    for (folder_mode, owner, left) in [(0o755, 4_002, 0o640), (0o1777, 0, 0o644), (0o777, 0, 0o644)]
    {
        scene.write("out", "theirs");
        set_mode(&scene, "out", 0o640);
        chown(scene.path("out"), Some(4_002), Some(4_002)).expect("root gives a file away");
        set_mode(&scene, ".", folder_mode);
        with_umask(&scene, "022", &["completions", "bash", "--output", "out"]).exits(0);
        let meta = fs::metadata(scene.path("out")).expect("it is there");
        assert_eq!((meta.uid(), meta.mode() & 0o7777), (owner, left), "folder {folder_mode:o}");
    }
}

#[test]
fn extended_attributes_of_a_replaced_file_stay() {
    let scene = scene();
    scene.write("out", "former");
    if setxattr(scene.path("out"), "user.owner", b"team", XattrFlags::empty()).is_err() {
        println!("left out: this file system has no attributes");
        return;
    }
    scene.run(&["audit", "pairs.csv", "--output", "out"]).exits(0);
    let mut value = [0; 16];
    let length = getxattr(scene.path("out"), "user.owner", &mut value).expect("it stays");
    assert_eq!(&value[..length], b"team");
}

#[test]
fn a_link_stays_and_what_it_leads_to_is_replaced_or_made() {
    let scene = scene();
    fs::create_dir(scene.path("share")).expect("a new folder");
    scene.write("share/there", "former");
    set_mode(&scene, "share/there", 0o640);
    for (link, target, left) in [("one", "share/there", 0o640), ("two", "share/new", 0o644)] {
        symlink(target, scene.path(link)).expect("a link");
        with_umask(&scene, "022", &["audit", "pairs.csv", "--output", link]).exits(0);
        assert!(scene.path(link).is_symlink());
        assert!(scene.read(target).contains("1 pair"), "{target}");
        assert_eq!(mode(&scene, target), left);
    }
    symlink("circle", scene.path("circle")).expect("a link");
    scene.run(&["audit", "pairs.csv", "--output", "circle"]).exits(1).tells("symbolic links");
}

#[test]
fn a_dash_is_standard_output() {
    let scene = scene();
    let ended = scene.run(&["audit", "pairs.csv", "--output", "-"]).exits(0);
    assert!(ended.stdout.contains("1 pair"), "{}", ended.stdout);
    assert!(!scene.path("-").exists());
}

#[test]
fn a_name_that_can_be_no_file_is_refused_before_any_work() {
    let scene = scene();
    for (name, exit) in [("", 2), ("new/", 1), (".", 1), ("none/out", 1)] {
        scene
            .run(&["revoke", "pairs.csv", "--yes", "--output", name])
            .exits(exit)
            .tells("--output");
    }
    scene.assert_untouched();
}

#[test]
fn no_result_takes_the_place_of_a_file_that_the_command_reads() {
    let scene = scene();
    scene.write("world.toml", "");
    symlink("pairs.csv", scene.path("link.csv")).expect("a link");
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
        let before = scene.read(name);
        let args = [command, &[name]].concat();
        scene.run(&args).exits(2).tells("would be overwritten: use another name");
        assert_eq!(scene.read(name), before, "{args:?}");
    }
    for (option, name) in [("--output", "world.toml"), ("--call-log", "unpair.toml")] {
        let args = ["sandbox", "--world", "world.toml", option, name];
        scene.run(&args).exits(2).tells("would be overwritten");
    }
    assert!(scene.calls().is_empty(), "nothing is read either");
}

#[test]
fn a_device_is_no_file_that_could_be_replaced() {
    let scene = scene();
    let mut command = Command::new("/bin/sh");
    let script = "cat pairs.csv | \"$1\" audit /dev/stdin --output /dev/stdout | cat";
    command.args(["-c", script, "sh", PROGRAM]).env_clear().env("PATH", "/usr/bin:/bin");
    let ended = scene.spawn(command).wait().exits(0);
    assert!(ended.stdout.contains("1 pair"), "{}{}", ended.stdout, ended.stderr);
}
