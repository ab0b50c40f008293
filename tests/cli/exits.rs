//! Every exit code, and what was sent until then.

use unpair_testing::process::Ended;
use unpair_testing::world_file::{A, B, PARTNER, WorldText, X, Y, admits, mutual};

use crate::workspace::{CliWorkspace, WorkspaceSetup};

const PAIR: [(unpair_testing::world_file::Owner, &str, unpair_testing::world_file::Owner, &str);
    1] = [(A, "sg-a1", B, "sg-b1")];

fn workspace() -> CliWorkspace {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    workspace.pairs(&PAIR);
    workspace
}

/// Asserts that nobody was called at all.
fn assert_nothing_sent(workspace: &CliWorkspace) {
    assert_eq!(workspace.calls().len(), 0, "{:?}", workspace.calls());
}

#[test]
fn a_pair_that_is_severed_and_verified_is_exit_code_0() {
    let workspace = workspace();
    let result = workspace.json(&["revoke", "pairs.csv", "--yes"], 0);
    assert_eq!(result["pairs"]["severed"], 1);
    assert_eq!(result["rules"]["removed"], 2);
    assert_eq!(result["state"], "finished");
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

#[test]
fn commands_that_only_look_end_with_0_and_change_nothing() {
    let workspace = workspace();
    for command in [&["audit", "pairs.csv"][..], &["plan", "pairs.csv"], &["accounts"], &["runs"]] {
        workspace.run(command).exits(0);
    }
    workspace.run(&["commands", "pairs.csv"]).exits(0);
    workspace.run(&["report"]).exits(0);
    workspace.run(&["completions", "bash"]).exits(0);
    workspace.assert_untouched();
    assert!(workspace.revocations().is_empty());
}

#[test]
fn a_journal_in_a_folder_that_is_not_there_is_exit_code_1_before_any_call() {
    let workspace = workspace();
    let ended = workspace.run(&["revoke", "pairs.csv", "--yes", "--journal", "nowhere/unpair.db"]);
    ended.exits(1).tells("nowhere");
    assert_nothing_sent(&workspace);
}

#[test]
fn a_file_that_is_no_journal_is_exit_code_1_and_is_left_as_it_is() {
    let workspace = workspace();
    workspace.write("notes.txt", "shopping list: bread, butter, and nothing else for today\n");
    workspace.run(&["revoke", "pairs.csv", "--yes", "--journal", "notes.txt"]).exits(1);
    assert!(workspace.read("notes.txt").starts_with("shopping list"));
    assert_nothing_sent(&workspace);
}

#[test]
fn without_a_journal_there_is_nothing_to_report_and_none_is_made() {
    let workspace = workspace();
    for command in ["report", "runs"] {
        workspace.run(&[command]).exits(1).tells("no journal");
    }
    assert!(!workspace.path("unpair.db").exists());
}

#[test]
fn an_output_file_in_a_folder_that_is_not_there_is_exit_code_1() {
    let workspace = workspace();
    workspace
        .run(&["audit", "pairs.csv", "--output", "nowhere/out.json"])
        .exits(1)
        .tells("nowhere");
}

#[test]
fn usage_errors_are_exit_code_2_and_nothing_is_sent() {
    let workspace = workspace();
    for args in [
        &["revoke"][..],
        &["revoke", "missing.csv", "--yes"],
        &["revoke", "pairs.csv", "--yes", "--no-such-option"],
        &["revoke", "pairs.csv", "--run", "1", "--yes"],
        &["revoke", "pairs.csv", "--yes", "--digest", "d"],
        &["revoke", "--run", "no-such-run", "--yes"],
        &["resume", "--yes"],
        &["audit", "pairs.csv", "--config", "missing.toml"],
        &["audit", "pairs.csv", "--format", "yaml"],
        &["plan", "pairs.csv", "--no-audit", "--by", "rule-id"],
        &["sandbox", "--fault", "nonsense=1"],
        &["sandbox", "--listen", "0.0.0.0:0"],
        &["verify"],
    ] {
        let ended = workspace.run(args).exits(2);
        assert!(!ended.stderr.is_empty(), "{args:?} says why");
    }
    assert_nothing_sent(&workspace);
}

#[test]
fn every_bad_row_is_told_with_file_line_and_column_and_nothing_is_sent() {
    let workspace = workspace();
    workspace.write(
        "bad.csv",
        "cloud,region,account_a,group_a,account_b,group_b,direction\n\
         alibaba,cn-hangzhou,1234567890123401,sg-a1,1234567890123402,sg-b1,both\n\
         alibaba,cn-hangzhou,1234567890123401,1.23457E+15,1234567890123402,sg-b1,both\n\
         alibaba,cn-hangzhou,1234567890123401,sg-a1,1234567890123402,sg-b1,sideways\n\
         alibaba,cn-hangzhou,1234567890123401,sg-a1,1234567890123401,sg-a1,both\n",
    );
    let ended = workspace.run(&["revoke", "bad.csv", "--yes"]).exits(2);
    for place in ["bad.csv:3: group_a:", "bad.csv:4: direction:", "bad.csv:5:"] {
        assert!(ended.stderr.contains(place), "{place} in {}", ended.stderr);
    }
    assert_nothing_sent(&workspace);
}

#[test]
fn an_unknown_configuration_key_is_refused_by_name() {
    let workspace = WorkspaceSetup::of(&mutual()).config("[guard]\nmax_rulez = 3\n").start();
    workspace.pairs(&PAIR);
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(2).tells("max_rulez");
    assert_nothing_sent(&workspace);
}

#[test]
fn an_unknown_region_is_a_bad_row() {
    let workspace = workspace();
    let csv = workspace.read("pairs.csv").replace("cn-hangzhou", "cn-atlantis");
    workspace.write("pairs.csv", &csv);
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(2).tells("cn-atlantis");
    assert_nothing_sent(&workspace);
}

#[test]
fn a_side_that_cannot_be_severed_is_exit_code_3() {
    let workspace = WorkspaceSetup::of(&mutual())
        .fault(format!("code:InvalidPriority.Malformed@RevokeSecurityGroup@{}=1", B.id))
        .start();
    workspace.pairs(&PAIR);
    let result = workspace.json(&["revoke", "pairs.csv", "--yes"], 3);
    assert_eq!(result["pairs"]["half_severed"], 1);
    assert_eq!(result["error"]["exit"], 3);
    assert_eq!(result["rules"]["failed"], 1);
}

#[test]
fn a_grant_that_is_live_makes_expect_severed_exit_code_3() {
    let workspace = workspace();
    workspace.run(&["audit", "pairs.csv", "--expect-severed"]).exits(3);
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    workspace.run(&["audit", "pairs.csv", "--expect-severed"]).exits(0);
}

#[test]
fn verify_ends_with_3_when_something_came_back() {
    let workspace = workspace();
    let before = workspace.world();
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    workspace.run(&["verify"]).exits(0);
    workspace.edit(|world| *world = before);
    workspace.run(&["verify"]).exits(3);
}

#[test]
fn a_signal_is_exit_code_4_and_resume_goes_on() {
    for signal in ["INT", "TERM"] {
        let workspace = workspace();
        workspace.write("pause", "");
        let running = workspace.begin(&["revoke", "pairs.csv", "--yes", "--pause-file", "pause"]);
        workspace.wait_for("the audit", |calls| calls.len() >= 4);
        running.signal(signal);
        running.wait().exits(4).shows("Next: unpair resume");
        assert!(workspace.revocations().is_empty());
        workspace.assert_untouched();
        workspace.run(&["resume", "--yes"]).exits(0);
        workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
    }
}

#[test]
fn the_longest_duration_is_exit_code_4_and_resume_goes_on() {
    let workspace = workspace();
    workspace.write("pause", "");
    let args = ["revoke", "pairs.csv", "--yes", "--pause-file", "pause", "--max-duration", "300ms"];
    let result = workspace.json(&args, 4);
    assert_eq!(result["state"], "interrupted");
    assert_eq!(result["rules"]["pending"], 2);
    workspace.assert_untouched();
    workspace.run(&["resume", "--yes"]).exits(0);
}

#[test]
fn nothing_is_sent_while_the_pause_file_is_there_and_that_is_told() {
    let workspace = workspace();
    workspace.write("pause", "");
    let running = workspace.begin(&["revoke", "pairs.csv", "--yes", "--pause-file", "pause"]);
    let told = ["paused: no new call while pause exists", "going on: pause is gone"];
    running.wait_until_it_tells(told[0]);
    assert!(workspace.revocations().is_empty());
    std::fs::remove_file(workspace.path("pause")).expect("the pause file is there");
    let ended = running.wait().exits(0);
    assert_eq!(told.map(|told| ended.stderr.matches(told).count()), [1, 1], "{}", ended.stderr);
}

#[test]
fn a_question_that_nobody_can_answer_is_exit_code_5_before_any_call() {
    let workspace = workspace();
    for args in [&["revoke", "pairs.csv"][..], &["resume"], &["revoke", "--run", "x"]] {
        workspace.run(args).exits(5).tells("--yes");
    }
    assert_nothing_sent(&workspace);
}

#[test]
fn a_second_process_on_one_journal_is_exit_code_6() {
    let workspace = workspace();
    workspace.write("pause", "");
    let first = workspace.begin(&["revoke", "pairs.csv", "--yes", "--pause-file", "pause"]);
    workspace.wait_for("the first process to call", |calls| !calls.is_empty());
    let calls_of_second = workspace.run(&["revoke", "pairs.csv", "--yes"]);
    calls_of_second.exits(6).tells("unpair.db");
    std::fs::remove_file(workspace.path("pause")).expect("the pause file is there");
    first.wait().exits(0);
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

/// Each profile has a key that is another account's.
fn swap_profiles(workspace: &CliWorkspace) {
    let (a, b) = (A.id, B.id);
    let text = workspace.read("aliyun.json");
    let text = text.replace(&format!("KEY{a}"), "KEYx").replace(&format!("secret{a}"), "secretx");
    let text = text.replace(&format!("KEY{b}"), &format!("KEY{a}"));
    let text = text.replace(&format!("secret{b}"), &format!("secret{a}"));
    let text = text.replace("KEYx", &format!("KEY{b}")).replace("secretx", &format!("secret{b}"));
    workspace.write("aliyun.json", &text);
}

fn only_identities_were_asked(workspace: &CliWorkspace) {
    for call in workspace.calls() {
        assert_eq!(call.action, "GetCallerIdentity");
    }
}

#[test]
fn wrong_identities_everywhere_are_exit_code_7() {
    let workspace = workspace();
    swap_profiles(&workspace);
    let told: Ended = workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(7);
    assert!(told.stderr.contains(A.id) && told.stderr.contains(B.id), "{}", told.stderr);
    only_identities_were_asked(&workspace);
    workspace.assert_untouched();
    workspace.run(&["audit", "pairs.csv"]).exits(7);
    workspace.run(&["plan", "pairs.csv"]).exits(7);
}

#[test]
fn wrong_keys_everywhere_are_exit_code_7() {
    let workspace = workspace();
    let text = workspace.read("aliyun.json").replace("secret1", "wrong1");
    workspace.write("aliyun.json", &text);
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(7).tells("SignatureDoesNotMatch");
    workspace.assert_untouched();
}

#[test]
fn an_endpoint_that_nobody_serves_is_exit_code_7_and_named() {
    let workspace = workspace();
    let config = workspace.read("unpair.toml");
    let served = config.lines().find(|line| line.starts_with("ecs_endpoint")).expect("an endpoint");
    let url = served.split('\'').nth(1).expect("a URL");
    // Port 9 of loopback is the discard service, which nobody runs.
    workspace.write("unpair.toml", &config.replace(url, "http://127.0.0.1:9"));
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(7).tells("127.0.0.1:9");
    workspace.assert_untouched();
}

#[test]
fn wrong_credentials_of_one_account_send_nothing_of_it_and_the_rest_goes_on() {
    let world = mutual().group(X, "sg-0000a001", &[admits(Y, "sg-0000b001")]).group(
        Y,
        "sg-0000b001",
        &[admits(X, "sg-0000a001")],
    );
    let workspace = WorkspaceSetup::of(&world).start();
    workspace.pairs(&[PAIR[0], (X, "sg-0000a001", Y, "sg-0000b001")]);
    let text =
        workspace.read("aliyun.json").replace(&format!("KEY{}", B.id), &format!("KEY{}", A.id));
    let text = text.replace(&format!("secret{}", B.id), &format!("secret{}", A.id));
    workspace.write("aliyun.json", &text);
    let result = workspace.json(&["revoke", "pairs.csv", "--yes"], 3);
    assert_eq!(result["pairs"]["severed"], 1, "the pair on AWS");
    assert_eq!(
        result["pairs"]["severed"].as_i64().map(|n| n + 1),
        result["pairs"]["total"].as_i64()
    );
    let (gone, _) = workspace.changes();
    assert!(!gone.iter().any(|rule| rule.starts_with("sg-b1 ")), "{gone:?}");
    assert_eq!(gone.len(), 3);
}

#[test]
fn accounts_tells_a_wrong_identity_and_a_partner() {
    let workspace = WorkspaceSetup::of(&WorldText::empty()).start();
    workspace.run(&["accounts"]).exits(0);
    swap_profiles(&workspace);
    let accounts = workspace.run(&["accounts", "--format", "json"]).exits(3).json();
    let of = |id: &str| {
        let all = accounts.as_array().expect("an array");
        all.iter().find(|account| account["account"] == id).expect(id)["state"].clone()
    };
    assert_eq!(of(A.id), "wrong account");
    assert_eq!(of(PARTNER.id), "not ours");
    assert_eq!(of(X.id), "ok");
}
