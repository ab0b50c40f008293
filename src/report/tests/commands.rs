//! Command lines, word for word.

use crate::journal::SideReading;
use crate::model::{Direction, Filter, Outcome, PairSet, Policy, PortRange, Scope};
use crate::report::fake::{FakeJournal, ManifestRow, ali, aws, pair_set, ssh_from};
use crate::report::{Format, Which, write_manifest_commands, write_run_commands};

/// The accounts of the manual.
fn manual_row(filter: Filter) -> ManifestRow {
    let (a, b) = ("sg-bp1azkttqpldxgtedXXX", "sg-bp15ed6xe1yxeycg7XXX");
    (ali("a@aliyun.com", a), ali("b@aliyun.com", b), filter, 2)
}

fn text_of(pairs: &PairSet, format: Format) -> String {
    let mut out = Vec::new();
    write_manifest_commands(pairs, format, &mut out).expect("good rows");
    String::from_utf8(out).expect("UTF-8")
}

/// The command lines of a set of rows, without comments.
fn lines_of(rows: &[ManifestRow]) -> Vec<String> {
    let text = text_of(&pair_set(rows, &[]), Format::Table);
    text.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).map(str::to_owned).collect()
}

#[test]
fn the_manuals_example_comes_out_as_the_manual_prints_it() {
    let pairs = pair_set(&[manual_row(Filter::default())], &[]);
    assert_eq!(
        text_of(&pairs, Format::Table),
        "\
# Each command revokes the rules that have exactly these values, and no other.
# Rules with other protocols, ports or priorities between the same groups stay;
# `unpair plan` finds them, `unpair commands --run ID` then names them by id.
# Quoted for POSIX shells (sh, bash, zsh), not for PowerShell or cmd.exe.

# account a@aliyun.com (alibaba)
aliyun ecs RevokeSecurityGroup --SecurityGroupId sg-bp1azkttqpldxgtedXXX --RegionId cn-beijing --IpProtocol all --PortRange -1/-1 --SourceGroupId sg-bp15ed6xe1yxeycg7XXX --SourceGroupOwnerAccount b@aliyun.com --NicType intranet

# account b@aliyun.com (alibaba)
aliyun ecs RevokeSecurityGroup --SecurityGroupId sg-bp15ed6xe1yxeycg7XXX --RegionId cn-beijing --IpProtocol all --PortRange -1/-1 --SourceGroupId sg-bp1azkttqpldxgtedXXX --SourceGroupOwnerAccount a@aliyun.com --NicType intranet
"
    );
}

#[test]
fn json_is_an_array_with_whose_command_it_is() {
    let pairs = pair_set(&[(aws("111", "sg-a"), aws("222", "sg-b"), Filter::default(), 2)], &[]);
    assert_eq!(
        text_of(&pairs, Format::Json),
        r#"[
  {"account":"111","cloud":"aws","region":"us-east-1","command":"aws ec2 revoke-security-group-ingress --region us-east-1 --group-id sg-a --ip-permissions '[{\"IpProtocol\":\"-1\",\"UserIdGroupPairs\":[{\"GroupId\":\"sg-b\",\"UserId\":\"222\"}]}]'"},
  {"account":"222","cloud":"aws","region":"us-east-1","command":"aws ec2 revoke-security-group-ingress --region us-east-1 --group-id sg-b --ip-permissions '[{\"IpProtocol\":\"-1\",\"UserIdGroupPairs\":[{\"GroupId\":\"sg-a\",\"UserId\":\"111\"}]}]'"}
]
"#
    );
    assert_eq!(text_of(&pair_set(&[], &[]), Format::Json), "[]\n");
}

#[test]
fn html_is_a_page_in_which_no_account_is_markup() {
    let script = ali("<script>alert(1)</script>&x", "sg-b");
    let pairs = pair_set(&[(ali("111", "sg-a"), script, Filter::default(), 2)], &[]);
    let page = text_of(&pairs, Format::Html);
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"), "{page}");
    assert!(!page.contains("<script>") && page.contains("&lt;script&gt;"), "{page}");
    assert!(page.contains("--SourceGroupOwnerAccount &#39;&lt;script&gt;"), "{page}");
}

