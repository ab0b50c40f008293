"""Stands in for the `aliyun` CLI: sends the parameters of a command line with the official SDK.

Usage: aliyun.py ecs ACTION --NAME VALUE…; like the CLI's own, its options are the parameters of the
API under their own names. ALIYUN_HOST is the server, ALIYUN_KEY and ALIYUN_SECRET the key.
"""

import os
import sys

from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest

product, action, *options = sys.argv[1:]
assert product == "ecs" and len(options) % 2 == 0, sys.argv
request = CommonRequest(domain=os.environ["ALIYUN_HOST"], version="2014-05-26", action_name=action)
request.set_protocol_type("http")
request.set_method("POST")
for name, value in zip(options[::2], options[1::2]):
    assert name.startswith("--"), name
    request.add_query_param(name[2:], value)
client = AcsClient(os.environ["ALIYUN_KEY"], os.environ["ALIYUN_SECRET"], "cn-beijing", auto_retry=False)
print(client.do_action_with_exception(request).decode())
