//! Every exit code, and what was sent until then.

use unpair_testing::process::Ended;
use unpair_testing::world_file::{A, B, PARTNER, WorldText, X, Y, admits, mutual};

use crate::scene::{Scene, Setting};

const PAIR: [(unpair_testing::world_file::Owner, &str, unpair_testing::world_file::Owner, &str);
    1] = [(A, "sg-a1", B, "sg-b1")];

fn scene() -> Scene {
    let scene = Setting::of(&mutual()).start();
    scene.pairs(&PAIR);
    scene
}

/// Asserts that nobody was called at all.
fn assert_nothing_sent(scene: &Scene) {
    assert_eq!(scene.calls().len(), 0, "{:?}", scene.calls());
}

#[test]
fn a_pair_that_is_severed_and_verified_is_exit_code_0() {
    let scene = scene();
    let result = scene.json(&["revoke", "pairs.csv", "--yes"], 0);
    assert_eq!(result["pairs"]["severed"], 1);
    assert_eq!(result["rules"]["removed"], 2);
    assert_eq!(result["state"], "finished");
    scene.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

#[test]
fn commands_that_only_look_end_with_0_and_change_nothing() {
    let scene = scene();
    for command in [&["audit", "pairs.csv"][..], &["plan", "pairs.csv"], &["accounts"], &["runs"]] {
        scene.run(command).exits(0);
    }
    scene.run(&["commands", "pairs.csv"]).exits(0);
    scene.run(&["report"]).exits(0);
    scene.run(&["completions", "bash"]).exits(0);
    scene.assert_untouched();
    assert!(scene.revocations().is_empty());
}

#[test]
fn a_journal_in_a_folder_that_is_not_there_is_exit_code_1_before_any_call() {
    let scene = scene();
    let ended = scene.run(&["revoke", "pairs.csv", "--yes", "--journal", "nowhere/unpair.db"]);
    ended.exits(1).tells("nowhere");
    assert_nothing_sent(&scene);
}

#[test]
fn a_file_that_is_no_journal_is_exit_code_1_and_is_left_as_it_is() {
    let scene = scene();
    scene.write("notes.txt", "shopping list: bread, butter, and nothing else for today\n");
    scene.run(&["revoke", "pairs.csv", "--yes", "--journal", "notes.txt"]).exits(1);
    assert!(scene.read("notes.txt").starts_with("shopping list"));
    assert_nothing_sent(&scene);
}

#[test]
fn without_a_journal_there_is_nothing_to_report_and_none_is_made() {
    let scene = scene();
    for command in ["report", "runs"] {
        scene.run(&[command]).exits(1).tells("no journal");
    }
    assert!(!scene.path("unpair.db").exists());
}

#[test]
fn an_output_file_in_a_folder_that_is_not_there_is_exit_code_1() {
    let scene = scene();
    scene.run(&["audit", "pairs.csv", "--output", "nowhere/out.json"]).exits(1).tells("nowhere");
}

#[test]
fn usage_errors_are_exit_code_2_and_nothing_is_sent() {
    let scene = scene();
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
        let ended = scene.run(args).exits(2);
        assert!(!ended.stderr.is_empty(), "{args:?} says why");
    }
    assert_nothing_sent(&scene);
}

#[test]
fn every_bad_row_is_told_with_file_line_and_column_and_nothing_is_sent() {
    let scene = scene();
    scene.write(
        "bad.csv",
        "cloud,region,account_a,group_a,account_b,group_b,direction\n\
         alibaba,cn-hangzhou,1234567890123401,sg-a1,1234567890123402,sg-b1,both\n\
         alibaba,cn-hangzhou,1234567890123401,1.23457E+15,1234567890123402,sg-b1,both\n\
         alibaba,cn-hangzhou,1234567890123401,sg-a1,1234567890123402,sg-b1,sideways\n\
         alibaba,cn-hangzhou,1234567890123401,sg-a1,1234567890123401,sg-a1,both\n",
    );
    let ended = scene.run(&["revoke", "bad.csv", "--yes"]).exits(2);
    for place in ["bad.csv:3: group_a:", "bad.csv:4: direction:", "bad.csv:5:"] {
        assert!(ended.stderr.contains(place), "{place} in {}", ended.stderr);
    }
    assert_nothing_sent(&scene);
}

