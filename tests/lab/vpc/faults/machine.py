# SPDX-License-Identifier: Apache-2.0
"""The instance's own disk: the agent, its configuration, the CA bundle."""

import json

from .. import instance, world as w
from ..world import Link
from ..traps import TRAP_PORT
from .registry import choice, fault


@fault("agent-missing", "no SSM agent is installed", "agent-missing")
def _(world):
    for path in (
        instance.AGENT_PROGRAM,
        "/usr/bin/ssm-cli",
        instance.AGENT_UNIT,
        instance.AGENT_WANTED,
        instance.AGENT_CONFIGURATION + ".template",
        instance.PACKAGE_LIST,
    ):
        world.files[path] = None
    world.files[instance.PACKAGES] = instance.package_status(None)


@fault("agent-disabled", "the agent is installed, its unit is not enabled", "agent-disabled")
def _(world):
    world.files[instance.AGENT_WANTED] = None


@fault("agent-masked", "the agent's unit is masked", "agent-masked")
def _(world):
    world.files[instance.AGENT_WANTED] = None
    world.files["/etc/systemd/system/amazon-ssm-agent.service"] = Link("/dev/null")


@fault(
    "agent-old",
    "the installed agent is too old for IMDSv2, or of this version",
    "agent-too-old",
    "[VERSION (2.3.700.0)]",
)
def _(world, version="2.3.700.0"):
    world.agent_version = version


@fault(
    "agent-config-invalid",
    "amazon-ssm-agent.json does not parse, or names another Region",
    "agent-config-invalid",
    "[syntax|region]",
)
def _(world, variant="syntax"):
    text = {
        "syntax": '{ "Agent": { "Region": "us-east-1", }\n',
        "region": json.dumps({"Agent": {"Region": "eu-west-3"}}) + "\n",
    }
    world.files[instance.AGENT_CONFIGURATION] = text[choice(variant, "syntax", "region")]


@fault(
    "agent-registered-elsewhere",
    "another machine's registration was baked into the image",
    "agent-registered-elsewhere",
)
def _(world):
    world.files["/var/lib/amazon/ssm/registration"] = (
        json.dumps({"ManagedInstanceID": "mi-0a1b2c3d4e5f60718", "Region": w.World.region}) + "\n"
    )
    world.files[
        "/var/lib/amazon/ssm/Vault/Manifest"
    ] = '{"RegistrationKey":"/var/lib/amazon/ssm/Vault/Store/RegistrationKey"}\n'
    world.files["/var/lib/amazon/ssm/Vault/Store/RegistrationKey"] = (
        json.dumps({"instanceID": "mi-0a1b2c3d4e5f60718", "region": w.World.region}) + "\n"
    )


@fault("agent-not-connected", "the agent runs, and holds no connection to ssmmessages", "agent-not-connected")
def _(world):
    world.files[instance.AGENT_GROUP] = "4242\n"


@fault(
    "agent-proxy",
    "the agent's unit sends endpoint traffic to a proxy, which has a name that nobody knows, "
    "opens the way, forbids it, or is silent",
    "proxy-in-the-way",
    "[unknown|opens|forbids|silent]",
)
def _(world, variant="unknown"):
    address = w.address("ssm", "a")
    proxy = {
        "unknown": "proxy.example.internal:3128",
        "opens": f"{address}:{TRAP_PORT['tunnel']}",
        "forbids": f"{address}:{TRAP_PORT['forbid']}",
        "silent": f"{address}:3128",
    }[variant]
    if variant in ("opens", "forbids"):
        world.rule("endpoint_input", f"tcp dport {{ {TRAP_PORT['tunnel']}, {TRAP_PORT['forbid']} }} accept")
    world.files[instance.AGENT_DROP_IN] = (
        f'[Service]\nEnvironment="http_proxy=http://{proxy}"\n'
        f'Environment="https_proxy=http://{proxy}"\n'
        'Environment="no_proxy=169.254.169.254"\n'
    )


@fault("time-sync-missing", "no time service is enabled", "time-sync-missing")
def _(world):
    world.files[instance.TIME_SYNC_WANTED] = None


@fault("no-ca-bundle", "there is no CA bundle where the SSM agent looks", "ca-bundle-missing")
def _(world):
    world.files[instance.BUNDLE] = None


@fault("read-only-disk", "everything on the disk is read-only, /run too", None)
def _(world):
    world.read_only = True
