//! Guards refuse before anything is changed.

use unpair_testing::world_file::{A, B, PARTNER, WorldText, admits, admits_ports, mutual};

use crate::workspace::{CliWorkspace, WorkspaceSetup};

fn workspace_with(config: &str) -> CliWorkspace {
    let world =
        mutual().group(A, "sg-a2", &[admits(B, "sg-b2")]).group(B, "sg-b2", &[admits(A, "sg-a2")]);
    let workspace = WorkspaceSetup::of(&world).config(config).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1"), (A, "sg-a2", B, "sg-b2")]);
    workspace
}

fn assert_refused(workspace: &CliWorkspace, args: &[&str], why: &str) {
    workspace.run(args).exits(5).tells(why);
    assert!(workspace.revocations().is_empty());
    workspace.assert_untouched();
}

#[test]
fn a_plan_of_more_rules_than_allowed_is_refused() {
    let workspace = workspace_with("");
    assert_refused(&workspace, &["revoke", "pairs.csv", "--yes", "--max-rules", "3"], "max_rules");
    workspace.run(&["revoke", "pairs.csv", "--yes", "--max-rules", "4"]).exits(0);
}

#[test]
fn the_command_that_a_refusal_names_finds_the_run_it_speaks_of() {
    let workspace = workspace_with("");
    std::fs::copy(workspace.path("unpair.toml"), workspace.path("my own.toml")).expect("a copy");
    let elsewhere = ["--journal", "other;x.db", "--config", "my own.toml"];
    let args = ["revoke", "pairs.csv", "--yes"];
    for guard in [["--max-rules", "3"], ["--max-percent", "1"]] {
        let ended = workspace.run(&[&args[..], &guard, &elsewhere].concat()).exits(5);
        let (_, named) = ended.stderr.split_once("See it: `unpair ").expect("a command");
        let named = named.split('`').next().expect("its end");
        let line = format!("{} {named}", crate::workspace::PROGRAM);
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &line]).env_clear();
        workspace.spawn(command).wait().exits(0);
    }
    let declined = workspace.run(&[&["resume", "--yes"][..], &elsewhere].concat()).exits(2);
    assert!(!workspace.path("unpair.db").exists(), "{}", declined.stderr);
}

#[test]
fn limits_stand_in_the_configuration_and_the_environment_too() {
    let workspace = workspace_with("[guard]\nmax_rules = 3\n");
    assert_refused(&workspace, &["revoke", "pairs.csv", "--yes"], "max_rules");
    let env = [("UNPAIR_GUARD__MAX_RULES", "4")];
    workspace.run_with(&["revoke", "pairs.csv", "--yes"], &env).exits(0);
}

#[test]
fn a_plan_of_a_larger_share_of_a_group_than_allowed_is_refused() {
    let workspace = workspace_with("");
    // Half of the rules of sg-a1 and all of sg-a2.
    let args = ["revoke", "pairs.csv", "--yes", "--max-percent", "60"];
    assert_refused(&workspace, &args, "max_percent");
    workspace.run(&["revoke", "pairs.csv", "--yes", "--max-percent", "100"]).exits(0);
}

