"""Drives boto3, unmodified, against the sandbox.

Usage: sandbox_aws.py FILE, where FILE holds the line that `unpair sandbox --format json` prints.
"""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

HUB, TEAM = "111111111111", "222222222222"
G1, G2, WEB, BIG = "sg-0a1b2c3d4e5f60001", "sg-0a1b2c3d4e5f60002", "sg-0a1b2c3d4e5f60009", "sg-0a1b2c3d4e5f6000a"

with open(sys.argv[1], encoding="utf-8") as file:
    LINE = json.load(file)
KEYS = {a["id"]: (a["access_key_id"], a["access_key_secret"]) for a in LINE["accounts"] if a["cloud"] == "aws"}


def check(name, truth):
    if not truth:
        print(f"FAILED {name}")
        sys.exit(1)
    print(f"ok {name}")


def client(service, account=HUB, key=None, secret=None, token=None):
    key, secret = (key, secret) if key else KEYS[account]
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=LINE["aws"],
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(retries={"total_max_attempts": 1}),
    )


def refused(name, code, action, status=400):
    try:
        action()
    except ClientError as error:
        got = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        if got != (code, status):
            print(got, error)
        check(name, got == (code, status) and error.response["ResponseMetadata"]["RequestId"])
        return
    check(name, False)


def rules(ec2, group):
    pages = ec2.get_paginator("describe_security_group_rules").paginate(
        Filters=[{"Name": "group-id", "Values": [group]}], PaginationConfig={"PageSize": 1000}
    )
    return [rule for page in pages for rule in page["SecurityGroupRules"]]


def naming(ec2, group, peer):
    return [r for r in rules(ec2, group) if r.get("ReferencedGroupInfo", {}).get("GroupId") == peer]


def pair(group, owner, protocol="-1", ports=None):
    permission = {"IpProtocol": protocol, "UserIdGroupPairs": [{"GroupId": group, "UserId": owner}]}
    if ports:
        permission |= {"FromPort": ports[0], "ToPort": ports[1]}
    return permission


hub, team = client("ec2"), client("ec2", TEAM)

grants = naming(hub, G1, G2)
check("describe rules", len(grants) == 6 and {g["ReferencedGroupInfo"]["UserId"] for g in grants} == {TEAM})
check("rule ids and tags", grants[0]["SecurityGroupRuleId"].startswith("sgr-") and grants[0]["Tags"] == [{"Key": "ticket", "Value": "NET-7"}])
check("an egress grant", [g["FromPort"] for g in grants if g["IsEgress"]] == [8080])
check("more rules than a page", len(rules(hub, BIG)) == 1040)
first = hub.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [BIG]}], MaxResults=5)
check("small pages", len(first["SecurityGroupRules"]) == 5 and first["NextToken"])

group = hub.describe_security_groups(GroupIds=[G1])["SecurityGroups"][0]
https = [p for p in group["IpPermissions"] if p.get("FromPort") == 443][0]
check("describe groups", (group["OwnerId"], group["GroupName"], group["VpcId"]) == (HUB, "hub", "vpc-0a1b2c3d4e5f60001"))
check(
    "permissions are folded",
    https["UserIdGroupPairs"] == [{"GroupId": G2, "UserId": TEAM, "Description": "api & web"}]
    and https["IpRanges"] == [{"CidrIp": "10.0.0.0/8"}]
    and https["Ipv6Ranges"] == [{"CidrIpv6": "2001:db8::/32"}]
    and https["PrefixListIds"] == [{"PrefixListId": "pl-0a1b2c3d4e5f60001"}],
)
found = hub.describe_security_groups(Filters=[{"Name": "ip-permission.group-id", "Values": [G2]}], MaxResults=5)
check("filters", [g["GroupId"] for g in found["SecurityGroups"]] == [G1, "sg-0a1b2c3d4e5f60007"])
listed = [g["GroupId"] for p in hub.get_paginator("describe_security_groups").paginate(PaginationConfig={"PageSize": 5}) for g in p["SecurityGroups"]]
check("group pages", len(listed) == len(set(listed)) == 5 and G2 not in listed)
references = hub.describe_security_group_references(GroupId=[G1])["SecurityGroupReferenceSet"]
check("references name VPCs", [r["ReferencingVpcId"] for r in references] == ["vpc-0a1b2c3d4e5f60002"])
check("regions", "us-east-1" in [r["RegionName"] for r in hub.describe_regions()["Regions"]])

ids = [g["SecurityGroupRuleId"] for g in grants if not g["IsEgress"]]
missing = "sgr-0fffffffffffffff0"
refused("a dry run", "DryRunOperation", lambda: hub.revoke_security_group_ingress(GroupId=G1, SecurityGroupRuleIds=ids, DryRun=True), 412)
refused("an unknown rule id", "InvalidSecurityGroupRuleId.NotFound", lambda: hub.revoke_security_group_ingress(GroupId=G1, SecurityGroupRuleIds=[ids[0], missing]))
check("by rule id is all or nothing", len(naming(hub, G1, G2)) == 6)
answer = hub.revoke_security_group_ingress(GroupId=G1, SecurityGroupRuleIds=ids[:2])
check("revoke by rule ids", answer["Return"] and [r["SecurityGroupRuleId"] for r in answer["RevokedSecurityGroupRules"]] == ids[:2])
check("what was revoked is told without its owner", answer["RevokedSecurityGroupRules"][1]["ReferencedGroupId"] == G2)

