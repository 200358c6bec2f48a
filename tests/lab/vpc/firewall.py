# SPDX-License-Identifier: Apache-2.0
"""nftables as security groups, network ACLs, detours to broken servers, and counters.

One ruleset a namespace, replaced as a whole (one transaction) whenever the world changes. The counters are in a table of their
own that is loaded once. What is refused is dropped in silence, as AWS does.

Chains that a fault may put rules into, before the healthy ones:
    endpoint_input      the endpoints' security groups, inbound
    endpoint_output     what leaves the endpoints
    endpoint_detour     destination NAT in front of the endpoints: another server answers (tls.py, traps.py)
    network_acl         what crosses the router between the subnets
    router_input        what reaches IMDS, resolver and time source
    router_detour       destination NAT in front of those
    instance_egress     this instance's security group, outbound: on its port, not on the instance
    instance_arrivals   what is lost on the way to the instance
    instance_output, instance_postrouting, instance_input, instance_closed (output, policy drop)
                        a firewall on the instance itself
    instance_nat        its destination NAT, as iptables-nft writes it: chain OUTPUT of table ip nat
    instance_netdev     the same, at its interface's egress hook
    instance_iptables   the same, as iptables-nft writes it: chain OUTPUT of table ip filter
"""

import json
import subprocess

from . import kernel, topology, world as w

LINK_LOCAL = f"{{ {w.IMDS}, {w.RESOLVER_LINK_LOCAL}, {w.TIME_SOURCE}, {w.RESOLVER} }}"


def start(world, namespaces):
    """Begins to load all three rulesets and the counters; finish() waits. The kernel takes a while over each."""
    return [
        _begin(None, _router(world) + _router_counters()),
        _begin(namespaces.endpoints, _endpoints(world) + _endpoint_counters()),
        _begin(namespaces.instance, _instance(world)),
    ]


def finish(begun):
    for process, text in begun:
        _, error = process.communicate(timeout=20)
        if process.returncode != 0:
            raise RuntimeError(f"nft: {error.strip()}\n{text}")


def apply(world, namespaces):
    """Replaces all three rulesets; the counters go on."""
    finish(
        [
            _begin(None, _router(world)),
            _begin(namespaces.endpoints, _endpoints(world)),
            _begin(namespaces.instance, _instance(world)),
        ]
    )


def counters_read(namespaces, reset=False):
    """Connections by endpoint address, packets exchanged with the link-local services, and what left the instance."""
    seen, sent = {}, {}
    for namespace in (None, namespaces.endpoints):
        answer, error = _nft(namespace, "-j", "reset" if reset else "list", "counters").communicate(timeout=20)
        if not answer:
            raise RuntimeError(f"nft: {error.strip()}")
        for item in json.loads(answer)["nftables"]:
            if "counter" in item:
                seen[item["counter"]["name"]] = item["counter"]["packets"]
    answer, _ = _nft(None, "-j", "list", "set", "netdev", "count", "sent").communicate(timeout=20)
    for item in json.loads(answer)["nftables"]:
        for element in item.get("set", {}).get("elem", []):
            address, protocol, port = element["elem"]["val"]["concat"]
            sent[f"{address} {protocol} {port}"] = element["elem"]["counter"]["packets"]
    if reset:
        _nft(None, "flush", "set", "netdev", "count", "sent").communicate(timeout=20)
    connections = {
        name.removeprefix("to-").replace("-", "."): count
        for name, count in seen.items()
        if name.startswith("to-") and count
    }
    return {"connections": connections, "link_local_packets": seen.get("link-local", 0), "sent": sent}


def _begin(namespace, text):
    process = _nft(namespace, "-f", "-")
    process.stdin.write(text)
    process.stdin.close()
    process.stdin = None  # it starts at the end of its input; communicate() is to leave that alone
    return process, text


