# SPDX-License-Identifier: Apache-2.0
"""Streams and files that nobody reads, or that may not grow: the program still ends, and says with which fault."""

import json

import pytest

from vpc import Lab

# Runs the command line with the named streams full, and prints the exit status, what the others said, and how long it took in ms.
FULL = """
import fcntl, json, os, signal, socket, subprocess, sys, tempfile, time
full, end_after_s, command = sys.argv[1].split(","), float(sys.argv[2]), sys.argv[3:]
def full_pipe():
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    for piece in (4096, 1):
        try:
            while True:
                os.write(writing, b"x" * piece)
        except BlockingIOError:
            pass
    os.set_blocking(writing, True)
    return reading, writing
streams = {name: full_pipe()[1] if name in full else subprocess.PIPE for name in ("stdout", "stderr")}
environment = dict(os.environ)
if "notify" in full:
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    environment["NOTIFY_SOCKET"] = tempfile.mkdtemp() + "/notify"
    manager.bind(environment["NOTIFY_SOCKET"])
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sender.connect(environment["NOTIFY_SOCKET"])
    sender.setblocking(False)
    try:
        while True:
            sender.send(b"x" * 64)
    except BlockingIOError:
        pass
began = time.monotonic()
running = subprocess.Popen(command, env=environment, **streams)
if end_after_s:
    time.sleep(end_after_s)  # the program waits for its reader by then; there is no event to wait for
    running.send_signal(signal.SIGTERM)
try:
    said = running.communicate(timeout=20)
    print(json.dumps([running.returncode, (time.monotonic() - began) * 1000, *[(text or b"").decode() for text in said]]))
except subprocess.TimeoutExpired:
    running.kill()
    print(json.dumps([None, 20000, "", "hangs"]))
"""


def with_full(lab, full, *command, end_after_s=0):
    done = lab.run(["-c", FULL, full, str(end_after_s), lab.binary, *command], program="/usr/bin/python3")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def vpc():
    with Lab(["imds-disabled"]) as lab:
        yield lab


@pytest.mark.parametrize("command", ["check", "wait"])
def test_a_report_that_nobody_reads_ends_at_the_deadline(vpc, command):
    status, took_ms, _, said = with_full(vpc, "stdout", command, "--deadline", "2s", "--output", "json")
    assert status == 4 and "nobody reads it" in said and took_ms < 6000, said


def test_words_that_nobody_reads_end_at_the_deadline(vpc):
    status, took_ms, said, _ = with_full(vpc, "stderr", "wait", "--deadline", "2s", "--verbose", "--output", "json")
    assert status == 1 and json.loads(said)["verdict"] == "not-ready" and took_ms < 10000


def test_both_that_nobody_reads(vpc):
    status, took_ms, _, _ = with_full(vpc, "stdout,stderr", "check", "--deadline", "2s")
    assert status == 4 and took_ms < 6000


def test_a_signal_ends_what_waits_for_a_reader(vpc):
    status, took_ms, _, said = with_full(vpc, "stdout", "check", "--deadline", "60s", end_after_s=3)
    assert status == 4 and "nobody reads it" in said and took_ms < 10000, said


def test_a_manager_that_does_not_read_changes_no_verdict(vpc):
    status, took_ms, said, _ = with_full(vpc, "notify", "wait", "--deadline", "2s", "--output", "json")
    assert status == 1 and json.loads(said)["verdict"] == "not-ready" and took_ms < 10000


def test_a_file_that_may_not_grow_is_an_error_that_is_named(vpc):
    done = vpc.run(["-c", f"ulimit -f 1; {vpc.binary} check --output json --output-file /run/report.json"], program="bash")
    assert done.returncode == 4 and "/run/report.json: the report is not written: File too large" in done.stderr, done.stderr
