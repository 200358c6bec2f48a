# SPDX-License-Identifier: Apache-2.0
"""Where the cases run: one instance, and a network in which every case has addresses of its own.

    instance (ens5, 10.0.1.10) --- world (10.64.SLOT.0/24 and 2001:db8:64:SLOT::/64, all of them)

The world takes every address of 10.64.0.0/10 as its own (a local route), so a server that listens once is at the addresses of
all cases, and the address that a packet came to says whose it is. A slot is one case's share: a metadata service, a resolver,
the endpoints, and a root file system whose resolv.conf names that resolver. The program gets it by --root and --imds-endpoint.
"""

import contextlib
import os
import socket

from vpc import instance, kernel, topology, world as w

IMDS, RESOLVER = 254, 2
SERVICE_AT = {21: "ssm", 22: "ssmmessages", 23: "ec2messages"}
SLOTS = 120  # cases side by side; most of them wait
HERE = "/run/hostile"


def address(slot, host, family):
    return f"10.64.{slot}.{host}" if family == 4 else f"2001:db8:64:{slot:x}::{host:x}"


def slot_and_host(text):
    """(slot, host) of an address of the world; (None, None) when it is no case's."""
    with contextlib.suppress(OSError):
        packed = socket.inet_aton(text)
        return (packed[2], packed[3]) if packed[0] == 10 and packed[1] == 64 else (None, None)
    packed = socket.inet_pton(socket.AF_INET6, text)
    if packed[:6] != socket.inet_pton(socket.AF_INET6, "2001:db8:64::")[:6]:
        return None, None
    return packed[7], packed[15]


def imds_endpoint(slot, family):
    return f"http://{address(slot, IMDS, 4)}" if family == 4 else f"http://[{address(slot, IMDS, 6)}]"


def build(authority):
    """The network and the slots' files. To be called in namespaces of one's own; returns the instance's network."""
    kernel.mount("tmpfs", "/run", "tmpfs", 0, "mode=755")
    os.makedirs(HERE)
    made = kernel.network_namespace_new()
    for namespace in (None, made):
        with kernel.inside_network(namespace) if namespace else contextlib.nullcontext():
            for path, value in topology.NO_WAITING.items():
                with open(f"/proc/sys/{path}", "w", encoding="ascii") as file:
                    file.write(str(value))
    topology.ip(None, _world_links(made), pass_fds=(made,))
    topology.ip(made, _instance_links())
    files = instance.files(w.World(), {"amazon": authority, "corporate": ""}, "")
    for slot in range(SLOTS):
        _root_make(root(slot), files)
    return made


def root(slot):
    return f"{HERE}/{slot}"


def resolv_conf(slot, family):
    path = f"{root(slot)}/etc/resolv.conf"
    os.unlink(path)
    with open(path, "w", encoding="ascii") as file:
        file.write(f"nameserver {address(slot, RESOLVER, family)}\n")


def _world_links(made):
    return [
        "link set lo up",
        f"link add port type veth peer name {w.INTERFACE} address {w.MAC} netns /proc/self/fd/{made}",
        "address add 10.0.1.1/24 dev port",
        "address add 2001:db8:1:1::1/64 dev port nodad",
        "link set port up",
        *(f"address add {own}/32 dev lo" for own in (w.TIME_SOURCE, w.RESOLVER_LINK_LOCAL, w.RESOLVER)),
        "route add local 10.64.0.0/10 dev lo",
        "route add local 2001:db8:64::/48 dev lo",
        "route add blackhole default",
    ]


def _instance_links():
    return [
        "link set lo up",
        f"link set {w.INTERFACE} up",
        f"address add {w.INSTANCE_ADDRESS}/24 dev {w.INTERFACE}",
        f"address add {w.INSTANCE_ADDRESS6}/64 dev {w.INTERFACE} nodad",
        f"route add default via 10.0.1.1 dev {w.INTERFACE} proto dhcp src {w.INSTANCE_ADDRESS}",
        f"route add default via 2001:db8:1:1::1 dev {w.INTERFACE} proto ra",
    ]


def _root_make(top, files):
    for path, text in files.items():
        target = top + path
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if isinstance(text, w.Link):
            os.symlink(text, target)
            continue
        with open(target, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(target, 0o755 if isinstance(text, w.Program) else 0o644)
