//! What is printed, where, and what scripts may rely on.

use serde_json::Value;
use unpair_testing::world_file::{A, B, WorldText, admits, mutual};

use crate::workspace::{CliWorkspace, WorkspaceSetup};

fn workspace() -> CliWorkspace {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace
}

/// Asserts that `value` has every key of the contract's object.
fn assert_promised_keys(value: &Value, command: &str) {
    assert_eq!(value["schema"], 1);
    assert_eq!(value["command"], command);
    let keys = |section: &str, names: &str| {
        for name in names.split_whitespace() {
            assert!(value[section].get(name).is_some(), "{command}: {section}.{name} in {value}");
        }
    };
    for name in ["run", "state", "digest", "estimate_s", "elapsed_s"] {
        assert!(value.get(name).is_some(), "{command}: {name} in {value}");
    }
    keys("pairs", "total severed narrowed ours_severed half_severed open unknown");
    keys(
        "rules",
        "planned removed already_absent conflict still_present group_gone failed unknown \
         unverified pending outside",
    );
    keys("calls", "total by_action by_code throttled retried");
}

#[test]
fn audit_plan_revoke_resume_and_verify_print_the_promised_object() {
    let workspace = WorkspaceSetup::of(&mutual())
        .fault("code:InvalidPriority.Malformed@RevokeSecurityGroup=2x")
        .start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    let audit = workspace.json(&["audit", "pairs.csv"], 0);
    assert_promised_keys(&audit, "audit");
    let plan = workspace.json(&["plan", "pairs.csv"], 0);
    assert_promised_keys(&plan, "plan");
    assert_eq!(plan["state"], "planned");
    let revoke = workspace.json(&["revoke", "pairs.csv", "--yes"], 3);
    assert_promised_keys(&revoke, "revoke");
    assert_eq!(revoke["error"]["exit"], 3);
    assert_eq!(revoke["calls"]["by_code"]["InvalidPriority.Malformed"], 2);
    let resume = workspace.json(&["resume", "--yes"], 0);
    assert_promised_keys(&resume, "resume");
    assert!(resume.get("error").is_none());
    assert_promised_keys(&workspace.json(&["verify"], 0), "verify");
}

#[test]
fn every_planned_rule_is_in_exactly_one_outcome() {
    let workspace = workspace();
    let rules = workspace.json(&["revoke", "pairs.csv", "--yes"], 0)["rules"].clone();
    let counts = rules.as_object().expect("an object");
    let outcomes = counts.iter().filter(|(name, _)| *name != "planned" && *name != "outside");
    let sum: i64 = outcomes.filter_map(|(_, count)| count.as_i64()).sum();
    assert_eq!(Some(sum), rules["planned"].as_i64());
}

#[test]
fn the_report_tells_each_revocation_with_its_rule_and_its_requests() {
    let workspace = workspace();
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    let report = workspace.report();
    assert_promised_keys(&report, "report");
    let rows = report["revocations"].as_array().expect("revocations");
    assert_eq!(rows.len(), 2);
    for row in rows {
        for name in [
            "pair",
            "note",
            "side",
            "cloud",
            "account",
            "region",
            "group",
            "direction",
            "rule_id",
            "ip_protocol",
            "port_range",
            "policy",
            "priority",
            "outcome",
            "attempts",
            "request_ids",
            "client_tokens",
        ] {
            assert!(row.get(name).is_some(), "{name} in {row}");
        }
        let id = row["request_ids"][0].as_str().expect("a request id");
        assert!(
            workspace.revocations().iter().any(|call| call.request_id == id),
            "{id} is a call's"
        );
    }
}

#[test]
fn the_csv_report_has_one_line_for_each_revocation() {
    let workspace = workspace();
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    let csv = workspace.run(&["report", "--format", "csv"]).exits(0).stdout;
    assert_eq!(csv.lines().count(), 3, "{csv}");
    assert!(csv.lines().next().is_some_and(|head| head.contains("rule_id")), "{csv}");
}

#[test]
fn a_script_gets_one_line_for_each_pair_severed_ones_included() {
    let workspace = workspace();
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    let csv = workspace.run(&["report", "--rows", "pairs"]).exits(0).stdout;
    assert_eq!(csv.lines().count(), 2, "{csv}");
    assert!(csv.contains(",severed,both sides are clean,"), "{csv}");
    let report = workspace.json(&["report", "--rows", "pairs"], 0);
    assert_promised_keys(&report, "report");
    assert_eq!(report["rows"][0]["outcome"], "severed");
    workspace.run(&["report", "--rows", "pairs", "--format", "table"]).exits(2).tells("csv");
    workspace.run(&["report", "--rows", "groups"]).exits(2).tells("pairs");
}

