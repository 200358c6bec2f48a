# SPDX-License-Identifier: Apache-2.0
"""The metadata service, and the way to it."""

from .. import world as w
from ..credentials import ROLE
from ..metadata import credentials, identity_document
from ..traps import TRAP_PORT
from .machine import configure
from .registry import choice, fault

DUAL_STACK_AGENT = "3.3.3270.0"  # the first one that takes IPv6 addresses
_DOCUMENT = "dynamic/instance-identity/document"


@fault(
    "imds-blocked-prohibit",
    "a prohibit route on the instance, as cloud-init's disable_ec2_metadata leaves it: EACCES",
    "imds-blocked-locally",
)
def _(world):
    world.routes.append(f"prohibit {w.IMDS}")


@fault("imds-blocked-blackhole", "a blackhole route on the instance: EINVAL", "imds-blocked-locally")
def _(world):
    world.routes.append(f"blackhole {w.IMDS}")


@fault("imds-blocked-by-source", "a rule by source address on the instance leads to a route that refuses: EINVAL, EACCES, EHOSTUNREACH",
       "imds-blocked-locally", "[blackhole|prohibit|unreachable]")
def _(world, kind="blackhole"):
    world.routes.append(f"{choice(kind, 'blackhole', 'prohibit', 'unreachable')} {w.IMDS} table 53")
    world.route_rules.append(f"from {w.INSTANCE_ADDRESS} lookup 53 priority 5271")


@fault("imds-blocked-noroute", "no route on the instance leads to IMDS: ENETUNREACH", "imds-blocked-locally")
def _(world):
    world.routes.append(f"throw {w.IMDS}")


@fault("imds-blocked-refused", "a firewall on the instance rejects: ECONNREFUSED", "imds-blocked-locally")
def _(world):
    world.rule("instance_output", f"ip daddr {w.IMDS} tcp dport 80 reject with tcp reset")


@fault("imds-blocked-dropped", "a firewall on the instance drops in silence", "imds-blocked-locally")
def _(world):
    world.rule("instance_output", f"ip daddr {w.IMDS} tcp dport 80 drop")


@fault("imds-disabled", "the metadata options have the endpoint disabled: 403 on everything", "imds-disabled")
def _(world):
    world.imds.manner = "disabled"


@fault(
    "imds-hop-limit",
    "the token's answer has one hop left and another router is on the way: TCP connects, the answer never comes",
    "imds-hop-limit",
)
def _(world):
    world.imds.put_ttl = 1
    world.imds.behind_a_router = True


@fault("imds-unreachable", "packets to IMDS vanish", "imds-unreachable")
def _(world):
    world.rule("router_input", f"ip daddr {w.IMDS} tcp dport 80 drop")
    world.rule("router_input", f"ip6 daddr {w.IMDS6} tcp dport 80 drop")


@fault("imds-refused-on-the-way", "a router before IMDS refuses, by an ICMP error", "imds-blocked-locally")
def _(world):
    world.rule("router_input", f"ip daddr {w.IMDS} tcp dport 80 reject with icmp host-unreachable")


@fault("imds-silent", "IMDS takes connections and requests, and answers nothing", "imds-unreachable")
def _(world):
    world.imds.manner = "silent"


@fault("imds-throttled", "503 or 429, for the first N requests or for ever", "imds-throttled", "[503|429[:N]]")
def _(world, status="503", count="-1"):
    world.imds.throttle_status = int(choice(status, "503", "429"))
    world.imds.throttled = int(count)


@fault("imds-slow", "every answer takes so many milliseconds (300)", None, "[MILLISECONDS]")
def _(world, milliseconds="300"):
    world.imds.delay_s = int(milliseconds) / 1000


@fault("imds-late", "early in boot: the first N (1) requests for the instance's identity are 404", None, "[N]")
def _(world, count="1"):
    world.imds.not_yet["meta-data/instance-id"] = int(count)
    world.imds.not_yet[_DOCUMENT] = int(count)


@fault(
    "imds-malformed",
    "something else than IMDS answers; or (redirected) a rule of destination NAT on the instance leads to a web server",
    "imds-malformed",
    "[portal|token|token-line|token-lifetime|token-huge|document|document-empty|garbage|redirect|huge|truncated|redirected]",
)
def _(world, variant="portal"):
    if variant == "redirected":
        world.rule("instance_nat", f"ip daddr {w.IMDS} tcp dport 80 dnat to {w.address('ssm', 'a')}:{TRAP_PORT['plain']}")
        world.rule("endpoint_input", f"tcp dport {TRAP_PORT['plain']} accept")
        return
    choice(
        variant,
        "portal",
        "token",
        "token-line",
        "token-lifetime",
        "token-huge",
        "document",
        "document-empty",
        "garbage",
        "redirect",
        "huge",
        "truncated",
    )
    if variant.startswith("token"):
        world.imds.token = {"token": "bad-form", "token-line": "line", "token-lifetime": "no-lifetime", "token-huge": "huge"}[variant]
    elif variant.startswith("document"):
        world.imds.instead[_DOCUMENT] = {"document": "<html>not JSON</html>", "document-empty": ""}[variant]
    else:
        world.imds.manner = variant