refused(
    "another VPC refuses the whole call",
    "InvalidPermission.NotFound",
    lambda: hub.revoke_security_group_ingress(GroupId=G1, IpPermissions=[pair(G2, TEAM, "udp", (53, 53)), pair(G2, TEAM, "tcp", (1, 2))]),
)
check("and nothing is revoked", len(naming(hub, G1, G2)) == 4)
answer = hub.revoke_security_group_ingress(GroupId=G1, IpPermissions=[pair(G2, TEAM, "udp", (53, 53))])
check("revoke by permissions", len(answer["RevokedSecurityGroupRules"]) == 1 and "UnknownIpPermissions" not in answer)
refused("no rule twice", "InvalidParameterValue", lambda: hub.revoke_security_group_ingress(GroupId=G1, IpPermissions=[pair(G2, TEAM)] * 2))
answer = hub.revoke_security_group_egress(GroupId=G1, IpPermissions=[pair(G2, TEAM, "tcp", (8080, 8080))])
check("revoke egress", answer["RevokedSecurityGroupRules"][0]["IsEgress"])
refused("flat egress", "InvalidParameterCombination", lambda: hub.revoke_security_group_egress(GroupId=G1, IpProtocol="tcp", FromPort=1, ToPort=2, CidrIp="10.0.0.0/8"))

answer = team.revoke_security_group_ingress(GroupId=WEB, IpPermissions=[pair("sg-0a1b2c3d4e5f60008", TEAM, "tcp", (443, 443)), pair("sg-0a1b2c3d4e5f60008", TEAM, "tcp", (1, 2))])
check(
    "the default VPC tells what was unknown",
    answer["Return"] and len(answer["RevokedSecurityGroupRules"]) == 1 and answer["UnknownIpPermissions"][0]["FromPort"] == 1,
)
answer = team.revoke_security_group_ingress(GroupName="websrv", IpProtocol="tcp", FromPort=80, ToPort=80, CidrIp="205.192.0.0/16")
check("the manual's flat example by name", answer["RevokedSecurityGroupRules"][0]["CidrIpv4"] == "205.192.0.0/16")
answer = team.revoke_security_group_ingress(GroupName="websrv", IpProtocol="tcp", FromPort=80, ToPort=80, CidrIp="205.192.0.0/16")
check("and again is no error there", answer["Return"] and answer["UnknownIpPermissions"][0]["IpRanges"] == [{"CidrIp": "205.192.0.0/16"}])

answer = hub.authorize_security_group_ingress(
    GroupId=G1,
    IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": G2, "UserId": TEAM, "Description": "back"}]}],
    TagSpecifications=[{"ResourceType": "security-group-rule", "Tags": [{"Key": "ticket", "Value": "NET-7"}]}],
)
back = answer["SecurityGroupRules"][0]
check("authorize", back["Description"] == "back" and back["Tags"][0]["Value"] == "NET-7" and back["SecurityGroupRuleId"] not in ids)
refused("authorize twice", "InvalidPermission.Duplicate", lambda: hub.authorize_security_group_ingress(GroupId=G1, IpPermissions=[pair(G2, TEAM, "tcp", (22, 22))]))

refused("another account's group", "InvalidGroup.NotFound", lambda: hub.describe_security_groups(GroupIds=[G2]))
refused("a malformed group", "InvalidGroupId.Malformed", lambda: hub.revoke_security_group_ingress(GroupId="1.2E+15", SecurityGroupRuleIds=ids))
refused("ids with a page size", "InvalidParameterCombination", lambda: hub.describe_security_groups(GroupIds=[G1], MaxResults=5))
refused("an unknown filter", "InvalidParameterValue", lambda: hub.describe_security_group_rules(Filters=[{"Name": "referenced-group-id", "Values": ["x"]}]))
refused("an unknown key", "AuthFailure", lambda: client("ec2", key="AKIANOBODY", secret="x").describe_regions(), 401)
refused("a wrong secret", "AuthFailure", lambda: client("ec2", key=KEYS[HUB][0], secret="x").describe_regions(), 401)

sts = client("sts")
check("caller identity", sts.get_caller_identity()["Account"] == HUB)
refused("sts with an unknown key", "InvalidClientTokenId", lambda: client("sts", key="AKIANOBODY", secret="x").get_caller_identity(), 403)
refused("sts with a wrong secret", "SignatureDoesNotMatch", lambda: client("sts", key=KEYS[HUB][0], secret="x").get_caller_identity(), 403)
refused("no role in the partner's account", "AccessDenied", lambda: sts.assume_role(RoleArn="arn:aws:iam::333333333333:role/unpair", RoleSessionName="peers"), 403)
got = sts.assume_role(RoleArn=f"arn:aws:iam::{TEAM}:role/unpair", RoleSessionName="peers")["Credentials"]
session = client("ec2", key=got["AccessKeyId"], secret=got["SecretAccessKey"], token=got["SessionToken"])
check("a session acts as the other account", len(naming(session, G2, G1)) == 2)
