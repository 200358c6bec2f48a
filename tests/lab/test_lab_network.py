# SPDX-License-Identifier: Apache-2.0
"""The lab's network, without the program: IMDS, names, the way to 443 and TLS are as the instance of a VPC finds them."""

import json

import pytest
from on_instance import PYTHON, SSM, addresses, connect, curl, imds, name_of, token

from vpc import Lab, world as w
from vpc.credentials import ROLE
from vpc.faults import TABLE

# --- the metadata service


def test_imds_wants_a_token(healthy):
    assert imds(healthy, "meta-data/")[0] == 401
    status, body = imds(healthy, "meta-data/instance-id", "GET", token(healthy))
    assert (status, body) == (200, w.INSTANCE_ID)
    assert imds(healthy, "meta-data/instance-id", "GET", "X-aws-ec2-metadata-token: made-up")[0] == 401


@pytest.mark.parametrize(
    "method, path, headers, status",
    [
        ("PUT", "api/token", [], 400),
        ("PUT", "api/token", ["X-aws-ec2-metadata-token-ttl-seconds: 0"], 400),
        ("PUT", "api/token", ["X-aws-ec2-metadata-token-ttl-seconds: 21601"], 400),
        ("PUT", "api/token", ["X-aws-ec2-metadata-token-ttl-seconds: 60", "X-Forwarded-For: 10.0.0.9"], 403),
        ("GET", "api/token", [], 405),
    ],
)
def test_imds_token_rules(healthy, method, path, headers, status):
    assert imds(healthy, path, method, *headers)[0] == status


def test_imds_answers_like_ec2(healthy):
    head = curl(healthy, "-i", "-H", token(healthy), f"http://{w.IMDS}/latest/meta-data/nothing").stdout
    assert head.startswith("HTTP/1.1 404 Not Found") and "Server: EC2ws" in head and "Connection: close" in head
    assert "\r\nDate: " in head and "<h1>404 - Not Found</h1>" in head


def test_imds_has_what_the_program_asks_for(healthy):
    header = token(healthy)
    lines = imds(healthy, f"meta-data/network/interfaces/macs/{w.MAC}/", "GET", header)[1].split("\n")
    assert {"vpc-id", "subnet-id", "vpc-ipv4-cidr-blocks", "security-group-ids", "subnet-ipv4-cidr-block"} <= set(lines)
    assert imds(healthy, "meta-data/placement/availability-zone-id", "GET", header)[1] == "use1-az1"
    document = json.loads(imds(healthy, "dynamic/instance-identity/document", "GET", header)[1])
    assert document["region"] == "us-east-1" and document["accountId"] == w.ACCOUNT
    assert imds(healthy, "meta-data/iam/security-credentials/", "GET", header)[1] == w.ROLE
    keys = json.loads(imds(healthy, f"meta-data/iam/security-credentials/{w.ROLE}", "GET", header)[1])
    assert keys["Code"] == "Success" and keys["SecretAccessKey"] == ROLE.secret_key
    assert imds(healthy, "meta-data/public-ipv4", "GET", header)[0] == 404


def test_botocore_accepts_the_imds(healthy):
    code = (
        "from botocore.utils import InstanceMetadataFetcher as F, InstanceMetadataRegionFetcher as R;"
        "print(F().retrieve_iam_role_credentials()['role_name'], R().retrieve_region())"
    )
    assert healthy.run(["-c", code], program=PYTHON).stdout == f"{w.ROLE} us-east-1\n"


def test_hop_limit_lets_tcp_through_and_the_token_not():
    with Lab(["imds-hop-limit"]) as lab:
        assert connect(lab, w.IMDS, 80) == "connected"
        assert (
            curl(
                lab,
                "--max-time",
                "0.5",
                "-X",
                "PUT",
                "-H",
                "X-aws-ec2-metadata-token-ttl-seconds: 60",
                f"http://{w.IMDS}/latest/api/token",
            ).returncode
            == 28
        )
        assert imds(lab, "meta-data/")[0] == 401
        lab.fault_fix("imds-hop-limit")
        assert len(token(lab)) > 60


# --- names


@pytest.mark.parametrize("server", [w.RESOLVER, w.RESOLVER_LINK_LOCAL])
def test_names_have_the_addresses_of_both_zones(healthy, server):
    for service in w.SERVICES:
        expected = [(w.address(service, "a"), 60), (w.address(service, "b"), 60)]
        assert addresses(healthy, name_of(service), server) == f"0 {expected}"