#[test]
fn the_html_report_is_one_whole_page() {
    let workspace = workspace();
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    let html = workspace.run(&["report", "--format", "html"]).exits(0).stdout;
    assert!(html.trim_start().to_lowercase().starts_with("<!doctype html>"), "{html}");
    assert!(html.trim_end().ends_with("</html>"));
}

#[test]
fn runs_prints_an_array() {
    let workspace = workspace();
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    assert_eq!(workspace.json(&["runs"], 0).as_array().map(Vec::len), Some(1));
}

#[test]
fn an_error_before_the_result_is_one_json_object_on_standard_output() {
    let workspace = workspace();
    for (args, exit) in [
        (&["revoke", "missing.csv", "--yes"][..], 2),
        (&["revoke", "pairs.csv"], 5),
        (&["revoke", "pairs.csv", "--yes", "--max-rules", "1"], 5),
        (&["revoke", "pairs.csv", "--yes", "--journal", "nowhere/x.db"], 1),
    ] {
        let object = workspace.json(args, exit);
        assert_eq!(object["error"]["exit"], exit, "{object}");
        let messages = object["error"]["messages"].as_array().expect("messages");
        assert!(!messages.is_empty());
    }
}

#[test]
fn a_usage_error_of_the_command_line_is_a_json_object_too() {
    let workspace = workspace();
    let object = workspace.json(&["revoke", "pairs.csv", "--no-such-option"], 2);
    assert_eq!(object["error"]["exit"], 2);
}

#[test]
fn an_output_file_appears_whole_and_nothing_goes_to_standard_output() {
    let workspace = workspace();
    let args = ["revoke", "pairs.csv", "--yes", "--format", "json", "--output", "out.json"];
    let ended = workspace.run(&args).exits(0);
    assert_eq!(ended.stdout, "");
    let object: Value = serde_json::from_str(&workspace.read("out.json")).expect("whole JSON");
    assert_promised_keys(&object, "revoke");
}

#[test]
fn a_command_that_fails_leaves_the_former_output_file_alone() {
    let workspace = workspace();
    workspace.write("out.json", "former");
    workspace.run(&["report", "--format", "json", "--output", "out.json"]).exits(1);
    assert_eq!(workspace.read("out.json"), "former");
    let names = std::fs::read_dir(workspace.path(".")).expect("the folder");
    let strange =
        names.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(".tmp"));
    assert_eq!(strange.count(), 0, "no temporary file is left");
}

#[test]
fn an_output_that_is_a_device_is_written_to_and_stays_a_device() {
    let workspace = workspace();
    std::os::unix::fs::symlink("/dev/null", workspace.path("null")).expect("a link");
    workspace.run(&["audit", "pairs.csv", "--output", "null"]).exits(0);
    assert!(workspace.path("null").is_symlink());
}

#[test]
fn a_full_disk_is_told_with_exit_code_1_and_the_run_is_in_the_journal() {
    let workspace = workspace();
    std::os::unix::fs::symlink("/dev/full", workspace.path("full")).expect("a link");
    let ended = workspace.run(&["revoke", "pairs.csv", "--yes", "--output", "full"]).exits(1);
    ended.tells("No space left on device");
    assert_eq!(workspace.report()["rules"]["removed"], 2);
}

#[test]
fn quiet_prints_the_result_alone() {
    let workspace = workspace();
    let ended =
        workspace.run(&["revoke", "pairs.csv", "--yes", "--quiet", "--format", "json"]).exits(0);
    assert_eq!(ended.stderr, "");
    assert_promised_keys(&ended.json(), "revoke");
}

#[test]
fn an_overridden_endpoint_is_told_and_a_variable_of_the_aws_tools_ignored() {
    let workspace = workspace();
    let env = [("AWS_ENDPOINT_URL_EC2", "http://127.0.0.1:9")];
    let ended = workspace.run_with(&["audit", "pairs.csv"], &env).exits(0);
    ended.tells("ecs_endpoint").tells("AWS_ENDPOINT_URL_EC2");
}

