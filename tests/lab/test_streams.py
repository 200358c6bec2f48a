# SPDX-License-Identifier: Apache-2.0
"""Streams and files that nobody reads, or that may not grow: the program still ends, and says with which fault."""

import json

import pytest

from vpc import Lab
from vpc.full import FULL as FUNCTIONS

LATE_MS = 100  # past the deadline; and past the second that a signal leaves
TRIES = 3  # a run that was late on a busy machine is made again, and is in time when nothing else holds it up

# Runs the command line with what is named full, and tells the exit status, what the streams said, and how long it took in ms: from
# its start, or from the signal that came after so many seconds.
FULL = FUNCTIONS + """
import json, signal, subprocess, sys, termios, time
full, end_after_s, command = sys.argv[1].split(","), float(sys.argv[2]), sys.argv[3:]
def stream(name):
    is_terminal = "terminal" in full and name == "stdout"
    return full_stream(is_terminal) if is_terminal or name in full else subprocess.PIPE
streams = {name: stream(name) for name in ("stdout", "stderr")}
environment = dict(os.environ, TERM="xterm")
if "fifo" in full:
    full_fifo("/run/fifo")
console = os.open("/dev/console", os.O_WRONLY | os.O_NOCTTY)
termios.tcflow(console, termios.TCOOFF if "console" in full else termios.TCOON)
if "notify" in full:
    full_manager(environment)
began = time.monotonic()
running = subprocess.Popen(command, env=environment, **streams)
if end_after_s:
    time.sleep(end_after_s)  # the program waits for its reader by then; there is no event to wait for
    began = time.monotonic()
    running.send_signal(signal.SIGTERM)
try:
    said = running.communicate(timeout=20)
    print(json.dumps([running.returncode, (time.monotonic() - began) * 1000, *[(text or b"").decode() for text in said]]))
except subprocess.TimeoutExpired:
    running.kill()
    print(json.dumps([None, 20000, "", "hangs"]))
"""


def with_full(lab, full, *command, end_after_s=0, by_ms=None):
    """(exit status, what it said on stdout, on stderr), ended by its deadline, or within a second of the signal."""
    limit_ms = LATE_MS + (by_ms or (1000 if end_after_s else 2000))
    took = []
    for _ in range(TRIES):
        done = lab.run(["-c", FULL, full, str(end_after_s), *command], program="/usr/bin/python3")
        assert done.returncode == 0, done.stderr
        status, took_ms, *said = json.loads(done.stdout)
        took.append(round(took_ms))
        if took_ms <= limit_ms:
            return status, *said
    pytest.fail(f"{took} ms, and {limit_ms} are allowed")


@pytest.fixture(scope="module")
def vpc():
    with Lab(["imds-disabled"]) as lab:
        yield lab


@pytest.mark.parametrize("command", ["check", "wait"])
def test_a_report_that_nobody_reads_ends_at_the_deadline(vpc, command):
    status, _, said = with_full(vpc, "stdout", vpc.binary, command, "--deadline", "2s", "--output", "json")
    assert status == 4 and "nobody reads it" in said, said


def test_words_that_nobody_reads_end_at_the_deadline(vpc):
    status, said, _ = with_full(vpc, "stderr", vpc.binary, "wait", "--deadline", "2s", "--verbose", "--output", "json")
    assert status == 1 and json.loads(said)["verdict"] == "not-ready"


def test_whatever_nobody_reads_the_deadline_holds(vpc):
    """All at once: what each of them may cost does not add up."""
    everything = ("--verbose", "--save", "/run/fifo", "--output-file", "/run/fifo")
    status, _, _ = with_full(vpc, "stdout,stderr", vpc.binary, "check", "--deadline", "2s")
    assert status == 4
    status, _, _ = with_full(vpc, "notify,stdout,stderr,fifo,console", vpc.binary, "wait", "--deadline", "2s", *everything)
    assert status == 4
    for output in ("terminal", "console"):
        with_full(vpc, "terminal,notify,stderr", vpc.binary, "wait", "--deadline", "2s", "--output", output)


def test_a_signal_ends_what_waits_for_a_reader(vpc):
    status, _, said = with_full(vpc, "stdout", vpc.binary, "check", "--deadline", "60s", end_after_s=1)
    assert status == 4 and "nobody reads it" in said, said


def test_a_signal_leaves_a_second_to_all_together(vpc):
    everything = ("--deadline", "60s", "--verbose", "--save", "/run/fifo", "--output-file", "/run/fifo")
    for full, command in (
        ("fifo", ("check", *everything)),
        ("notify,stdout,stderr,fifo,console", ("wait", *everything)),
        ("terminal,notify,stderr", ("wait", "--deadline", "60s")),
        ("terminal,notify,stderr", ("wait", "--deadline", "60s", "--output", "console")),
    ):
        status, _, _ = with_full(vpc, full, vpc.binary, *command, end_after_s=1)
        assert status in (1, 3, 4), (full, status)


def test_following_does_not_stop_at_a_stderr_that_nobody_reads(vpc):
    """It has no deadline. A second for the first line, then rounds go on, which the state below /run shows."""
    vpc.run(["-c", "rm -rf /run/ssm-preflight"], program="sh")
    with_full(vpc, "stderr", vpc.binary, "wait", "--follow", "--verbose", end_after_s=4)
    assert json.loads(vpc.run(["/run/ssm-preflight/report.json"], program="cat").stdout)["verdict"] == "not-ready"


def test_following_ends_though_nobody_reads_its_report():
    with Lab() as lab:
        status, _, said = with_full(lab, "stdout", lab.binary, "wait", "--follow", by_ms=15000)
        assert status == 4 and "nobody reads it" in said, said


def test_no_memory_and_a_stderr_that_nobody_reads(vpc):
    for megabytes in (5, 6):
        limit = ("prlimit", f"--as={megabytes << 20}", vpc.binary, "check", "--deadline", "2s")
        status, _, _ = with_full(vpc, "stderr", *limit)
        assert status == 4
        with_full(vpc, "stderr", *limit, end_after_s=0.5)


def test_a_manager_that_does_not_read_changes_no_verdict(vpc):
    status, said, _ = with_full(vpc, "notify", vpc.binary, "wait", "--deadline", "2s", "--output", "json")
    assert status == 1 and json.loads(said)["verdict"] == "not-ready"


def test_what_has_no_deadline_waits_for_its_reader_until_a_signal(vpc):
    """As `show | less` must; and at SIGTERM it is gone."""
    for command in (("list", "findings"), ("explain", "role-missing"), ("image", "--root", "/")):
        status, _, _ = with_full(vpc, "stdout,stderr", vpc.binary, *command, end_after_s=1, by_ms=1)
        assert status == -15, (command, status)


def test_a_file_that_may_not_grow_is_an_error_that_is_named(vpc):
    done = vpc.run(["-c", f"ulimit -f 1; {vpc.binary} check --output json --output-file /run/report.json"], program="bash")
    assert done.returncode == 4 and "/run/report.json: the report is not written: File too large" in done.stderr, done.stderr