#[test]
fn an_unknown_configuration_key_is_refused_by_name() {
    let scene = Setting::of(&mutual()).config("[guard]\nmax_rulez = 3\n").start();
    scene.pairs(&PAIR);
    scene.run(&["revoke", "pairs.csv", "--yes"]).exits(2).tells("max_rulez");
    assert_nothing_sent(&scene);
}

#[test]
fn an_unknown_region_is_a_bad_row() {
    let scene = scene();
    let csv = scene.read("pairs.csv").replace("cn-hangzhou", "cn-atlantis");
    scene.write("pairs.csv", &csv);
    scene.run(&["revoke", "pairs.csv", "--yes"]).exits(2).tells("cn-atlantis");
    assert_nothing_sent(&scene);
}

#[test]
fn a_side_that_cannot_be_severed_is_exit_code_3() {
    let scene = Setting::of(&mutual())
        .fault(format!("code:InvalidPriority.Malformed@RevokeSecurityGroup@{}=1", B.id))
        .start();
    scene.pairs(&PAIR);
    let result = scene.json(&["revoke", "pairs.csv", "--yes"], 3);
    assert_eq!(result["pairs"]["half_severed"], 1);
    assert_eq!(result["error"]["exit"], 3);
    assert_eq!(result["rules"]["failed"], 1);
}

#[test]
fn a_grant_that_is_live_makes_expect_severed_exit_code_3() {
    let scene = scene();
    scene.run(&["audit", "pairs.csv", "--expect-severed"]).exits(3);
    scene.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    scene.run(&["audit", "pairs.csv", "--expect-severed"]).exits(0);
}

#[test]
fn verify_ends_with_3_when_something_came_back() {
    let scene = scene();
    let before = scene.world();
    scene.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    scene.run(&["verify"]).exits(0);
    scene.edit(|world| *world = before);
    scene.run(&["verify"]).exits(3);
}

#[test]
fn a_signal_is_exit_code_4_and_resume_goes_on() {
    for signal in ["INT", "TERM"] {
        let scene = scene();
        scene.write("pause", "");
        let running = scene.begin(&["revoke", "pairs.csv", "--yes", "--pause-file", "pause"]);
        scene.wait_for("the audit", |calls| calls.len() >= 4);
        running.signal(signal);
        running.wait().exits(4).shows("Next: unpair resume");
        assert!(scene.revocations().is_empty());
        scene.assert_untouched();
        scene.run(&["resume", "--yes"]).exits(0);
        scene.assert_only_severed(&[("sg-a1", "sg-b1")]);
    }
}

#[test]
fn the_longest_duration_is_exit_code_4_and_resume_goes_on() {
    let scene = scene();
    scene.write("pause", "");
    let args = ["revoke", "pairs.csv", "--yes", "--pause-file", "pause", "--max-duration", "300ms"];
    let result = scene.json(&args, 4);
    assert_eq!(result["state"], "interrupted");
    assert_eq!(result["rules"]["pending"], 2);
    scene.assert_untouched();
    scene.run(&["resume", "--yes"]).exits(0);
}

#[test]
fn nothing_is_sent_while_the_pause_file_is_there_and_that_is_told() {
    let scene = scene();
    scene.write("pause", "");
    let running = scene.begin(&["revoke", "pairs.csv", "--yes", "--pause-file", "pause"]);
    let told = ["paused: no new call while pause exists", "going on: pause is gone"];
    running.wait_until_it_tells(told[0]);
    assert!(scene.revocations().is_empty());
    std::fs::remove_file(scene.path("pause")).expect("the pause file is there");
    let ended = running.wait().exits(0);
    assert_eq!(told.map(|told| ended.stderr.matches(told).count()), [1, 1], "{}", ended.stderr);
}

#[test]
fn a_question_that_nobody_can_answer_is_exit_code_5_before_any_call() {
    let scene = scene();
    for args in [&["revoke", "pairs.csv"][..], &["resume"], &["revoke", "--run", "x"]] {
        scene.run(args).exits(5).tells("--yes");
    }
    assert_nothing_sent(&scene);
}