#[test]
fn too_many_failures_stop_the_run_and_it_stays_resumable() {
    let world = WorldText::empty().group(A, "sg-a1", &[admits_ports(10, B, "sg-b1")]).group(
        B,
        "sg-b1",
        &[],
    );
    let setup =
        WorkspaceSetup::of(&world).fault("code:InvalidPriority.Malformed@RevokeSecurityGroup=6x");
    let workspace = setup.start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    let args = ["revoke", "pairs.csv", "--yes", "--by", "flat", "--max-failures", "2"];
    let result = workspace.json(&args, 5);
    assert_eq!(result["state"], "stopped");
    assert!(result["rules"]["pending"].as_i64() > Some(0), "{result}");
    // The faults are used up by the first runs.
    for _ in 0..2 {
        if workspace.run(&["resume", "--yes"]).code() == Some(0) {
            break;
        }
    }
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

#[test]
fn a_protected_group_or_account_refuses_the_plan_before_any_call() {
    for protect in ["sg-b2".to_owned(), format!("account:{}", B.id), format!("account:{}", B.name)]
    {
        let workspace = workspace_with(&format!("[guard]\nprotect = ['{protect}']\n"));
        assert_refused(&workspace, &["revoke", "pairs.csv", "--yes"], "protected");
        assert!(workspace.calls().is_empty());
    }
}

#[test]
fn keep_going_leaves_a_protected_group_out_and_ends_with_3() {
    let workspace = workspace_with("[guard]\nprotect = ['sg-b2']\n");
    workspace.run(&["revoke", "pairs.csv", "--yes", "--keep-going"]).exits(3).tells("sg-b2");
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

#[test]
fn keep_going_leaves_bad_rows_out_and_ends_with_3() {
    let workspace = workspace_with("");
    let good = workspace.read("pairs.csv");
    workspace.write("pairs.csv", &format!("{good}alibaba,cn-hangzhou,a,1.2E+15,b,sg-b1\n"));
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(2);
    workspace.run(&["revoke", "pairs.csv", "--yes", "--keep-going"]).exits(3).tells("pairs.csv:4");
    workspace.assert_only_severed(&[("sg-a1", "sg-b1"), ("sg-a2", "sg-b2")]);
}

#[test]
fn an_account_outside_only_accounts_is_refused_before_any_call() {
    let workspace = workspace_with(&format!("[guard]\nonly_accounts = ['{}']\n", A.id));
    assert_refused(&workspace, &["revoke", "pairs.csv", "--yes"], "only_accounts");
    assert!(workspace.calls().is_empty());
    let both = format!("[guard]\nonly_accounts = ['{}', '{}']\n", A.id, B.name);
    workspace_with(&both).run(&["revoke", "pairs.csv", "--yes"]).exits(0);
}

#[test]
fn a_partner_is_never_called_so_only_accounts_need_not_name_it() {
    let world = mutual().group(A, "sg-a3", &[admits(PARTNER, "sg-p3")]);
    let config = format!("[guard]\nonly_accounts = ['{}']\n", A.id);
    let workspace = WorkspaceSetup::of(&world).config(&config).start();
    workspace.pairs(&[(A, "sg-a3", PARTNER, "sg-p3")]);
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
}

#[test]
fn guards_hold_for_a_stored_plan() {
    let workspace = workspace_with("");
    let run = workspace.json(&["plan", "pairs.csv"], 0)["run"].as_str().expect("an id").to_owned();
    let config = workspace.read("unpair.toml");
    workspace.write("unpair.toml", &format!("{config}[guard]\nprotect = ['sg-b2']\n"));
    assert_refused(&workspace, &["revoke", "--run", &run, "--yes"], "protected");
}

#[test]
fn a_digest_that_differs_is_refused_and_the_right_one_is_not() {
    let workspace = workspace_with("");
    let plan = workspace.json(&["plan", "pairs.csv"], 0);
    let run = plan["run"].as_str().expect("an id");
    let calls = workspace.calls().len();
    workspace.run(&["revoke", "--run", run, "--yes", "--digest", "0000"]).exits(5).tells("digest");
    assert_eq!(workspace.calls().len(), calls, "nothing was sent");
    let digest = plan["digest"].as_str().expect("a digest");
    workspace.run(&["revoke", "--run", run, "--yes", "--digest", digest]).exits(0);
    workspace.assert_only_severed(&[("sg-a1", "sg-b1"), ("sg-a2", "sg-b2")]);
}

#[test]
fn guards_hold_for_a_run_that_is_resumed() {
    let workspace = workspace_with("");
    workspace.write("pause", "");
    let args = ["--yes", "--pause-file", "pause", "--max-duration", "300ms"];
    workspace.run(&[&["revoke", "pairs.csv"], &args[..]].concat()).exits(4);
    let config = workspace.read("unpair.toml");
    workspace.write("unpair.toml", &format!("{config}[guard]\nonly_accounts = ['{}']\n", A.id));
    assert_refused(&workspace, &["resume", "--yes"], "only_accounts");
}

/// A workspace in which B is known by name alone, with credentials that tell its id.
fn workspace_where_b_is_a_name(config: &str) -> CliWorkspace {
    let workspace = workspace_with(config);
    let text = workspace.read("unpair.toml");
    workspace.write("unpair.toml", &text.replace(&format!("id = '{}'\n", B.id), ""));
    let pairs = workspace.read("pairs.csv");
    workspace.write("pairs.csv", &pairs.replace(B.id, B.name));
    workspace
}

#[test]
fn a_pattern_protects_every_group_that_matches_it_whatever_the_case() {
    for pattern in ["sg-b?", "SG-*2", "*"] {
        let workspace = workspace_with(&format!("[guard]\nprotect = ['{pattern}']\n"));
        assert_refused(&workspace, &["revoke", "pairs.csv", "--yes"], "protected");
        assert!(workspace.calls().is_empty());
    }
    let workspace = workspace_with("[guard]\nprotect = ['sg-?2', 'sg-a2-*']\n");
    workspace.run(&["revoke", "pairs.csv", "--yes", "--keep-going"]).exits(3).tells("(sg-?2)");
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

#[test]
fn a_pattern_holds_for_a_stored_plan_and_a_variable_sets_it() {
    let workspace = workspace_with("");
    let run = workspace.json(&["plan", "pairs.csv"], 0)["run"].as_str().expect("an id").to_owned();
    let env = [("UNPAIR_GUARD__PROTECT", "sg-zz, SG-B*")];
    for args in [&["revoke", "--run", &run, "--yes"][..], &["revoke", "pairs.csv", "--yes"]] {
        workspace.run_with(args, &env).exits(5).tells("protected");
    }
    assert!(workspace.revocations().is_empty());
}

#[test]
fn a_guard_that_could_match_nothing_is_a_usage_error_and_nothing_is_sent() {
    let workspace = workspace_with("");
    let config = workspace.read("unpair.toml");
    let args = ["revoke", "pairs.csv", "--yes"];
    for (line, key) in [
        ("protect = ['prod-bastion']", "guard.protect"),
        ("protect = ['sg-b2', 'account:prod']", "guard.protect"),
        ("protect = ['account:1234-5678-9012-3401']", "guard.protect"),
        ("protect = ['1234567890123401/sg-b2']", "guard.protect"),
        ("protect = ['sg-b2,sg-x']", "guard.protect"),
        ("protect = ['tag:keep=true']", "guard.protect"),
        ("protect = 'sg-b2,'", "guard.protect"),
        ("only_accounts = ['prod']", "guard.only_accounts"),
        ("only_accounts = ['12345678901234*']", "guard.only_accounts"),
        ("only_accounts = ''", "guard.only_accounts"),
    ] {
        workspace.write("unpair.toml", &format!("{config}[guard]\n{line}\n"));
        let number = workspace.read("unpair.toml").lines().count();
        workspace.run(&args).exits(2).tells(&format!("unpair.toml:{number}: {key}: "));
    }
    workspace.write("unpair.toml", &config);
    for (name, value, part) in [
        ("UNPAIR_GUARD_MAX_RULES", "1", "expected UNPAIR_GUARD__MAX_RULES"),
        ("UNPAIR_GUARD__MAXRULES", "1", "expected UNPAIR_GUARD__MAX_RULES"),
        ("unpair_guard__protect", "sg-b2", "expected UNPAIR_GUARD__PROTECT"),
        ("UNPAIR_GUARD__PROTECT", "", "is set and empty"),
        ("UNPAIR_GUARD__ONLY_ACCOUNTS", ",", "would match nothing"),
        ("UNPAIR_SANDBOX", "1", "sets no key"),
    ] {
        workspace.run_with(&args, &[(name, value)]).exits(2).tells(name).tells(part);
    }
    assert!(workspace.calls().is_empty());
    let links = [("UNPAIR_PORT", "tcp://10.0.0.1:80"), ("UNPAIR_GUARD_SERVICE_HOST", "10.0.0.1")];
    workspace.run_with(&args, &links).exits(0);
}

#[test]
fn an_account_that_only_its_credentials_name_is_guarded_once_they_did() {
    let args = ["revoke", "pairs.csv", "--yes"];
    let workspace =
        workspace_where_b_is_a_name(&format!("[guard]\nprotect = ['account:{}']\n", B.id));
    assert_refused(&workspace, &args, "is protected");
    assert!(workspace.calls().iter().all(|call| call.action == "GetCallerIdentity"));
    // By name it is refused before anybody is asked.
    let workspace =
        workspace_where_b_is_a_name(&format!("[guard]\nprotect = ['account:{}']\n", B.name));
    assert_refused(&workspace, &args, "is protected");
    assert!(workspace.calls().is_empty());
    // A guard on another account leaves it alone.
    let workspace =
        workspace_where_b_is_a_name("[guard]\nprotect = ['account:1234567890123499']\n");
    workspace.run(&args).exits(0);
    let only = format!("[guard]\nonly_accounts = ['{}', '{}']\n", A.id, B.name);
    workspace_where_b_is_a_name(&only).run(&args).exits(0);
}

#[test]
fn keep_going_leaves_out_what_turns_out_to_be_protected() {
    let config = format!("[guard]\nprotect = ['account:{}']\n", B.id);
    let workspace = workspace_where_b_is_a_name(&config);
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1"), (A, "sg-a2", PARTNER, "sg-p2")]);
    let pairs = workspace.read("pairs.csv");
    workspace.write("pairs.csv", &pairs.replace(B.id, B.name));
    workspace
        .run(&["revoke", "pairs.csv", "--yes", "--keep-going"])
        .exits(3)
        .tells("left out: pairs.csv:2");
    workspace.assert_untouched();
}

#[test]
fn a_name_that_may_be_a_protected_account_is_refused_with_what_to_do() {
    let workspace = workspace_with(&format!("[guard]\nprotect = ['account:{}']\n", B.id));
    let pairs = workspace.read("pairs.csv");
    workspace.write("pairs.csv", &pairs.replace(B.id, "somebody@aliyun.com"));
    assert_refused(&workspace, &["revoke", "pairs.csv", "--yes"], "may be");
    assert!(workspace.calls().is_empty());
}

#[test]
fn accounts_calls_no_account_outside_only_accounts() {
    let workspace = workspace_with(&format!("[guard]\nonly_accounts = ['{}']\n", A.id));
    let checks = workspace.json(&["accounts"], 0);
    let state = |id: &str| {
        let checks = checks.as_array().expect("an array").iter();
        let mut of = checks.filter(|check| check["account"] == id);
        of.next().map(|check| check["state"].as_str().expect("a text").to_owned())
    };
    assert_eq!(state(A.id).as_deref(), Some("ok"), "{checks}");
    assert_eq!(state(B.id).as_deref(), Some("not in only_accounts"), "{checks}");
    let callers: Vec<_> = workspace.calls().into_iter().filter_map(|call| call.account).collect();
    assert!(!callers.is_empty() && callers.iter().all(|one| one.as_str() == A.id), "{callers:?}");
}
