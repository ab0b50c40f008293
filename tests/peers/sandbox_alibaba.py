"""Drives the official Alibaba Cloud SDKs, unmodified, against the sandbox.

Usage: sandbox_alibaba.py FILE, where FILE holds the line that `unpair sandbox --format json` prints.
"""

import json
import sys
from urllib.parse import urlparse

from alibabacloud_ecs20140526.client import Client as Ecs
from alibabacloud_ecs20140526 import models as ecs
from alibabacloud_sts20150401 import models as sts
from alibabacloud_sts20150401.client import Client as Sts
from alibabacloud_tea_openapi import models as open_api
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkecs.request.v20140526 import (
    DescribeSecurityGroupAttributeRequest,
    DescribeSecurityGroupsRequest,
    RevokeSecurityGroupEgressRequest,
    RevokeSecurityGroupRequest,
)

A, B, PARTNER = "1234567890123401", "1234567890123402", "1234567890123403"
HZ, BJ = "cn-hangzhou", "cn-beijing"
SEED_A, SEED_B = "sg-bp1azkttqpldxgtedXXX", "sg-bp15ed6xe1yxeycg7XXX"
HUB, TEAM = "sg-hz0hub000000000000a1", "sg-hz0team00000000000b1"
BIG, BIG_PEER = "sg-hz0biggroup0000000a3", "sg-hz0biggroup0000000b3"

with open(sys.argv[1], encoding="utf-8") as file:
    LINE = json.load(file)
HOST = urlparse(LINE["alibaba"]).netloc
KEYS = {a["id"]: (a["access_key_id"], a["access_key_secret"]) for a in LINE["accounts"] if a["cloud"] == "alibaba"}


def check(name, truth):
    if not truth:
        print(f"FAILED {name}")
        sys.exit(1)
    print(f"ok {name}")


def new(account, key=None, secret=None, token=None):
    key, secret = (key, secret) if key else KEYS[account]
    config = open_api.Config(
        access_key_id=key, access_key_secret=secret, security_token=token, endpoint=HOST, protocol="http"
    )
    return Ecs(config)


def old(account, secret=None):
    key, right = KEYS[account]
    return AcsClient(key, secret or right, BJ, auto_retry=False)


def send(client, request):
    request.set_endpoint(HOST)
    request.set_protocol_type("http")
    request.set_accept_format("json")
    return json.loads(client.do_action_with_exception(request))


def refused(name, code, action, status=None):
    """The action must be refused with exactly this code."""
    try:
        action()
    except ServerException as error:
        check(name, error.error_code == code and status in (None, error.http_status))
        return
    except Exception as error:  # the newer SDK has several exception classes with a `code`
        data = getattr(error, "data", None) or {}
        got = data.get("statusCode", getattr(error, "status_code", None))
        if getattr(error, "code", None) != code or status not in (None, got):
            print(f"{error!r} {data}")
        check(name, getattr(error, "code", None) == code and status in (None, got))
        return
    check(name, False)


def rules(client, region, group, **more):
    body = client.describe_security_group_attribute(
        ecs.DescribeSecurityGroupAttributeRequest(region_id=region, security_group_id=group, **more)
    ).body
    return body


def naming(client, region, group, peer):
    found = rules(client, region, group, max_results=1000).permissions.permission
    return [r for r in found if peer in (r.source_group_id, r.dest_group_id)]


a, b = new(A), new(B)

# --- the newer SDK, ACS3 -------------------------------------------------------------------
body = rules(a, BJ, SEED_A)
rule = body.permissions.permission[0]
check("acs3 describe attribute", body.security_group_name == "sg1" and body.region_id == BJ and body.request_id)
check("acs3 owner is the numeric id", rule.source_group_owner_account == B and rule.source_group_id == SEED_B)
check(
    "acs3 fields as the cloud writes them",
    (rule.policy, rule.ip_protocol, rule.port_range, rule.priority, rule.nic_type, rule.source_cidr_ip)
    == ("Accept", "ALL", "-1/-1", "1", "intranet", ""),
)

