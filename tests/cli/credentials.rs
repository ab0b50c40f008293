//! Credential files as people have them: one bad profile costs the accounts that use it alone.

use serde_json::Value;
use unpair_testing::world_file::{A, B, X, Y, mutual, mutual_aws};

use crate::workspace::{CliWorkspace, WorkspaceSetup};

/// How an account stands in the result of `unpair accounts`.
fn account<'a>(result: &'a Value, id: &str) -> &'a Value {
    let accounts = result.as_array().expect("accounts");
    accounts.iter().find(|account| account["account"] == id).expect("the account")
}

/// Asserts that an account stands as `expected` says where these variables are set.
fn assert_stands(workspace: &CliWorkspace, env: &[(&str, &str)], id: &str, expected: &str) {
    let ended = workspace.run_with(&["accounts", "--format", "json"], env);
    let result: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let account = account(&result, id).to_string();
    assert!(account.contains(expected), "{expected}: {account}");
    let told = format!("{}{}", ended.stdout, ended.stderr);
    assert!(!told.contains("s3cret"), "{told}");
}

/// Asserts that `bad` is told by `expected`, and that `good` can be called.
fn assert_one_is_hit(workspace: &CliWorkspace, good: &str, bad: &str, expected: &str) {
    let ended = workspace.run(&["accounts", "--format", "json"]);
    let result: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!(account(&result, good)["state"], "ok", "{result}");
    let hit = account(&result, bad);
    assert_ne!(hit["state"], "ok", "{result}");
    assert!(hit.to_string().contains(expected), "{expected}: {hit}");
}

#[test]
fn a_bad_aws_profile_costs_the_accounts_that_use_it_alone() {
    let workspace = WorkspaceSetup::of(&mutual_aws()).start();
    let good = workspace.read("aws-credentials");
    let other = good.find(&format!("[{}]", Y.id)).expect("a profile for each");
    for (bad, expected) in [
        (format!("[{}]\n\tno equals sign\n", Y.id), ": expected `key = value`"),
        (format!("[{}\nk = v\n", Y.id), "is in neither"),
        (
            format!("[{}]\naws_access_key_id = 'K'\naws_secret_access_key = s\n", Y.id),
            "is in quotation marks",
        ),
        (
            format!("[{}]\ncredential_process = exit 3\n", Y.id),
            "credential_process `exit` ended with exit code 3",
        ),
    ] {
        workspace.write("aws-credentials", &format!("\u{feff}{}{bad}", &good[..other]));
        assert_one_is_hit(&workspace, X.id, Y.id, expected);
    }
}

#[test]
fn a_bad_alibaba_profile_costs_the_accounts_that_use_it_alone() {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    let mut file: Value = serde_json::from_str(&workspace.read("aliyun.json")).expect("JSON");
    file["current"] = Value::Null;
    let profiles = file["profiles"].as_array_mut().expect("profiles");
    let bad = profiles.iter_mut().find(|profile| profile["name"] == B.id).expect("a profile");
    bad["access_key_id"] = 1.into();
    workspace.write("aliyun.json", &format!("\u{feff}{file}"));
    assert_one_is_hit(&workspace, A.id, B.id, "`access_key_id` is a number, expected a text");
}

#[test]
fn a_profile_runs_a_command_only_where_that_is_allowed() {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    let mut file: Value = serde_json::from_str(&workspace.read("aliyun.json")).expect("JSON");
    let profiles = file["profiles"].as_array_mut().expect("profiles");
    let profile = profiles.iter_mut().find(|profile| profile["name"] == B.id).expect("a profile");
    workspace.write("key.json", &profile.to_string());
    let key = workspace.path("key.json");
    profile["mode"] = "External".into();
    profile["process_command"] = format!("sh -c 'cat \"$0\"' '{}' s3cret", key.display()).into();
    workspace.write("aliyun.json", &file.to_string());
    let allowed = ("UNPAIR_ALIBABA__ALLOW_EXTERNAL", "true");
    let forbidden = ("ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS", "1");
    assert_stands(&workspace, &[], B.id, "set allow_external = true in [alibaba] of unpair.toml");
    assert_stands(&workspace, &[allowed], B.id, "\"state\":\"ok\"");
    let why = "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS forbids it";
    assert_stands(&workspace, &[allowed, forbidden], B.id, why);
    workspace.write("key.json", "s3cret");
    assert_stands(&workspace, &[allowed], B.id, "`process_command`: `sh` gives no credentials");
}
