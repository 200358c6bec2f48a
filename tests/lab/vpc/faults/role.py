# SPDX-License-Identifier: Apache-2.0
"""The instance profile, its role, and the credentials."""

import json

from .. import metadata, world as w
from ..credentials import ROLE
from .registry import choice, fault

_INFO = "meta-data/iam/info"
_ROLE_CREDENTIALS = f"meta-data/iam/security-credentials/{w.ROLE}"


@fault("role-missing", "no instance profile is attached", "role-missing")
def _(world):
    world.role = None


@fault("role-profile-empty", "an instance profile is attached, with no role in it", "role-profile-empty")
def _(world):
    world.role = None
    world.imds.instead[_INFO] = metadata.iam_info(
        world,
        Message=(
            "Instance Profile does not contain a role. Please see documentation at "
            "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_iam-ec2.html"
        ),
    )


@fault("role-profile-deleted", "the instance profile that is attached has been deleted", "role-missing")
def _(world):
    world.role = None
    world.imds.instead[_INFO] = metadata.iam_info(
        world,
        Code="InstanceProfileNotFound",
        Message="Instance Profile cannot be found. Please see documentation at "
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_iam-ec2.html",
    )


@fault(
    "role-not-assumable",
    "the role's trust policy does not name EC2: the credentials document has another Code than Success",
    "role-not-assumable",
)
def _(world):
    world.imds.instead[_ROLE_CREDENTIALS] = metadata.credentials(
        ROLE, world, "AssumeRoleUnauthorizedAccess", metadata.ERROR_MESSAGE
    )


@fault("credentials-expired", "IMDS gives credentials that ended an hour ago; the services may take them", "credentials-expired",
       "[refused|taken]")
def _(world, variant="refused"):
    world.imds.instead[_ROLE_CREDENTIALS] = metadata.credentials(ROLE, world, valid_s=-3600)
    if choice(variant, "refused", "taken") == "refused":
        world.service.revoked = "ExpiredTokenException"


@fault(
    "credentials-rejected",
    "the services do not know the credentials",
    "credentials-rejected",
    "[unrecognized|expired|invalid]",
)
def _(world, variant="unrecognized"):
    world.service.revoked = {
        "unrecognized": "UnrecognizedClientException",
        "expired": "ExpiredTokenException",
        "invalid": "InvalidClientTokenId",
    }[variant]


@fault(
    "dhmc-on",
    "Default Host Management is on in this account: an agent that has no other credentials, or is denied, gets them there",
    None,
)
def _(world):
    world.service.default_host_management = True


@fault(
    "dhmc",
    "no instance profile, but Default Host Management serves the node: the agent of an earlier boot has left its credentials; or "
    "(had-role) what it has left is of a time with a role; or (another) another instance has left it all in the image, and Default "
    "Host Management is off",
    "dhmc-in-use",
    "[own|had-role|another]",
)
def _(world, variant="own"):
    world.role = None
    world.service.default_host_management = choice(variant, "own", "had-role", "another") != "another"
    of = {
        "InstanceId": "i-0fedcba9876543210" if variant == "another" else w.INSTANCE_ID,
        "CredentialSource": "EC2" if variant == "had-role" else "SSM",
    }
    world.files["/var/lib/amazon/ssm/runtimeconfig/identity_config.json"] = (
        json.dumps({"SchemaVersion": "1.1", "IdentityType": "EC2"} | of) + "\n"
    )
    if variant == "had-role":
        return
    world.files["/var/lib/amazon/ssm/credentials"] = (
        f"[default]\naws_access_key_id = {ROLE.access_key}\naws_secret_access_key = {ROLE.secret_key}\n"
        f"aws_session_token = {ROLE.token}\n"
    )
