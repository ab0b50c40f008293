//! Where the machine is short of something: it is waited for, and told as what it is.

use std::fmt::Write as _;
use std::process::Command;

use unpair_testing::process::Ended;
use unpair_testing::world_file::WorldText;

use crate::workspace::{CliWorkspace, PROGRAM, WorkspaceSetup};

/// Accounts of the world on each of the two clouds.
const ACCOUNTS: u64 = 30;

/// A world of many accounts on both clouds, each of which admits its neighbour, and a manifest of
/// all of them.
fn workspace() -> CliWorkspace {
    let mut world = WorldText::empty();
    let mut rows = "cloud,region,account_a,group_a,account_b,group_b\n".to_owned();
    for (cloud, region, first, groups) in [
        ("alibaba", "cn-hangzhou", 1_000_000_000_000_000, 0xa000),
        ("aws", "us-east-1", 500_000_000_000, 0xb000),
    ] {
        let account = |number: u64| (first + number).to_string();
        let group = |number: u64| format!("sg-{:08x}", groups + number);
        for number in 0..ACCOUNTS {
            let (own, peer) = (account(number), number ^ 1);
            world.account(cloud, &own, &format!("n{own}"), true);
            let rule = format!("{{ group = '{}/{}' }}", account(peer), group(peer));
            world.add_group(cloud, &own, region, &group(number), &[rule]);
            if number < peer {
                let (peer, peer_group) = (account(peer), group(peer));
                let _ =
                    writeln!(rows, "{cloud},{region},{own},{},{peer},{peer_group}", group(number));
            }
        }
    }
    let workspace = WorkspaceSetup::of(&world).start();
    workspace.write("pairs.csv", &rows);
    workspace
}

/// Runs the program with no more open files than told, soft and hard.
fn with_open_files(workspace: &CliWorkspace, limits: &str, args: &[&str]) -> Ended {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &format!("{limits}; exec \"$@\""), "sh", PROGRAM]).args(args);
    command.env_clear().env("PATH", "/usr/bin:/bin");
    workspace.spawn(command).wait()
}

#[test]
fn sixty_accounts_take_turns_where_few_files_may_be_open() {
    let workspace = workspace();
    let args = ["revoke", "pairs.csv", "--yes", "--format", "json"];
    let ended = with_open_files(&workspace, "ulimit -n 24", &args).exits(0);
    assert_eq!(ended.json()["pairs"]["severed"], ACCOUNTS);
    assert_eq!(ended.json()["rules"]["removed"], 2 * ACCOUNTS);
    let accounts = with_open_files(&workspace, "ulimit -n 24", &["accounts", "--format", "json"]);
    let accounts = accounts.json();
    let ours = accounts.as_array().expect("an array").iter().filter(|it| it["state"] == "ok");
    assert_eq!(ours.count() as u64, 2 * ACCOUNTS + 4);
}

#[test]
fn commands_that_give_credentials_take_turns_as_well() {
    let workspace = workspace();
    let keys = workspace.read("aws-credentials");
    let (mut profiles, mut files) = (String::new(), Vec::new());
    for section in keys.split('[').filter(|section| !section.is_empty()) {
        let (id, keys) = section.split_once("]\n").expect("a profile");
        let value = |line: &str| line.split_once(" = ").expect("a key").1.to_owned();
        let [key, secret] = [0, 1].map(|line| value(keys.lines().nth(line).expect("a line")));
        let answer =
            serde_json::json!({"Version": 1, "AccessKeyId": key, "SecretAccessKey": secret});
        workspace.write(&format!("aws-credentials-{id}"), &answer.to_string());
        let path = workspace.path(&format!("aws-credentials-{id}"));
        let _ = writeln!(profiles, "[profile {id}]\ncredential_process = cat {}", path.display());
        files.push(path);
    }
    workspace.write("aws-config", &profiles);
    workspace.write("aws-credentials", "");
    let ended = with_open_files(&workspace, "ulimit -n 40", &["audit", "pairs.csv"]).exits(0);
    assert!(!ended.stdout.contains("unknown"), "{}", ended.stdout);
    for file in files {
        // It holds a secret, and nothing that does may be left behind.
        std::fs::remove_file(file).expect("it is there");
    }
}

#[test]
fn the_soft_limit_of_open_files_is_raised_to_the_hard_one() {
    let workspace = workspace();
    workspace.write("pause", "");
    let mut command = Command::new("/bin/sh");
    let args = ["revoke", "pairs.csv", "--yes", "--pause-file", "pause"];
    command.args(["-c", "ulimit -Sn 24; exec \"$@\"", "sh", PROGRAM]).args(args).env_clear();
    let running = workspace.spawn(command);
    running.wait_until_it_tells("paused");
    let text = std::fs::read_to_string(format!("/proc/{}/limits", running.child.id()));
    let text = text.expect("its limits are shown");
    let line = text.lines().find(|line| line.starts_with("Max open files")).expect("a limit");
    let soft: u64 =
        line.split_whitespace().nth(3).and_then(|it| it.parse().ok()).expect("a number");
    assert!(soft > 24, "{line}");
    running.signal("TERM");
    running.wait().exits(4);
}

#[test]
fn too_few_open_files_are_told_before_anything_is_begun() {
    let workspace = workspace();
    for (limits, args, needed) in [
        ("ulimit -n 23", &["audit", "pairs.csv"][..], "24"),
        ("ulimit -n 12", &["accounts"], "24"),
        ("ulimit -n 35", &["audit", "pairs.csv", "--sandbox"], "36"),
    ] {
        let ended = with_open_files(&workspace, limits, args).exits(1);
        ended.tells("ulimit -n is ").tells(&format!("expected {needed} or more; raise it"));
    }
    assert!(!workspace.path("unpair.db").exists());
}

#[test]
fn the_embedded_clouds_take_turns_with_those_that_call_them() {
    let workspace = workspace();
    let row = "cn-beijing,1234567890123401,sg-bp1azkttqpldxgtedXXX,1234567890123402,\
               sg-bp15ed6xe1yxeycg7XXX\n";
    workspace.write("unpair.toml", "");
    workspace.write("sample.csv", &format!("region,account_a,group_a,account_b,group_b\n{row}"));
    let args = ["revoke", "sample.csv", "--sandbox", "--yes"];
    with_open_files(&workspace, "ulimit -n 36", &args).exits(0);
}
