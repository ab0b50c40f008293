"""What the official SDKs call: a line for each service, region and variant, with the host.

Run with the Python of tests/peers/requirements.txt. For AWS a line is
`aws SERVICE REGION FIPS DUALSTACK HOST`, for Alibaba Cloud `alibaba ecs REGION HOST`.
"""

import inspect
import re

from alibabacloud_ecs20140526.client import Client as Ecs
from botocore.endpoint_provider import EndpointProvider
from botocore.loaders import Loader

SERVICES = {"ec2": "ec2", "sts": "sts", "sso": "portal.sso", "sso-oidc": "oidc"}


def aws():
    loader = Loader()
    loader.search_paths.append(Loader.BUILTIN_DATA_PATH)
    partitions = loader.load_data("partitions")
    regions = [
        region
        for partition in partitions["partitions"]
        for region in partition["regions"]
        if not region.endswith("-global")
    ]
    for service, prefix in SERVICES.items():
        rules = loader.load_service_model(service, "endpoint-rule-set-1")
        provider = EndpointProvider(rules, partitions)
        for region in regions:
            for fips in (False, True):
                for dual_stack in (False, True):
                    found = provider.resolve_endpoint(
                        Region=region, UseFIPS=fips, UseDualStack=dual_stack
                    )
                    host = found.url.removeprefix("https://")
                    print("aws", prefix, region, str(fips).lower(), str(dual_stack).lower(), host)


def alibaba():
    hosts = dict(re.findall(r"'([a-z0-9-]+)': '([^']+)'", inspect.getsource(Ecs.__init__)))
    for region, host in hosts.items():
        print("alibaba", "ecs", region, host)


aws()
alibaba()
