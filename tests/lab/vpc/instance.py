# SPDX-License-Identifier: Apache-2.0
"""What is on the instance's disk: path -> text, Link or Program. Plain values; machine.py puts them in place."""

import os

from . import world as w
from .world import Link, Program

CA_FILE = "/etc/ssm-preflight/amazon-roots.pem"
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
AMAZON_ROOT = "/etc/ssl/certs/Amazon_Root_CA_1.pem"
SDK_BUNDLE = "/etc/ssl/certs/corp/ca.pem"  # where Go, which reads the files of /etc/ssl/certs, does not look
CONFIGURATION = "/etc/ssm-preflight/preflight.conf"
AGENT_CONFIGURATION = "/etc/amazon/ssm/amazon-ssm-agent.json"
AGENT_UNIT = "/usr/lib/systemd/system/amazon-ssm-agent.service"
AGENT_WANTED = "/etc/systemd/system/multi-user.target.wants/amazon-ssm-agent.service"
AGENT_DROP_IN = "/etc/systemd/system/amazon-ssm-agent.service.d/proxy.conf"
AGENT_PROGRAM = "/usr/bin/amazon-ssm-agent"
AGENT_OTHER_PROGRAMS = tuple(
    f"/usr/bin/ssm-{name}" for name in ("agent-worker", "session-worker", "document-worker", "cli")
)
SYSTEMD_BOOTED = "/run/systemd/system/lab.conf"  # the folder is there where systemd booted the machine, sd_booted(3)
TIME_SYNC_WANTED = "/etc/systemd/system/multi-user.target.wants/chrony.service"
PACKAGES = "/var/lib/dpkg/status"
AGENT_GROUP = "/sys/fs/cgroup/system.slice/amazon-ssm-agent.service/cgroup.procs"  # there: the unit was started
NO_PROCESS = 4194304  # proc(5): no process id is that large
PACKAGE_LIST = "/var/lib/dpkg/info/amazon-ssm-agent.list"
RESOLV_CONF = "/etc/resolv.conf"
HOSTS = "/etc/hosts"
NSSWITCH = "/etc/nsswitch.conf"

_DMI = {
    "bios_vendor": "Amazon EC2",
    "bios_version": "1.0",
    "board_asset_tag": w.INSTANCE_ID,
    "board_vendor": "Amazon EC2",
    "chassis_asset_tag": "Amazon EC2",
    "chassis_vendor": "Amazon EC2",
    "product_name": w.INSTANCE_TYPE,
    "product_serial": "ec2a1b2c-3d4e-5f60-7182-93a4b5c6d7e8",
    "product_uuid": "ec2a1b2c-3d4e-5f60-7182-93a4b5c6d7e8",
    "sys_vendor": "Amazon EC2",
}
_DMI_ELSEWHERE = {
    "sys_vendor": "QEMU",
    "product_name": "Standard PC",
    "product_uuid": "4c4c4544-0042-3510-8054-b7c04f433232",
    "bios_vendor": "SeaBIOS",
    "board_asset_tag": "",
    "chassis_asset_tag": "",
}
_UNIT = """[Unit]
Description=amazon-ssm-agent
After=network-online.target

[Service]
Type=simple
WorkingDirectory=/usr/bin/
ExecStart=/usr/bin/amazon-ssm-agent
KillMode=process
Restart=always
RestartPreventExitStatus=194
RestartSec=90

[Install]
WantedBy=multi-user.target
"""
_TEMPLATE = (
    '{\n    "Profile": {"ShareCreds": true},\n    "Mds": {"CommandWorkersLimit": 5},\n    "Ssm": {"Endpoint": ""}\n}\n'
)


