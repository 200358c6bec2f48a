# SPDX-License-Identifier: Apache-2.0
"""A firewall on the instance that drops in silence: what the program knows of it, with and without root, and at what price."""

import json
import subprocess

import pytest
from vpc import Lab

UNPRIVILEGED = ["--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]


def check(lab, binary, *, root=True):
    arguments = [binary, "check", "--output", "json"]
    done = lab.run(arguments[1:]) if root else lab.run([*UNPRIVILEGED, *arguments], program="setpriv")
    report = json.loads(done.stdout)
    return report["findings"], report["facts"]["network"], report


@pytest.mark.parametrize("variant", ["output", "policy", "postrouting", "netdev", "iptables"])
def test_the_unit_knows_without_a_privilege(binary, variant):
    """As in the unit: no root, no capability. The socket itself says that the kernel could not send."""
    with Lab([f"local-firewall-drop:{variant}"], binary=binary) as lab:
        findings, _, _ = check(lab, binary, root=False)
    assert [(finding["code"], finding["confidence"]) for finding in findings] == [("local-firewall", "certain")]
    assert "sudo nft list ruleset; sudo iptables-save" in findings[0]["remedy"]["commands"]


def test_dropped_answers_come_before_the_security_group(binary):
    """No endpoint answers, and packets came in that no program got. The counters need no privilege either."""
    with Lab(["local-firewall-drop:input"], binary=binary) as lab:
        findings, network, _ = check(lab, binary, root=False)
    assert [(finding["code"], finding["confidence"]) for finding in findings] == [("local-firewall", "likely")]
    assert findings[0]["alternatives"] == ["egress-blocked"]
    assert network["undelivered"] >= 12  # six addresses, each repeats its answer


def test_the_rule_of_the_remedy_mends_a_policy(binary):
    """In the table and chain that `nft list ruleset` shows."""
    with Lab(["local-firewall-drop:policy"], binary=binary) as lab:
        findings, _, _ = check(lab, binary)
        command = next(command for command in findings[0]["remedy"]["commands"] if "nft insert" in command)
        command = command.partition(";")[0].replace("filter output", "filter instance_closed")  # behind it is the one for iptables
        assert lab.run(command.split()[2:], program="nft").returncode == 0
        _, _, report = check(lab, binary)
    assert report["verdict"] == "ready"


def test_a_security_group_is_no_local_firewall(binary):
    """Nothing was lost on the machine: no local firewall is suspected."""
    with Lab(["egress-blocked"], binary=binary) as lab:
        findings, network, _ = check(lab, binary, root=False)
    assert findings[0]["code"] == "egress-blocked" and "local-firewall" not in findings[0]["alternatives"]
    assert network["delivery_read"] and not network.get("undelivered")


BUSY_LOOPBACK = """
import socket
to, by = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
to.bind(("127.0.0.1", 9999))
print("busy", flush=True)
while True:
    by.sendto(b"x", ("127.0.0.1", 9999))
"""


@pytest.mark.parametrize("fault", ["refused-on-the-way:reset", "endpoint-refuses:ssm:a"])
def test_a_busy_loopback_device_accuses_no_local_firewall(binary, fault):
    """A reset of this machine comes in by that device, and so does all that its programs tell each other."""
    with Lab([fault], binary=binary) as lab:
        lab.start(["-c", BUSY_LOOPBACK], program="/usr/bin/python3", stdout=subprocess.PIPE).until("busy")
        for _ in range(4):
            findings, _, _ = check(lab, binary)
            assert "local-firewall" not in [finding["code"] for finding in findings]


def test_what_this_machine_itself_refuses_is_known_beside_a_busy_loopback_device(binary):
    with Lab(["own-address"], binary=binary) as lab:
        lab.start(["-c", BUSY_LOOPBACK], program="/usr/bin/python3", stdout=subprocess.PIPE).until("busy")
        findings, _, _ = check(lab, binary)
    assert (findings[0]["code"], findings[0]["confidence"]) == ("local-firewall", "certain")


def test_a_limit_that_is_used_up_is_no_block(binary):
    """Of so many connections a second, which whoever came before has used up."""
    with Lab(["local-firewall:limit"], binary=binary) as lab:
        reports = [check(lab, binary)[2] for _ in range(3)]
    assert [report["verdict"] for report in reports] == ["ready"] * 3


def test_nothing_is_asked_of_a_healthy_machine(binary):
    with Lab(binary=binary) as lab:
        traced = lab.run(["-f", "-e", "trace=openat,open,socket,getsockopt", binary, "check", "--quiet"], program="strace")
    assert traced.stderr.count("/proc/self/net/snmp") == 1
    assert "TCP_INFO" not in traced.stderr


def test_the_deadline_holds(binary):
    with Lab(["local-firewall-drop"], binary=binary) as lab:
        done = lab.run(["check", "--deadline", "2s", "--output", "json"])
        assert done.resources["wall_ms"] < 2600
    assert json.loads(done.stdout)["verdict"] in ("unknown", "not-ready")
