# SPDX-License-Identifier: Apache-2.0
"""The values behind the instance metadata service: path below /latest/ -> text.

Paths and forms: EC2 User Guide, "Instance metadata categories". Nothing here is about HTTP (imds.py).
"""

import json
import time

from . import world as w
from .credentials import IDENTITY, ROLE

ERROR_MESSAGE = (
    "EC2 cannot assume the role " + w.ROLE + ". Please see documentation at "
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_iam-ec2.html#troubleshoot_iam-ec2_errors-info-doc."
)


def tree(world):
    paths = {f"meta-data/{path}": text for path, text in _meta_data(world).items()}
    paths["dynamic/instance-identity/document"] = identity_document(world)
    paths["dynamic/instance-identity/signature"] = "bGFiLXNpZ25hdHVyZQ=="
    for path, text in world.imds.instead.items():
        if text is None:
            for below in [known for known in paths if known == path or known.startswith(path.rstrip("/") + "/")]:
                del paths[below]
        else:
            paths[path] = text
    return paths


def identity_document(world, **changes):
    document = {
        "accountId": w.ACCOUNT,
        "architecture": "x86_64",
        "availabilityZone": f"{world.region}a",
        "billingProducts": None,
        "devpayProductCodes": None,
        "marketplaceProductCodes": None,
        "imageId": w.IMAGE_ID,
        "instanceId": w.INSTANCE_ID,
        "instanceType": w.INSTANCE_TYPE,
        "kernelId": None,
        "pendingTime": iso(time.time() - 30),
        "privateIp": w.INSTANCE_ADDRESS,
        "ramdiskId": None,
        "region": world.region,
        "version": "2017-09-30",
    }
    return json.dumps(document | changes, indent=2)


def credentials(who, world, code="Success", message=None, valid_s=6 * 3600):
    """A credentials document as IMDS gives it; with another code it carries no keys, and is a 200 all the same."""
    now = time.time() + world.clock_offset_s
    document = {"Code": code, "LastUpdated": iso(now - 60)}
    if code == "Success":
        document |= {
            "Type": "AWS-HMAC",
            "AccessKeyId": who.access_key,
            "SecretAccessKey": who.secret_key,
            "Token": who.token,
            "Expiration": iso(now + valid_s),
        }
    else:
        document |= {"Message": message}
    return json.dumps(document, indent=2)


def iam_info(world, **changes):
    info = {
        "Code": "Success",
        "LastUpdated": iso(time.time() + world.clock_offset_s - 60),
        "InstanceProfileArn": f"arn:{world.partition}:iam::{w.ACCOUNT}:instance-profile/{w.PROFILE}",
        "InstanceProfileId": "AIPAI23HZ27SI6FQMGNQ2",
    }
    return json.dumps(info | changes, indent=2)


def iso(unix_s):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(unix_s))


def _meta_data(world):
    local_name = "ip-" + w.INSTANCE_ADDRESS.replace(".", "-") + ".ec2.internal"
    values = {
        "ami-id": w.IMAGE_ID,
        "ami-launch-index": "0",
        "ami-manifest-path": "(unknown)",
        "hostname": local_name,
        "block-device-mapping/ami": "xvda",
        "block-device-mapping/root": "/dev/xvda",
        "events/maintenance/history": "[]",
        "events/maintenance/scheduled": "[]",
        "instance-action": "none",
        "instance-id": w.INSTANCE_ID,
        "instance-life-cycle": "on-demand",
        "instance-type": w.INSTANCE_TYPE,
        "local-hostname": local_name,
        "local-ipv4": w.INSTANCE_ADDRESS,
        "mac": w.MAC,
        "profile": "default-hvm",
        "reservation-id": "r-0e1f2a3b4c5d67894",
        "placement/availability-zone": f"{world.region}a",
        "placement/availability-zone-id": w.zone_id(world.region),
        "placement/region": world.region,
        "security-groups": "lab-instance",
        "services/domain": world.domain,
        "services/partition": world.partition,
        "system": "nitro",
        "tags/instance/Name": "ssm-preflight-lab",
        "identity-credentials/ec2/info": json.dumps(
            {"Code": "Success", "LastUpdated": iso(time.time() - 60), "AccountId": w.ACCOUNT}, indent=2
        ),
        "identity-credentials/ec2/security-credentials/ec2-instance": credentials(IDENTITY, world),
    }
    if world.role:
        values["iam/info"] = iam_info(world)
        values[f"iam/security-credentials/{world.role}"] = credentials(ROLE, world)
    if world.public_ipv4:
        values["public-ipv4"] = world.public_ipv4
    interfaces = {w.MAC: _interface(world)} | ({w.SECOND_MAC: _second_interface()} if world.second_interface else {})
    return values | {
        f"network/interfaces/macs/{mac}/{path}": text
        for mac, paths in interfaces.items()
        for path, text in paths.items()
    }


def _second_interface():
    return {
        "device-number": "1",
        "interface-id": w.SECOND_INTERFACE_ID,
        "local-ipv4s": w.SECOND_ADDRESS,
        "mac": w.SECOND_MAC,
        "owner-id": w.ACCOUNT,
        "security-group-ids": w.SECOND_GROUP_ID,
        "security-groups": "lab-second",
        "subnet-id": w.SECOND_SUBNET_ID,
        "subnet-ipv4-cidr-block": "10.0.2.0/24",
        "vpc-id": w.VPC_ID,
        "vpc-ipv4-cidr-block": w.VPC_CIDR,
        "vpc-ipv4-cidr-blocks": w.VPC_CIDR,
    }


def _interface(world):
    values = {
        "device-number": "0",
        "interface-id": w.INTERFACE_ID,
        "local-ipv4s": w.INSTANCE_ADDRESS,
        "mac": w.MAC,
        "owner-id": w.ACCOUNT,
        "security-group-ids": w.SECURITY_GROUP_ID,
        "security-groups": "lab-instance",
        "subnet-id": w.SUBNET_ID,
        "subnet-ipv4-cidr-block": w.SUBNET_CIDR,
        "vpc-id": w.VPC_ID,
        "vpc-ipv4-cidr-block": world.vpc_blocks[0],
        "vpc-ipv4-cidr-blocks": "\n".join(world.vpc_blocks),
    }
    if world.public_ipv4:
        values["public-ipv4s"] = world.public_ipv4
    if world.ipv6:
        values |= {
            "ipv6s": w.INSTANCE_ADDRESS6,
            "subnet-ipv6-cidr-blocks": f"{w.ZONES6['a']}::/64",
            "vpc-ipv6-cidr-blocks": "2001:db8:1::/56",
        }
    return values
