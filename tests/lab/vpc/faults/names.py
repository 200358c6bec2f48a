# SPDX-License-Identifier: Apache-2.0
"""DNS: what the resolvers answer, and which of them the instance asks."""

from .. import world as w
from ..dns import FORMERR, HABITS_PORT, RCODE_PORT, REFUSED, SERVFAIL, TYPE_AAAA
from ..instance import HOSTS, NSSWITCH, RESOLV_CONF
from .machine import configure
from .metadata import DUAL_STACK_AGENT, ipv6_only
from .registry import choice, fault, service_known

_AMAZON = (w.RESOLVER, w.RESOLVER_LINK_LOCAL)


def answer_code(world, rcode):
    for address in _AMAZON:
        for protocol in ("udp", "tcp"):
            world.rule(
                "router_detour", f"ip daddr {address} {protocol} dport 53 dnat ip to {address}:{RCODE_PORT[rcode]}"
            )


def _habits(world):
    """Amazon's resolver is now one with habits, which the caller sets."""
    for address in _AMAZON:
        world.rule("router_detour", f"ip daddr {address} udp dport 53 dnat ip to {address}:{HABITS_PORT}")
    return world.resolver


def _public(world):
    return {world.name(service): [w.public_address(service)] for service in w.SERVICES}


@fault("dns-no-resolver", "resolv.conf names no server; on 127.0.0.1, which Go and glibc then ask, nobody listens, or a resolver", "dns-no-resolver",
       "[none|local]")
def _(world, variant="none"):
    world.nameservers = []
    world.files[RESOLV_CONF] = "# no nameserver\n"
    if choice(variant, "none", "local") == "local":
        world.stub = True
        world.rule("instance_nat", f"ip daddr 127.0.0.1 udp dport 53 dnat to {w.STUB_RESOLVER}")


@fault(
    "dns-resolver-unreachable",
    "resolv.conf names a dead server, or one that is cut off; Amazon's resolver would answer",
    "dns-resolver-unreachable",
    "[dead|cut-off]",
)
def _(world, variant="dead"):
    world.nameservers = [w.DEAD_RESOLVER]
    if choice(variant, "dead", "cut-off") == "cut-off":
        world.nameservers, world.custom_records = [w.CUSTOM_RESOLVER], world.records
        world.rule("instance_egress", f"ip daddr {w.CUSTOM_RESOLVER} drop")


@fault(
    "dns-server-silent", "resolv.conf names a dead server beside the VPC's resolver", "dns-server-silent", "[first|second]"
)
def _(world, variant="first"):
    dead_first = choice(variant, "first", "second") == "first"
    world.nameservers = [w.DEAD_RESOLVER, w.RESOLVER] if dead_first else [w.RESOLVER, w.DEAD_RESOLVER]


@fault(
    "dns-fourth-server",
    "resolv.conf names four servers, and the fourth alone is alive: Go and glibc read three",
    "dns-resolver-unreachable",
)
def _(world):
    world.nameservers = [w.DEAD_RESOLVER, "10.0.2.54", "10.0.2.55", w.RESOLVER]


@fault("dns-not-asked", "nsswitch.conf has `hosts: files`, so that no name server is ever asked", "dns-local")
def _(world):
    world.files[NSSWITCH] = "passwd: files\ngroup: files\nhosts: files\n"


@fault(
    "dns-no-edns",
    "the resolver answers FORMERR to a question with an OPT record, or drops it: Go always sends one",
    "dns-edns",
    "[formerr|dropped]",
)
def _(world, variant="formerr"):
    _habits(world).edns = choice(variant, "formerr", "dropped")


_RCODES = {"formerr": FORMERR, "servfail": SERVFAIL, "nxdomain": 3, "notimp": 4, "refused": REFUSED}


@fault("dns-type", "questions of one type are answered with an error: of old forwarders that know no AAAA", None,
       "[RCODE (servfail)[:aaaa|a]]")
def _(world, rcode="servfail", kind="aaaa"):
    _habits(world).rcodes = {TYPE_AAAA if choice(kind, "aaaa", "a") == "aaaa" else 1: _RCODES[rcode]}


@fault("dns-malformed", "every answer with an address has a record that does not parse", "dns-servfail", "[short|cut|tail]")
def _(world, how="short"):
    _habits(world).malformed = choice(how, "short", "cut", "tail")


