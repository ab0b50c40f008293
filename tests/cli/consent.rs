//! What counts as started: nothing is sent that a person declined or that a guard forbids, by
//! whichever command and after whichever others.

use unpair::sandbox::LoggedCall;
use unpair_testing::world_file::{
    A, B, Owner, PARTNER, WorldText, X, Y, admits, admits_ports, mutual, mutual_aws,
};

use crate::runs::add_grant;
use crate::workspace::{CliWorkspace, WorkspaceSetup};

fn two_pairs() -> CliWorkspace {
    let world =
        mutual().group(A, "sg-a2", &[admits(B, "sg-b2")]).group(B, "sg-b2", &[admits(A, "sg-a2")]);
    let workspace = WorkspaceSetup::of(&world).start();
    first_pair(&workspace);
    workspace
}

fn first_pair(workspace: &CliWorkspace) {
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
}

fn second_pair(workspace: &CliWorkspace) {
    workspace.pairs(&[(A, "sg-a2", B, "sg-b2")]);
}

fn is_of(call: &LoggedCall, owner: Owner) -> bool {
    call.account.as_ref().is_some_and(|account| account.as_str() == owner.id)
}

/// A run that was started and is cut short before its first change.
fn cut_short(workspace: &CliWorkspace, args: &[&str]) {
    workspace.write("pause", "");
    let running = workspace.begin(&[args, &["--yes", "--pause-file", "pause"]].concat());
    running.wait_until_it_tells("paused");
    running.signal("INT");
    running.wait().exits(4);
    std::fs::remove_file(workspace.path("pause")).expect("the pause file is there");
}

/// The id of the latest run.
fn latest(workspace: &CliWorkspace) -> String {
    workspace.report()["run"].as_str().expect("an id").to_owned()
}

fn decline(workspace: &CliWorkspace, args: &[&str]) -> String {
    workspace.run_on_terminal(args, "no", &[]).exits(5);
    latest(workspace)
}