pages, token = [], None
while True:
    body = rules(a, HZ, BIG, next_token=token)
    pages.append(len(body.permissions.permission))
    token = body.next_token
    if not token:
        break
check("acs3 pages of 500", pages == [500, 150])

groups = a.describe_security_groups(ecs.DescribeSecurityGroupsRequest(region_id=HZ)).body
check("acs3 describe groups", any(g.security_group_id == HUB for g in groups.security_groups.security_group))
groups = a.describe_security_groups(
    ecs.DescribeSecurityGroupsRequest(region_id=HZ, security_group_ids=json.dumps([HUB, TEAM]))
).body.security_groups.security_group
check("acs3 foreign groups are not listed", [g.security_group_id for g in groups] == [HUB])
check("acs3 counts of rules", groups[0].rule_count == 11 and groups[0].group_to_group_rule_count == 7)

references = a.describe_security_group_references(
    ecs.DescribeSecurityGroupReferencesRequest(region_id=BJ, security_group_id=[SEED_A])
).body.security_group_references.security_group_reference
by = references[0].referencing_security_groups.referencing_security_group[0]
check("acs3 references", (by.security_group_id, by.ali_uid) == (SEED_B, B))
regions = a.describe_regions(ecs.DescribeRegionsRequest()).body.regions.region
check("acs3 regions", BJ in [r.region_id for r in regions])

missing = "sgr-bp1nosuchrule000000"
live = [r.security_group_rule_id for r in naming(a, HZ, HUB, TEAM) if r.policy == "Accept"]
check("the hub has five or more grants", len(live) >= 5)


def by_id(client, region, group, ids, **more):
    return client.revoke_security_group(
        ecs.RevokeSecurityGroupRequest(region_id=region, security_group_id=group, security_group_rule_id=ids, **more)
    )


refused("acs3 a missing rule id", "InvalidParam.SecurityGroupRuleId", lambda: by_id(a, HZ, HUB, [live[0], missing]), 400)
check("acs3 by rule id is all or nothing", len(naming(a, HZ, HUB, TEAM)) == 7)
refused("acs3 repeated ids", "InvalidParam.SecurityGroupRuleIdRepeated", lambda: by_id(a, HZ, HUB, [live[0]] * 2))
by_id(a, HZ, HUB, live[:2], client_token="token-1")
check("acs3 revoke by rule ids", len(naming(a, HZ, HUB, TEAM)) == 5)
by_id(a, HZ, HUB, live[:2], client_token="token-1")
check("acs3 the same token replays the answer", len(naming(a, HZ, HUB, TEAM)) == 5)
refused(
    "acs3 the same token for another call",
    "IdempotentParameterMismatch",
    lambda: by_id(a, HZ, HUB, live[2:3], client_token="token-1"),
)


def permission(**fields):
    return ecs.RevokeSecurityGroupRequestPermissions(**fields)


def by_permissions(*permissions, group=HUB, **more):
    return a.revoke_security_group(
        ecs.RevokeSecurityGroupRequest(region_id=HZ, security_group_id=group, permissions=list(permissions), **more)
    )


match = permission(
    ip_protocol="udp", port_range="53/53", source_group_id=TEAM, source_group_owner_id=int(B), nic_type="intranet"
)
other = permission(ip_protocol="tcp", port_range="1/2", source_group_id=TEAM, source_group_owner_id=int(B))
answer = by_permissions(other, match)
check("acs3 permissions that match nothing are a success", answer.status_code == 200)
check("acs3 revoke by permissions", len(naming(a, HZ, HUB, TEAM)) == 4)
refused("acs3 equal permissions", "InvalidParam.DuplicatePermissions", lambda: by_permissions(other, other))
refused(
    "acs3 ids and permissions together",
    "InvalidParam.Permissions",
    lambda: by_permissions(other, security_group_rule_id=[live[3]]),
)

