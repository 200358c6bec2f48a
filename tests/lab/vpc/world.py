# SPDX-License-Identifier: Apache-2.0
"""What the private VPC looks like: plain values, no I/O.

`World` describes a whole VPC. A fault is a function that changes a healthy one; the rest of the lab turns a world into
namespaces, rules, files and servers, and does so again when a fault is added or fixed. So no fault needs an undo of its own.
"""

import ipaddress
from dataclasses import dataclass, field

ACCOUNT = "123456789012"
UNIT = "ou-0a1b-2c3d4e5f"  # of the organization, that the account is in
INSTANCE_ID = "i-0123456789abcdef0"
INSTANCE_ADDRESS = "10.0.1.10"
INSTANCE_ADDRESS6 = "2001:db8:1:1::10"
MAC = "0e:49:61:0f:c3:11"
INTERFACE = "ens5"
INTERFACE_ID = "eni-0a1b2c3d4e5f60718"
SECOND_INTERFACE = "ens6"
SECOND_INTERFACE_ID = "eni-0f1e2d3c4b5a60718"
SECOND_ADDRESS = "10.0.2.10"
SECOND_MAC = "0e:49:61:0f:c3:22"
SECOND_SUBNET_ID = "subnet-0f1e2d3c4b5a67892"
SECOND_GROUP_ID = "sg-0f1e2d3c4b5a67893"
VPC_ID = "vpc-0a1b2c3d4e5f67890"
VPC_CIDR = "10.0.0.0/16"
SUBNET_ID = "subnet-0b1c2d3e4f5a67891"
SUBNET_CIDR = "10.0.1.0/24"
SUBNETS = {SUBNET_ID: "a", SECOND_SUBNET_ID: "b"}
SECURITY_GROUP_ID = "sg-0c1d2e3f4a5b67892"
IMAGE_ID = "ami-0d1e2f3a4b5c67893"
INSTANCE_TYPE = "t3.micro"
ROLE = "LabInstanceRole"
PROFILE = "LabInstanceProfile"

IMDS = "169.254.169.254"
IMDS6 = "fd00:ec2::254"
TIME_SOURCE = "169.254.169.123"
RESOLVER = "10.0.0.2"
RESOLVER_LINK_LOCAL = "169.254.169.253"
RESOLVER6 = "fd00:ec2::253"
CUSTOM_RESOLVER = "10.0.1.53"
DEAD_RESOLVER = "10.0.2.53"  # the VPC's router drops what is for an address that nobody has
STUB_RESOLVER = "127.0.0.53"

REQUIRED = ("ssm", "ssmmessages", "ec2messages")
SERVICES = REQUIRED + ("s3", "kms", "logs")
HOST_NUMBER = dict(zip(SERVICES, range(21, 27)))
ZONES = {"a": "10.0.1", "b": "10.0.2"}
ZONES6 = {"a": "2001:db8:1:1", "b": "2001:db8:1:2"}
PUBLIC = "203.0.113"  # documentation range, in place of Amazon's public addresses
OTHER_VPC = "10.50.1"  # an endpoint shared from another VPC

AGENT_VERSION = "3.3.1142.0"
CANARY = "CANARYtheTokenMustNeverAppear"

