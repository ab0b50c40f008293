//! What the functions work on: manifests, rules, answers, requests.

use std::fmt::Write as _;

use unpair::model::{
    Direction, Fields, GroupRef, Peer, Policy, PortRange, Protocol, Provider, Rule,
};

const OWN: &str = "111111111111";
const OTHER: &str = "222222222222";

/// A manifest whose rows are all different, each cell between `quote`s.
pub(crate) fn manifest(rows: u32, quote: &str) -> Vec<u8> {
    let mut text = String::from("cloud,region,account_a,group_a,account_b,group_b\n");
    for row in 0..rows {
        let (own, other) = (format!("sg-1{row:016x}"), format!("sg-2{row:016x}"));
        let cells = ["aws", "us-east-1", OWN, &own, OTHER, &other];
        let cells = cells.map(|cell| format!("{quote}{cell}{quote}"));
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text.into_bytes()
}

/// A group of another account.
pub(crate) fn peer(number: u32) -> GroupRef {
    GroupRef {
        cloud: Provider::Aws,
        account: OTHER.into(),
        region: "us-east-1".into(),
        group: format!("sg-2{number:016x}").as_str().into(),
    }
}

/// A rule that lets `peer` in.
pub(crate) fn rule(number: u32, peer: &GroupRef) -> Rule {
    let port = i32::try_from(number).unwrap_or_default();
    Rule {
        id: format!("sgr-{number:017x}").as_str().into(),
        direction: Direction::Ingress,
        protocol: "tcp".parse().unwrap_or_else(|_| Protocol::all()),
        ports: Some(PortRange { from: port, to: port }),
        source_ports: None,
        peer: Peer::Group { id: peer.group.clone(), owner: Some(peer.account.clone()) },
        policy: Some(Policy::Accept),
        priority: None,
        nic_type: None,
        description: String::new(),
        fields: [("ipProtocol", "tcp"), ("isEgress", "false")].into_iter().collect::<Fields>(),
    }
}

/// The answer to `DescribeSecurityGroupRules` for `sg-0`.
pub(crate) fn ec2_rules(rules: u32) -> Vec<u8> {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DescribeSecurityGroupRulesResponse>\n    \
         <requestId>r-1</requestId>\n    <securityGroupRuleSet>\n",
    );
    for number in 0..rules {
        let _ = write!(
            text,
            "        <item>
            <securityGroupRuleId>sgr-{number:017x}</securityGroupRuleId>
            <groupId>sg-0</groupId>
            <groupOwnerId>{OWN}</groupOwnerId>
            <isEgress>false</isEgress>
            <ipProtocol>tcp</ipProtocol>
            <fromPort>{number}</fromPort>
            <toPort>{number}</toPort>
            <referencedGroupInfo>
                <groupId>sg-2{number:016x}</groupId>
                <userId>{OTHER}</userId>
            </referencedGroupInfo>
            <description>partner &amp; co</description>
            <tagSet/>
        </item>
"
        );
    }
    text.push_str("    </securityGroupRuleSet>\n</DescribeSecurityGroupRulesResponse>\n");
    text.into_bytes()
}

/// The answer to `DescribeSecurityGroupAttribute` for `sg-0` in `cn-beijing`.
pub(crate) fn ecs_rules(rules: u32) -> Vec<u8> {
    let list: Vec<String> = (0..rules)
        .map(|number| {
            format!(
                r#"{{"SecurityGroupRuleId":"sgr-{number:08x}","Direction":"ingress","IpProtocol":"TCP",
                "PortRange":"{number}/{number}","SourceGroupId":"sg-2{number:08x}",
                "SourceGroupOwnerAccount":"{OTHER}","SourceCidrIp":"","Ipv6SourceCidrIp":"",
                "DestGroupId":"","DestCidrIp":"","NicType":"intranet","Policy":"Accept",
                "Priority":"1","Description":"partner","CreateTime":"2026-01-02T03:04:05Z"}}"#
            )
        })
        .collect();
    let permissions = list.join(",");
    format!(
        r#"{{"RequestId":"r-1","RegionId":"cn-beijing","SecurityGroupId":"sg-0","NextToken":"",
        "Permissions":{{"Permission":[{permissions}]}}}}"#
    )
    .into_bytes()
}

/// Names and values.
type Pairs = Vec<(String, String)>;

/// Query and headers of a revocation of one rule.
pub(crate) fn ecs_request() -> (Pairs, Pairs) {
    let text = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let query = text(&[
        ("ClientToken", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
        ("RegionId", "cn-beijing"),
        ("SecurityGroupId", "sg-0"),
        ("SecurityGroupRuleId.1", "sgr-00000001"),
    ]);
    let headers = text(&[
        ("host", "ecs.cn-beijing.aliyuncs.com"),
        ("x-acs-action", "RevokeSecurityGroup"),
        ("x-acs-date", "2026-01-02T03:04:05Z"),
        ("x-acs-signature-nonce", "0123456789abcdef"),
        ("x-acs-version", "2014-05-26"),
    ]);
    (query, headers)
}

/// The body of a revocation of 20 rules.
pub(crate) fn ec2_request() -> String {
    let rules = (1..=20).map(|number| format!("&SecurityGroupRuleId.{number}=sgr-{number:017x}"));
    let rules: String = rules.collect();
    format!("Action=RevokeSecurityGroupIngress&Version=2016-11-15&GroupId=sg-0{rules}")
}
