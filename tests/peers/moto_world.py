"""Makes, reads and changes the world of a moto server with boto3.

Usage: moto_world.py URL COMMAND A B [RULE...], where A and B are two accounts:

  seed           make groups that name each other; print what was made
  rules          print every rule of both accounts by its id
  remove         remove the rules behind the back of whoever planned to
  restore        give the first group of A its port 22 for B again

Stock moto looks a foreign group up in the caller's own account, and falls back from its id to a
name. So each account gets a shadow: a group of its own whose name is the foreign group's id.
"""

import json
import sys

import boto3

REGION = "eu-west-1"
URL, COMMAND, A, B = sys.argv[1:5]
BASE = {"aws_access_key_id": "AKIDSEED", "aws_secret_access_key": "seed"}
TAGS = [{"ResourceType": "security-group-rule", "Tags": [{"Key": "why", "Value": "seed"}]}]


def keys_of(account):
    """The keys of a session in `account`."""
    sts = boto3.client("sts", region_name=REGION, endpoint_url=URL, **BASE)
    role = f"arn:aws:iam::{account}:role/seed"
    return sts.assume_role(RoleArn=role, RoleSessionName="seed")["Credentials"]


KEYS = {account: keys_of(account) for account in (A, B)}
EC2 = {
    account: boto3.client(
        "ec2",
        region_name=REGION,
        endpoint_url=URL,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    for account, keys in KEYS.items()
}


def create(account, name):
    return EC2[account].create_security_group(GroupName=name, Description="seed")["GroupId"]


def permission(protocol, port=None, **peers):
    ports = {} if port is None else {"FromPort": port, "ToPort": port}
    return {"IpProtocol": protocol, **ports, **peers}


def naming(account, group):
    return {"UserIdGroupPairs": [{"UserId": account, "GroupId": group}]}


def admit(account, group, *permissions):
    EC2[account].authorize_security_group_ingress(
        GroupId=group, IpPermissions=list(permissions), TagSpecifications=TAGS
    )


def reach(account, group, *permissions):
    EC2[account].authorize_security_group_egress(GroupId=group, IpPermissions=list(permissions))


def seed():
    """A pair with grants on both sides and in both directions, a one-sided pair, and the rest."""
    groups = {"a": create(A, "hub"), "b": create(B, "team"), "one_a": create(A, "one"), "one_b": create(B, "one")}
    groups |= {"keep_a": create(A, "keep"), "keep_b": create(B, "keep")}
    for name in ("b", "one_b", "keep_b"):
        create(A, groups[name])
    for name in ("a", "one_a", "keep_a"):
        create(B, groups[name])
    to_a, to_b = naming(A, groups["a"]), naming(B, groups["b"])
    admit(A, groups["a"], permission("tcp", 22, **to_b))
    admit(A, groups["a"], permission("-1", **to_b))
    admit(A, groups["a"], permission("icmp", -1, **to_b))
    reach(A, groups["a"], permission("tcp", 443, **to_b))
    admit(B, groups["b"], permission("-1", **to_a), permission("udp", 53, **to_a))
    admit(B, groups["one_b"], permission("tcp", 6379, **naming(A, groups["one_a"])))
    # Nobody asks for these.
    admit(A, groups["a"], permission("tcp", 22, **naming(B, groups["keep_b"])))
    admit(A, groups["a"], permission("udp", 53, IpRanges=[{"CidrIp": "10.0.0.0/8"}]))
    admit(A, groups["a"], permission("icmp", -1, Ipv6Ranges=[{"CidrIpv6": "2001:db8::/32"}]))
    admit(A, groups["keep_a"], permission("tcp", 22, **to_b))
    admit(B, groups["keep_b"], permission("tcp", 443, **naming(A, groups["keep_a"])))
    return {"region": REGION, "accounts": {"a": A, "b": B}, "groups": groups, "keys": keys()}


def keys():
    sides = {"a": KEYS[A], "b": KEYS[B]}
    return {
        side: {"id": got["AccessKeyId"], "secret": got["SecretAccessKey"], "token": got["SessionToken"]}
        for side, got in sides.items()
    }


def rules():
    """Every rule by its id, with its owner: moto leaves that out."""
    found = {}
    for account, ec2 in EC2.items():
        for page in ec2.get_paginator("describe_security_group_rules").paginate():
            for rule in page["SecurityGroupRules"]:
                found[rule["SecurityGroupRuleId"]] = rule | {"GroupOwnerId": account}
    return found


def remove():
    removed = []
    known = rules()
    for rule in (known[id] for id in sys.argv[5:]):
        ec2 = EC2[rule["GroupOwnerId"]]
        revoke = ec2.revoke_security_group_egress if rule["IsEgress"] else ec2.revoke_security_group_ingress
        revoke(GroupId=rule["GroupId"], SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])
        removed.append(rule["SecurityGroupRuleId"])
    return removed


def restore():
    own, peer = sys.argv[5:7]
    admit(A, own, permission("tcp", 22, **naming(B, peer)))
    return [own]


print(json.dumps({"seed": seed, "rules": rules, "remove": remove, "restore": restore}[COMMAND]()))