#[test]
fn a_second_process_on_one_journal_is_exit_code_6() {
    let scene = scene();
    scene.write("pause", "");
    let first = scene.begin(&["revoke", "pairs.csv", "--yes", "--pause-file", "pause"]);
    scene.wait_for("the first process to call", |calls| !calls.is_empty());
    let calls_of_second = scene.run(&["revoke", "pairs.csv", "--yes"]);
    calls_of_second.exits(6).tells("unpair.db");
    std::fs::remove_file(scene.path("pause")).expect("the pause file is there");
    first.wait().exits(0);
    scene.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

/// Each profile has a key that is another account's.
fn swap_profiles(scene: &Scene) {
    let (a, b) = (A.id, B.id);
    let text = scene.read("aliyun.json");
    let text = text.replace(&format!("KEY{a}"), "KEYx").replace(&format!("secret{a}"), "secretx");
    let text = text.replace(&format!("KEY{b}"), &format!("KEY{a}"));
    let text = text.replace(&format!("secret{b}"), &format!("secret{a}"));
    let text = text.replace("KEYx", &format!("KEY{b}")).replace("secretx", &format!("secret{b}"));
    scene.write("aliyun.json", &text);
}

fn only_identities_were_asked(scene: &Scene) {
    for call in scene.calls() {
        assert_eq!(call.action, "GetCallerIdentity");
    }
}

#[test]
fn wrong_identities_everywhere_are_exit_code_7() {
    let scene = scene();
    swap_profiles(&scene);
    let told: Ended = scene.run(&["revoke", "pairs.csv", "--yes"]).exits(7);
    assert!(told.stderr.contains(A.id) && told.stderr.contains(B.id), "{}", told.stderr);
    only_identities_were_asked(&scene);
    scene.assert_untouched();
    scene.run(&["audit", "pairs.csv"]).exits(7);
    scene.run(&["plan", "pairs.csv"]).exits(7);
}

#[test]
fn wrong_keys_everywhere_are_exit_code_7() {
    let scene = scene();
    let text = scene.read("aliyun.json").replace("secret1", "wrong1");
    scene.write("aliyun.json", &text);
    scene.run(&["revoke", "pairs.csv", "--yes"]).exits(7).tells("SignatureDoesNotMatch");
    scene.assert_untouched();
}

#[test]
fn an_endpoint_that_nobody_serves_is_exit_code_7_and_named() {
    let scene = scene();
    let config = scene.read("unpair.toml");
    let served = config.lines().find(|line| line.starts_with("ecs_endpoint")).expect("an endpoint");
    let url = served.split('\'').nth(1).expect("a URL");
    // Port 9 of loopback is the discard service, which nobody runs.
    scene.write("unpair.toml", &config.replace(url, "http://127.0.0.1:9"));
    scene.run(&["revoke", "pairs.csv", "--yes"]).exits(7).tells("127.0.0.1:9");
    scene.assert_untouched();
}

#[test]
fn wrong_credentials_of_one_account_send_nothing_of_it_and_the_rest_goes_on() {
    let world = mutual().group(X, "sg-0000a001", &[admits(Y, "sg-0000b001")]).group(
        Y,
        "sg-0000b001",
        &[admits(X, "sg-0000a001")],
    );
    let scene = Setting::of(&world).start();
    scene.pairs(&[PAIR[0], (X, "sg-0000a001", Y, "sg-0000b001")]);
    let text = scene.read("aliyun.json").replace(&format!("KEY{}", B.id), &format!("KEY{}", A.id));
    let text = text.replace(&format!("secret{}", B.id), &format!("secret{}", A.id));
    scene.write("aliyun.json", &text);
    let result = scene.json(&["revoke", "pairs.csv", "--yes"], 3);
    assert_eq!(result["pairs"]["severed"], 1, "the pair on AWS");
    assert_eq!(
        result["pairs"]["severed"].as_i64().map(|n| n + 1),
        result["pairs"]["total"].as_i64()
    );
    let (gone, _) = scene.changes();
    assert!(!gone.iter().any(|rule| rule.starts_with("sg-b1 ")), "{gone:?}");
    assert_eq!(gone.len(), 3);
}

#[test]
fn accounts_tells_a_wrong_identity_and_a_partner() {
    let scene = Setting::of(&WorldText::empty()).start();
    scene.run(&["accounts"]).exits(0);
    swap_profiles(&scene);
    let accounts = scene.run(&["accounts", "--format", "json"]).exits(3).json();
    let of = |id: &str| {
        let all = accounts.as_array().expect("an array");
        all.iter().find(|account| account["account"] == id).expect(id)["state"].clone()
    };
    assert_eq!(of(A.id), "wrong account");
    assert_eq!(of(PARTNER.id), "not ours");
    assert_eq!(of(X.id), "ok");
}
