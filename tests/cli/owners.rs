//! Rules and references that name a row's other group under another owner than the row: one of
//! the two owners is wrong, and nothing may pass for clean until somebody looked.

use serde_json::Value;
use unpair_testing::world_file::{
    A, B, Owner, PARTNER, WorldText, X, Y, admits, admits_tcp, cidr, drops_tcp, mutual, mutual_aws,
    reaches_tcp,
};

use crate::workspace::{CliWorkspace, WorkspaceSetup};

const REVOKE: [&str; 3] = ["revoke", "pairs.csv", "--yes"];

/// One row, whose other account is spelled as given.
fn row(
    workspace: &CliWorkspace,
    (a, group_a): (Owner, &str),
    (account_b, group_b): (&str, &str),
    more: &str,
) {
    let (names, values) = more.split_once('=').unwrap_or(("note", more));
    workspace.write(
        "pairs.csv",
        &format!(
            "cloud,region,account_a,group_a,account_b,group_b,{names}\n\
             {},{},{},{group_a},{account_b},{group_b},{values}\n",
            a.cloud, a.region, a.id
        ),
    );
}

/// Why the only pair stands as it does.
fn reason(workspace: &CliWorkspace) -> String {
    let report = workspace.report();
    let findings = report["findings"].as_array().expect("a list");
    assert_eq!(findings.len(), 1, "{report}");
    assert_eq!(findings[0]["outcome"], "unknown", "{report}");
    findings[0]["reason"].as_str().expect("a text").to_owned()
}

fn assert_unknown(result: &Value) {
    assert_eq!((&result["pairs"]["unknown"], &result["pairs"]["total"]), (&1.into(), &1.into()));
    assert!(result["live"]["misowned"].as_u64().is_some_and(|n| n > 0), "{result}");
    assert_eq!(result["rules"]["planned"], 0, "{result}");
}

#[test]
fn a_rule_under_another_owner_is_told_with_both_and_stays_on_either_cloud() {
    // The row's account is a partner's, another of ours, or one that a spreadsheet spoilt.
    let aws_partner = unpair_testing::world_file::AWS_PARTNER;
    for (world, own, accounts) in [
        (mutual(), (A, "sg-a1", B, "sg-b1"), [PARTNER.id, "1234567890123400", "c@aliyun.com"]),
        (
            mutual_aws(),
            (X, "sg-0000a001", Y, "sg-0000b001"),
            [aws_partner.id, "222222222220", "022222222222"],
        ),
    ] {
        for account in accounts {
            let workspace = WorkspaceSetup::of(&world).start();
            let (a, group_a, owner, group_b) = own;
            row(&workspace, (a, group_a), (account, group_b), "");
            assert_unknown(&workspace.json(&["audit", "pairs.csv"], 0));
            assert_unknown(&workspace.json(&REVOKE, 3));
            let why = reason(&workspace);
            assert!(why.contains(owner.id) && why.contains(account), "{why}");
            workspace.assert_untouched();
            assert!(workspace.revocations().is_empty());
        }
    }
}

#[test]
fn neither_policy_nor_direction_nor_narrowing_lets_another_owner_pass() {
    for (rule, more) in [
        (drops_tcp(23, B, "sg-b1"), ""),
        (reaches_tcp(443, B, "sg-b1"), "direction=ingress"),
        (admits_tcp(80, B, "sg-b1"), "port_range=443/443"),
        (drops_tcp(23, B, "sg-b1"), "policy=drop"),
    ] {
        let world = WorldText::empty().group(A, "sg-a1", &[rule, cidr(80)]);
        let workspace = WorkspaceSetup::of(&world).start();
        row(&workspace, (A, "sg-a1"), (PARTNER.id, "sg-b1"), more);
        assert_unknown(&workspace.json(&REVOKE, 3));
        workspace.assert_untouched();
    }
}

#[test]
fn a_reference_under_another_owner_is_told_with_both() {
    // Our side is clean; the group that names it is B's, which the row says is the partner's.
    let world =
        WorldText::empty().group(A, "sg-a1", &[cidr(80)]).group(B, "sg-b1", &[admits(A, "sg-a1")]);
    let workspace = WorkspaceSetup::of(&world).start();
    row(&workspace, (A, "sg-a1"), (PARTNER.id, "sg-b1"), "direction=ingress");
    assert_unknown(&workspace.json(&REVOKE, 3));
    let why = reason(&workspace);
    assert!(why.contains(B.id) && why.contains(PARTNER.id), "{why}");
    let report = workspace.report().to_string();
    assert!(!report.contains("aliyun ecs Revoke"), "its owner has nothing to run: {report}");
}