@fault(
    "imds-cut",
    "the answer to one path, named by its end, lacks its last bytes: short of its Content-Length, or HTTP/1.0 that ends by closing",
    None,
    "[PATH (vpc-ipv4-cidr-blocks)[:BYTES (1)[:length|close]]]",
)
def _(world, path="vpc-ipv4-cidr-blocks", left_out="1", how="length"):
    world.imds.cut[path] = (int(left_out), choice(how, "length", "close"))


@fault("imds-path-slow", "the answer to one path, named by its end, takes so many milliseconds (1200)", "imds-slow",
       "[PATH (document)[:MILLISECONDS]]")
def _(world, path="document", milliseconds="1200"):
    world.imds.delays_s[path] = int(milliseconds) / 1000


@fault("imds-path", "one path, named by its end, is answered with a status, so many times (-1: always)", "imds-malformed",
       "[PATH (document)[:STATUS (404)[:N (-1)]]]")
def _(world, path="document", status="404", count="-1"):
    world.imds.statuses[path] = (int(status), int(count))


@fault("imds-stand-in", "a metadata proxy answers in the service's place, and lacks one path, named by its end", "imds-malformed",
       "[PATH (meta-data/instance-id)]")
def _(world, path="meta-data/instance-id"):
    world.imds.server = "metadata-proxy"
    world.imds.statuses[path] = (404, -1)


def _document(**changes):
    return lambda world: world.imds.instead.update({_DOCUMENT: identity_document(world, **changes)})


def _credentials(who=ROLE, **changes):
    def apply(world):
        world.imds.instead[f"meta-data/iam/security-credentials/{w.ROLE}"] = credentials(who, world, **changes)
    return apply


def _rewritten(old, new):
    """In the identity document, or else in the credentials."""
    def apply(world):
        texts = {_DOCUMENT: identity_document(world), f"meta-data/iam/security-credentials/{w.ROLE}": credentials(ROLE, world)}
        path, text = next((path, text) for path, text in texts.items() if old in text)
        world.imds.instead[path] = text.replace(old, new)
    return apply


def _name_role(name):
    def apply(world):
        world.role = name
    return apply


def _list_roles(text):
    return lambda world: world.imds.instead.update({"meta-data/iam/security-credentials": text})


def _id(text):
    return lambda world: world.imds.instead.update({"meta-data/instance-id": text})


def _gone(path):
    return lambda world: world.imds.instead.update({f"meta-data/{path}": None})


_SAYS = {
    "role-line-end": _list_roles(w.ROLE + "\n"),
    "role-twice": _list_roles(f"{w.ROLE}\nOther"),
    "role-crlf": _list_roles(w.ROLE + "\r\n"),
    "role-empty": _list_roles(""),
    "role-odd": _name_role("Lab+Role=1,2.3@x-y_z"),
    "role-long": _name_role("R" * 64),
    "expires-soon": _credentials(valid_s=120),
    "expires-now": _credentials(valid_s=1),
    "code-failed": _credentials(code="Failed", message="An internal error"),
    "code-unavailable": _credentials(code="InstanceProfileNotFound", message="Instance Profile cannot be found."),
    "no-expiration": lambda world: world.imds.instead.update({
        f"meta-data/iam/security-credentials/{w.ROLE}": "\n".join(
            line for line in credentials(ROLE, world).replace('",\n  "Expiration', '"\n  "Expiration').splitlines() if "Expiration" not in line)}),
    "region-empty": _document(region=""),
    "region-gone": lambda world: world.imds.instead.update({_DOCUMENT: identity_document(world).replace('"region"', '"Area"')}),
    "region-case": lambda world: world.imds.instead.update({_DOCUMENT: identity_document(world).replace('"region"', '"Region"')}),
    "region-odd": _document(region="us_east_1"),
    "region-other": _document(region="eu-west-1"),
    "region-twice": _rewritten('"region": "us-east-1"', '"Region": "eu-west-3", "region": "us-east-1"'),
    "architecture-number": _rewritten('"x86_64"', "64"),
    "deep": _rewritten('"kernelId": null', '"kernel": ' + "[" * 2000 + "]" * 2000),
    "surrogate": _rewritten('"x86_64"', '"x86\\ud800"'),
    "key-case": _rewritten('"AccessKeyId"', '"accesskeyid"'),
    "key-twice": _rewritten('"Expiration"', '"AccessKeyId": "AKIAWRONGWRONGWRONG0", "Expiration"'),
    "expiration-word": _rewritten('"Expiration": "2', '"Expiration": "on 2'),
    "account-gone": _document(accountId=None),
    "document-instance-other": _document(instanceId="i-0fedcba9876543210"),
    "identity-gone": _gone("identity-credentials"),
    "info-gone": _gone("iam/info"),
    "instance-id-gone": _gone("instance-id"),
    "network-gone": _gone("network"),
    "zone-gone": _gone("placement"),
    "macs-gone": _gone("mac"),
    "domain-gone": _gone("services"),
    "old-id": _id("i-12345678"),
    "id-line-end": _id(w.INSTANCE_ID + "\n"),
    "id-empty": _id(""),
    "id-odd": _id("ami-launch-index\ninstance-id"),
}


