"""`wait`: never later than its deadline, at once when the network comes, and in view on a terminal."""

import json
import os
import pty
import re
import subprocess
import time

import pytest

from vpc import Lab

pytestmark = pytest.mark.usefixtures("binary")

DEADLINE_MS = 1500
LATE_MS = 100  # the contract: a report no later than the deadline and this


@pytest.mark.parametrize("fault", [
    "imds-unreachable", "imds-silent", "imds-slow:900", "vpc-dns-off", "dns-resolver-unreachable", "egress-blocked",
    "handshake-swallowed", "service-hang",
])
def test_never_later_than_the_deadline_whatever_stalls(fault):
    """Each rung stalled in turn. The best of three: the machine that tests may itself be late."""
    with Lab([fault]) as lab:
        took = []
        for _ in range(3):
            done = lab.run(["wait", "--deadline", f"{DEADLINE_MS}ms", "--output", "json"])
            assert done.returncode in (0, 1, 3), done.stderr
            found = json.loads(done.stdout)
            assert done.returncode == {"ready": 0, "degraded": 0, "not-ready": 1, "unknown": 3}[found["verdict"]]
            took.append(done.resources["wall_ms"] if isinstance(done.resources, dict) else done.resources.wall_ms)
            if took[-1] <= DEADLINE_MS + LATE_MS:
                return
    pytest.fail(f"{fault}: {took} ms")


def test_a_network_that_comes_up_starts_a_round_at_once():
    with Lab(["network-not-up"]) as lab:
        running = lab.start(["wait", "--deadline", "60s", "--output", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            environment={"NOTIFY_SOCKET": "/run/systemd/notify"})
        assert lab.until("notify", 6, within_s=30), "no rounds"  # far enough for the waits between rounds to be long
        lab.fault_mend("network-not-up")
        mended = time.monotonic()
        done = running.wait(30)
        assert done.returncode == 0, done.stdout + done.stderr
        assert time.monotonic() - mended < 3


def test_what_is_proven_is_not_asked_again():
    """A role that is missing for five rounds: the names and the endpoints are asked once."""
    with Lab(["endpoint-blocks-443:ssm"]) as lab:
        lab.run(["wait", "--deadline", "9s", "--output", "json"], timeout_s=30)
        stats = lab.stats()
        assert stats["imds"]["PUT /latest/api/token"] >= 2, "one round only"
        assert stats["dns"]["ssmmessages.us-east-1.amazonaws.com A"] == 1
        assert stats["dns"]["ssm.us-east-1.amazonaws.com A"] >= 2


def test_the_last_whole_round_is_what_is_reported():
    """The deadline cuts the second round short; what the first one found still stands."""
    with Lab(["endpoint-blocks-443:ssm"]) as lab:
        done = lab.run(["wait", "--deadline", "5s", "--output", "json"], timeout_s=30)
        found = json.loads(done.stdout)
        assert (done.returncode, found["verdict"], found["findings"][0]["code"]) == (1, "not-ready", "endpoint-blocks-443")
        assert found["rounds"] >= 2


# --- after boot

MENDED = "/run/ssm-preflight/mended"


def has_word(lab):
    return lab.run(["-e", MENDED], program="/usr/bin/test").returncode == 0


def test_the_follow_up_leaves_word_when_something_was_mended():
    with Lab(["role-missing"]) as lab:
        assert lab.run(["wait", "--deadline", "500ms", "--quiet"]).returncode == 1
        running = lab.start(["wait", "--follow", "--quiet"], environment={"NOTIFY_SOCKET": "/run/systemd/notify"})
        assert lab.until("notify", 1, within_s=20) and not has_word(lab)
        lab.fault_mend("role-missing")
        assert running.wait(60).returncode == 0
        assert has_word(lab)


def test_the_follow_up_ends_at_once_where_all_was_well():
    with Lab() as lab:
        assert lab.run(["wait", "--quiet"]).returncode == 0
        lab.stats(reset=True)
        assert lab.run(["wait", "--follow"]).returncode == 0
        assert not has_word(lab) and not lab.stats()["imds"]


def test_without_a_verdict_before_it_a_first_ready_is_no_mend():
    with Lab() as lab:
        assert lab.run(["wait", "--follow", "--quiet"]).returncode == 0
        assert not has_word(lab)


def test_changes_are_told_line_by_line_without_a_terminal():
    with Lab(["role-missing"]) as lab:
        running = lab.start(["wait", "--deadline", "30s", "--output", "short"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            environment={"NOTIFY_SOCKET": "/run/systemd/notify"})
        assert lab.until("notify", 2, within_s=20)
        lab.fault_mend("role-missing")
        done = running.wait(40)
        lines = done.stderr.splitlines()
        assert done.returncode == 0 and len(lines) == 2, done.stderr
        assert re.match(r"ssm-preflight: round 1: .*role", lines[0]) and ": ready" in lines[1]
        assert "\x1b" not in done.stdout + done.stderr


def test_a_person_sees_the_ladders_fill_in():
    with Lab(["endpoint-blocks-443:ssm"]) as lab:
        master, slave = pty.openpty()
        running = lab.start(["wait", "--deadline", "5s"], environment={"TERM": "xterm"}, stdin=slave, stdout=slave, stderr=slave,
                            terminal="own")
        os.close(slave)
        seen = b""
        try:
            while part := os.read(master, 4096):
                seen += part
        except OSError:
            pass  # the other end is closed
        done = running.wait(10)
        os.close(master)
        text = seen.decode()
        assert done.returncode == 1
        assert re.search(r"waiting.*s left", text) and re.search("\x1b\\[[0-9]+A", text), text[:500]
        last = text[text.rindex("\x1b[J"):]
        assert "NOT READY" in last and "waiting" not in last, "the view is left behind"
