"""What a person writes with boto3: per account, list the groups, then one call a group.

Usage: boto3_grouped.py URL REGION THREADS ACCOUNT=KEY:SECRET...

Revokes every ingress grant that names a group of another of these accounts. Keeps no record, reads
nothing back. Retries are botocore's own, in `standard` mode.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

URL, REGION, THREADS = sys.argv[1], sys.argv[2], int(sys.argv[3])
KEYS = dict(argument.split("=", 1) for argument in sys.argv[4:])
CONFIG = Config(
    max_pool_connections=THREADS, retries={"mode": "standard", "max_attempts": 10}
)


def client_of(account):
    key, secret = KEYS[account].split(":", 1)
    return boto3.client(
        "ec2",
        region_name=REGION,
        endpoint_url=URL,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=CONFIG,
    )


def grants_of(group, owner):
    """The parts of a group's permissions that name another account's groups."""
    for permission in group["IpPermissions"]:
        pairs = [
            {"UserId": pair["UserId"], "GroupId": pair["GroupId"]}
            for pair in permission.get("UserIdGroupPairs", [])
            if pair["UserId"] != owner and pair["UserId"] in KEYS
        ]
        if pairs:
            ports = {key: permission[key] for key in ("FromPort", "ToPort") if key in permission}
            yield {"IpProtocol": permission["IpProtocol"], "UserIdGroupPairs": pairs, **ports}


def orders_of(account, client):
    """One order a group: the group and the permissions to revoke."""
    for page in client.get_paginator("describe_security_groups").paginate(
        PaginationConfig={"PageSize": 1000}
    ):
        for group in page["SecurityGroups"]:
            if permissions := list(grants_of(group, account)):
                yield client, group["GroupId"], permissions


def revoke(order):
    client, group, permissions = order
    try:
        client.revoke_security_group_ingress(GroupId=group, IpPermissions=permissions)
    except Exception as error:  # A script like this one goes on with the next group.
        print(f"{group}: {error}", file=sys.stderr)


orders = [order for account in KEYS for order in orders_of(account, client_of(account))]
with ThreadPoolExecutor(THREADS) as pool:
    list(pool.map(revoke, orders))