def test_no_ipv6_addresses_is_an_empty_answer_and_other_names_do_not_exist(healthy):
    assert addresses(healthy, name_of("ssm"), kind="AAAA") == "0 []"
    assert addresses(healthy, "ssm.us-esat-1.amazonaws.com") == "3 []"
    assert addresses(healthy, "example.org") == "3 []"


def test_broken_resolvers():
    with Lab(["dns-servfail"]) as lab:
        assert addresses(lab, name_of("ssm")) == "2 []"
        lab.fault_fix("dns-servfail")
        lab.fault_add("vpc-dns-off:refused")
        assert addresses(lab, name_of("ssm")) == "5 []"
        lab.fault_fix("vpc-dns-off")
        lab.fault_add("vpc-dns-off")
        assert addresses(lab, name_of("ssm")) == "TimeoutError"
        lab.fault_fix("vpc-dns-off")
        lab.fault_add("dns-bypasses-vpc")
        assert addresses(lab, name_of("ssm"), w.CUSTOM_RESOLVER) == "0 [('203.0.113.21', 60)]"
        assert addresses(lab, name_of("ssm"), w.RESOLVER_LINK_LOCAL).startswith("0 [('10.0.1.21', 60)")
        assert lab.run(["nameserver", "/etc/resolv.conf"], program="grep").stdout == "nameserver 10.0.1.53\n"
        lab.fault_fix("dns-bypasses-vpc")
        lab.fault_add("dns-bypasses-vpc:nxdomain")
        assert addresses(lab, name_of("ssm"), w.CUSTOM_RESOLVER) == "3 []"


def test_resolvers_with_habits():
    ssm = name_of("ssm")
    for fault, plain, edns in (("formerr", "0 [(", "1 []"), ("dropped", "0 [(", "TimeoutError")):
        with Lab([f"dns-no-edns:{fault}"]) as lab:
            assert addresses(lab, ssm).startswith(plain) and addresses(lab, ssm, edns=True).startswith(edns)
            assert addresses(lab, ssm, w.RESOLVER_LINK_LOCAL, edns=True).startswith(edns)
            lab.fault_fix("dns-no-edns")
            assert addresses(lab, ssm, edns=True).startswith("0 [(")
            lab.fault_add("dns-aaaa-silent")
            assert addresses(lab, ssm).startswith("0 [(") and addresses(lab, ssm, kind="AAAA") == "TimeoutError"
            lab.fault_fix("dns-aaaa-silent")
            lab.fault_add("dns-slow:2000")
            assert addresses(lab, ssm) == "TimeoutError"


def test_questions_that_do_not_leave_the_instance():
    with Lab(["dns-blocked-locally"]) as lab:
        assert addresses(lab, name_of("ssm")) == "PermissionError"
        lab.fault_fix("dns-blocked-locally")
        lab.fault_add("route-into-tunnel")
        assert addresses(lab, name_of("ssm")) == "TimeoutError"
        assert addresses(lab, name_of("ssm"), w.RESOLVER_LINK_LOCAL).startswith("0 [(")
        lab.fault_fix("route-into-tunnel")
        lab.fault_add("route-into-tunnel:rule")
        assert "dev tun0 table 52" in lab.run(["route", "get", w.RESOLVER], program="ip").stdout
        assert addresses(lab, name_of("ssm")) == "TimeoutError"
        lab.fault_fix("route-into-tunnel")
        assert addresses(lab, name_of("ssm")).startswith("0 [(")


def test_three_dead_servers_before_the_living_one():
    with Lab(["dns-fourth-server"]) as lab:
        named = lab.run(["nameserver", "/etc/resolv.conf"], program="grep").stdout.split()[1::2]
        assert [addresses(lab, name_of("ssm"), server) for server in named[:3]] == ["TimeoutError"] * 3
        assert addresses(lab, name_of("ssm"), named[3]).startswith("0 [(")
        assert lab.run(["ahosts", name_of("ssm")], program="getent", timeout_s=60).returncode != 0


def test_names_that_no_server_is_asked_for():
    with Lab(["dns-not-asked"]) as lab:
        assert lab.run(["ahosts", name_of("ssm")], program="getent").returncode != 0
        assert not lab.stats()["dns"]


