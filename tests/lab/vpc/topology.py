# SPDX-License-Identifier: Apache-2.0
"""Three network namespaces and the links between them.

    instance (ens5) --- bridge subnet-a --+-- router --+-- bridge subnet-b
                             |            |            |
                        zone-a (endpoints)|         zone-b (endpoints)
                                     IMDS, resolver, time source

The router is the namespace that this process is in. Both subnets are bridges in it, so what stays within a subnet is switched
and never crosses the router's forward chain, where the network ACLs are. Whatever is for the outside ends in a black hole: a
VPC without NAT is silent. IMDS, resolver and time source are the router's own addresses: nothing filters them on the way, as
on EC2. One namespace holds the endpoint interfaces of both zones; rules by source address send each answer back the way it came.
"""

import subprocess

from . import kernel, wire, world as w

INSTANCE_PORT = "port-instance"
MTU = 9001
NO_WAITING = {"net/ipv6/conf/all/accept_dad": 0, "net/ipv6/conf/default/accept_dad": 0}  # addresses are usable at once


class Topology:
    """The namespaces as descriptors; `instance` is filled in before anything runs."""

    def __init__(self):
        self.endpoints = kernel.network_namespace_new()
        self.instance = kernel.network_namespace_new()
        self._shown = None  # the world that instance_configure last did

    def build(self, round_trip_s=0.0):
        _sysctl(NO_WAITING)
        for namespace in (self.endpoints, self.instance):
            with kernel.inside_network(namespace):
                _sysctl(NO_WAITING)
        far = self._wire(round_trip_s) if round_trip_s else self.instance
        ip(None, _router_links(self.endpoints, far, not round_trip_s), pass_fds=(self.endpoints, far))
        if round_trip_s:
            ip(far, [f"link set {end} up" for end in wire.ENDS])
            wire.start(far, round_trip_s)
        _sysctl(
            {
                "net/ipv4/ip_forward": 1,
                "net/ipv6/conf/all/forwarding": 1,
                "net/ipv4/conf/all/rp_filter": 0,
                "net/ipv4/icmp_ratelimit": 0,
            }
        )
        ip(self.endpoints, _endpoint_links())
        ip(self.instance, ["link set lo up"])
        with kernel.inside_network(self.endpoints):
            _sysctl(
                {
                    "net/ipv4/conf/all/rp_filter": 0,
                    "net/ipv4/conf/default/rp_filter": 0,
                    "net/ipv4/conf/zone-a/rp_filter": 0,
                    "net/ipv4/conf/zone-b/rp_filter": 0,
                    "net/ipv4/conf/all/arp_ignore": 1,
                }
            )

    def _wire(self, round_trip_s):
        """A namespace between the instance and the router, in which wire.py carries packets."""
        between = kernel.network_namespace_new()
        with kernel.inside_network(between):
            _sysctl({"net/ipv6/conf/default/disable_ipv6": 1})
        peer = _instance_end(self.instance)
        ip(between, [f"link add {wire.ENDS[0]} mtu {MTU} type veth peer {peer}"], pass_fds=(self.instance,))
        return between

    def instance_configure(self, world):
        """Brings the instance's interfaces, addresses and routes to what the world says; does nothing when they are so already."""
        shown, self._shown = self._shown or w.World(interface_up=None, addresses=[], routes=[]), world
        if shown.ports != world.ports:
            with kernel.inside_network(self.instance):
                _sysctl({"net/ipv4/ip_local_port_range": world.ports or "32768 60999"})
        readdressed = (shown.interface_up, shown.addresses) != (world.interface_up, world.addresses)
        kept = [] if readdressed else shown.routes  # without an address of its own no route stays
        ip(self.instance, [f"route del {route}" for route in kept if route not in world.routes])
        ip(self.instance, [f"rule del {rule}" for rule in shown.route_rules if rule not in world.route_rules])
        ip(self.instance, [f"link del {name}" for name in shown.devices if name not in world.devices])
        if shown.second_interface != world.second_interface:
            self._second_interface(world.second_interface)
        lines = [
            line
            for name, kind in world.devices.items()
            if name not in shown.devices
            for line in (f"link add {name} {kind}", f"link set {name} arp off up")
        ]
        if readdressed:
            lines += [f"address flush dev {w.INTERFACE} scope global"]
            lines += [f"link set {w.INTERFACE} {'up' if world.interface_up else 'down'} gso_max_segs 1"]
            lines += [f"address add {address} dev {w.INTERFACE} nodad" for address in world.addresses]
        lines += [f"route add {route}" for route in world.routes if route not in kept]
        lines += [f"rule add {rule}" for rule in world.route_rules if rule not in shown.route_rules]
        ip(self.instance, lines)

    def _second_interface(self, wanted):
        port = f"{INSTANCE_PORT}-b"
        if not wanted:
            ip(None, [f"link del {port}"])
            return
        peer = f"name {w.SECOND_INTERFACE} address {w.SECOND_MAC} mtu {MTU} netns /proc/self/fd/{self.instance}"
        add = f"link add {port} mtu {MTU} type veth peer {peer}"
        ip(None, [add, f"link set {port} master subnet-b up"], pass_fds=(self.instance,))
        ip(
            self.instance,
            [
                f"link set {w.SECOND_INTERFACE} up gso_max_segs 1",
                f"address add {w.SECOND_ADDRESS}/24 dev {w.SECOND_INTERFACE}",
            ],
        )