#[test]
fn csv_has_a_line_each() {
    let pairs = pair_set(&[(aws("111", "sg-a"), aws("222", "sg-b"), Filter::default(), 2)], &[]);
    let text = text_of(&pairs, Format::Csv);
    assert_eq!(text.lines().count(), 3);
    assert!(text.starts_with("account,cloud,region,command\n111,aws,us-east-1,\"aws ec2 "));
}

#[test]
fn a_mapped_owner_goes_by_id_and_the_rows_own_values_override() {
    let filter = Filter {
        direction: Scope::Both,
        direction_given: true,
        protocol: Some("tcp".parse().expect("a protocol")),
        ports: Some(PortRange { from: 22, to: 23 }),
        source_ports: Some(PortRange { from: 1, to: 2 }),
        nic_type: None,
        policy: Some(Policy::Drop),
        priority: Some(7),
    };
    let lines = lines_of(&[(ali("111", "sg-a"), ali("222", "sg-b"), filter, 2)]);
    assert_eq!(
        lines[..2],
        [
            "aliyun ecs RevokeSecurityGroup --SecurityGroupId sg-a --RegionId cn-beijing --IpProtocol tcp --PortRange 22/23 --SourcePortRange 1/2 --SourceGroupId sg-b --SourceGroupOwnerId 222 --NicType intranet --Policy drop --Priority 7",
            "aliyun ecs RevokeSecurityGroupEgress --SecurityGroupId sg-a --RegionId cn-beijing --IpProtocol tcp --PortRange 22/23 --SourcePortRange 1/2 --DestGroupId sg-b --DestGroupOwnerId 222 --NicType intranet --Policy drop --Priority 7",
        ]
    );
    assert_eq!(lines.len(), 4);
}