#[test]
fn a_declined_plan_is_carried_out_by_revoke_run_alone() {
    let workspace = two_pairs();
    let run = decline(&workspace, &["revoke", "pairs.csv"]);
    workspace.run(&["resume", "--yes"]).exits(2).tells("no unfinished run");
    workspace.run(&["resume", &run, "--yes"]).exits(2).tells("unpair revoke --run");
    workspace.assert_untouched();
    workspace.run(&["revoke", "--run", &run, "--yes"]).exits(0);
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

#[test]
fn resume_takes_the_run_that_was_started_before_the_one_that_was_declined() {
    let workspace = two_pairs();
    cut_short(&workspace, &["revoke", "pairs.csv"]);
    second_pair(&workspace);
    decline(&workspace, &["revoke", "pairs.csv"]);
    workspace.run(&["resume", "--yes"]).exits(0);
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
    workspace.run(&["resume", "--yes"]).exits(2).tells("no unfinished run");
}

#[test]
fn a_plan_that_a_guard_refused_is_not_taken_up_once_the_guard_is_gone() {
    let workspace = two_pairs();
    workspace.run(&["revoke", "pairs.csv", "--yes", "--max-rules", "1"]).exits(5);
    let run = latest(&workspace);
    workspace.run(&["resume", "--yes"]).exits(2).tells("no unfinished run");
    workspace.run(&["resume", &run, "--yes"]).exits(2).tells("refused by a guard");
    workspace.assert_untouched();
    workspace.run(&["revoke", "--run", &run, "--yes", "--max-rules", "1"]).exits(5);
    workspace.run(&["revoke", "--run", &run, "--yes"]).exits(0);
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

#[test]
fn what_is_left_of_a_started_run_can_be_declined() {
    let workspace = two_pairs();
    cut_short(&workspace, &["revoke", "pairs.csv"]);
    let run = decline(&workspace, &["resume"]);
    workspace.run(&["resume", "--yes"]).exits(2);
    // The same command is a run of its own now, and asks.
    let other = decline(&workspace, &["revoke", "pairs.csv"]);
    assert_ne!(run, other);
    workspace.assert_untouched();
    workspace.run(&["revoke", "--run", &run, "--yes"]).exits(0);
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

#[test]
fn a_guard_that_refuses_more_of_a_started_run_leaves_it_to_be_taken_up() {
    let workspace = two_pairs();
    cut_short(&workspace, &["revoke", "pairs.csv"]);
    let config = workspace.read("unpair.toml");
    workspace.write("unpair.toml", &format!("{config}[guard]\nmax_rules = 1\n"));
    let told = workspace.json(&["resume", "--yes"], 5);
    assert_eq!(told["error"]["exit"], 5);
    workspace.assert_untouched();
    workspace.write("unpair.toml", &config);
    workspace.run(&["resume", "--yes"]).exits(0).tells("guard.max_rules was 1, is now not set");
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

#[test]
fn a_run_that_is_killed_while_it_reads_was_started_only_with_yes() {
    for (args, exit) in [(&["revoke", "pairs.csv", "--yes"][..], 0), (&["plan", "pairs.csv"], 2)] {
        let setup = WorkspaceSetup::of(&mutual());
        let hang = format!("hang@DescribeSecurityGroupAttribute@{}=1x", B.id);
        let workspace = setup.fault(hang).start();
        first_pair(&workspace);
        let running = workspace.begin(args);
        let is_read =
            |call: &LoggedCall| call.action == "DescribeSecurityGroupAttribute" && is_of(call, B);
        workspace.wait_for("the account that hangs", |calls| calls.iter().any(is_read));
        running.signal("KILL");
        running.wait();
        workspace.run(&["resume", "--yes"]).exits(exit);
    }
}

#[test]
fn a_plan_that_was_cut_short_is_completed_by_resume_and_not_carried_out() {
    let workspace = two_pairs();
    workspace.run(&["revoke", "pairs.csv", "--yes", "--max-rules", "1"]).exits(5);
    crate::runs::edit_journal(&workspace, "UPDATE run SET digest = NULL, state = 'interrupted'");
    let run = latest(&workspace);
    workspace.run(&["resume", &run, "--yes"]).exits(0).shows("Next: unpair revoke --run");
    workspace.assert_untouched();
}

/// Twenty rules whose revocation is refused for good, the first time.
fn refused_once() -> CliWorkspace {
    let world = WorldText::empty().group(A, "sg-a1", &[admits_ports(20, B, "sg-b1")]).group(
        B,
        "sg-b1",
        &[],
    );
    let managed = "code:InvalidOperation.ResourceManagedByCloudProduct@RevokeSecurityGroup=40x";
    let workspace = WorkspaceSetup::of(&world).fault(managed).start();
    first_pair(&workspace);
    let ended = workspace.json(&["revoke", "pairs.csv", "--yes"], 3);
    assert_eq!(ended["rules"]["failed"], 20, "{ended}");
    workspace
}

#[test]
fn the_guards_count_what_resume_takes_up_again() {
    for (guard, told) in [("max_rules = 19", "max_rules"), ("max_percent = 99", "max_percent")] {
        let workspace = refused_once();
        let config = workspace.read("unpair.toml");
        workspace.write("unpair.toml", &format!("{config}[guard]\n{guard}\n"));
        let before = workspace.revocations().len();
        for args in [&["resume", "--yes"][..], &["revoke", "pairs.csv", "--yes"]] {
            workspace.run(args).exits(5).tells(told);
        }
        assert_eq!(workspace.revocations().len(), before);
        workspace.assert_untouched();
    }
}

#[test]
fn the_question_counts_what_resume_takes_up_again() {
    let workspace = refused_once();
    let ended = workspace.run_on_terminal(&["resume"], "no", &[]).exits(5);
    let question = "To revoke 20 rules, type the number 20: ";
    assert!(ended.stdout.contains(question), "{}", ended.stdout);
    workspace.assert_untouched();
}

#[test]
fn a_share_of_groups_that_nobody_read_is_a_usage_error() {
    let workspace = two_pairs();
    let percent = ["--no-audit", "--max-percent", "50"];
    for command in [&["plan", "pairs.csv"][..], &["revoke", "pairs.csv", "--yes"]] {
        workspace.run(&[command, &percent].concat()).exits(2).tells("max_percent");
    }
    let run = workspace.json(&["plan", "pairs.csv", "--no-audit"], 0)["run"].clone();
    let run = run.as_str().expect("an id");
    let config = workspace.read("unpair.toml");
    workspace.write("unpair.toml", &format!("{config}[guard]\nmax_percent = 50\n"));
    workspace.run(&["revoke", "pairs.csv", "--yes", "--no-audit"]).exits(2).tells("max_percent");
    workspace.run(&["revoke", "--run", run, "--yes"]).exits(2).tells("max_percent");
    assert!(workspace.calls().is_empty());
}

#[test]
fn rows_that_were_left_out_belong_to_the_run_whoever_finishes_it() {
    let workspace = two_pairs();
    let good = workspace.read("pairs.csv");
    workspace.write("pairs.csv", &format!("{good}alibaba,cn-hangzhou,a,1.2E+15,b,sg-b1\n"));
    cut_short(&workspace, &["revoke", "pairs.csv", "--keep-going"]);
    let told = workspace.json(&["resume", "--yes"], 3);
    assert_eq!((&told["left_out"], &told["pairs"]["severed"]), (&1.into(), &1.into()), "{told}");
    workspace.run(&["resume", "--yes"]).exits(3).shows("1 row left out");
    workspace.run(&["revoke", "pairs.csv", "--yes", "--keep-going"]).exits(3);
    // Without the bad row it is another run, of which nothing is left out.
    workspace.write("pairs.csv", &good);
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
}

#[test]
fn rows_that_were_left_out_of_a_plan_belong_to_it() {
    let workspace = two_pairs();
    let good = workspace.read("pairs.csv");
    workspace.write("pairs.csv", &format!("{good}alibaba,cn-hangzhou,a,1.2E+15,b,sg-b1\n"));
    let plan = workspace.json(&["plan", "pairs.csv", "--keep-going"], 3);
    let run = plan["run"].as_str().expect("an id");
    workspace.run(&["revoke", "--run", run, "--yes"]).exits(3);
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

#[test]
fn a_plan_that_was_approved_as_it_was_stored_stays_that_for_whoever_goes_on_with_it() {
    for go_on in [&["resume", "--yes"][..], &["revoke", "pairs.csv", "--yes"]] {
        let workspace = two_pairs();
        // Planned by `revoke`, declined, and then approved as a stored plan.
        let run = decline(&workspace, &["revoke", "pairs.csv"]);
        cut_short(&workspace, &["revoke", "--run", &run]);
        add_grant(&workspace);
        crate::runs::age_readings(&workspace);
        workspace.run(go_on).exits(5).tells("sgr-bp1brandnew000000000");
        assert!(workspace.revocations().is_empty());
    }
}

#[test]
fn only_accounts_binds_verify_and_resumed_audits() {
    let workspace = two_pairs();
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    let audit = workspace.json(&["audit", "pairs.csv"], 0)["run"].clone();
    let config = workspace.read("unpair.toml");
    workspace.write("unpair.toml", &format!("{config}[guard]\nonly_accounts = ['{}']\n", A.id));
    let before = workspace.calls().len();
    workspace.run(&["verify"]).exits(5).tells("only_accounts");
    workspace
        .run(&["resume", audit.as_str().expect("an id"), "--yes"])
        .exits(5)
        .tells("only_accounts");
    assert_eq!(workspace.calls().len(), before, "nobody is called");
    // What is protected may be read.
    workspace.write("unpair.toml", &format!("{config}[guard]\nprotect = ['sg-b1']\n"));
    workspace.run(&["verify"]).exits(0);
}

#[test]
fn options_without_effect_are_refused() {
    let workspace = two_pairs();
    for option in ["--accept-gone", "--require-both", "--keep-going", "--no-audit"] {
        workspace.run(&["revoke", "--run", "x", "--yes", option]).exits(2).tells(option);
    }
}

#[test]
fn an_audit_that_expects_the_pairs_severed_wants_both_sides_seen() {
    let denied = format!("code:Forbidden.RAM@DescribeSecurityGroupAttribute@{}=1", B.id);
    let clean = || WorldText::empty().group(A, "sg-a1", &[]).group(B, "sg-b1", &[]);
    let unread = WorkspaceSetup::of(&clean()).fault(denied).start();
    first_pair(&unread);
    unread.run(&["audit", "pairs.csv"]).exits(0);
    unread.run(&["audit", "pairs.csv", "--expect-severed"]).exits(3).shows("1 unknown");
    unread.run(&["plan", "pairs.csv"]).exits(3).shows("1 unknown");
    let gone = WorkspaceSetup::of(&clean()).start();
    gone.pairs(&[(A, "sg-a1", B, "sg-typo")]);
    gone.run(&["audit", "pairs.csv", "--expect-severed"]).exits(3);
    gone.run(&["audit", "pairs.csv", "--expect-severed", "--accept-gone"]).exits(0);
    let seen = WorkspaceSetup::of(&clean()).start();
    first_pair(&seen);
    seen.run(&["audit", "pairs.csv", "--expect-severed"]).exits(0);
}

#[test]
fn require_both_has_its_effect_on_every_command_that_judges() {
    let world = WorldText::empty().group(A, "sg-a1", &[]);
    let workspace = WorkspaceSetup::of(&world).start();
    workspace.pairs(&[(A, "sg-a1", PARTNER, "sg-p1")]);
    for (command, lenient) in [
        (&["audit", "pairs.csv"][..], 0),
        (&["audit", "pairs.csv", "--expect-severed"], 0),
        (&["revoke", "pairs.csv", "--yes"], 0),
    ] {
        workspace.run(command).exits(lenient);
        workspace.run(&[command, &["--require-both"]].concat()).exits(3);
    }
    workspace.run(&["verify"]).exits(3);
}

#[test]
fn bad_rows_and_nobody_to_reach_is_the_same_exit_code_for_plan_and_audit() {
    let workspace =
        WorkspaceSetup::of(&mutual()).fault("code:InvalidAccessKeyId.NotFound=1").start();
    first_pair(&workspace);
    let good = workspace.read("pairs.csv");
    workspace.write("pairs.csv", &format!("{good}alibaba,cn-hangzhou,a,1.2E+15,b,sg-b1\n"));
    for command in ["plan", "audit"] {
        workspace.run(&[command, "pairs.csv", "--keep-going"]).exits(7);
    }
    workspace.run(&["revoke", "pairs.csv", "--keep-going", "--yes"]).exits(7);
}

#[test]
fn what_changed_between_two_invocations_of_a_run_is_told_key_by_key() {
    let workspace = two_pairs();
    let config = workspace.read("unpair.toml");
    let guards = "[guard]\nmax_rules = 5\nprotect = ['sg-zz-1']\n";
    workspace.write("unpair.toml", &format!("{config}{guards}"));
    cut_short(&workspace, &["revoke", "pairs.csv"]);
    let profile = format!("profile = '{}'", B.id);
    let changed = config.replace("http://127.0.0.1:", "http://localhost:");
    workspace.write("unpair.toml", &changed.replace(&profile, "credentials = 'none'"));
    let ended = workspace.run(&["resume", "--yes"]).exits(3);
    for told in [
        "alibaba.ecs_endpoint was http://127.0.0.1:",
        "guard.max_rules was 5, is now not set",
        "guard.protect was sg-zz-1, is now not set",
        &format!("called with profile {}, is now not ours to call", B.id),
    ] {
        assert!(ended.stderr.contains(told), "{told} in {}", ended.stderr);
    }
    let again = workspace.run(&["resume", "--yes"]);
    assert!(!again.stderr.contains("changed since"), "told once: {}", again.stderr);
}

#[test]
fn a_side_that_is_a_partners_by_now_is_not_clean_while_rules_of_it_are_not_done_with() {
    let workspace = WorkspaceSetup::of(&mutual_aws()).start();
    workspace.pairs(&[(X, "sg-0000a001", Y, "sg-0000b001")]);
    cut_short(&workspace, &["revoke", "pairs.csv"]);
    workspace.cut_behind_the_back("sg-0000a001");
    let ours = workspace.read("unpair.toml");
    let theirs = ours.replace(&format!("profile = '{}'", Y.id), "credentials = 'none'");
    workspace.write("unpair.toml", &theirs);
    // The grant of the other side stands, and the journal knows of it.
    workspace.run(&["verify"]).exits(3).shows("not ours to read any more");
    workspace.write("unpair.toml", &ours);
    workspace.run(&["resume", "--yes"]).exits(0);
    workspace.write("unpair.toml", &theirs);
    workspace.run(&["verify"]).exits(0).shows("1 ours severed");
}
