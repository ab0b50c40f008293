//! `check` without network and journal, and `accounts` of the accounts that manifests name.

use unpair_testing::world_file::{A, B, PARTNER, X, Y, mutual};

use crate::workspace::{CliWorkspace, WorkspaceSetup};

fn workspace() -> CliWorkspace {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    workspace.pairs(&[
        (A, "sg-a1", B, "sg-b1"),
        (X, "sg-00000001", Y, "sg-00000002"),
        (B, "sg-b1", A, "sg-a1"),
    ]);
    workspace
}

/// Asserts that nothing was sent, and that no journal was made.
#[track_caller]
fn assert_offline(workspace: &CliWorkspace) {
    assert!(workspace.calls().is_empty(), "{:?}", workspace.calls());
    assert!(!workspace.path("unpair.db").exists());
}

#[test]
fn pairs_accounts_regions_and_repeated_rows_are_told_without_network_and_journal() {
    let workspace = workspace();
    let told = workspace.json(&["check", "pairs.csv"], 0);
    assert_eq!(told["command"], "check");
    for (key, value) in [("pairs", 2), ("rows", 2), ("groups", 4), ("left_out", 0)] {
        assert_eq!(told[key], value, "{key}: {told}");
    }
    assert_eq!(told["repeated"][0]["row"], "pairs.csv:4");
    assert_eq!(told["repeated"][0]["same_as"], "pairs.csv:2");
    let accounts = told["accounts"].as_array().expect("accounts");
    assert_eq!(accounts.len(), 4);
    assert_eq!(accounts[0]["account"], A.id);
    assert_eq!(accounts[0]["regions"][0], A.region);
    assert_eq!(accounts[0]["credentials"], format!("called with profile {}", A.id));
    let text = workspace.run(&["check", "pairs.csv"]).exits(0);
    text.shows("2 pairs between 4 groups · 1 repeated row left out")
        .shows("pairs.csv:4 is the same pair as pairs.csv:2")
        .shows("Next: unpair plan pairs.csv");
    assert_offline(&workspace);
}

#[test]
fn how_each_account_would_be_called_is_told() {
    let workspace = workspace();
    workspace.write(
        "pairs.csv",
        &format!(
            "region,account_a,group_a,account_b,group_b\n\
             cn-hangzhou,{},sg-a1,{},sg-p1\n\
             cn-hangzhou,9999999999999999,sg-a1,stranger@aliyun.com,sg-b1\n",
            A.id, PARTNER.name
        ),
    );
    let told = workspace.json(&["check", "pairs.csv"], 0);
    let how = |account: &str| {
        let accounts = told["accounts"].as_array().expect("accounts").iter();
        let found = accounts.clone().find(|found| found["account"] == account);
        found.expect("an account")["credentials"].as_str().expect("text").to_owned()
    };
    assert_eq!(how(PARTNER.id), "not ours to call");
    assert_eq!(how("9999999999999999"), "called with the credentials of its cloud");
    assert!(how("stranger@aliyun.com").contains("no [[account]] maps this name"), "{told}");
}

#[test]
fn bad_rows_are_exit_code_2_and_with_keep_going_the_others_are_checked() {
    let workspace = workspace();
    let bad = workspace.read("pairs.csv") + "alibaba,mars-1,1,sg-1,2,sg-2\n";
    workspace.write("pairs.csv", &bad);
    workspace.run(&["check", "pairs.csv"]).exits(2).tells("pairs.csv:5: region: `mars-1`");
    let told = workspace.json(&["check", "pairs.csv", "--keep-going"], 3);
    assert_eq!((&told["pairs"], &told["left_out"]), (&2.into(), &1.into()));
    assert_offline(&workspace);
}