@fault("dns-unsteady", "every second question of a name and type is answered with an error, or with a record that does not parse",
       None, "[servfail|nxdomain|refused|malformed]")
def _(world, answer="servfail"):
    _habits(world).turns = choice(answer, "servfail", "nxdomain", "refused", "malformed")


@fault("dns-truncated", "every answer by UDP is truncated; TCP works, is blocked, refused, slow, or truncated too", None,
       "[works|blocked|refused|slow|twice]")
def _(world, tcp="works"):
    _habits(world).truncates = True
    if choice(tcp, "works", "blocked", "refused", "slow", "twice") in ("blocked", "refused"):
        world.rule("router_input", f"tcp dport 53 {'drop' if tcp == 'blocked' else 'reject with tcp reset'}")
    elif tcp != "works":
        _by_tcp(world, 3 if tcp == "slow" else 0, tcp == "twice")


def _by_tcp(world, delay_s, truncates=False):
    world.resolver.by_tcp = (delay_s, truncates)
    for address in _AMAZON:
        world.rule("router_detour", f"ip daddr {address} tcp dport 53 dnat ip to {address}:{HABITS_PORT}")


@fault("dns-tcp-slow", "an answer by TCP takes 3 s", None)
def _(world):
    _by_tcp(world, 3)


@fault("dns-half-lost", "resolv.conf names a resolver whose answers to half of the source ports get lost: the odd ones, or the high ones", None,
       "[odd|high]")
def _(world, ports="odd"):
    world.nameservers, world.custom_records = [w.CUSTOM_RESOLVER], dict(world.records)
    half = "& 1 == 1" if choice(ports, "odd", "high") == "odd" else ">= 49152"
    world.rule("router_input", f"ip daddr {w.CUSTOM_RESOLVER} udp dport 53 udp sport {half} drop")


@fault("dns-tcp-blocked", "no question gets through by TCP", None)
def _(world):
    world.rule("router_input", "tcp dport 53 drop")


@fault("dns-aliases", "names are aliases of aliases, so many (3), or of themselves (-1)", None, "[N]")
def _(world, count="3"):
    _habits(world).chain = int(count)


@fault("dns-rotates", "resolv.conf has `options rotate`, the VPC's resolver, and one that knows no name of the VPC: of two the agent asks the second "
       "for A records", "dns-bypasses-vpc", "[second|first]")
def _(world, place="second"):
    world.custom_records = {}
    servers = [w.RESOLVER, w.CUSTOM_RESOLVER] if choice(place, "second", "first") == "second" else [w.CUSTOM_RESOLVER, w.RESOLVER]
    world.files[RESOLV_CONF] = "options rotate\n" + "".join(f"nameserver {server}\n" for server in servers)


@fault("dns-owner", "the addresses of an answer are another name's", None)
def _(world):
    _habits(world).owner = "other.example.com"


@fault("dns-first-says", "resolv.conf names a resolver that answers with an error first, or refers to others, then the VPC's", None,
       "[servfail|refused|nxdomain|public|refers]")
def _(world, rcode="servfail"):
    if choice(rcode, "servfail", "refused", "nxdomain", "public", "refers") == "refers":
        _habits(world).refers = True
        world.nameservers, world.custom_records = [w.RESOLVER, w.CUSTOM_RESOLVER], dict(world.records)
    elif rcode in ("servfail", "refused"):
        world.nameservers = [w.RESOLVER_LINK_LOCAL, w.RESOLVER]
        port = RCODE_PORT[_RCODES[rcode]]
        for protocol in ("udp", "tcp"):
            world.rule("router_detour", f"ip daddr {w.RESOLVER_LINK_LOCAL} {protocol} dport 53 dnat ip to {w.RESOLVER_LINK_LOCAL}:{port}")
    else:
        world.nameservers = [w.CUSTOM_RESOLVER, w.RESOLVER]
        world.custom_records = _public(world) if rcode == "public" else {}


@fault("dns-addresses", "what a service's name has besides its addresses, or in their place: a public one, IPv6 ones that lead nowhere, "
       "one that is dead, or no endpoint's", "public-path", "[public|ipv6|ipv6-only|dead|dead-first|zero|broadcast|many[:SERVICE (ssm)]]")
