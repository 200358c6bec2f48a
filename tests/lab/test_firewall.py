# SPDX-License-Identifier: Apache-2.0
"""A firewall on the instance that drops in silence: what the program knows of it, with and without root, and at what price."""

import json

import pytest
from vpc import Lab

UNPRIVILEGED = ["--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]


def check(lab, binary, *, root=True):
    arguments = [binary, "check", "--output", "json"]
    done = lab.run(arguments[1:]) if root else lab.run([*UNPRIVILEGED, *arguments], program="setpriv")
    report = json.loads(done.stdout)
    return report["findings"], report["facts"]["network"], report


@pytest.mark.parametrize(
    "variant, where",
    [
        ("output", {"family": "inet", "table": "lab", "chain": "instance_output", "hook": "output"}),
        ("policy", {"family": "inet", "table": "lab", "chain": "instance_closed", "hook": "output"}),
        ("postrouting", {"family": "inet", "table": "lab", "chain": "instance_postrouting", "hook": "postrouting"}),
        ("netdev", {"family": "netdev", "table": "lab", "chain": "instance_netdev", "hook": "egress"}),
        ("iptables", {"family": "ip", "table": "filter", "chain": "OUTPUT", "hook": "output"}),
        ("input", {"family": "inet", "table": "lab", "chain": "instance_input", "hook": "input"}),
    ],
)
def test_root_is_told_the_chain(binary, variant, where):
    with Lab([f"local-firewall-drop:{variant}"], binary=binary) as lab:
        findings, network, _ = check(lab, binary)
    assert [(finding["code"], finding["confidence"]) for finding in findings] == [("local-firewall", "certain")]
    assert len(network["drops"]) == 6
    for drop in network["drops"]:
        assert drop["certain"] and {key: drop[key] for key in where} == where
        assert ("handle" in drop) == (variant != "policy")
    commands = findings[0]["remedy"]["commands"]
    tool = "iptables -t filter -I OUTPUT" if variant == "iptables" else f"nft insert rule {where['family']} {where['table']} {where['chain']}"
    assert any(tool in command for command in commands), commands


@pytest.mark.parametrize("variant", ["output", "policy", "postrouting", "netdev", "iptables"])
def test_the_unit_knows_without_a_privilege(binary, variant):
    """As in the unit: no root, no capability. The socket itself says that the kernel could not send."""
    with Lab([f"local-firewall-drop:{variant}"], binary=binary) as lab:
        findings, network, _ = check(lab, binary, root=False)
    assert [(finding["code"], finding["confidence"]) for finding in findings] == [("local-firewall", "certain")]
    assert network["firewall_asked"] == "no" and not network.get("drops")


@pytest.mark.parametrize("variant", ["policy", "netdev", "input"])
def test_what_root_is_told_mends_it(binary, variant):
    with Lab([f"local-firewall-drop:{variant}"], binary=binary) as lab:
        findings, _, _ = check(lab, binary)
        command = next(command for command in findings[0]["remedy"]["commands"] if "nft insert" in command)
        assert lab.run(command.split()[2:], program="nft").returncode == 0
        _, _, report = check(lab, binary)
    assert report["verdict"] == "ready"


def test_dropped_answers_are_an_alternative_without_a_privilege(binary):
    with Lab(["local-firewall-drop:input"], binary=binary) as lab:
        findings, network, _ = check(lab, binary, root=False)
    assert findings[0]["code"] == "egress-blocked" and "local-firewall" in findings[0]["alternatives"]
    assert network["undelivered"] >= 6


def test_rules_that_are_too_many_to_read_exclude_nothing(binary):
    """The set that drops the answers is one of so many that its elements are not read."""
    sets = "".join(f"add set inet many s{i} {{ type ipv4_addr; elements = {{ 10.0.1.10 }}; }}\n" for i in range(70))
    rules = (
        f"add table inet many\n{sets}add chain inet many in {{ type filter hook input priority 0; }}\n"
        "add rule inet many in tcp sport 443 ip daddr @s69 drop\n"
    )
    with Lab(binary=binary) as lab:
        assert lab.run(["-f", "-"], program="nft", input=rules).returncode == 0
        findings, network, _ = check(lab, binary)
    assert findings[0]["code"] == "egress-blocked" and "local-firewall" in findings[0]["alternatives"]
    assert network["undelivered"] > 0 and "firewall_asked" not in network


@pytest.mark.parametrize("root", [True, False])
def test_a_security_group_is_no_local_firewall(binary, root):
    """Nothing was lost on the machine, so its rules are not asked, and no local firewall is suspected."""
    with Lab(["egress-blocked"], binary=binary) as lab:
        findings, network, _ = check(lab, binary, root=root)
    assert findings[0]["code"] == "egress-blocked" and "local-firewall" not in findings[0]["alternatives"]
    assert network["delivery_read"] and not network.get("undelivered") and "firewall_asked" not in network


def test_nothing_is_asked_of_a_healthy_machine(binary):
    with Lab(binary=binary) as lab:
        traced = lab.run(["-f", "-e", "trace=openat,open,socket,getsockopt", binary, "check", "--quiet"], program="strace")
    assert traced.stderr.count("/proc/self/net/snmp") == 1
    assert "NETLINK_NETFILTER" not in traced.stderr and "TCP_INFO" not in traced.stderr


def test_the_deadline_holds(binary):
    with Lab(["local-firewall-drop"], binary=binary) as lab:
        done = lab.run(["check", "--deadline", "2s", "--output", "json"])
        assert done.resources["wall_ms"] < 2600
    assert json.loads(done.stdout)["verdict"] in ("unknown", "not-ready")