def test_the_stub_resolver():
    with Lab(settings={"resolver": "stub"}) as lab:
        assert addresses(lab, name_of("ssm"), "127.0.0.53").startswith("0 [('10.0.1.21', 60)")
        assert "127.0.0.53" in lab.run(["/etc/resolv.conf"], program="cat").stdout
        assert w.RESOLVER in lab.run(["/run/systemd/resolve/resolv.conf"], program="cat").stdout
        lab.fault_add("dns-stub-dead")
        assert addresses(lab, name_of("ssm"), "127.0.0.53") == "ConnectionRefusedError"
        assert addresses(lab, name_of("ssm")).startswith("0 [(")


def test_regions():
    with Lab(settings={"region": "cn-north-1"}) as lab:
        assert addresses(lab, "ssm.cn-north-1.amazonaws.com.cn").startswith("0 [('10.0.1.21'")
        assert (
            curl(lab, "-o", "/dev/null", "-w", "%{http_code}", "https://ssm.cn-north-1.amazonaws.com.cn/").stdout
            == "404"
        )
        assert imds(lab, "meta-data/services/domain", "GET", token(lab))[1] == "amazonaws.com.cn"


# --- reaching


def test_the_outside_is_silent(healthy):
    assert connect(healthy, "198.51.100.1") == "silence"
    assert connect(healthy, w.public_address("ssm")) == "silence"


def test_only_443_is_open(healthy):
    assert connect(healthy, "10.0.1.21") == "connected" and connect(healthy, "10.0.2.21") == "connected"
    assert connect(healthy, "10.0.1.21", 80) == "silence"


def test_a_security_group_drops_in_silence():
    with Lab(["endpoint-blocks-443:ssm"]) as lab:
        assert [connect(lab, address) for address in ("10.0.1.21", "10.0.2.21", "10.0.1.22")] == [
            "silence",
            "silence",
            "connected",
        ]
        lab.fault_fix("endpoint-blocks-443")
        assert connect(lab, "10.0.1.21") == "connected"


def test_a_network_acl_is_not_crossed_within_a_subnet():
    for variant in ("out", "ephemeral"):
        with Lab([f"network-acl:{variant}"]) as lab:
            assert [connect(lab, address) for address in ("10.0.1.21", "10.0.2.21", "10.0.2.22")] == [
                "connected",
                "silence",
                "silence",
            ]


def test_a_network_acl_for_high_ports_goes_by_the_source_port():
    with Lab(["network-acl:low-ports"]) as lab:
        assert [connect(lab, "10.0.2.21", source_port=port) for port in (40000, 50000)] == ["silence", "connected"]
        assert connect(lab, "10.0.1.21", source_port=40000) == "connected"


OFFENDER = """
import socket, sys
with socket.socket() as held:
    held.setsockopt(socket.IPPROTO_IP, 11, 1)  # IP_RECVERR
    held.settimeout(1)
    held.connect_ex((sys.argv[1], 443))
    try:
        for kind, _, data in [held.recvmsg(512, 512, 0x2000)[1][0]]:
            print(data[4], socket.inet_ntoa(data[20:24]))  # who says so: 1 this machine, 2 ICMP
    except OSError:
        print("nobody")
"""


@pytest.mark.parametrize(
    "fault, offender",
    [
        ("refused-on-the-way", "2 10.0.1.1"),
        ("refused-on-the-way:reset", "nobody"),
        ("local-firewall:unreachable", "2 10.0.1.10"),
    ],
)
def test_who_refuses(fault, offender):
    with Lab([fault]) as lab:
        assert lab.run(["-c", OFFENDER, "10.0.2.21"], program=PYTHON).stdout.strip() == offender


def test_a_second_interface_is_in_the_metadata():
    with Lab(["second-interface"]) as lab:
        header = token(lab)
        macs = imds(lab, "meta-data/network/interfaces/macs/", "GET", header)[1].split()
        assert macs == [f"{w.MAC}/", f"{w.SECOND_MAC}/"]
        lab.fault_fix("second-interface")
        assert lab.run(["link", "show", w.SECOND_INTERFACE], program="ip").returncode != 0
        assert connect(lab, "10.0.2.21") == "connected"


