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
