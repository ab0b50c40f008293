//! The least policies that the accounts' roles need.

use serde_json::{Value, json};

/// Actions on Alibaba Cloud.
const RAM_ACTIONS: [&str; 6] = [
    "ecs:DescribeRegions",
    "ecs:DescribeSecurityGroups",
    "ecs:DescribeSecurityGroupAttribute",
    "ecs:DescribeSecurityGroupReferences",
    "ecs:RevokeSecurityGroup",
    "ecs:RevokeSecurityGroupEgress",
];
/// Actions on AWS. `sts:GetCallerIdentity` needs no permission.
const IAM_ACTIONS: [&str; 5] = [
    "ec2:DescribeRegions",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSecurityGroupRules",
    "ec2:RevokeSecurityGroupIngress",
    "ec2:RevokeSecurityGroupEgress",
];

/// Both policies as one JSON object, by cloud.
pub(super) fn text() -> String {
    let policies = json!({
        "alibaba": policy("1", &RAM_ACTIONS),
        "aws": policy("2012-10-17", &IAM_ACTIONS),
    });
    format!("{policies:#}\n")
}

fn policy(version: &str, actions: &[&str]) -> Value {
    json!({
        "Version": version,
        "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }],
    })
}