#[test]
fn aws_permissions_carry_ports_where_the_protocol_has_them() {
    let narrow = |protocol: &str, ports: Option<PortRange>| {
        let protocol = Some(protocol.parse().expect("a protocol"));
        let filter = Filter { direction: Scope::Egress, protocol, ports, ..Filter::default() };
        lines_of(&[(aws("111", "sg-a"), aws("222", "sg-b"), filter, 2)]).remove(0)
    };
    let start =
        "aws ec2 revoke-security-group-egress --region us-east-1 --group-id sg-a --ip-permissions ";
    let end = r#""UserIdGroupPairs":[{"GroupId":"sg-b","UserId":"222"}]}]'"#;
    for (protocol, ports, permission) in [
        (
            "tcp",
            Some(PortRange { from: 22, to: 23 }),
            r#""IpProtocol":"tcp","FromPort":22,"ToPort":23,"#,
        ),
        ("icmp", None, r#""IpProtocol":"icmp","FromPort":-1,"ToPort":-1,"#),
        ("gre", None, r#""IpProtocol":"47","#),
        ("-1", None, r#""IpProtocol":"-1","#),
    ] {
        assert_eq!(narrow(protocol, ports), format!("{start}'[{{{permission}{end}"));
    }
}

#[test]
fn rows_that_come_to_the_same_values_give_one_command() {
    let ingress = Filter { direction: Scope::Ingress, direction_given: true, ..Filter::default() };
    let rows = [manual_row(Filter::default()), manual_row(ingress)];
    assert_eq!(lines_of(&rows).len(), 2);
}

#[test]
fn every_row_without_the_ports_it_needs_is_told_and_nothing_is_written() {
    let tcp = |line| {
        let protocol = Some("tcp".parse().expect("a protocol"));
        let filter = Filter { protocol, ..Filter::default() };
        (ali("111", "sg-a"), ali("222", &format!("sg-{line}")), filter, line)
    };
    let pairs = pair_set(&[tcp(3), tcp(2)], &[]);
    let mut out = Vec::new();
    let error = write_manifest_commands(&pairs, Format::Table, &mut out).expect_err("no ports");
    let why =
        "port_range: is empty, but tcp rules are named by their ports: give from/to, such as 22/22";
    assert_eq!(error.to_string(), format!("pairs.csv:2: {why}\npairs.csv:3: {why}"));
    assert!(out.is_empty());
}

async fn run_text(journal: &FakeJournal, which: Which) -> String {
    let mut out = Vec::new();
    write_run_commands(journal, &journal.run, which, Format::Table, &mut out)
        .await
        .expect("a readable journal");
    String::from_utf8(out).expect("UTF-8")
}

#[tokio::test]
async fn a_run_names_rules_by_id_one_command_a_group_and_direction() {
    let (a, b) = (aws("111", "sg-a"), aws("222", "sg-b"));
    let mut journal = FakeJournal::new(&[(a.clone(), b.clone(), Filter::default(), 2)]);
    journal.revoke(&a, &b, ssh_from(&b, "sgr-1"), Outcome::Pending);
    journal.revoke(&a, &b, ssh_from(&b, "sgr-2'; reboot"), Outcome::Pending);
    let mut egress = ssh_from(&b, "sgr-3");
    egress.direction = Direction::Egress;
    journal.revoke(&a, &b, egress, Outcome::Pending);
    journal.revoke(&b, &a, ssh_from(&a, "sgr-4"), Outcome::Removed);
    assert_eq!(
        run_text(&journal, Which::Left).await,
        r"# Run 01997c5e-1111-7000-8000-000000000001: rules by id, as they were read.
# Quoted for POSIX shells (sh, bash, zsh), not for PowerShell or cmd.exe.

# account 111 (aws)
aws ec2 revoke-security-group-ingress --region us-east-1 --group-id sg-a --security-group-rule-ids sgr-1 'sgr-2'\''; reboot'
aws ec2 revoke-security-group-egress --region us-east-1 --group-id sg-a --security-group-rule-ids sgr-3

# 1 rule left out: already settled.
"
    );
    let all = run_text(&journal, Which::All).await;
    assert!(all.ends_with("--group-id sg-b --security-group-rule-ids sgr-4\n"), "{all}");
}

#[tokio::test]
async fn an_alibaba_command_names_at_most_100_rules() {
    let (a, b) = (ali("111", "sg-a"), ali("222", "sg-b"));
    let mut journal = FakeJournal::new(&[(a.clone(), b.clone(), Filter::default(), 2)]);
    for n in 1..=101 {
        journal.revoke(&a, &b, ssh_from(&b, &format!("sgr-{n}")), Outcome::Pending);
    }
    let text = run_text(&journal, Which::Left).await;
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("aliyun")).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].ends_with(" --SecurityGroupRuleId.100 sgr-100"));
    assert_eq!(
        lines[1],
        "aliyun ecs RevokeSecurityGroup --SecurityGroupId sg-a --RegionId cn-beijing --SecurityGroupRuleId.1 sgr-101"
    );
}

#[tokio::test]
async fn a_rule_that_was_never_read_and_a_partners_side_are_named_by_value() {
    let (ours, theirs) = (ali("111", "sg-a"), ali("222", "sg-b"));
    let mut journal = FakeJournal::new(&[(ours.clone(), theirs.clone(), Filter::default(), 2)]);
    journal.revoke(&ours, &theirs, ssh_from(&theirs, ""), Outcome::Pending);
    journal.read(&theirs, SideReading::NotOurs { naming: None });
    assert_eq!(
        run_text(&journal, Which::Left).await,
        "\
# Run 01997c5e-1111-7000-8000-000000000001: rules by id, as they were read.
# Quoted for POSIX shells (sh, bash, zsh), not for PowerShell or cmd.exe.

# account 111 (alibaba)
aliyun ecs RevokeSecurityGroup --SecurityGroupId sg-a --RegionId cn-beijing --IpProtocol tcp --PortRange 22/22 --SourceGroupId sg-b --SourceGroupOwnerId 222 --NicType intranet

# Sides that are not ours to read: by value, so that only rules with exactly these values are revoked.

# account 222 (alibaba)
aliyun ecs RevokeSecurityGroup --SecurityGroupId sg-b --RegionId cn-beijing --IpProtocol all --PortRange -1/-1 --SourceGroupId sg-a --SourceGroupOwnerId 111 --NicType intranet
aliyun ecs RevokeSecurityGroupEgress --SecurityGroupId sg-b --RegionId cn-beijing --IpProtocol all --PortRange -1/-1 --DestGroupId sg-a --DestGroupOwnerId 111 --NicType intranet
"
    );
}