PARTITIONS = (  # region prefix, partition, domain, dual-stack domain
    ("cn-", "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    ("us-gov-", "aws-us-gov", "amazonaws.com", "api.aws"),
    ("us-isob-", "aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud"),
    ("us-iso-", "aws-iso", "c2s.ic.gov", "api.aws.ic.gov"),
    ("eusc-", "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu"),
    ("", "aws", "amazonaws.com", "api.aws"),
)


def partition_of(region):
    return next(row[1:] for row in PARTITIONS if region.startswith(row[0]))


def zone_id(region, zone="a"):
    """us-east-1 and a -> use1-az1."""
    first, *directions, number = region.split("-")
    initials = "".join(_initials(word) for word in directions)
    return f"{first}{initials}{number}-az{'abcdef'.index(zone) + 1}"


def _initials(word):
    for pair in ("northeast", "northwest", "southeast", "southwest"):
        if word == pair:
            return word[0] + word[5]
    return word[0]


def address(service, zone):
    return f"{ZONES[zone]}.{HOST_NUMBER[service]}"


def new_address(service, zone):
    """Of an endpoint's interface that was made anew (account.py)."""
    return f"{ZONES[zone]}.{HOST_NUMBER[service] + 180}"


def address6(service, zone):
    return f"{ZONES6[zone]}::{HOST_NUMBER[service]}"


def public_address(service):
    return f"{PUBLIC}.{HOST_NUMBER[service]}"


def other_vpc_address(service):
    return f"{OTHER_VPC}.{HOST_NUMBER[service]}"


def through_dns64(address4):
    """The address under which an IPv6-only subnet sees this one (RFC 6052, 2.1); NAT64 is endpoints that have it too."""
    return str(ipaddress.IPv6Address("64:ff9b::") + int(ipaddress.IPv4Address(address4)))


class Link(str):
    """A file that is a symbolic link to this target."""


class Program(str):
    """A file that may be executed."""


@dataclass
class Imds:
    """How the metadata service answers; the values themselves are made in metadata.py."""

    server: str = "EC2ws"  # what it calls itself
    manner: str = "normal"  # disabled, portal, garbage, redirect, huge, truncated, silent: for every request
    token: str = "normal"  # bad-form, line (one ends behind it), missing (only version 1 is spoken), huge
    throttled: int = 0  # that many requests are refused first; -1: every one
    throttle_status: int = 503
    delay_s: float = 0.0
    put_ttl: int = 64  # the response hop limit, an IP TTL of the answer to a token request and of no other
    behind_a_router: bool = False  # the instance's programs are one hop further away, as in a container
    not_yet: dict = field(default_factory=dict)  # path -> so many 404 answers before the first 200
    instead: dict = field(default_factory=dict)  # path -> another text, (status, text), or None for 404
    cut: dict = field(default_factory=dict)  # end of a path -> (bytes left out, "length" or "close")
    delays_s: dict = field(default_factory=dict)  # end of a path -> how long its answer takes, besides delay_s
    statuses: dict = field(default_factory=dict)  # end of a path -> (status, that many times; -1: every time)


@dataclass
class Resolver:
    """The habits of Amazon's resolver, once a fault leads questions to them (faults/names.py)."""

    edns: str = "answers"  # formerr, dropped: questions with an OPT record (RFC 6891)
    delay_s: float = 0.0
    silent_types: tuple = ()  # types of which no question is answered
    silent_names: tuple = ()  # names of which none is
    alias: str = ""  # what every name is made an alias of, with TTL 0 and no address
    owner: str = ""  # whose the addresses are said to be
    refers: bool = False  # to other servers, and does not recurse
    rcode: int = 0  # what every question is answered with, if not 0, but those for names of one domain
    handed_back: str = ""
    rcodes: dict = field(default_factory=dict)  # type -> what questions for it are answered with
    truncates: bool = False  # whatever is asked by UDP
    by_tcp: tuple = ()  # (seconds an answer takes, whether it is truncated too); (): as dnsmasq
    malformed: str = ""  # how every answer that has addresses is (dns.py, answer_malformed)
    turns: str = ""  # "malformed", or the name of an rcode: what every second question of each name and type is answered with
    chain: int = 0  # so many aliases before the addresses; -1: in a circle


@dataclass
class Service:
    """How the regional services answer. Keys of `manner` are services; policies are names of policies/*.json or documents."""

    manner: dict = field(default_factory=dict)
    manner_left: dict = field(default_factory=dict)  # so many answers only
    throttled: dict = field(default_factory=dict)  # service -> so many calls are throttled first; -1: every one
    delay_s: dict = field(default_factory=dict)
    drip_s: dict = field(default_factory=dict)  # service -> how long after its head the last byte of an answer comes
    token: str = "token"  # what CreateControlChannel answers: service.py
    upgrade: str | None = None  # a manner, of whatever answers what would become a websocket
    dates_off_s: float = 0.0  # what is in front of the services rewrites Date by that
    throttle: tuple = ()  # (status, code) of what is throttled, if not as usual
    throttled_while: str = ""  # as long as the instance has this path
    identity: list = field(default_factory=lambda: ["AmazonSSMManagedInstanceCore"])
    written_in: list = field(default_factory=list)  # of `identity`, what is written into the role, not attached to it
    boundary: list | None = None
    endpoint: dict = field(default_factory=dict)  # service -> list; absent: full access
    organization: list = field(default_factory=lambda: ["FullAWSAccess"])
    organization_target: str = ACCOUNT  # what its policies are attached to, or the unit above it (account.py)
    resource_control: list = field(default_factory=lambda: ["FullAWSAccess"])
    reason: str = "full"  # none: "is not authorized" and no more; odd: a phrase nobody has seen before; session
    default_host_management: bool = False
    hybrid: object = None  # the MachineKey of a hybrid registration
    preferences: dict = field(default_factory=dict)  # inputs of the session preferences; {}: there are none
    denied: dict = field(default_factory=dict)  # action -> the end of its denial's message, whatever the policies say
    unsigned: dict = field(default_factory=dict)  # service -> (status, type, headers, body) of what it does not know
    revoked: str | None = None  # the error code with which every credential is refused


@dataclass
class World:
    region: str = "us-east-1"
    endpoint_zones: str = "ab"
    vpc_blocks: list = field(default_factory=lambda: [VPC_CIDR])
    agent_version: str = AGENT_VERSION
    tls_versions: str = "TLSv1.2 TLSv1.3"
    ipv6: bool = False
    clock_offset_s: int = 0  # Amazon's clocks (services, IMDS, time source) against the instance's

    resolver: Resolver = field(default_factory=Resolver)
    records: dict = field(default_factory=dict)  # name -> addresses, as Amazon's resolver has them
    custom_records: dict | None = None  # another resolver at CUSTOM_RESOLVER
    nameservers: list = field(default_factory=lambda: [RESOLVER])
    search: str | None = None  # domain of resolv.conf; None: the Region's own
    stub: bool = False  # systemd-resolved's stub stands between
    stub_answers: bool = True

    endpoint_groups: dict = field(default_factory=dict)  # service -> its endpoint's own security group (account.py)
    unnamed_endpoints: set = field(default_factory=set)  # services whose endpoint has no private DNS names

    own_records: set = field(default_factory=set)  # services whose addresses a record of the account's own hosted zone gives

    recording: str | None = None  # folder with what a real VPC answered (recording.py)

    delay_s: float = 0.0  # a round trip on the instance's link
    ports: str = ""  # the instance's ip_local_port_range, if not the kernel's own
    interface_up: bool = True
    addresses: list = field(default_factory=lambda: [f"{INSTANCE_ADDRESS}/24"])
    routes: list = field(
        default_factory=lambda: [
            "10.0.1.1 dev ens5 proto dhcp scope link src 10.0.1.10 metric 512",
            "10.0.0.2 via 10.0.1.1 dev ens5 proto dhcp src 10.0.1.10 metric 512",
            "default via 10.0.1.1 dev ens5 proto dhcp src 10.0.1.10 metric 512",
        ]
    )
    route_rules: list = field(default_factory=list)  # of `ip rule`, on the instance
    second_interface: bool = False  # ens6, in the other subnet
    devices: dict = field(default_factory=dict)  # name -> what `ip link add NAME` takes
    rules: dict = field(default_factory=dict)  # chain (firewall.py) -> nftables rules, before the healthy ones

    imds: Imds = field(default_factory=Imds)
    service: Service = field(default_factory=Service)
    proxy_head: str = "HTTP/1.1 200 Connection established\r\n\r\n"  # what the proxy opens the way with
    proxy_delay_s: float = 0.0
    socks: str = ""  # the proxy speaks SOCKS5 too: forbids, refuses, login, closed, opens
    handshake_delay_s: float = 0.0  # of what traps.py leads through
    handshakes_cut: int = 0  # of each address, before it leads on
    proxy_login: str = ""  # user:password, without which the proxy opens nothing
    proxy_echoes: bool = False  # it shows what it was sent
    public_ipv4: str | None = None
    role: str | None = ROLE

    on_ec2: bool = True  # what the firmware says
    files: dict = field(default_factory=dict)  # path on the instance -> text, Link, Program, or None: removed
    read_only: bool = False
    agent_unit: dict = field(default_factory=dict)  # properties of the agent's unit, which systemd tells of one that ended
    state_directory: str = "writable"  # read-only, noexec, full, inodes (none left): /var/lib/amazon; or which directory of ssm/
    bundle: str = "whole"  # the system's CA bundle: empty, truncated, foreign, none, directory (instance.py)
    corporate_authority: bool = False  # in the system's bundle
    inotify: dict = field(default_factory=dict)  # instances, watches -> how many root may have, if not as many as on this machine
    sdk_bundle: str = ""  # whose authority is in the file that AWS_CA_BUNDLE names

    @property
    def partition(self):
        return partition_of(self.region)[0]

    @property
    def domain(self):
        return partition_of(self.region)[1]

    def name(self, service):
        return f"{service}.{self.region}.{self.domain}"

    def dual_stack_name(self, service):
        return f"{service}.{self.region}.{partition_of(self.region)[2]}"

    def private_addresses(self, service):
        return [address(service, zone) for zone in self.endpoint_zones]

    def rule(self, chain, text):
        self.rules.setdefault(chain, []).append(text)

    def point(self, service, addresses):
        """What Amazon's resolver answers for a service."""
        self.records[self.name(service)] = list(addresses)


SETTINGS = {  # what --setting takes: how it is read, and what it means
    "region": (str, "the Region; names, zones and certificates follow"),
    "zones": (str, "the zones where endpoints have an interface: ab, a or b"),
    "blocks": (str, "the VPC's IPv4 blocks, joined with +"),
    "tls": (str, "the endpoints' TLS versions: 1.2, 1.3 or 1.2,1.3"),
    "agent": (str, "the installed SSM agent's version"),
    "resolver": (str, "direct, or stub: systemd-resolved's 127.0.0.53 stands between"),
    "delay": (str, "milliseconds of every round trip on the instance's link, held in user space"),
    "search": (str, "the search domain of resolv.conf, none when empty; the Region's own unless given"),
    "loss": (str, "how many of a hundred packets are lost each way on the instance's link"),
    "recording": (str, "the folder of a case that the acceptance kit recorded: answers as there"),
    "policy": (str, "names of files in policies/ on the role, joined with +"),
}


def settings_apply(world, settings):
    """Raises ValueError on what SETTINGS does not know."""
    for key, value in settings.items():
        if key not in SETTINGS:
            raise ValueError(f"no such setting: {key} (there are {', '.join(SETTINGS)})")
        if key == "region":
            world.region = value
        elif key == "zones":
            if not value or set(value) - set(ZONES):
                raise ValueError("zones: a, b or ab")
            world.endpoint_zones = value
        elif key == "blocks":
            world.vpc_blocks = value.split("+")
        elif key == "tls":
            world.tls_versions = " ".join(f"TLSv{version}" for version in value.split(","))
        elif key == "agent":
            world.agent_version = value
        elif key == "resolver":
            world.stub = value == "stub"
        elif key == "delay":
            world.delay_s = float(value) / 1000
        elif key == "search":
            world.search = value
        elif key == "loss":
            for chain in ("instance_egress", "instance_arrivals"):
                world.rule(chain, f"numgen random mod 1000 < {round(float(value) * 10)} drop")
        elif key == "recording":
            world.recording = value
        elif key == "policy":
            world.service.identity = value.split("+")


def healthy(settings):
    """A VPC in which the instance registers. Faults start from here."""
    world = World()
    settings_apply(world, settings)
    for service in SERVICES:
        world.point(service, world.private_addresses(service))
    return world
