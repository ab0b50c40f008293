//! Revoking and printing by the rows' own values, unread.

use std::collections::BTreeMap;

use unpair::model::GroupId;
use unpair_testing::world_file::{
    A, B, WorldText, X, Y, admits, admits_tcp, cidr, mutual, mutual_aws,
};

use crate::workspace::{CliWorkspace, WorkspaceSetup};

const SEED_A: &str = "sg-bp1azkttqpldxgtedXXX";
const SEED_B: &str = "sg-bp15ed6xe1yxeycg7XXX";

fn workspace() -> CliWorkspace {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace
}

/// The parameters of the revocation that was sent for a group.
fn sent_for(workspace: &CliWorkspace, group: &str) -> BTreeMap<String, String> {
    let calls = workspace.revocations();
    let call = calls
        .iter()
        .find(|call| call.params.get("SecurityGroupId").is_some_and(|named| named == group));
    call.unwrap_or_else(|| panic!("a call for {group}")).params.clone()
}

#[test]
fn the_manual_s_own_pair_gives_the_manual_s_two_commands() {
    let folder = WorkspaceSetup::of(&WorldText::empty()).start();
    folder.write("unpair.toml", "");
    folder.write(
        "pairs.csv",
        &format!(
            "region,account_a,group_a,account_b,group_b\n\
             cn-beijing,a@aliyun.com,{SEED_A},b@aliyun.com,{SEED_B}\n"
        ),
    );
    let printed = folder.run(&["commands", "pairs.csv"]).exits(0).stdout;
    let commands: Vec<&str> = printed.lines().filter(|line| line.starts_with("aliyun ")).collect();
    let command = |own: &str, peer: &str, owner: &str| {
        format!(
            "aliyun ecs RevokeSecurityGroup --SecurityGroupId {own} --RegionId cn-beijing \
             --IpProtocol all --PortRange -1/-1 --SourceGroupId {peer} \
             --SourceGroupOwnerAccount {owner} --NicType intranet"
        )
    };
    assert_eq!(
        commands,
        [command(SEED_A, SEED_B, "b@aliyun.com"), command(SEED_B, SEED_A, "a@aliyun.com")]
    );
}

#[test]
fn commands_for_a_run_name_rule_ids() {
    let workspace = workspace();
    let run = workspace.json(&["plan", "pairs.csv"], 0)["run"].as_str().expect("an id").to_owned();
    let printed = workspace.run(&["commands", "--run", &run]).exits(0).stdout;
    let world = workspace.world();
    for group in ["sg-a1", "sg-b1"] {
        let id = &world.groups[&GroupId::from(group)].rules[0].id;
        assert!(printed.contains(id.as_str()), "{id} in {printed}");
    }
    assert!(!printed.contains("--IpProtocol"), "{printed}");
}

#[test]
fn a_plan_without_audit_needs_neither_network_nor_credentials() {
    let workspace = workspace();
    workspace.write("unpair.toml", "");
    let result = workspace.json(&["plan", "pairs.csv", "--no-audit"], 0);
    assert_eq!(result["rules"]["planned"], 2);
    assert!(workspace.calls().is_empty());
}

