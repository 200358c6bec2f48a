# SPDX-License-Identifier: Apache-2.0
"""The way to port 443: routes, security groups, network ACLs."""

from .. import world as w
from ..traps import TRAP_PORT
from .metadata import DUAL_STACK_AGENT, dual_stack
from .registry import choice, fault, service_known
from .tls import lead_to_port

_LINK_LOCAL = f"{{ {w.IMDS}, {w.RESOLVER_LINK_LOCAL}, {w.TIME_SOURCE}, {w.RESOLVER} }}"
DEAD_GATEWAY = "10.0.1.77"


def _addresses(service, zones="ab"):
    return [w.address(each, zone) for each in service_known(service) for zone in zones]


def _addresses6(service, zones="ab"):
    return [w.address6(each, zone) for each in service_known(service) for zone in zones]


_ASKED_443 = "meta l4proto tcp ct original proto-dst 443"  # whatever port a detour leads to


def _endpoints(world, service, zones, verdict, families="46"):
    """A rule of the endpoints' security groups; without one for 443 neither family gets in, by a detour (tls.py) neither."""
    if "4" in families:
        world.rule("endpoint_input", f"ip daddr {{ {', '.join(_addresses(service, zones))} }} {_ASKED_443} {verdict}")
    if "6" in families:
        world.rule(
            "endpoint_input", f"ip6 daddr {{ {', '.join(_addresses6(service, zones))} }} {_ASKED_443} {verdict}"
        )


@fault("syns-lost", "the first N (5) SYNs to each address of the endpoints are lost on the way", None, "[N]")
def _(world, count="5"):
    for address in _addresses("all") + [w.public_address(service) for service in w.REQUIRED]:
        world.rule("instance_egress", f"ip daddr {address} tcp flags & (syn|ack) == syn quota {60 * int(count)} bytes drop")


@fault(
    "no-route",
    "no default route, and no endpoint interface in the instance's own subnet",
    "no-route",
    "[prohibit|blackhole]",
    settings={"zones": "b"},
)
def _(world, variant=""):
    if variant:
        world.routes.append(f"{choice(variant, 'prohibit', 'blackhole')} {w.ZONES['b']}.0/24")
        return
    world.routes = [route for route in world.routes if not route.startswith("default")]
    world.routes += [
        f"{address} via 10.0.1.1 dev {w.INTERFACE}" for address in (w.IMDS, w.RESOLVER_LINK_LOCAL, w.TIME_SOURCE)
    ]


@fault("local-ports-used-up", "the range that local ports are taken from is one port wide", "local-ports-used-up")
def _(world):
    world.ports = "32768 32768"


@fault("own-address", "the instance itself has an address of ssm's endpoint", "local-firewall")
def _(world):
    world.addresses.append(f"{w.address('ssm', 'a')}/32")


_BURST = "tcp flags & (syn|ack) == syn limit rate over 5/second burst 2 packets"


@fault(
    "local-firewall",
    "a firewall on the instance rejects (or drops) what is for port 443; or (limit) refuses, or drops, connections that begin at once",
    "local-firewall",
    "[reject|unreachable|drop|limit|limit-reset|limit-drop]",
)
def _(world, verdict="reject"):
    verdicts = {
        "reject": "reject with tcp reset",
        "unreachable": "reject with icmpx type host-unreachable",
        "drop": "drop",
        "limit": f"{_BURST} reject",
        "limit-reset": f"{_BURST} reject with tcp reset",
        "limit-drop": "tcp flags & (syn|ack) == syn limit rate over 1/second burst 2 packets drop",
    }
    world.rule("instance_output", "tcp dport 443 " + verdicts[verdict])


_HTTPS = "tcp dport 443"
_DROPS = {
    "output": ("instance_output", 'oifname "lo" accept', "ip daddr 10.0.0.0/8 tcp dport { 80, 443 } counter drop"),
    "policy": ("instance_closed", 'oif "lo" accept', "meta l4proto udp accept", "tcp dport != 443 accept"),
    "postrouting": ("instance_postrouting", f"{_HTTPS} drop"),
    "netdev": ("instance_netdev", f"{_HTTPS} drop"),
    "iptables": ("instance_iptables", f"ip protocol tcp {_HTTPS} counter drop"),
    "input": ("instance_input", 'iifname "lo" accept', "ct state new accept", "tcp sport 443 drop"),
}


@fault(
    "local-firewall-drop",
    "a firewall on the instance drops in silence what is for port 443, or (input) what comes back",
    "local-firewall",
    f"[{'|'.join(_DROPS)}]",
)
def _(world, variant="output"):
    chain, *rules = _DROPS[choice(variant, *_DROPS)]
    for rule in rules:
        world.rule(chain, rule)


