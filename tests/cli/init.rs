//! `init`: what it writes is read by the program, and nothing is overwritten.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use unpair_testing::process::Ended;
use unpair_testing::world_file::mutual;

use crate::workspace::{CliWorkspace, WorkspaceSetup};

/// A folder without configuration, with profiles of both tools.
fn workspace() -> CliWorkspace {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    std::fs::remove_file(workspace.path("unpair.toml")).expect("a file");
    workspace.write(
        "aws-config",
        "[default]\nregion = us-east-1\n[profile team]\n\
         role_arn = arn:aws:iam::222222222222:role/x\nsource_profile = default\n",
    );
    std::fs::create_dir(workspace.path(".aliyun")).expect("a folder");
    workspace.write(
        ".aliyun/config.json",
        r#"{"current":"hub","profiles":[{"name":"hub","mode":"AK"}]}"#,
    );
    workspace
}

fn init(workspace: &CliWorkspace, args: &[&str]) -> Ended {
    workspace.run(&[&["init"], args].concat())
}

#[test]
fn what_is_written_is_private_and_read_by_the_program() {
    let workspace = workspace();
    let ended = init(&workspace, &[]).exits(0);
    for shown in ["unpair.toml: written", "pairs.csv: written", "Next:", "unpair accounts"] {
        assert!(ended.stdout.contains(shown), "{shown} in {}", ended.stdout);
    }
    for name in ["unpair.toml", "pairs.csv"] {
        let mode =
            std::fs::metadata(workspace.path(name)).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o7777, 0o600, "{name}");
    }
    let text = workspace.read("unpair.toml");
    assert!(text.contains("name = \"hub\"") && text.contains("id = \"222222222222\""), "{text}");
    let checked = workspace.json(&["check", "pairs.csv"], 0);
    assert_eq!(checked["pairs"], 2);
    assert!(workspace.calls().is_empty() && !workspace.path("unpair.db").exists());
}

#[test]
fn nothing_is_overwritten() {
    let workspace = workspace();
    workspace.write("pairs.csv", "mine");
    let told = init(&workspace, &["--format", "json"]).exits(0).json();
    assert_eq!(told["written"], serde_json::json!(["unpair.toml"]));
    assert_eq!(told["kept"], serde_json::json!(["pairs.csv"]));
    assert_eq!(told["profiles"]["alibaba"], serde_json::json!(["hub"]));
    assert_eq!(workspace.read("pairs.csv"), "mine");
    let before = workspace.read("unpair.toml");
    init(&workspace, &[]).exits(2).tells("are there already").tells("nothing was written");
    assert_eq!(workspace.read("unpair.toml"), before);
}

#[test]
fn a_link_is_left_as_it_is_wherever_it_leads() {
    let workspace = workspace();
    symlink("elsewhere.toml", workspace.path("unpair.toml")).expect("a link");
    init(&workspace, &[]).exits(0).shows("unpair.toml: was there already");
    assert!(!workspace.path("elsewhere.toml").exists());
}

#[test]
fn the_configuration_is_written_under_the_name_of_config() {
    let workspace = workspace();
    let ended = init(&workspace, &["--config", "prod.toml"]).exits(0);
    ended.shows("unpair accounts --config prod.toml  ");
    assert!(workspace.path("prod.toml").exists() && !workspace.path("unpair.toml").exists());
    workspace.run(&["check", "pairs.csv", "--config", "prod.toml"]).exits(0);
}

#[test]
fn without_any_profile_the_files_are_written_all_the_same() {
    let workspace = workspace();
    for name in ["aws-config", "aws-credentials", ".aliyun/config.json"] {
        std::fs::remove_file(workspace.path(name)).expect("a file");
    }
    init(&workspace, &[]).exits(0).shows("aws: no profile is there");
    workspace.run(&["check", "pairs.csv"]).exits(0);
}

#[test]
fn a_file_of_profiles_that_cannot_be_read_is_told_and_left_out() {
    let workspace = workspace();
    workspace.write(".aliyun/config.json", "{");
    init(&workspace, &[]).exits(0).tells("left out").tells("config.json");
    workspace.run(&["check", "pairs.csv"]).exits(0);
}

#[test]
fn the_result_takes_the_place_of_no_file_that_is_written() {
    let workspace = workspace();
    for name in ["pairs.csv", "unpair.toml"] {
        init(&workspace, &["--output", name, "--format", "table"])
            .exits(2)
            .tells("would be overwritten");
        assert!(!workspace.path(name).exists());
    }
}