#[test]
fn what_a_guard_refuses_is_exit_code_5() {
    let workspace = workspace();
    for (variable, value) in
        [("UNPAIR_GUARD__PROTECT", "sg-b1"), ("UNPAIR_GUARD__ONLY_ACCOUNTS", A.id)]
    {
        let ended = workspace.run_with(&["check", "pairs.csv"], &[(variable, value)]).exits(5);
        ended.tells("refused by [guard]").tells("pairs.csv:2");
    }
    let later = [("UNPAIR_GUARD__MAX_RULES", "5")];
    let told = workspace.run_with(&["check", "pairs.csv"], &later).exits(0);
    told.shows("`unpair plan` judges max_rules");
    assert_offline(&workspace);
}

#[test]
fn the_next_command_has_the_options_that_lead_to_the_same_accounts() {
    let workspace = workspace();
    let ended = workspace.run(&["check", "pairs.csv", "--config", "unpair.toml"]).exits(0);
    ended.shows("Next: unpair plan pairs.csv --config unpair.toml\n");
    let args = ["check", "pairs.csv", "--sandbox", "--journal", "my own.db"];
    let ended = workspace.run(&args).exits(0);
    ended.shows("Next: unpair plan pairs.csv --journal 'my own.db' --sandbox\n");
}

#[test]
fn a_summary_names_no_account() {
    let short = workspace().run(&["check", "pairs.csv", "--summary"]).exits(0).stdout;
    assert!(short.contains("2 pairs") && !short.contains(A.id), "{short}");
}

#[test]
fn accounts_checks_those_that_a_manifest_names_configured_or_not() {
    let workspace = workspace();
    let named = |told: &serde_json::Value| -> Vec<String> {
        let accounts = told.as_array().expect("an array").iter();
        accounts.map(|it| it["account"].as_str().expect("an account").to_owned()).collect()
    };
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    assert_eq!(named(&workspace.json(&["accounts", "pairs.csv"], 0)), [A.id, B.id]);
    let stranger = workspace.read("pairs.csv").replace(B.id, "stranger@aliyun.com");
    workspace.write("pairs.csv", &stranger);
    let told = workspace.json(&["accounts", "pairs.csv"], 3);
    assert_eq!(named(&told), [A.id, "stranger@aliyun.com"]);
    assert_eq!(told[1]["state"], "AccountNotMapped");
}

#[test]
fn without_accounts_in_the_configuration_the_credentials_that_are_there_are_checked() {
    let workspace = workspace();
    let text = workspace.read("unpair.toml");
    let (clouds, _) = text.split_once("[[account]]").expect("accounts");
    workspace.write("unpair.toml", clouds);
    let account = workspace.sandbox.accounts().iter().find(|it| it.id.as_str() == A.id);
    let account = account.expect("an account with a key");
    let env = [
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", account.access_key_id.as_str()),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", account.access_key_secret.as_str()),
        ("AWS_ACCESS_KEY_ID", ""),
    ];
    std::fs::remove_file(workspace.path("aws-config")).expect("a file");
    std::fs::remove_file(workspace.path("aws-credentials")).expect("a file");
    let told = workspace.run_with(&["accounts", "--format", "json"], &env).exits(0).json();
    assert_eq!(told[0]["account"], A.id);
    assert_eq!(told[0]["state"], "ok");
    assert_eq!(told.as_array().map(Vec::len), Some(1), "{told}");
    workspace.write("unpair.toml", "");
    let none = [("ALIBABA_CLOUD_ACCESS_KEY_ID", ""), ("AWS_ACCESS_KEY_ID", "")];
    let ended = workspace.run_with(&["accounts"], &none).exits(2);
    ended.tells("unpair accounts pairs.csv").tells("unpair init");
}

#[test]
fn a_policy_is_of_no_manifest() {
    let workspace = workspace();
    workspace
        .run(&["accounts", "--policy", "restore"])
        .exits(2)
        .tells("not available in this version");
    workspace.run(&["accounts", "--policy", "pairs.csv"]).exits(2).tells("leave the manifests out");
}