drop = [r for r in naming(a, HZ, HUB, TEAM) if r.policy == "Drop"]
check("a drop rule stands", len(drop) == 1)
egress = [r for r in naming(b, HZ, TEAM, HUB) if r.direction == "egress"]
b.revoke_security_group_egress(
    ecs.RevokeSecurityGroupEgressRequest(
        region_id=HZ, security_group_id=TEAM, security_group_rule_id=[egress[0].security_group_rule_id]
    )
)
check("acs3 revoke egress", [r.direction for r in naming(b, HZ, TEAM, HUB)] == ["ingress"])


def authorize():
    request = ecs.AuthorizeSecurityGroupRequest(
        region_id=HZ,
        security_group_id=HUB,
        permissions=[
            ecs.AuthorizeSecurityGroupRequestPermissions(
                ip_protocol="TCP",
                port_range="22/22",
                source_group_id=TEAM,
                source_group_owner_id=int(B),
                description="put back: 安全组 & +=%~*",
            )
        ],
    )
    a.authorize_security_group(request)


authorize()
back = naming(a, HZ, HUB, TEAM)
check("acs3 authorize", len(back) == 5 and back[-1].description == "put back: 安全组 & +=%~*")
check("acs3 a new rule has a new id", back[-1].security_group_rule_id not in live)
authorize()
check("acs3 authorize what is there adds nothing", len(naming(a, HZ, HUB, TEAM)) == 5)

refused("acs3 another account's group", "InvalidSecurityGroupId.NotFound", lambda: rules(a, HZ, TEAM), 404)
refused("acs3 a malformed group", "InvalidSecurityGroupId.Malformed", lambda: rules(a, HZ, "1.23E+15"), 400)
refused("acs3 an unknown region", "InvalidRegionId.NotFound", lambda: rules(a, "cn-nowhere", HUB), 404)
refused(
    "acs3 a managed group",
    "InvalidOperation.ResourceManagedByCloudProduct",
    lambda: by_permissions(match, group="sg-hz0managed00000000a6"),
    403,
)
refused("acs3 an unknown key", "InvalidAccessKeyId.NotFound", lambda: rules(new(A, "LTAInobody", "x"), HZ, HUB), 404)
refused(
    "acs3 a wrong secret", "SignatureDoesNotMatch", lambda: rules(new(A, KEYS[A][0], "wrong"), HZ, HUB), 400
)

key, secret = KEYS[A]
hub = Sts(open_api.Config(access_key_id=key, access_key_secret=secret, endpoint=HOST, protocol="http"))
check("acs3 caller identity", hub.get_caller_identity().body.account_id == A)


def assume(account):
    request = sts.AssumeRoleRequest(role_arn=f"acs:ram::{account}:role/unpair", role_session_name="peers")
    return hub.assume_role(request).body.credentials


got = assume(B)
session = new(B, got.access_key_id, got.access_key_secret, got.security_token)
check("acs3 a session acts as the other account", rules(session, HZ, TEAM).security_group_id == TEAM)
refused(
    "acs3 a session without its token",
    "MissingSecurityToken",
    lambda: rules(new(B, got.access_key_id, got.access_key_secret), HZ, TEAM),
)
refused("acs3 no role in the partner's account", "NoPermission", lambda: assume(PARTNER), 403)

a.revoke_security_group(
    ecs.RevokeSecurityGroupRequest(
        region_id=HZ,
        security_group_id=HUB,
        ip_protocol="tcp",
        port_range="443/443",
        priority="5",
        source_group_id=TEAM,
        source_group_owner_id=int(B),
        nic_type="intranet",
    )
)
check("acs3 revoke by flat parameters", "443/443" not in [r.port_range for r in naming(a, HZ, HUB, TEAM)])

# --- the older SDK, RPC signature ----------------------------------------------------------
request = DescribeSecurityGroupsRequest.DescribeSecurityGroupsRequest()
request.add_query_param("RegionId", BJ)
listed = send(old(A), request)["SecurityGroups"]["SecurityGroup"]
check("rpc describe groups", [g["SecurityGroupId"] for g in listed] == [SEED_A])