def _(world, variant="public", service="ssm"):
    for each in service_known(service):
        own = world.private_addresses(each)
        ipv6 = [w.address6(each, zone) for zone in "ab"]
        world.point(each, {"public": own + [w.public_address(each)], "ipv6": own + ipv6, "ipv6-only": ipv6,
                           "dead": own + ["10.0.2.99"], "dead-first": ["10.0.1.99"] + own, "zero": own + ["0.0.0.0"], "broadcast": ["10.0.1.255"],
                           "many": own + [f"10.0.1.{n}" for n in range(101, 113)]}[variant])


@fault(
    "dns-slow",
    "the resolver takes so many milliseconds (3000) for an answer; alone, or named before one that bypasses the VPC at once",
    "dns-slow",
    "[MILLISECONDS[:alone|first]]",
)
def _(world, milliseconds="3000", variant="alone"):
    _habits(world).delay_s = int(milliseconds) / 1000
    if choice(variant, "alone", "first") == "first":
        world.nameservers = [w.RESOLVER, w.CUSTOM_RESOLVER]
        world.custom_records = _public(world)


@fault("dns-aaaa-silent", "the resolver answers no question for AAAA records", "dns-slow")
def _(world):
    _habits(world).silent_types = (TYPE_AAAA,)


@fault("dns-name-silent", "the resolver answers no question for a service's name, as where a rule forwards it to a dead server",
       "dns-servfail", "[SERVICE (ssmmessages)]")
def _(world, service="ssmmessages"):
    _habits(world).silent_names += (world.name(service),)


@fault(
    "dns-blocked-locally",
    "a firewall on the instance drops what is for port 53: sendto gives EPERM; or (in) what comes back, in silence",
    "dns-local",
    "[out|in]",
)
def _(world, way="out"):
    out = choice(way, "out", "in") == "out"
    world.rule(*(("instance_output", "meta l4proto { tcp, udp } th dport 53 drop") if out else ("instance_input", "meta l4proto { tcp, udp } th sport 53 drop")))


@fault(
    "dns-stub-dead",
    "resolv.conf names the stub at 127.0.0.53, and nobody listens there",
    "dns-local",
    settings={"resolver": "stub"},
)
def _(world):
    world.stub_answers = False


@fault(
    "vpc-dns-off", "enableDnsSupport is off: Amazon's resolver is silent, or refuses", "vpc-dns-off", "[silent|refused]"
)
def _(world, variant="silent"):
    if choice(variant, "silent", "refused") == "refused":
        answer_code(world, REFUSED)
    else:
        world.rule("router_input", f"ip daddr {{ {', '.join(_AMAZON)} }} meta l4proto {{ tcp, udp }} th dport 53 drop")


@fault(
    "dns-bypasses-vpc",
    "a custom resolver does not forward to the VPC's: public addresses, or NXDOMAIN; ssm's addresses of an endpoint that is gone; or "
    "another service's; or this machine's own, as of a server that blocks names",
    "dns-bypasses-vpc",
    "[public|nxdomain|gone|swapped|here]",
)
def _(world, variant="public"):
    world.nameservers = [w.CUSTOM_RESOLVER]
    world.custom_records = {
        "public": _public(world),
        "nxdomain": {},
        "gone": world.records | {world.name("ssm"): ["10.0.2.99"]},
        "swapped": world.records | {world.name("ssm"): world.private_addresses("kms")},
        "here": {world.name(each): ["127.0.0.1"] for each in w.REQUIRED},
    }[variant]


@fault("dns-searched", "`options ndots:` and a search list whose domain has the addresses of nobody for every name", "dns-local")
def _(world):
    world.files[RESOLV_CONF] = f"search corp.example.com\noptions ndots:5\nnameserver {w.RESOLVER}\n"
    world.records |= {f"{world.name(service)}.corp.example.com": ["10.0.1.99"] for service in w.REQUIRED}


@fault(
    "dns-led-away",
    "the instance leads its questions to a resolver outside the VPC (destination NAT), which has public addresses, or refuses",
    "private-dns-off",
    "[public|refused]",
)
def _(world, variant="public"):
    world.custom_records = _public(world)
    to = w.CUSTOM_RESOLVER if choice(variant, "public", "refused") == "public" else f"{w.RESOLVER}:{RCODE_PORT[REFUSED]}"
    world.rule("instance_nat", f"udp dport 53 dnat to {to}")