#[test]
fn what_is_piped_has_no_colours_and_no_bars() {
    let workspace = workspace();
    for env in [&[][..], &[("NO_COLOR", "1")], &[("CLICOLOR_FORCE", "0")]] {
        for command in [&["audit", "pairs.csv"][..], &["plan", "pairs.csv"], &["runs"]] {
            let ended = workspace.run_with(command, env).exits(0);
            assert!(!ended.stdout.contains('\u{1b}'), "{}", ended.stdout);
            assert!(!ended.stderr.contains('\u{1b}') && !ended.stderr.contains('\r'));
        }
    }
}

#[test]
fn control_characters_in_names_of_the_cloud_and_notes_are_escaped() {
    let workspace = workspace();
    workspace.edit(|world| {
        for group in world.groups.values_mut() {
            group.name = "evil\u{1b}[31m\u{7}".to_owned();
            group.rules[0].description = "red\u{1b}[2J\u{202e}txt".to_owned();
        }
    });
    workspace.write(
        "pairs.csv",
        &format!(
            "region,account_a,group_a,account_b,group_b,note\n\
             cn-hangzhou,{},sg-a1,{},sg-b1,\"a\u{1b}[31mb\"\n",
            A.id, B.id
        ),
    );
    for args in [&["audit", "pairs.csv"][..], &["plan", "pairs.csv"], &["report"]] {
        let ended = workspace.run(args);
        let text = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{args:?}: {text:?}");
    }
}

#[test]
fn logs_as_json_are_one_object_a_line() {
    let workspace = workspace();
    let ended = workspace.run(&["audit", "pairs.csv", "--log-format", "json"]).exits(0);
    assert!(!ended.stderr.is_empty());
    for line in ended.stderr.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object()), "{line}");
    }
}

#[test]
fn secrets_are_never_printed_nor_journalled() {
    let workspace = workspace();
    let ended = workspace.run(&["revoke", "pairs.csv", "--yes", "-v", "-v"]).exits(0);
    let secret = format!("secret{}", A.id);
    assert!(!ended.stdout.contains(&secret) && !ended.stderr.contains(&secret));
    for entry in std::fs::read_dir(workspace.path(".")).expect("the folder").flatten() {
        if entry.file_name().to_string_lossy().starts_with("unpair.db") {
            let bytes = std::fs::read(entry.path()).expect("a journal file");
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{:?}", entry.path());
        }
    }
}

#[test]
fn completions_are_made_for_every_shell() {
    let workspace =
        WorkspaceSetup::of(&WorldText::empty().group(A, "sg-a1", &[admits(B, "sg-b1")])).start();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = workspace.run(&["completions", shell]).exits(0);
        assert!(ended.stdout.contains("unpair"), "{shell}");
    }
}

#[test]
fn help_names_every_exit_code() {
    let workspace = workspace();
    let help = workspace.run(&["--help"]).exits(0).stdout;
    for code in 0..=7 {
        assert!(help.lines().any(|line| line.trim_start().starts_with(&format!("{code}  "))));
    }
}

#[test]
fn the_embedded_world_lives_beside_the_journal() {
    let workspace = WorkspaceSetup::of(&WorldText::empty()).start();
    workspace.write(
        "pairs.csv",
        "region,account_a,group_a,account_b,group_b\n\
         cn-beijing,a@aliyun.com,sg-bp1azkttqpldxgtedXXX,b@aliyun.com,sg-bp15ed6xe1yxeycg7XXX\n",
    );
    workspace.write("unpair.toml", "");
    let sandboxed = |args: &[&str], exit| workspace.json(&[args, &["--sandbox"]].concat(), exit);
    assert_eq!(sandboxed(&["revoke", "pairs.csv", "--yes"], 0)["rules"]["removed"], 2);
    assert_eq!(sandboxed(&["audit", "pairs.csv", "--expect-severed"], 0)["pairs"]["severed"], 1);
    assert!(workspace.calls().is_empty(), "the embedded clouds were called, not the workspace's");
}

#[test]
fn no_result_takes_the_place_of_the_journal_or_of_what_lies_beside_it() {
    let workspace = workspace();
    workspace.run(&["audit", "pairs.csv"]).exits(0);
    std::os::unix::fs::symlink("unpair.db", workspace.path("link")).expect("a link");
    for name in
        ["unpair.db", "./unpair.db", "unpair.db-wal", "unpair.db.lock", "unpair.toml", "link"]
    {
        for command in [&["revoke", "pairs.csv", "--yes"][..], &["report"]] {
            let args: Vec<&str> = command.iter().copied().chain(["--output", name]).collect();
            workspace.run(&args).exits(2).tells("--output");
        }
    }
    workspace.assert_untouched();
    workspace.run(&["runs", "--check"]).exits(0);
}