#[test]
fn a_gone_group_that_is_accepted_does_not_excuse_a_rule_under_another_owner() {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    // A third account of ours that has no such group.
    let mut world = mutual();
    world.account("alibaba", "1234567890123405", "e@aliyun.com", true);
    let workspace_with = WorkspaceSetup::of(&world).start();
    row(&workspace_with, (A, "sg-a1"), ("1234567890123405", "sg-b1"), "");
    let args = ["revoke", "pairs.csv", "--yes", "--accept-gone"];
    assert_unknown(&workspace_with.json(&args, 3));
    workspace_with.assert_untouched();
    // The right account is severed as ever.
    row(&workspace, (A, "sg-a1"), (B.id, "sg-b1"), "");
    assert_eq!(workspace.json(&args, 0)["pairs"]["severed"], 1);
}

#[test]
fn an_unread_removal_under_another_owner_is_not_called_removed() {
    // The cloud takes the name, and finds no rule that it could mean.
    for account in ["c@aliyun.com", PARTNER.id] {
        let workspace = WorkspaceSetup::of(&mutual()).start();
        row(&workspace, (A, "sg-a1"), (account, "sg-b1"), "");
        let result = workspace.json(&["revoke", "pairs.csv", "--yes", "--no-audit"], 3);
        assert_eq!(result["rules"]["removed"], 0, "{result}");
        let of_ours = &workspace.report()["revocations"][0];
        assert_eq!(of_ours["outcome"], "unknown", "{of_ours}");
        let why = of_ours["reason"].as_str().expect("a reason");
        assert!(why.contains(B.id) && why.contains(account), "{why}");
        workspace.assert_untouched();
    }
}

#[test]
fn references_that_are_cut_prove_no_absence_and_what_is_in_them_stands() {
    // A hundred groups of B name ours before the partner's does.
    let mut world = WorldText::empty().group(A, "sg-a1", &[cidr(80)]).group(A, "sg-a2", &[]);
    for n in 0..100 {
        world = world.group(B, &format!("sg-b{n:03}"), &[admits(A, "sg-a1")]);
    }
    let world = world
        .group(PARTNER, "sg-p1", &[admits(A, "sg-a1")])
        .group(PARTNER, "sg-p2", &[admits(A, "sg-a2")])
        .group(PARTNER, "sg-p3", &[cidr(80)]);
    let workspace = WorkspaceSetup::of(&world).start();
    workspace.write(
        "pairs.csv",
        &format!(
            "region,account_a,group_a,account_b,group_b,direction\n\
             cn-hangzhou,{a},sg-a1,{p},sg-p1,ingress\n\
             cn-hangzhou,{a},sg-a2,{p},sg-p2,ingress\n\
             cn-hangzhou,{a},sg-a2,{p},sg-p3,ingress\n",
            a = A.id,
            p = PARTNER.id
        ),
    );
    let result = workspace.json(&["revoke", "pairs.csv", "--yes", "--require-both"], 3);
    assert_eq!(result["pairs"]["ours_severed"], 1, "cut: {result}");
    assert_eq!(result["pairs"]["half_severed"], 1, "asked again alone, it is seen: {result}");
    assert_eq!(result["pairs"]["severed"], 1, "a whole answer is proof: {result}");
}

#[test]
fn a_group_of_ours_that_is_gone_does_not_hide_who_names_the_others() {
    // The cloud refuses to tell of several groups if one of them is not there.
    let world = WorldText::empty()
        .group(A, "sg-a1", &[cidr(80)])
        .group(A, "sg-a2", &[cidr(80)])
        .group(PARTNER, "sg-p1", &[cidr(80)])
        .group(PARTNER, "sg-p2", &[admits(A, "sg-a2")]);
    let workspace = WorkspaceSetup::of(&world).start();
    let row = |own: &str, peer: &str| {
        format!("cn-hangzhou,{},{own},{},{peer},ingress\n", A.id, PARTNER.id)
    };
    workspace.write(
        "pairs.csv",
        &format!(
            "region,account_a,group_a,account_b,group_b,direction\n{}{}{}",
            row("sg-a1", "sg-p1"),
            row("sg-a2", "sg-p2"),
            row("sg-gone", "sg-p1"),
        ),
    );
    let pairs = &workspace.json(&REVOKE, 3)["pairs"];
    assert_eq!(
        [&pairs["severed"], &pairs["half_severed"], &pairs["unknown"]],
        [&Value::from(1), &Value::from(1), &Value::from(1)],
        "{pairs}"
    );
}

#[test]
fn a_group_that_another_account_owns_is_not_gone_even_if_gone_is_accepted() {
    let world = WorldText::empty().group(A, "sg-a1", &[]).group(B, "sg-b1", &[admits(A, "sg-a1")]);
    let workspace = WorkspaceSetup::of(&world).start();
    // The row says that the group is of A.
    workspace.pairs(&[(A, "sg-a1", A, "sg-b1")]);
    for args in [
        &["audit", "pairs.csv", "--accept-gone", "--expect-severed"][..],
        &["revoke", "pairs.csv", "--accept-gone", "--yes"],
    ] {
        workspace.run(args).exits(3).shows(B.id);
    }
    // Once nobody names the other side, it is gone as far as anybody can tell.
    workspace.cut_behind_the_back("sg-b1");
    workspace.run(&["audit", "pairs.csv", "--accept-gone", "--expect-severed"]).exits(0);
}