@fault("imds-says", "a value of IMDS as it may be", None, f"[{'|'.join(_SAYS)}]")
def _(world, variant="role-twice"):
    _SAYS[choice(variant, *_SAYS)](world)


@fault("imds-v1-only", "the token path is 404 and values are given without one: not what EC2 does", "imds-malformed")
def _(world):
    world.imds.token = "missing"


@fault("imds-credentials-malformed", "the role's credentials document is not JSON", "imds-malformed")
def _(world):
    world.imds.instead[f"meta-data/iam/security-credentials/{w.ROLE}"] = '{"Code": "Success", "AccessKeyId": '


@fault(
    "imds-ipv6-only",
    "IMDS answers at fd00:ec2::254 only, while the instance has both kinds of address",
    "imds-unreachable",
)
def _(world):
    with_ipv6(world)
    world.rule("router_input", f"ip daddr {w.IMDS} tcp dport 80 drop")


@fault(
    "ipv6-only",
    "the instance has no IPv4 address; endpoints and agent are dual stack",
    "ipv6-only",
    settings={"agent": DUAL_STACK_AGENT},
)
def ipv6_only(world):
    dual_stack(world)
    world.addresses = [address for address in world.addresses if "::" in address]
    world.routes = [route for route in world.routes if "::" in route]
    world.nameservers = [w.RESOLVER6]
    for path in ("local-ipv4", f"network/interfaces/macs/{w.MAC}/local-ipv4s"):
        world.imds.instead[f"meta-data/{path}"] = None
    world.imds.instead[_DOCUMENT] = identity_document(world, privateIp=None)


@fault(
    "dual-stack",
    "instance, endpoints and agent are dual stack; nothing is broken",
    None,
    settings={"agent": DUAL_STACK_AGENT},
)
def dual_stack(world):
    with_ipv6(world)
    configure(world, Agent={"UseDualStackEndpoint": True})


def with_ipv6(world):
    world.ipv6 = True
    world.addresses.append(f"{w.INSTANCE_ADDRESS6}/64")
    world.routes.append(f"default via {w.ZONES6['a']}::1 dev {w.INTERFACE}")
    for service in w.REQUIRED:
        addresses6 = [w.address6(service, zone) for zone in world.endpoint_zones]
        world.records[world.dual_stack_name(service)] = world.private_addresses(service) + addresses6


@fault("public-address", "the instance has a public IPv4 address", "public-address")
def _(world):
    world.public_ipv4 = "203.0.113.200"


@fault("not-ec2", "no EC2 firmware, and nothing answers as IMDS", "not-ec2")
def _(world):
    world.on_ec2 = False
    world.rule("router_input", f"ip daddr {w.IMDS} tcp dport 80 drop")


@fault("network-not-up", "the interface is down, without address and route: what would bring it up is not enabled", "network-not-up")
def _(world):
    world.files["/usr/lib/systemd/system/systemd-networkd.service"] = "[Service]\nExecStart=/usr/lib/systemd/systemd-networkd\n"
    world.interface_up = False
    world.addresses = []
    world.routes = []


@fault(
    "clock-wrong",
    "Amazon's clocks are ahead of the instance's: the services', IMDS's and the time source's",
    "clock-wrong",
    "[SECONDS (1200)|not-yet-valid|expired]",
)
def _(world, variant="1200"):
    from .. import certificates
    from .tls import lead_to

    if variant == "not-yet-valid":
        world.clock_offset_s = certificates.CLOCK_BEHIND_S
    elif variant == "expired":
        world.clock_offset_s = certificates.CLOCK_AHEAD_S
    else:
        world.clock_offset_s = int(variant)
        return
    lead_to(world, "all", variant)
