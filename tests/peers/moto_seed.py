"""Seeds a moto server with two accounts whose groups name each other; prints what it made as JSON.

Usage: moto_seed.py URL. Needs nothing but the standard library.

Stock moto looks a foreign group up in the caller's own account, and falls back from its id to a
name. So each account gets a shadow: a group of its own whose name is the foreign group's id.
"""

import json
import sys
import urllib.parse
import urllib.request
import uuid
import xml.etree.ElementTree as ElementTree

REGION = "eu-west-1"
ACCOUNTS = {"a": "111111111111", "b": "222222222222"}


def call(url, account, action, **parameters):
    """Sends one EC2 request as `account` and returns the answer's root element."""
    form = {"Action": action, "Version": "2016-11-15"}
    form.update({name.replace("__", "."): value for name, value in parameters.items()})
    scope = f"Credential=AKIDSEED/20260102/{REGION}/ec2/aws4_request"
    headers = {
        "x-moto-account-id": account,
        "authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0",
    }
    body = urllib.parse.urlencode(form).encode()
    request = urllib.request.Request(url, data=body, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return ElementTree.fromstring(answer.read())


def create(url, account, name):
    """Creates a group and returns its id."""
    root = call(url, account, "CreateSecurityGroup", GroupName=name, GroupDescription="seed")
    return next(item.text for item in root.iter() if item.tag.endswith("groupId"))


def permission(protocol, port=None, **peer):
    """The parameters of one permission."""
    parameters = {"IpPermissions__1__IpProtocol": protocol}
    if port is not None:
        parameters |= {"IpPermissions__1__FromPort": port, "IpPermissions__1__ToPort": port}
    return parameters | {f"IpPermissions__1__{name}": value for name, value in peer.items()}


def group(seeded, side):
    """The peer that is the group of `side`."""
    return {"Groups__1__GroupId": seeded[side], "Groups__1__UserId": ACCOUNTS[side]}


def main():
    url = sys.argv[1]
    run = uuid.uuid4().hex[:8]
    seeded = {side: create(url, account, f"{side}-{run}") for side, account in ACCOUNTS.items()}
    create(url, ACCOUNTS["a"], seeded["b"])
    create(url, ACCOUNTS["b"], seeded["a"])
    to_a, to_b = group(seeded, "a"), group(seeded, "b")
    tag = {
        "TagSpecification__1__ResourceType": "security-group-rule",
        "TagSpecification__1__Tag__1__Key": "why",
        "TagSpecification__1__Tag__1__Value": "seed",
    }
    ingress, egress = "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress"
    for side, action, parameters in [
        ("a", ingress, permission("tcp", 22, **to_b) | tag),
        ("a", ingress, permission("-1", **to_b)),
        ("a", ingress, permission("udp", 53, IpRanges__1__CidrIp="10.0.0.0/8")),
        ("a", ingress, permission("icmp", -1, Ipv6Ranges__1__CidrIpv6="2001:db8::/32")),
        ("a", egress, permission("tcp", 443, **to_b)),
        ("b", ingress, permission("-1", **to_a)),
    ]:
        call(url, ACCOUNTS[side], action, GroupId=seeded[side], **parameters)
    print(json.dumps({"region": REGION, "accounts": ACCOUNTS, "groups": seeded, "name_a": f"a-{run}"}))


if __name__ == "__main__":
    main()