#[test]
fn without_audit_the_rows_own_values_are_sent_and_the_result_is_read_back() {
    let workspace = workspace();
    let result = workspace.json(&["revoke", "pairs.csv", "--yes", "--no-audit"], 0);
    assert_eq!(result["rules"]["removed"], 2);
    let sent = sent_for(&workspace, "sg-a1");
    assert_eq!(sent.get("Permissions.1.SourceGroupId").map(String::as_str), Some("sg-b1"));
    let protocol = sent.get("Permissions.1.IpProtocol").map(|text| text.to_ascii_lowercase());
    assert_eq!(protocol.as_deref(), Some("all"));
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

#[test]
fn without_audit_flat_parameters_are_those_of_the_manual() {
    let workspace = workspace();
    workspace.run(&["revoke", "pairs.csv", "--yes", "--no-audit", "--by", "flat"]).exits(0);
    let sent = sent_for(&workspace, "sg-a1");
    for (name, value) in
        [("PortRange", "-1/-1"), ("SourceGroupId", "sg-b1"), ("NicType", "intranet")]
    {
        assert_eq!(sent.get(name).map(String::as_str), Some(value), "{name} of {sent:?}");
    }
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

#[test]
fn without_audit_a_rule_of_other_values_stands_and_is_not_called_removed() {
    let world = WorldText::empty()
        .group(A, "sg-a1", &[admits_tcp(80, B, "sg-b1"), cidr(80)])
        .group(B, "sg-b1", &[]);
    let workspace = WorkspaceSetup::of(&world).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    let result = workspace.json(&["revoke", "pairs.csv", "--yes", "--no-audit"], 3);
    workspace.assert_untouched();
    assert_eq!(result["pairs"]["severed"], 0, "{result}");
}

#[test]
fn without_audit_and_without_the_right_to_read_is_unverified() {
    let workspace = WorkspaceSetup::of(&mutual())
        .fault("code:Forbidden.RAM@DescribeSecurityGroupAttribute=1")
        .fault("code:Forbidden.RAM@DescribeSecurityGroups=1")
        .start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    let result = workspace.json(&["revoke", "pairs.csv", "--yes", "--no-audit"], 3);
    assert_eq!(result["rules"]["unverified"], 2, "{result}");
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

#[test]
fn without_audit_ports_are_needed_with_tcp() {
    let workspace = workspace();
    workspace.write(
        "pairs.csv",
        &format!(
            "region,account_a,group_a,account_b,group_b,ip_protocol\n\
             cn-hangzhou,{},sg-a1,{},sg-b1,tcp\n",
            A.id, B.id
        ),
    );
    workspace.run(&["revoke", "pairs.csv", "--yes", "--no-audit"]).exits(2).tells("port_range");
    assert!(workspace.calls().is_empty());
}

#[test]
fn without_audit_aws_takes_permissions_and_refuses_flat_parameters() {
    let workspace = WorkspaceSetup::of(&mutual_aws()).start();
    workspace.pairs(&[(X, "sg-0000a001", Y, "sg-0000b001")]);
    let flat = ["revoke", "pairs.csv", "--yes", "--no-audit", "--by", "flat"];
    workspace.run(&flat).exits(2).tells("--by");
    assert!(workspace.calls().is_empty());
    let result = workspace.json(&["revoke", "pairs.csv", "--yes", "--no-audit"], 0);
    assert_eq!(result["rules"]["removed"], 2);
    workspace.assert_only_severed(&[("sg-0000a001", "sg-0000b001")]);
}

#[test]
fn every_form_of_call_severs_the_pair_after_an_audit() {
    let world = mutual()
        .group(X, "sg-0000a001", &[admits(Y, "sg-0000b001"), admits_tcp(80, Y, "sg-0000b001")])
        .group(Y, "sg-0000b001", &[admits(X, "sg-0000a001")]);
    for form in ["rule-id", "permissions"] {
        let workspace = WorkspaceSetup::of(&world).start();
        workspace.pairs(&[(A, "sg-a1", B, "sg-b1"), (X, "sg-0000a001", Y, "sg-0000b001")]);
        workspace.run(&["revoke", "pairs.csv", "--yes", "--by", form]).exits(0);
        workspace.assert_only_severed(&[("sg-a1", "sg-b1"), ("sg-0000a001", "sg-0000b001")]);
    }
}

#[test]
fn in_the_default_vpc_of_aws_a_revocation_without_a_match_is_told_and_not_counted_as_removed() {
    let mut world = WorldText::empty();
    world.add_default_vpc_group(X, "sg-0000a001", &[admits(Y, "sg-0000b001")]);
    let world = world.group(Y, "sg-0000b001", &[]);
    let workspace = WorkspaceSetup::of(&world).start();
    workspace.pairs(&[(X, "sg-0000a001", Y, "sg-0000b001")]);
    let result = workspace.json(&["revoke", "pairs.csv", "--yes", "--no-audit"], 0);
    assert_eq!(result["rules"]["removed"], 1, "{result}");
    assert_eq!(result["rules"]["already_absent"], 1, "{result}");
}
