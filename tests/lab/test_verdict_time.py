# SPDX-License-Identifier: Apache-2.0
"""A fault is told as soon as the answer that decides it is there. No stopwatch: what the instance has sent until then is counted. Each
kind of packet is repeated at times that are fixed (DNS after 0.25, 0.75 and 1.75 s, a SYN after 1 and 3 s), so a longer wait sends more."""

import json

import pytest
from vpc import Lab, world as w

pytestmark = pytest.mark.usefixtures("binary")


def check(lab, *arguments):
    lab.stats(reset=True)
    done = lab.run(["check", "--output", "json", *arguments])
    assert done.stdout, done.stderr
    return json.loads(done.stdout), lab.stats()["sent"]


def first(report):
    return [(finding["code"], finding["confidence"]) for finding in report["findings"]][:1]


# --- names

QUESTIONS = 6  # A and AAAA of three names


def test_a_dead_first_nameserver_costs_a_quarter_of_a_second():
    """Each question is sent to it twice: at once, and after 0.25 s. Waiting 2 s would send four, and ask without EDNS0."""
    with Lab(["dns-server-silent"]) as lab:
        for _ in range(3):
            found, sent = check(lab)
            if sent[f"{w.DEAD_RESOLVER} udp 53"] <= 2 * QUESTIONS:
                break
        assert (found["verdict"], first(found)) == ("ready", [("dns-server-silent", "likely")])
        assert sent[f"{w.DEAD_RESOLVER} udp 53"] <= 2 * QUESTIONS
        assert sent[f"{w.DEAD_RESOLVER} tcp 53"] == 1  # and nobody is there by TCP
        assert sent[f"{w.RESOLVER} udp 53"] == QUESTIONS


def test_a_dead_second_nameserver_costs_nothing():
    with Lab(["dns-server-silent:second"]) as lab:
        found, sent = check(lab)
        assert (found["verdict"], first(found)) == ("ready", [])
        assert sent[f"{w.DEAD_RESOLVER} udp 53"] == QUESTIONS


def test_a_slow_first_nameserver_is_waited_for():
    """The agent waits, and so its word counts, not that of the next one, which bypasses the VPC."""
    with Lab(["dns-slow:600:first"]) as lab:
        found, _ = check(lab)
        assert (found["verdict"], first(found)) == ("ready", [])
        assert {at["place"] for at in found["facts"]["endpoints"]["ssm"]["addresses"]} <= {"own-subnet", "in-vpc"}


@pytest.mark.parametrize("faults", [["private-dns-off"], ["endpoint-missing"], ["dns-bypasses-vpc"], ["dns-bypasses-vpc", "vpc-dns-off"]], ids="+".join)
def test_names_that_lead_to_no_private_address_are_told_before_anything_is_sent_twice(faults):
    """A public address gets six SYNs of six sockets: the kernel's own repetition comes after a second. Amazon's resolvers, the second
    opinion, are asked three times each."""
    with Lab(faults) as lab:
        for _ in range(3):
            found, sent = check(lab)
            public = {at: n for at, n in sent.items() if at.startswith(f"{w.PUBLIC}.") and at.endswith("tcp 443")}
            extra = sum(n - SYNS_TO_PUBLIC for n in public.values())
            if extra <= 6:
                break
        assert (found["verdict"], first(found)[0][0]) == ("not-ready", faults[0] if len(faults) == 1 else "private-dns-off")
        assert public and min(public.values()) >= SYNS_TO_PUBLIC and extra <= 6  # more connections for signed requests, once each
        assert sent.get(f"{w.RESOLVER_LINK_LOCAL} udp 53", 0) <= 3 * QUESTIONS // 2


def test_nameservers_that_nothing_is_heard_of_are_given_up_together():
    """Each question is sent at 0, 0.25, 0.75 and 1.75 s, and not at 3.75 s; meanwhile, and no longer, Amazon's other address is asked, the
    same without EDNS0, and port 53 is dialled: two SYNs."""
    with Lab(["vpc-dns-off"]) as lab:
        for _ in range(3):
            found, sent = check(lab)
            if sent[f"{w.RESOLVER} udp 53"] <= 4 * QUESTIONS + 3 * 3:
                break
        assert first(found) == [("vpc-dns-off", "likely")]
        assert 4 * QUESTIONS <= sent[f"{w.RESOLVER} udp 53"] <= 4 * QUESTIONS + 3 * 3
        assert sent[f"{w.RESOLVER} tcp 53"] == 2 and sent[f"{w.RESOLVER_LINK_LOCAL} udp 53"] <= 3 * 3


def test_a_nameserver_that_drops_what_has_edns0_is_told_before_it_is_asked_a_fifth_time():
    """Which is after 3.75 s. What is asked without EDNS0, a name's address once, it answers."""
    with Lab(["dns-no-edns:dropped"]) as lab:
        for _ in range(3):
            found, sent = check(lab)
            if sent[f"{w.RESOLVER} udp 53"] <= 4 * QUESTIONS + 3:
                break
        assert (found["verdict"], first(found)) == ("not-ready", [("dns-edns", "likely")])
        assert sent[f"{w.RESOLVER} udp 53"] == 4 * QUESTIONS + 3


@pytest.mark.parametrize("fault", ["dns-slow", "dns-slow:4000"])
def test_a_nameserver_that_is_there_is_waited_for(fault):
    with Lab([fault]) as lab:
        found, _ = check(lab)
        assert (found["verdict"], first(found)) == ("degraded", [("dns-slow", "likely")])