@pytest.mark.parametrize(
    "fault, address, port, seen",
    [
        ("endpoint-refuses:ssm:b", "10.0.2.21", 443, "ECONNREFUSED"),
        ("refused-on-the-way", "10.0.2.21", 443, "ECONNREFUSED"),
        ("refused-on-the-way:host", "10.0.2.21", 443, "EHOSTUNREACH"),
        ("refused-on-the-way:net", "10.0.2.21", 443, "ENETUNREACH"),
        ("refused-on-the-way:admin", "10.0.2.21", 443, "EHOSTUNREACH"),
        ("refused-on-the-way:reset", "10.0.2.21", 443, "ECONNREFUSED"),
        ("second-interface", "10.0.2.21", 443, "silence"),
        ("second-interface:works", "10.0.2.21", 443, "connected"),
        ("route-into-tunnel:endpoints", "10.0.1.21", 443, "silence"),
        ("no-route", "10.0.2.21", 443, "ENETUNREACH"),
        ("local-firewall", "10.0.1.22", 443, "ECONNREFUSED"),
        ("egress-blocked", "10.0.1.23", 443, "silence"),
        ("imds-blocked-prohibit", w.IMDS, 80, "EACCES"),
        ("imds-blocked-blackhole", w.IMDS, 80, "EINVAL"),
        ("imds-blocked-noroute", w.IMDS, 80, "ENETUNREACH"),
        ("imds-blocked-refused", w.IMDS, 80, "ECONNREFUSED"),
        ("imds-unreachable", w.IMDS, 80, "silence"),
        ("public-path", "203.0.113.21", 443, "connected"),
        ("endpoint-outside-vpc", "10.50.1.21", 443, "connected"),
        ("network-not-up", "10.0.1.21", 443, "ENETUNREACH"),
    ],
)
def test_what_connect_sees(fault, address, port, seen):
    with Lab([fault]) as lab:
        assert connect(lab, address, port) == seen
        if not fault.startswith(("imds", "network-not-up")):
            assert connect(lab, w.IMDS, 80) == "connected"
        if not TABLE[fault.partition(":")[0]].settings:
            lab.fault_fix(fault)
            assert connect(lab, "10.0.1.21") == connect(lab, "10.0.2.22") == connect(lab, w.IMDS, 80) == "connected"


def test_a_silent_gateway_is_unreachable_after_three_seconds():
    with Lab(["gateway-silent"]) as lab:
        assert connect(lab, "10.0.2.21", within_s=8) == "EHOSTUNREACH"


def test_a_path_mtu_hole_lets_small_packets_through():
    with Lab(["path-mtu"]) as lab:
        assert connect(lab, "10.0.1.21") == "connected"
        assert curl(lab, "--max-time", "0.7", SSM).returncode == 28


# --- TLS


@pytest.mark.parametrize(
    "fault, message",
    [
        ("tls-untrusted", "self-signed certificate"),
        ("tls-intercepted:unknown", "unable to get local issuer certificate"),
        ("tls-wrong-name", "no alternative certificate subject name"),
        ("tls-expired", "certificate has expired"),
        ("clock-wrong:not-yet-valid", "certificate is not yet valid"),
        ("tls-reset", "Connection reset by peer"),
        ("tls-version", "alert protocol version"),
        ("plain-http-on-443", "wrong version number"),
        ("tls-reset:closed", "SSL"),
        ("tls-offers:cbc", ""),  # curl takes these
        ("tls-offers:x448", ""),
        ("tls-intercepted", ""),
        ("certificate-expires-soon", ""),
    ],
)
def test_what_tls_sees(fault, message):
    with Lab([fault]) as lab:
        done = curl(lab, SSM)
        assert (done.returncode == 0) == (message == "") and message in done.stderr, done.stderr
        done = curl(lab, "--cacert", "/etc/ssm-preflight/amazon-roots.pem", SSM)
        assert (done.returncode == 0) == fault.startswith(("certificate-expires-soon", "tls-offers"))


@pytest.mark.parametrize(
    "fault, flags",
    [
        ("tls-offers:cbc", ["--ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256"]),
        ("tls-offers:x448", ["--curves", "X25519:P-256"]),
    ],
)
def test_what_the_agent_would_offer_is_refused(fault, flags):
    with Lab([fault]) as lab:
        assert "handshake failure" in curl(lab, *flags, SSM).stderr


def test_both_tls_versions_are_spoken(healthy):
    for version in ("1.2", "1.3"):
        assert curl(healthy, "--tlsv" + version, "--tls-max", version, SSM).returncode == 0
    assert curl(healthy, "--tlsv1.1", "--tls-max", "1.1", SSM).returncode != 0
