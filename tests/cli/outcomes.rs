//! What becomes of pairs, side by side.

use serde_json::Value;
use unpair::model::GroupId;
use unpair_testing::world_file::{
    A, AWS_PARTNER, B, PARTNER, WorldText, X, Y, admits, admits_tcp, cidr, drops_tcp, mutual,
    reaches_tcp,
};

use crate::workspace::{CliWorkspace, WorkspaceSetup};

const REVOKE: [&str; 3] = ["revoke", "pairs.csv", "--yes"];

/// Writes a manifest of Alibaba Cloud rows between A and B with more columns.
fn rows(workspace: &CliWorkspace, columns: &str, rows: &[&str]) {
    let head = format!("region,account_a,group_a,account_b,group_b,{columns}\n");
    let lines = rows.iter().map(|row| format!("cn-hangzhou,{},sg-a1,{},sg-b1,{row}\n", A.id, B.id));
    workspace.write("pairs.csv", &format!("{head}{}", lines.collect::<String>()));
}

fn assert_pairs(result: &Value, outcome: &str, count: i64) {
    assert_eq!(result["pairs"][outcome], count, "{}", result["pairs"]);
}

#[test]
fn every_grant_between_two_groups_goes_whatever_its_fields() {
    let world = WorldText::empty()
        .group(
            A,
            "sg-a1",
            &[
                admits(B, "sg-b1"),
                admits_tcp(80, B, "sg-b1"),
                reaches_tcp(443, B, "sg-b1"),
                admits_tcp(80, B, "sg-other"),
                cidr(80),
            ],
        )
        .group(B, "sg-b1", &[admits_tcp(22, A, "sg-a1"), reaches_tcp(5432, A, "sg-a1")]);
    let workspace = WorkspaceSetup::of(&world).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    let result = workspace.json(&REVOKE, 0);
    assert_pairs(&result, "severed", 1);
    assert_eq!(result["rules"]["removed"], 5);
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

#[test]
fn the_same_holds_on_aws() {
    let world = WorldText::empty()
        .group(
            X,
            "sg-0000a001",
            &[
                admits(Y, "sg-0000b001"),
                admits_tcp(80, Y, "sg-0000b001"),
                reaches_tcp(443, Y, "sg-0000b001"),
                admits_tcp(80, Y, "sg-0000b002"),
                cidr(80),
            ],
        )
        .group(Y, "sg-0000b001", &[admits_tcp(22, X, "sg-0000a001")]);
    let workspace = WorkspaceSetup::of(&world).start();
    workspace.pairs(&[(X, "sg-0000a001", Y, "sg-0000b001")]);
    let result = workspace.json(&REVOKE, 0);
    assert_pairs(&result, "severed", 1);
    assert_eq!(result["rules"]["removed"], 4);
    workspace.assert_only_severed(&[("sg-0000a001", "sg-0000b001")]);
}

#[test]
fn a_pair_is_severed_by_login_names_too() {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    workspace.write(
        "pairs.csv",
        "region,account_a,group_a,account_b,group_b\n\
         cn-hangzhou,a@aliyun.com,sg-a1,b@aliyun.com,sg-b1\n",
    );
    assert_pairs(&workspace.json(&REVOKE, 0), "severed", 1);
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

#[test]
fn a_narrowed_row_removes_what_it_asks_for_and_counts_the_rest_as_outside() {
    let world = WorldText::empty()
        .group(A, "sg-a1", &[admits_tcp(80, B, "sg-b1"), admits_tcp(443, B, "sg-b1")])
        .group(B, "sg-b1", &[admits_tcp(80, A, "sg-a1"), admits_tcp(22, A, "sg-a1")]);
    let workspace = WorkspaceSetup::of(&world).start();
    rows(&workspace, "ip_protocol,port_range", &["TCP,80/80"]);
    let result = workspace.json(&REVOKE, 0);
    assert_pairs(&result, "narrowed", 1);
    assert_eq!(result["rules"]["removed"], 2);
    assert_eq!(result["rules"]["outside"], 2);
    assert_eq!(workspace.changes().0.len(), 2);
}

#[test]
fn rows_that_narrow_the_same_pair_add_up_and_duplicates_collapse() {
    let world = WorldText::empty()
        .group(
            A,
            "sg-a1",
            &[admits_tcp(80, B, "sg-b1"), admits_tcp(443, B, "sg-b1"), admits_tcp(1, B, "sg-b1")],
        )
        .group(B, "sg-b1", &[]);
    let workspace = WorkspaceSetup::of(&world).start();
    rows(&workspace, "ip_protocol,port_range", &["tcp,80/80", "6,80/80", "tcp,443/443"]);
    let result = workspace.json(&REVOKE, 0);
    assert_eq!(result["pairs"]["total"], 1);
    assert_eq!(result["rules"]["removed"], 2);
}

#[test]
fn a_row_of_one_direction_leaves_the_other_alone() {
    let world = WorldText::empty()
        .group(A, "sg-a1", &[admits_tcp(80, B, "sg-b1"), reaches_tcp(443, B, "sg-b1")])
        .group(B, "sg-b1", &[]);
    let workspace = WorkspaceSetup::of(&world).start();
    rows(&workspace, "direction", &["egress"]);
    let result = workspace.json(&REVOKE, 0);
    assert_pairs(&result, "narrowed", 1);
    assert_eq!(result["rules"]["removed"], 1);
    assert!(workspace.revocations().iter().all(|call| call.action == "RevokeSecurityGroupEgress"));
}

#[test]
fn drop_rules_go_only_by_a_row_that_says_so() {
    let world = WorldText::empty()
        .group(A, "sg-a1", &[drops_tcp(23, B, "sg-b1"), admits_tcp(80, B, "sg-b1")])
        .group(B, "sg-b1", &[]);
    let workspace = WorkspaceSetup::of(&world).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    assert_pairs(&workspace.json(&REVOKE, 0), "severed", 1);
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
    rows(&workspace, "policy", &["drop"]);
    assert_eq!(workspace.json(&REVOKE, 0)["rules"]["removed"], 1);
    assert!(workspace.world().groups[&GroupId::from("sg-a1")].rules.is_empty());
}

#[test]
fn a_partner_s_side_on_alibaba_cloud_is_judged_by_references() {
    let world = WorldText::empty().group(A, "sg-a1", &[admits(PARTNER, "sg-p1")]).group(
        PARTNER,
        "sg-p1",
        &[cidr(80)],
    );
    let workspace = WorkspaceSetup::of(&world).start();
    rows_with_partner(&workspace, "ingress");
    let result = workspace.json(&REVOKE, 0);
    assert_pairs(&result, "severed", 1);
    assert!(
        workspace
            .calls()
            .iter()
            .all(|call| call.account.as_ref().is_none_or(|account| account.as_str() != PARTNER.id))
    );
}

#[test]
fn a_partner_s_side_that_still_names_ours_leaves_the_pair_unfinished() {
    let world = WorldText::empty().group(A, "sg-a1", &[admits(PARTNER, "sg-p1")]).group(
        PARTNER,
        "sg-p1",
        &[admits(A, "sg-a1")],
    );
    let workspace = WorkspaceSetup::of(&world).start();
    rows_with_partner(&workspace, "ingress");
    let result = workspace.json(&REVOKE, 3);
    assert_pairs(&result, "half_severed", 1);
    assert!(
        workspace.report().to_string().contains("--SecurityGroupId sg-p1"),
        "the owner's command"
    );
    let (gone, _) = workspace.changes();
    assert!(gone.iter().all(|rule| rule.starts_with("sg-a1 ")));
}

fn rows_with_partner(workspace: &CliWorkspace, direction: &str) {
    workspace.write(
        "pairs.csv",
        &format!(
            "region,account_a,group_a,account_b,group_b,direction\n\
             cn-hangzhou,{},sg-a1,{},sg-p1,{direction}\n",
            A.id, PARTNER.id
        ),
    );
}

#[test]
fn a_partner_s_side_on_aws_is_ours_severed_and_3_with_require_both() {
    let world = WorldText::empty().group(X, "sg-0000a001", &[admits(AWS_PARTNER, "sg-0000c001")]);
    let workspace = WorkspaceSetup::of(&world).start();
    workspace.pairs(&[(X, "sg-0000a001", AWS_PARTNER, "sg-0000c001")]);
    let result = workspace.json(&REVOKE, 0);
    assert_pairs(&result, "ours_severed", 1);
    assert_eq!(result["rules"]["removed"], 1);
    let strict = workspace.json(&["revoke", "pairs.csv", "--yes", "--require-both"], 3);
    assert_pairs(&strict, "ours_severed", 1);
}

#[test]
fn a_group_that_does_not_exist_never_blocks_the_other_side() {
    let world = WorldText::empty().group(A, "sg-a1", &[admits(B, "sg-b1"), cidr(80)]);
    let workspace = WorkspaceSetup::of(&world).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    let result = workspace.json(&REVOKE, 3);
    assert_pairs(&result, "unknown", 1);
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

#[test]
fn accept_gone_makes_a_missing_group_severed_for_its_side() {
    let world = WorldText::empty().group(A, "sg-a1", &[admits(B, "sg-b1")]).group(
        X,
        "sg-0000a001",
        &[admits(Y, "sg-0000b001")],
    );
    let workspace = WorkspaceSetup::of(&world).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1"), (X, "sg-0000a001", Y, "sg-0000b001")]);
    let result = workspace.json(&["revoke", "pairs.csv", "--yes", "--accept-gone"], 0);
    assert_pairs(&result, "severed", 2);
    workspace.assert_only_severed(&[("sg-a1", "sg-b1"), ("sg-0000a001", "sg-0000b001")]);
}

#[test]
fn a_side_that_cannot_be_read_makes_its_pair_unknown() {
    let workspace = WorkspaceSetup::of(&mutual())
        .fault(format!("code:Forbidden.RAM@DescribeSecurityGroupAttribute@{}=1", B.id))
        .start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    let result = workspace.json(&REVOKE, 3);
    assert_pairs(&result, "unknown", 1);
    assert_eq!(result["rules"]["removed"], 1, "our readable side is severed all the same");
    let (gone, _) = workspace.changes();
    assert!(gone.iter().all(|rule| rule.starts_with("sg-a1 ")), "{gone:?}");
}

#[test]
fn a_pair_whose_both_sides_are_refused_is_open() {
    let workspace = WorkspaceSetup::of(&mutual())
        .fault("code:InvalidPriority.Malformed@RevokeSecurityGroup=1")
        .start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    let result = workspace.json(&REVOKE, 3);
    assert_pairs(&result, "open", 1);
    assert_eq!(result["rules"]["failed"], 2);
    workspace.assert_untouched();
}

#[test]
fn half_severed_pairs_stand_first_in_the_report_with_the_reason() {
    let world = mutual()
        .group(A, "sg-a2", &[admits(B, "sg-missing")])
        .group(A, "sg-a0", &[admits(B, "sg-b0")])
        .group(B, "sg-b0", &[admits(A, "sg-a0")]);
    let workspace = WorkspaceSetup::of(&world)
        .fault(format!("code:InvalidPriority.Malformed@RevokeSecurityGroup@{}=1x", B.id))
        .start();
    workspace.pairs(&[
        (A, "sg-a2", B, "sg-missing"),
        (A, "sg-a0", B, "sg-b0"),
        (A, "sg-a1", B, "sg-b1"),
    ]);
    workspace.run(&REVOKE).exits(3);
    let report = workspace.report();
    let first = &report["findings"][0];
    assert_eq!(first["outcome"], "half_severed");
    let reason = first["reason"].as_str().expect("a reason");
    assert!(reason.contains("InvalidPriority.Malformed"), "{reason}");
    assert_eq!(report["findings"][1]["outcome"], "unknown");
}

#[test]
fn a_group_that_a_service_manages_is_skipped_and_told() {
    let world = WorldText::empty().managed(A, "sg-a1", &[admits(B, "sg-b1")]).group(
        B,
        "sg-b1",
        &[admits(A, "sg-a1")],
    );
    let workspace = WorkspaceSetup::of(&world).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    let result = workspace.json(&REVOKE, 3);
    assert_pairs(&result, "half_severed", 1);
    let calls = workspace.revocations();
    assert!(calls.iter().all(|call| call.account.as_ref().is_some_and(|id| id.as_str() == B.id)));
    let reason = workspace.report()["findings"][0]["reason"].to_string();
    assert!(reason.contains("manages the group"), "{reason}");
}
