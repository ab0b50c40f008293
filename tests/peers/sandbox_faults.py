"""Official clients, unmodified and without retries, against an unkind sandbox.

Usage: sandbox_faults.py FILE throttled|lost, where FILE holds the line that
`unpair sandbox --format json` prints. `throttled`: one call each is allowed. `lost`: revocations of
ingress take effect and are not answered.
"""

import json
import sys
from urllib.parse import urlparse

import boto3
import requests
from aliyunsdkcore.acs_exception.exceptions import ClientException, ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest
from alibabacloud_ecs20140526 import models as ecs
from alibabacloud_ecs20140526.client import Client as Ecs
from alibabacloud_tea_openapi import models as open_api
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

ACCOUNT, REGION, GROUP, PEER = "1234567890123401", "cn-hangzhou", "sg-hz0hub000000000000a1", "sg-hz0team00000000000b1"
AWS_ACCOUNT, AWS_REGION, AWS_GROUP = "111111111111", "us-east-1", "sg-0a1b2c3d4e5f60001"

with open(sys.argv[1], encoding="utf-8") as file:
    LINE = json.load(file)
HOST = urlparse(LINE["alibaba"]).netloc
KEYS = {a["id"]: (a["access_key_id"], a["access_key_secret"]) for a in LINE["accounts"]}

key, secret = KEYS[ACCOUNT]
acs3 = Ecs(open_api.Config(access_key_id=key, access_key_secret=secret, endpoint=HOST, protocol="http"))
rpc = AcsClient(key, secret, REGION, auto_retry=False)
key, secret = KEYS[AWS_ACCOUNT]
ec2 = boto3.client(
    "ec2",
    region_name=AWS_REGION,
    endpoint_url=LINE["aws"],
    aws_access_key_id=key,
    aws_secret_access_key=secret,
    config=Config(retries={"total_max_attempts": 1}),
)


def check(name, truth):
    if not truth:
        print(f"FAILED {name}")
        sys.exit(1)
    print(f"ok {name}")


def error_of(action):
    try:
        action()
    except Exception as error:  # each SDK has its own
        return error
    return None


def attribute():
    request = ecs.DescribeSecurityGroupAttributeRequest(region_id=REGION, security_group_id=GROUP)
    return acs3.describe_security_group_attribute(request).body.permissions.permission


def call(action, **parameters):
    """An RPC call of the older SDK."""
    request = CommonRequest(domain=HOST, version="2014-05-26", action_name=action)
    request.set_protocol_type("http")
    request.set_method("POST")
    for name, value in {"RegionId": REGION, "SecurityGroupId": GROUP, **parameters}.items():
        request.add_query_param(name, value)
    return json.loads(rpc.do_action_with_exception(request))


def ec2_rules():
    filters = [{"Name": "group-id", "Values": [AWS_GROUP]}]
    return ec2.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]


def throttled():
    attribute()
    error = error_of(attribute)
    check("acs3 is throttled", error.code == "Throttling.User" and error.status_code == 400)
    error = error_of(lambda: call("DescribeSecurityGroupAttribute"))
    check("rpc shares the quota", isinstance(error, ServerException) and error.error_code == "Throttling.User")
    call("DescribeSecurityGroups")
    check("another action has its own", error_of(lambda: call("DescribeSecurityGroups")).http_status == 400)
    ec2_rules()
    error = error_of(ec2_rules)
    check("boto3 is throttled", isinstance(error, ClientError))
    answer = error.response
    check("as the service does", answer["Error"]["Code"] == "RequestLimitExceeded")
    check("with its status", answer["ResponseMetadata"]["HTTPStatusCode"] == 503)


def lost():
    before = [r.security_group_rule_id for r in attribute() if r.source_group_id == PEER]
    order = ecs.RevokeSecurityGroupRequest(region_id=REGION, security_group_id=GROUP, security_group_rule_id=before[:1])
    check("acs3 hears nothing", error_of(lambda: acs3.revoke_security_group(order)) is not None)
    left = [r.security_group_rule_id for r in attribute() if r.source_group_id == PEER]
    check("and the rule is gone", left == before[1:])
    error = error_of(lambda: call("RevokeSecurityGroup", **{"SecurityGroupRuleId.1": before[1]}))
    check("rpc hears nothing", isinstance(error, (ClientException, requests.RequestException)))
    left = [r.security_group_rule_id for r in attribute() if r.source_group_id == PEER]
    check("and that rule is gone too", left == before[2:])

    ids = [r["SecurityGroupRuleId"] for r in ec2_rules() if not r["IsEgress"]]
    revoke = lambda: ec2.revoke_security_group_ingress(GroupId=AWS_GROUP, SecurityGroupRuleIds=ids[:1])
    check("boto3 hears nothing", isinstance(error_of(revoke), BotoCoreError))
    check("and the rule is gone there", [r["SecurityGroupRuleId"] for r in ec2_rules() if not r["IsEgress"]] == ids[1:])


{"throttled": throttled, "lost": lost}[sys.argv[2]]()