# --- connect()

SYNS_TO_PUBLIC = 6
SYNS = 6  # at 0, 0.4, 0.8, and again by the kernel a second later; since Linux 6.5 it sends the first once more at 2.0


def test_a_silent_address_has_its_six_syns_and_no_more():
    """So five may be lost. The SYN at 3 s is not waited for."""
    with Lab(["endpoint-blocks-443:ssmmessages"]) as lab:
        for _ in range(3):
            found, sent = check(lab)
            assert first(found) == [("endpoint-blocks-443", "likely")]
            counts = [sent[f"{w.address('ssmmessages', zone)} tcp 443"] for zone in "ab"]
            if max(counts) <= SYNS + 1:
                break
        assert SYNS <= min(counts) and max(counts) <= SYNS + 1
        tried = [at["connect"]["took_ms"] for at in found["facts"]["endpoints"]["ssmmessages"]["addresses"]]
        assert max(tried) < 3000


def test_a_silent_proxy_has_two_syns_for_each_service_and_no_more():
    """At 0 and 1 s; the SYN at 3 s is not waited for."""
    with Lab(["agent-proxy:silent"]) as lab:
        for _ in range(3):
            found, _ = check(lab)
            tried = [found["facts"]["endpoints"][service]["proxy"]["took_ms"] for service in ("ssm", "ssmmessages")]
            if max(tried) < 3000:
                break
        assert first(found)[0][0] == "proxy-in-the-way" and max(tried) < 3000


@pytest.mark.parametrize("path, verdict", [([], "ready"), (["public-path"], "degraded")], ids=["private", "public"])
def test_five_lost_packets_silence_no_address(path, verdict):
    with Lab([*path, f"syns-lost:{SYNS - 1}"]) as lab:
        found, _ = check(lab)
        assert found["verdict"] == verdict, found["summary"]
        assert {at["connect"]["outcome"] for service in ("ssm", "ssmmessages") for at in found["facts"]["endpoints"][service]["addresses"]} == {"ok"}


def test_a_public_address_that_answers_later_counts_while_the_round_goes_on():
    with Lab(["public-path"], settings={"delay": 300}) as lab:
        found, _ = check(lab)
        assert found["verdict"] == "degraded" and "public-path" in [finding["code"] for finding in found["findings"]], found["summary"]


def test_where_public_addresses_are_wanted_they_have_all_patience():
    with Lab(["private-dns-off"]) as lab:
        found, sent = check(lab, "--private-dns", "off")
        assert found["verdict"] == "not-ready"
        assert found["facts"]["endpoints"]["ssm"]["addresses"][0]["connect"]["took_ms"] > 2000


def test_addresses_that_are_not_tried_are_counted():
    with Lab(["many-addresses:23"]) as lab:
        found, _ = check(lab)
        summary = next(item["summary"] for item in found["checks"] if item["id"] == "ssm.resolve")
        assert len(found["facts"]["endpoints"]["ssm"]["addresses"]) == 16
        assert summary.endswith("; 9 are not tried: at most 16 of a name")


def test_a_dead_next_hop_is_told_before_the_kernel_gives_it_up():
    """Which is after three ARP requests, each with a second: the neighbour table shows them unanswered."""
    with Lab(["gateway-silent"]) as lab:
        found, _ = check(lab)
        assert first(found) == [("gateway-silent", "likely")]
        steps = [at["connect"] for service in ("ssm", "ssmmessages") for at in found["facts"]["endpoints"][service]["addresses"]]
        assert {step["failure"] for step in steps} == {"host-unreachable"} and max(step["took_ms"] for step in steps) < 3000


# --- TLS


@pytest.mark.parametrize("fault, code", [("path-mtu", ("path-mtu", "likely")), ("handshake-swallowed", ("tls-reset", "likely"))])
def test_a_silent_handshake_is_repeated_beside_the_first(fault, code):
    """The second one, and the one with small segments, are over when the first is: the round takes no longer than that. In turn it took
    two and a half times as long."""
    with Lab([fault]) as lab:
        ratios = []
        for _ in range(3):
            found, sent = check(lab)
            assert first(found) == [code]
            address = found["facts"]["endpoints"]["ssmmessages"]["addresses"][0]
            assert sent[f"{address['address']} tcp 443"] >= 3 and address["tls"]["failure"] == "timeout"
            ratios.append(found["duration_ms"] / address["tls"]["took_ms"])
            if ratios[-1] < 1.2:
                return
        pytest.fail(f"{ratios}")


def test_a_handshake_that_nobody_acknowledges_is_given_up_before_the_agent_gives_it_up():
    with Lab(["path-mtu:up:100"]) as lab:
        found, _ = check(lab)
        assert first(found) == [("tls-reset", "likely")]
        assert found["facts"]["endpoints"]["ssmmessages"]["addresses"][0]["tls"]["took_ms"] == 5000


# --- the metadata service


@pytest.mark.parametrize("fault", ["imds-unreachable", "not-ec2"])
def test_a_silent_metadata_service_is_dialled_again_beside_the_first_time(fault):
    """Two sockets with two SYNs each, and the round is over when the first socket is. In turn it took twice as long."""
    with Lab([fault]) as lab:
        ratios = []
        for _ in range(3):
            found, sent = check(lab)
            assert sent[f"{w.IMDS} tcp 80"] == 4
            ratios.append(found["duration_ms"] / found["facts"]["imds"]["connect"]["took_ms"])
            if ratios[-1] < 1.2:
                return
        pytest.fail(f"{ratios}")