def ip(namespace, lines, pass_fds=()):
    """Runs lines of iproute2 in one go. IPv6 lines are known by the colon in them."""
    for flag, chosen in (
        ("-4", [line for line in lines if "::" not in line]),
        ("-6", [line for line in lines if "::" in line]),
    ):
        if chosen:
            done = subprocess.run(
                ["ip", flag, "-batch", "-"],
                input="\n".join(chosen) + "\n",
                text=True,
                capture_output=True,
                pass_fds=pass_fds,
                preexec_fn=_entering(namespace),
                timeout=20,
            )
            if done.returncode != 0:
                raise RuntimeError(f"ip {flag} -batch: {done.stderr.strip()}\n" + "\n".join(chosen))


def _entering(namespace):
    return None if namespace is None else lambda: kernel.setns(namespace)


def _sysctl(values):
    for path, value in values.items():
        try:
            with open(f"/proc/sys/{path}", "w") as file:
                file.write(str(value))
        except FileNotFoundError:
            pass  # a kernel without it


def _instance_end(instance):
    return f"name {w.INTERFACE} address {w.MAC} mtu {MTU} netns /proc/self/fd/{instance}"


def _router_links(endpoints, far, is_instance):
    lines = ["link set lo up"]
    for zone, network in w.ZONES.items():
        lines += [
            f"link add subnet-{zone} mtu {MTU} type bridge mcast_snooping 0",
            f"link add port-{zone} mtu {MTU} type veth peer name zone-{zone} mtu {MTU} netns /proc/self/fd/{endpoints}",
            f"link set port-{zone} master subnet-{zone} up",
            f"address add {network}.1/24 dev subnet-{zone}",
            f"address add {w.ZONES6[zone]}::1/64 dev subnet-{zone} nodad",
            f"link set subnet-{zone} up",
        ]
    lines += [
        f"link add {INSTANCE_PORT} mtu {MTU} type veth peer "
        + (_instance_end(far) if is_instance else f"name {wire.ENDS[1]} mtu {MTU} netns /proc/self/fd/{far}"),
        f"link set {INSTANCE_PORT} master subnet-a up",
        f"address add {w.CUSTOM_RESOLVER}/24 dev subnet-a",
        "route add blackhole default",
        f"route add {w.PUBLIC}.0/24 via 10.0.2.20 dev subnet-b",
        f"route add {w.OTHER_VPC}.0/24 via 10.0.2.20 dev subnet-b",
        f"route add 64:ff9b::/96 via {w.ZONES6['b']}::20 dev subnet-b",
    ]
    for own in (w.IMDS, w.RESOLVER, w.RESOLVER_LINK_LOCAL, w.TIME_SOURCE):
        lines.append(f"address add {own}/32 dev lo")
    for own in (w.IMDS6, w.RESOLVER6):
        lines.append(f"address add {own}/128 dev lo nodad")
    return lines


def _endpoint_links():
    lines = ["link set lo up"]
    for zone, network in w.ZONES.items():
        table = 100 + ord(zone)
        lines += [
            f"address add {network}.20/24 dev zone-{zone}",
            f"link set zone-{zone} up gso_max_segs 1",  # else a rule about a packet's length would see whole writes
            f"route add {network}.0/24 dev zone-{zone} table {table}",
            f"route add default via {network}.1 dev zone-{zone} table {table}",
            f"rule add from {network}.0/24 lookup {table} priority {table}",
            f"address add {w.ZONES6[zone]}::20/64 dev zone-{zone} nodad",
            f"route add {w.ZONES6[zone]}::/64 dev zone-{zone} table {table}",
            f"route add default via {w.ZONES6[zone]}::1 dev zone-{zone} table {table}",
            f"rule add from {w.ZONES6[zone]}::/64 lookup {table} priority {table}",
        ]
        for service in w.SERVICES:
            lines.append(f"address add {w.address(service, zone)}/24 dev zone-{zone}")
            lines.append(f"address add {w.new_address(service, zone)}/24 dev zone-{zone}")
            lines.append(f"address add {w.address6(service, zone)}/64 dev zone-{zone} nodad")
    for service in w.SERVICES:
        lines.append(f"address add {w.public_address(service)}/32 dev lo")
        lines.append(f"address add {w.other_vpc_address(service)}/32 dev lo")
        lines.append(f"address add {w.through_dns64(w.address(service, 'b'))}/128 dev lo nodad")
        lines.append(f"address add {w.through_dns64(w.public_address(service))}/128 dev lo nodad")
    elsewhere = 100 + ord("b")
    lines.append(f"rule add from {w.PUBLIC}.0/24 lookup {elsewhere} priority 300")
    lines.append(f"rule add from {w.OTHER_VPC}.0/24 lookup {elsewhere} priority 301")
    lines.append(f"rule add from 64:ff9b::/96 lookup {elsewhere} priority 302")
    return lines