@fault(
    "many-addresses",
    "ssm's name has N (15) more addresses, in another subnet, which nobody has",
    "endpoint-az-unreachable",
    "[N]",
)
def _(world, count="15"):
    world.records[world.name("ssm")] = [
        w.address("ssm", "a"),
        w.address("ssm", "b"),
        *(f"{w.ZONES['b']}.{100 + i}" for i in range(int(count))),
    ]


@fault(
    "private-dns-off",
    "every name has public addresses only: no endpoints, or without private DNS names",
    "private-dns-off",
    "[missing|unnamed]",
)
def _(world, variant="missing"):
    if choice(variant, "missing", "unnamed") == "unnamed":
        world.unnamed_endpoints |= set(w.REQUIRED)
    world.records |= _public(world)


@fault(
    "endpoint-missing",
    "one service has no endpoint: its name has a public address",
    "endpoint-missing",
    "[SERVICE (ssmmessages)]",
)
def _(world, service="ssmmessages"):
    for each in service_known(service):
        world.point(each, [w.public_address(each)])


@fault(
    "ec2messages-missing",
    "there is no endpoint for ec2messages, which the installed agent does not need",
    "ec2messages-not-needed",
)
def _(world):
    world.point("ec2messages", [w.public_address("ec2messages")])


@fault(
    "session-endpoints",
    "the session preferences name a log group, a bucket and a key; logs has no endpoint, or has one",
    "session-endpoints",
    "[missing|works]",
)
def _(world, variant="missing"):
    world.service.preferences = {"cloudWatchLogGroupName": "/sessions", "s3BucketName": "sessions", "kmsKeyId": ""}
    if choice(variant, "missing", "works") == "missing":
        world.point("logs", [w.public_address("logs")])


@fault(
    "service-not-in-region",
    "a Region opened since 2024: ec2messages has no endpoint there, and no name",
    "service-not-in-region",
    settings={"region": "mx-central-1"},
)
def _(world):
    del world.records[world.name("ec2messages")]


@fault(
    "dns-hosts-override",
    "/etc/hosts pins a name to an address that DNS does not give, of nobody or the endpoint's; or nsswitch.conf has DNS asked before",
    "dns-hosts-override",
    "[SERVICE (ssm)[:hosts-first|dns-first|right]]",
)
def _(world, service="ssm", order="hosts-first"):
    if choice(order, "hosts-first", "dns-first", "right") == "dns-first":
        world.files[NSSWITCH] = "hosts: dns files\n"
    for each in service_known(service):
        before = world.files.get(HOSTS, "127.0.0.1 localhost\n::1 localhost\n")
        world.files[HOSTS] = before + f"{w.address(each, 'a') if order == 'right' else '10.0.1.99'} {world.name(each)}\n"


@fault("dns-wrong-name", "the agent's configuration names an endpoint that does not exist", "dns-wrong-name")
def _(world):
    configure(world, Ssm={"Endpoint": f"ssm.us-esat-1.{world.domain}"})


def _name_ssm(world, name, addresses):
    """The agent is told another name for ssm, which has these addresses, or None: it does not exist."""
    configure(world, Ssm={"Endpoint": name})
    if addresses is not None:
        world.records[name] = addresses


@fault(
    "fips-override",
    "the agent is told the FIPS name of ssm: it is public, as the plain endpoint does not cover it; has an endpoint of "
    "its own; or does not exist",
    "endpoint-missing",
    "[public|private|absent]",
)
def _(world, variant="public"):
    addresses = {"public": [w.public_address("ssm")], "private": world.private_addresses("ssm"), "absent": None}
    _name_ssm(world, world.name("ssm-fips"), addresses[variant])