@fault("egress-blocked", "the instance's security group lets nothing out to 443", "egress-blocked")
def _(world):
    world.rule("instance_egress", f"ip daddr != {_LINK_LOCAL} tcp dport 443 drop")
    world.rule("instance_egress", f"ip6 daddr != {w.IMDS6} tcp dport 443 drop")


@fault(
    "egress-rule",
    "the instance's security group lets 443 out to the other subnet only, or to the endpoints of all services but one",
    "egress-rule",
    "[SERVICE]",
)
def _(world, service=""):
    to = f"{{ {', '.join(_addresses(service))} }}" if service else w.SUBNET_CIDR
    world.rule("instance_egress", f"ip daddr {to} tcp dport 443 drop")


@fault(
    "endpoint-blocks-443",
    "an endpoint's security group lacks inbound 443 (all: the one they share)",
    "endpoint-blocks-443",
    "[SERVICE (ssm)|all]",
)
def _(world, service="ssm"):
    if service != "all":
        world.endpoint_groups[service] = f"sg-0{service}"
    _endpoints(world, service, "ab", "drop")


@fault(
    "network-acl",
    "the subnets' network ACLs drop 443, or the answers' ephemeral ports, or of these what is below 49152",
    "network-acl",
    "[out|ephemeral|low-ports]",
)
def _(world, variant="out"):
    world.rule(
        "network_acl",
        {
            "out": 'iifname "subnet-a" oifname "subnet-b" tcp dport 443 drop',
            "ephemeral": 'iifname "subnet-b" oifname "subnet-a" tcp dport 1024-65535 drop',
            "low-ports": 'iifname "subnet-b" oifname "subnet-a" tcp dport 1024-49151 drop',
        }[variant],
    )


@fault(
    "endpoint-az-unreachable",
    "one endpoint interface in one zone is silent",
    "endpoint-az-unreachable",
    "[SERVICE (ssm)[:ZONE (b)]]",
)
def _(world, service="ssm", zone="b"):
    _endpoints(world, service, zone, "drop")


@fault(
    "address-family-blocked",
    "instance and endpoints are dual stack, and rules are written for the other family only: the endpoints' security "
    "groups (or one's), the instance's own, or the network ACLs",
    "address-family-blocked",
    "[ipv6|ipv4[:SERVICE (all)[:endpoint|egress|acl]]]",
    settings={"agent": DUAL_STACK_AGENT},
)
def _(world, family="ipv6", service="all", by="endpoint"):
    digit = {"ipv6": "6", "ipv4": "4"}[family]
    dual_stack(world)
    if choice(by, "endpoint", "egress", "acl") == "endpoint":
        _endpoints(world, service, "ab", "drop", digit)
    elif by == "egress":
        world.rule("instance_egress", f"meta protocol {'ip6' if digit == '6' else 'ip'} tcp dport 443 drop")
    else:
        world.rule("network_acl", f"meta nfproto {family} iifname \"subnet-a\" oifname \"subnet-b\" drop")


@fault(
    "endpoint-refuses",
    "something that is no endpoint interface resets connections, and a record of the account's own hosted zone leads there",
    "endpoint-refuses",
    "[SERVICE (ssm)[:ZONE]]",
)
def _(world, service="ssm", zones="ab"):
    world.own_records.update(service_known(service))
    _endpoints(world, service, zones, "reject with tcp reset")


_ICMP = {"port": "port-unreachable", "host": "host-unreachable", "net": "net-unreachable", "admin": "admin-prohibited"}


@fault(
    "refused-on-the-way",
    "a router between instance and endpoints refuses: by an ICMP error of its own, or a reset in the endpoint's name; or (hops) it finds "
    "no hop left, as in a circle of routes",
    "refused-on-the-way",
    f"[{'|'.join(_ICMP)}|reset|hops[:SERVICE (all)]]",
    settings={"zones": "b"},
)
def _(world, variant="port", service="all"):
    to = f"ip daddr {{ {', '.join(_addresses(service, 'b'))} }}"
    if choice(variant, *_ICMP, "reset", "hops") == "hops":
        world.rule("instance_postrouting", f"{to} tcp dport 443 ip ttl set 1")
        return
    how = "tcp reset" if variant == "reset" else f"icmp type {_ICMP[variant]}"
    world.rule("network_acl", f'iifname "subnet-a" oifname "subnet-b" {to} tcp dport 443 reject with {how}')