def describe_old(client, group, region=BJ):
    request = DescribeSecurityGroupAttributeRequest.DescribeSecurityGroupAttributeRequest()
    request.set_SecurityGroupId(group)
    request.add_query_param("RegionId", region)
    return send(client, request)["Permissions"]["Permission"]


check("rpc describe attribute", len(describe_old(old(A), SEED_A)) == 2)


def manual(group, peer, owner, port_range="-1/-1", protocol="all"):
    """The command of the provider's manual."""
    request = RevokeSecurityGroupRequest.RevokeSecurityGroupRequest()
    request.set_SecurityGroupId(group)
    request.add_query_param("RegionId", BJ)
    request.set_IpProtocol(protocol)
    request.set_PortRange(port_range)
    request.set_SourceGroupId(peer)
    request.set_SourceGroupOwnerAccount(owner)
    request.set_NicType("intranet")
    return request


send(old(A), manual(SEED_A, SEED_B, "b@aliyun.com", "22/22", "tcp"))
check("rpc flat parameters that match nothing are a success", len(describe_old(old(A), SEED_A)) == 2)
send(old(A), manual(SEED_A, SEED_B, "b@aliyun.com"))
send(old(B), manual(SEED_B, SEED_A, "a@aliyun.com"))
check("rpc the manual's two commands sever the pair", len(describe_old(old(A), SEED_A)) == len(describe_old(old(B), SEED_B)) == 1)


def naming_big_peer():
    return [r for r in pages_old() if r["SourceGroupId"] == BIG_PEER]


def pages_old():
    found, token = [], None
    while True:
        request = DescribeSecurityGroupAttributeRequest.DescribeSecurityGroupAttributeRequest()
        request.set_SecurityGroupId(BIG)
        request.add_query_param("RegionId", HZ)
        request.add_query_param("MaxResults", 300)
        if token:
            request.add_query_param("NextToken", token)
        answer = send(old(A), request)
        found += answer["Permissions"]["Permission"]
        token = answer.get("NextToken")
        if not token:
            return found


def on_big():
    request = RevokeSecurityGroupRequest.RevokeSecurityGroupRequest()
    request.set_SecurityGroupId(BIG)
    request.add_query_param("RegionId", HZ)
    return request


check("rpc pages", len(pages_old()) == 650)
grants = naming_big_peer()
check("rpc grants stand on every page", [g["IpProtocol"] for g in grants] == ["TCP", "UDP", "ALL"])
request = on_big()
request.set_SecurityGroupRuleIds([grants[0]["SecurityGroupRuleId"]])
send(old(A), request)
check("rpc revoke by rule ids", naming_big_peer() == grants[1:])
request = on_big()
request.set_SecurityGroupRuleIds([grants[0]["SecurityGroupRuleId"]])
refused("rpc a rule id that is gone", "InvalidParam.SecurityGroupRuleId", lambda: send(old(A), request), 400)
request = on_big()
wanted = {"IpProtocol": "UDP", "PortRange": "5353/5353", "SourceGroupId": BIG_PEER, "SourceGroupOwnerAccount": "b@aliyun.com"}
request.set_Permissions([wanted])
send(old(A), request)
check("rpc revoke by permissions", naming_big_peer() == grants[2:])

request = RevokeSecurityGroupEgressRequest.RevokeSecurityGroupEgressRequest()
request.set_SecurityGroupId(SEED_A)
request.add_query_param("RegionId", BJ)
refused("rpc egress without a rule", "InvalidIpProtocol.ValueNotSupported", lambda: send(old(A), request), 400)
# The SDK gives SignatureDoesNotMatch this name where the server's string to sign equals its own.
refused("rpc a wrong secret", "InvalidAccessKeySecret", lambda: describe_old(old(A, "wrong"), SEED_A), 400)
refused("rpc another account's group", "InvalidSecurityGroupId.NotFound", lambda: describe_old(old(B), SEED_A), 404)