def files(world, authorities, host_bundle):
    """Everything that the lab puts on the disk, the world's own changes last. A path whose value is None is not there.

    `authorities`: the lab's, by name (certificates.py); `host_bundle`: what the machine below trusts.
    """
    amazon_ca, corporate_ca = authorities["amazon"], authorities["corporate"]
    bundle = host_bundle + amazon_ca + (corporate_ca if world.corporate_authority else "")
    found = {
        HOSTS: "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n",
        CONFIGURATION: f"# The lab's authority in place of Amazon's public roots.\nca-file = {CA_FILE}\n",
        CA_FILE: amazon_ca,
        BUNDLE: {
            "whole": bundle,
            "empty": "",
            "truncated": bundle[: len(bundle) // 2],
            "foreign": corporate_ca,
            "joined": corporate_ca.strip() + amazon_ca,
            "bom": "\ufeff" + amazon_ca,
            "blank-lines": amazon_ca.replace("\n", "\n\n"),
        }.get(world.bundle),
        AMAZON_ROOT: amazon_ca if world.bundle == "directory" else None,
        SDK_BUNDLE: authorities.get(world.sdk_bundle),
        SYSTEMD_BOOTED: "",
        TIME_SYNC_WANTED: Link("/usr/lib/systemd/system/chrony.service"),
        "/etc/machine-id": "ec2a1b2c3d4e5f60718293a4b5c6d7e8\n",
        "/sys/class/net/ens5/address": w.MAC + "\n",
        "/sys/fs/cgroup/system.slice/cgroup.procs": "",
    }
    resolv_conf = "".join(f"nameserver {address}\n" for address in world.nameservers) + _search(world)
    if world.stub:
        found[RESOLV_CONF] = f"nameserver {w.STUB_RESOLVER}\noptions edns0 trust-ad\n{_search(world)}"
        found["/run/systemd/resolve/stub-resolv.conf"] = found[RESOLV_CONF]
        found["/run/systemd/resolve/resolv.conf"] = resolv_conf
    else:
        found[RESOLV_CONF] = resolv_conf
    for name, text in (_DMI if world.on_ec2 else _DMI_ELSEWHERE).items():
        found[f"/sys/class/dmi/id/{name}"] = text + "\n"
    return {path: text for path, text in (found | agent(world) | world.files).items() if text is not None}


def private_folders():
    """Folders of which the instance sees nothing but the lab's files: what the machine below has there is hidden."""
    return ["/etc/ssm-preflight", "/etc/systemd/system", "/etc/amazon", "/etc/ssl/certs", "/var/lib/amazon"] + [
        folder for folder in ("/etc/pki", "/etc/ca-certificates") if os.path.isdir(folder)
    ]


def _search(world):
    own = "ec2.internal" if world.region == "us-east-1" else f"{world.region}.compute.internal"
    domain = own if world.search is None else world.search
    return f"search {domain}\n" if domain else ""


def agent(world):
    version = world.agent_version
    return {
        AGENT_PROGRAM: Program(f"#!/bin/sh\necho 'SSM Agent version: {version}'\n"),
        **{path: Program("#!/bin/sh\nexit 0\n") for path in AGENT_OTHER_PROGRAMS},
        AGENT_UNIT: _UNIT,
        AGENT_WANTED: Link(AGENT_UNIT),
        AGENT_CONFIGURATION + ".template": _TEMPLATE,
        PACKAGES: package_status(version),
        PACKAGE_LIST: f"/.\n{AGENT_PROGRAM}\n{AGENT_UNIT}\n",
    }


def package_status(version):
    agent = (
        ""
        if version is None
        else (
            "Package: amazon-ssm-agent\nStatus: install ok installed\nPriority: extra\nSection: misc\n"
            "Maintainer: Amazon.com, Inc. <ec2-ssm-feedback@amazon.com>\nArchitecture: amd64\n"
            f"Version: {version}-1\nDescription: Amazon SSM Agent\n\n"
        )
    )
    return (
        "Package: base-files\nEssential: yes\nStatus: install ok installed\nPriority: required\nSection: admin\n"
        "Maintainer: Santiago Vila <sanvila@debian.org>\nArchitecture: amd64\nVersion: 12.4+deb12u5\n"
        "Description: Debian base system miscellaneous files\n\n" + agent
    )