@fault(
    "connect-unsteady",
    "of all connections to the services each third one is refused by a reset; or (limit) those above so many a second are dropped, or refused",
    "connect-unsteady",
    "[third|limit[:RATE (2)[:drop|reset]]]",
)
def _(world, variant="third", rate="2", how="drop"):
    which = "numgen inc mod 3 == 1" if choice(variant, "third", "limit") == "third" else f"limit rate over {rate}/second burst {rate} packets"
    verdict = "drop" if variant == "limit" and choice(how, "drop", "reset") == "drop" else "reject with tcp reset"
    world.rule("endpoint_input", f"ip daddr {{ {', '.join(_addresses('all', 'ab'))} }} {_ASKED_443} ct state new {which} {verdict}")


@fault(
    "second-interface",
    "the instance has a second interface in the other subnet, and the endpoints' security groups do not let that one in; or "
    "they do, and nothing is wrong",
    "other-interface",
    "[blocked|works]",
)
def _(world, variant="blocked"):
    world.second_interface = True
    if choice(variant, "blocked", "works") == "blocked":
        world.rule("endpoint_input", f"ip saddr {w.SECOND_ADDRESS} {_ASKED_443} drop")


@fault(
    "route-into-tunnel",
    "a tunnel that leads nowhere has the route to the resolver (in the main table, or in another by a rule), to IMDS, or to "
    "the endpoints",
    "route-elsewhere",
    "[resolver|rule|imds|endpoints]",
)
def _(world, variant="resolver"):
    world.devices["tun0"] = "type vxlan id 7 remote 10.0.1.99 dstport 4789"
    if choice(variant, "resolver", "rule", "imds", "endpoints") == "rule":
        world.routes.append("default dev tun0 table 52")
        world.route_rules.append(f"to {w.RESOLVER} lookup 52 priority 5270")
        return
    to = {"resolver": [w.RESOLVER], "imds": ["169.254.0.0/16"], "endpoints": _addresses("all")}[variant]
    world.routes += [f"{address} dev tun0" for address in to]


@fault("foreign-source", "routes on the instance send what is for the endpoints, or IMDS, from an address of another network",
       "route-elsewhere", "[endpoints|imds]")
def _(world, to="endpoints"):
    world.addresses.append("172.16.0.9/32")
    addresses = _addresses("all") if choice(to, "endpoints", "imds") == "endpoints" else [w.IMDS]
    world.routes += [f"{address} via 10.0.1.1 dev {w.INTERFACE} src 172.16.0.9" for address in addresses]


@fault(
    "rule-by-port",
    "`ip rule` on the instance has one for destination port 443: it refuses, or leads into a tunnel",
    "no-route",
    "[prohibit|blackhole|tunnel]",
)
def _(world, variant="prohibit"):
    if choice(variant, "prohibit", "blackhole", "tunnel") == "tunnel":
        world.devices["tun0"] = "type vxlan id 7 remote 10.0.1.99 dstport 4789"
        world.routes.append("default dev tun0 table 52")
        variant = "lookup 52"
    world.route_rules.append(f"dport 443 {variant} priority 5270")


@fault(
    "gateway-silent",
    "the next hop to the endpoints' subnet does not answer ARP; or the only gateway, as of an image with another subnet's; or that of "
    "a table for what comes from this address; or the only one, where IMDS is on the link and the nameserver is not",
    "gateway-silent",
    "[subnet|only|table|nameserver]",
    settings={"zones": "b"},
)
def _(world, variant="subnet"):
    if choice(variant, "subnet", "only", "table", "nameserver") == "only":
        world.routes = []
    if variant == "nameserver":
        world.routes = [f"{address} dev {w.INTERFACE} scope link" for address in (w.IMDS, w.TIME_SOURCE)]
    if variant == "table":
        world.route_rules.append(f"from {w.INSTANCE_ADDRESS} lookup 54 priority 5272")
    to = "10.0.2.0/24" if variant == "subnet" else "default"
    world.routes.append(f"{to} via {DEAD_GATEWAY} dev {w.INTERFACE} onlink" + (" table 54" if variant == "table" else ""))


@fault("path-mtu", "large packets between instance and endpoints vanish, both ways or those of the instance", "path-mtu",
       "[both|up[:BYTES (600)]]")
def _(world, way="both", n_bytes="600"):
    if choice(way, "both", "up") == "both":
        world.rule("endpoint_output", f"{_ASKED_443} meta length > {n_bytes} drop")
    world.rule("endpoint_input", f"{_ASKED_443} meta length > {n_bytes} drop")


@fault("handshake-swallowed", "TCP connects, and no ClientHello is ever answered", "tls-reset", "[SERVICE (all)]")
def _(world, service="all"):
    lead_to_port(world, service, TRAP_PORT["mute"])