def _nft(namespace, *arguments):
    enter = None if namespace is None else lambda: kernel.setns(namespace)
    return subprocess.Popen(
        ["nft", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=enter,
    )


def _chain(world, key, hook, healthy=(), policy="accept", always=False, name=None):
    """A base chain, or nothing when it would be empty: an instance without a firewall shows no ruleset at all."""
    rules = list(world.rules.get(key, [])) + list(healthy)
    if not rules and not always:
        return ""
    body = "\n    ".join(rules)
    return f"  chain {name or key} {{\n    type {hook}; policy {policy};\n    {body}\n  }}\n"


def _table(family, name, chains):
    """Declaring a table before deleting it makes the deletion safe the first time too."""
    return f"table {family} {name} {{}}\ndelete table {family} {name}\ntable {family} {name} {{\n{''.join(chains)}}}\n"


def _router(world):
    acl = [
        'iifname "subnet-a" oifname "subnet-a" accept',  # switched, not routed: bridge-nf-call-iptables shows it here
        'iifname "subnet-b" oifname "subnet-b" accept',
        f"ip daddr {{ {w.PUBLIC}.0/24, {w.OTHER_VPC}.0/24 }} drop",
        'iifname "subnet-a" oifname "subnet-b" accept',
        'iifname "subnet-b" oifname "subnet-a" accept',
    ]
    text = _table(
        "inet",
        "lab",
        [
            _chain(world, "network_acl", "filter hook forward priority 0", acl, policy="drop"),
            _chain(world, "router_input", "filter hook input priority 0"),
            _chain(world, "router_detour", "nat hook prerouting priority -100"),
            _chain(world, "hop_limit", "filter hook postrouting priority 0", _next_router(world)),
        ],
    )
    egress = _chain(
        world, "instance_egress", f'filter hook ingress device "{topology.INSTANCE_PORT}" priority 0', always=True
    )
    arrivals = _chain(world, "instance_arrivals", f'filter hook egress device "{topology.INSTANCE_PORT}" priority 0')
    return text + _table("netdev", "lab", [egress, arrivals])


def _next_router(world):
    """An IMDS answer with one hop left does not survive another router."""
    if not world.imds.behind_a_router:
        return []
    return [f"ip saddr {w.IMDS} ip ttl 1 drop", f"ip6 saddr {w.IMDS6} ip6 hoplimit 1 drop"]


def _endpoints(world):
    healthy = [
        "iifname lo accept",
        "meta l4proto ipv6-icmp accept",
        "ct state established,related accept",
        "tcp dport 443 accept",
        "ct status dnat accept",
    ]
    return _table(
        "inet",
        "lab",
        [
            _chain(world, "endpoint_input", "filter hook input priority 0", healthy, policy="drop"),
            _chain(world, "endpoint_output", "filter hook output priority 0"),
            _chain(world, "endpoint_detour", "nat hook prerouting priority -100"),
        ],
    )


def _instance(world):
    """Only while a fault asks for it, in the table and the chains that a distribution's nftables.conf has."""
    tables = {
        ("inet", "filter"): [
            _chain(world, "instance_output", "filter hook output priority 0", name="output"),
            _chain(world, "instance_closed", "filter hook output priority 1", policy="drop"),
            _chain(world, "instance_postrouting", "filter hook postrouting priority 0"),
            _chain(world, "instance_input", "filter hook input priority 0", name="input"),
        ],
        ("ip", "nat"): [_chain(world, "instance_nat", "nat hook output priority -100", name="OUTPUT")],
        ("netdev", "lab"): [
            _chain(world, "instance_netdev", f'filter hook egress device "{w.INTERFACE}" priority 0'),
        ],
        ("ip", "filter"): [
            _chain(world, "instance_iptables", "filter hook output priority 0", name="OUTPUT")
        ],
    }
    return "".join(
        _table(*name, chains) if any(chains) else f"table {' '.join(name)} {{}}\ndelete table {' '.join(name)}\n"
        for name, chains in tables.items()
    )


def _router_counters():
    return f"""table inet count {{
  counter link-local {{}}
  chain in {{ type filter hook input priority -300; ip daddr {LINK_LOCAL} counter name "link-local"; }}
  chain out {{ type filter hook output priority -300; ip saddr {LINK_LOCAL} counter name "link-local"; }}
}}
table netdev count {{
  set sent {{ type ipv4_addr . inet_proto . inet_service; flags dynamic; size 1024; counter; }}
  chain in {{
    type filter hook ingress device "{topology.INSTANCE_PORT}" priority -300;
    tcp flags & (syn|ack) == syn update @sent {{ ip daddr . ip protocol . tcp dport counter }}
    udp dport 53 update @sent {{ ip daddr . ip protocol . udp dport counter }}
  }}
}}
"""


def _endpoint_counters():
    """Connections that were let in: first packets after the security group and before the server."""
    addresses = [
        make(service)
        for service in w.SERVICES
        for make in (lambda s: w.address(s, "a"), lambda s: w.address(s, "b"), w.public_address, w.other_vpc_address)
    ]
    declared = "\n  ".join(f"counter to-{address.replace('.', '-')} {{}}" for address in addresses)
    rules = "\n    ".join(
        f'ct original ip daddr {address} counter name "to-{address.replace(".", "-")}"' for address in addresses
    )
    return f"""table inet count {{
  {declared}
  chain connections {{
    type filter hook input priority 10;
    tcp flags & (syn|ack) != syn return
    {rules}
  }}
}}
"""
