# SPDX-License-Identifier: Apache-2.0
"""The program's own trouble on a healthy network is never the network's: no descriptors, no memory, a disk that fails, a pause."""

import json

import pytest
from vpc.client import Lab

pytestmark = pytest.mark.usefixtures("binary")

CHECK = ["check", "--output", "json"]
# Runs a command, stops it after so many milliseconds, and lets it go on 2.5 s later: beyond the limits of IMDS and TLS.
PAUSE = """
import signal, subprocess, sys, time
running = subprocess.Popen(sys.argv[2:], stdout=subprocess.PIPE)
until = time.monotonic() + float(sys.argv[1]) / 1000
while time.monotonic() < until:
    pass
running.send_signal(signal.SIGSTOP)
time.sleep(2.5)
running.send_signal(signal.SIGCONT)
sys.stdout.write(running.communicate()[0].decode())
"""


def looked(lab, program, *arguments):
    done = lab.run([*arguments, lab.binary, *CHECK], program=program)
    return done.returncode, json.loads(done.stdout) if done.stdout else None


def assert_says_nothing_of_the_network(status, report):
    if report is None:
        assert status == 4  # before the first look
        return
    found = [finding for finding in report["findings"] if finding["severity"] != "note"]
    assert {finding["code"] for finding in found} <= {"preflight-trouble"}
    assert (status, report["verdict"]) in ((3, "unknown"), (0, "ready"), (0, "degraded"))


@pytest.mark.parametrize("after_ms", [3, 8, 13, 18, 25, 35])
def test_a_pause_is_no_finding(healthy, after_ms):
    status, report = looked(healthy, "/usr/bin/python3", "-c", PAUSE, str(after_ms))
    assert (status, report["verdict"]) == (0, "ready")


@pytest.mark.parametrize("n", [6, 8, 10, 12, 14])
def test_no_descriptors(healthy, n):
    status, report = looked(healthy, "prlimit", f"--nofile={n}:{n}")
    assert_says_nothing_of_the_network(status, report)
    assert report["findings"][0]["code"] == "preflight-trouble"


@pytest.mark.parametrize(
    "fault, before",
    [
        ("private-dns-off", ["prlimit", "--nofile=6:6"]),  # one service's names alone may be answered
        ("policy-missing", ["strace", "-qqfo", "/dev/null", "-P", "/sys/fs/cgroup/system.slice", "-e", "inject=openat:error=EIO"]),
    ],
)
def test_a_cause_is_not_told_from_what_could_not_be_seen(fault, before):
    with Lab([fault]) as lab:
        assert_says_nothing_of_the_network(*looked(lab, *before))


def test_the_soft_limit_is_raised(healthy):
    assert looked(healthy, "prlimit", "--nofile=8:1024")[1]["verdict"] == "ready"


@pytest.mark.parametrize(
    "call, error, when",
    [("socket", "EMFILE", f"{n}+") for n in (1, 8, 16, 24, 30)]
    + [("openat", "EMFILE", n) for n in (1, 3, 11, 12, 20, 28, 33)]
    + [("openat", "EIO", f"{n}+") for n in (5, 15, 30)]
    + [("read", "EIO", n) for n in (1, 11, 15, 19, 27)]
    + [("sendmsg", "ENOBUFS", "1+"), ("newfstatat", "ENOMEM", 21)],
)
def test_a_call_that_fails(healthy, call, error, when):
    inject = f"inject={call}:error={error}:when={when}"
    assert_says_nothing_of_the_network(*looked(healthy, "strace", "-qqfo", "/dev/null", "-e", inject))