@fault(
    "endpoint-override",
    "the agent is told the name of one ssm endpoint: it is gone; works, without private DNS names; or is blocked",
    "dns-wrong-name",
    "[gone|works|blocked]",
)
def _(world, variant="gone"):
    name = f"vpce-0a1b2c3d4e5f60718-abcdefgh.ssm.{world.region}.vpce.{world.domain}"
    _name_ssm(world, name, None if choice(variant, "gone", "works", "blocked") == "gone" else ["10.0.1.21"])
    if variant == "works":
        world.point("ssm", [w.public_address("ssm")])
    elif variant == "blocked":
        world.rule("endpoint_input", "ip daddr 10.0.1.21 tcp dport 443 drop")


@fault(
    "endpoint-address",
    "the agent is told a port or a scheme with the endpoint's name, and goes there: another port for ssm, or for ssmmessages; "
    "http:// for ssm; or 443, which is right",
    "agent-config-invalid",
    "[port|mgs-port|http|right]",
)
def _(world, variant="port"):
    sections = {
        "port": {"Ssm": f"{world.name('ssm')}:8443"},
        "mgs-port": {"Mgs": f"{world.name('ssmmessages')}:8443"},
        "http": {"Ssm": f"http://{world.name('ssm')}"},
        "right": {"Ssm": f"https://{world.name('ssm')}:443"},
    }[variant]
    configure(world, **{section: {"Endpoint": endpoint} for section, endpoint in sections.items()})


@fault(
    "dns-servfail",
    "Amazon's resolver answers SERVFAIL, after so many milliseconds (0), as one that by a rule asks a dead one",
    "dns-servfail",
    "[MILLISECONDS]",
)
def _(world, milliseconds="0"):
    _habits(world).rcode = SERVFAIL
    world.resolver.delay_s = int(milliseconds) / 1000


@fault(
    "dns-firewall",
    "a rule of DNS Firewall blocks the endpoints' names: NXDOMAIN, or an alias with TTL 0; or a hosted zone leads them to 127.0.0.1",
    "dns-firewall",
    "[nxdomain|alias|here]",
)
def _(world, variant="nxdomain"):
    if choice(variant, "nxdomain", "alias", "here") == "alias":
        _habits(world).alias = "blocked.example.com"
    for service in w.REQUIRED:
        world.records.pop(world.name(service), None)
        if variant == "here":
            world.point(service, ["127.0.0.1"])


@fault(
    "no-address-of-family",
    "an IPv6-only subnet, and the endpoints have IPv4 addresses only",
    "no-address-of-family",
    settings={"agent": DUAL_STACK_AGENT},
)
def _(world):
    ipv6_only(world)
    for service in w.REQUIRED:
        world.records[world.dual_stack_name(service)] = world.private_addresses(service)


@fault(
    "dns64",
    "an IPv6-only subnet with DNS64 and NAT64, and endpoints with IPv4 addresses only: what is judged is the IPv4 address inside, "
    "private, or public",
    "ipv6-only",
    "[private|public]",
    settings={"agent": DUAL_STACK_AGENT},
)
def _(world, variant="private"):
    ipv6_only(world)
    for service in w.REQUIRED:
        inside = w.address(service, "b") if choice(variant, "private", "public") == "private" else w.public_address(service)
        world.records[world.dual_stack_name(service)] = [w.through_dns64(inside)]


@fault("preflight-trouble", "resolv.conf cannot be read: EIO, as of a disk that fails", "preflight-trouble")
def _(world):
    world.files[RESOLV_CONF] = w.Link("/proc/self/mem")


@fault(
    "endpoint-outside-vpc",
    "the endpoints are shared from another VPC: private addresses outside this one's, which answer, or which no route leads to",
    "endpoint-outside-vpc",
    "[answers|silent]",
)
def _(world, variant="answers"):
    if choice(variant, "answers", "silent") == "answers":
        world.rule("network_acl", f"ip daddr {w.OTHER_VPC}.0/24 accept")
    for service in w.REQUIRED:
        world.point(service, [w.other_vpc_address(service)])


@fault("s3-gateway", "S3 by a gateway endpoint: public addresses, and a route to them; no fault", None)
def _(world):
    world.point("s3", [w.public_address("s3")])
    world.rule("network_acl", f"ip daddr {w.public_address('s3')} accept")


@fault("public-path", "public addresses, and they answer: traffic leaves through a NAT", "public-path")
def _(world):
    world.records |= _public(world)
    world.rule("network_acl", f"ip daddr {w.PUBLIC}.0/24 accept")
