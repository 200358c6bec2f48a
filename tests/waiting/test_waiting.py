# SPDX-License-Identifier: Apache-2.0
"""An hour of `wait` in a second or two: what it costs, and that nothing grows.

    make waiting                   # this
    make endurance                 # the same, 24 hours against servers that flap
"""

import itertools
import json
import os
import statistics
import subprocess
import time

import pytest
from hour import HASTY, Lab, costs, waited
from vpc.measured import measured, reliability

pytestmark = pytest.mark.skipif(not os.access(HASTY, os.X_OK), reason="make hasty")

# The promise of docs/boot.md.
PACKETS, SIGNED, SHARE_OF_A_CORE = 1000, 60, 0.0005
HOUR_MS = 3600 * 1000
MEASURED = {"role-missing": "role", "policy-missing": "policy"}
HOURS = int(os.environ.get("WAITING_HOURS", "2"))


@pytest.mark.parametrize("faults", [
    "imds-throttled", "imds-disabled", "imds-malformed:document", "role-missing", "role-not-assumable", "policy-missing", "policy-incomplete",
    "credentials-rejected", "dns-servfail", "service-unavailable", "tls-untrusted", "clock-wrong", "agent-disabled",
])
def test_an_hour_after_a_failure(faults):
    done, cost = waited(faults)
    found = json.loads(done.stdout)
    assert found["verdict"] in ("not-ready", "unknown") and found["rounds"] > 30, done.stderr
    assert cost["packets"] <= PACKETS and cost["signed"] <= SIGNED, cost
    assert cost["cpu_ms"] <= SHARE_OF_A_CORE * HOUR_MS, cost
    if faults in MEASURED:
        measured(f"wait-{MEASURED[faults]}-packets", f"{cost['packets']:,}")
        measured(f"wait-{MEASURED[faults]}-signed", cost["signed"])
        measured(f"wait-{MEASURED[faults]}-cpu", f"{cost['cpu_ms'] / HOUR_MS:.3%}".replace("%", " %"))


# What fails by silence takes its seconds, round after round; and costs less: tests/waiting/hours.
def test_four_minutes_after_a_silence():
    done, cost = waited("imds-silent", minutes=4)
    n = json.loads(done.stdout)["rounds"]
    assert 8 <= n <= 12 and cost["packets"] / n * 40 <= PACKETS, (n, cost)


def test_a_wait_with_a_long_deadline():
    _, cost = waited("policy-missing", command="wait")
    assert cost["packets"] <= PACKETS and cost["signed"] <= SIGNED, cost


def paces(*arguments):
    """(whole rounds, rounds that ask one check, throttled requests) a second."""
    command = [os.path.join(os.path.dirname(HASTY), "paces"), *map(str, arguments)]
    return [tuple(map(int, line.split()[1:])) for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()]


def test_a_fleet_is_spread_out():
    """Ten thousand instances that boot in one second: from the third minute on no second has twice the average."""
    rounds = [whole + again for whole, again, _ in paces(10000, 3600, 1)]
    for part in (rounds[180:600], rounds[720:]):
        assert max(part) < 2 * sum(part) / len(part)


def test_a_fleet_that_is_throttled_does_not_ask_the_more():
    """Whoever takes "later" for another answer asks everything anew: three times as much, for a quarter of an hour."""
    answered, throttled = paces(10000, 1200, 60), paces(10000, 1200, 60, 500)
    asked = [sum(9 * whole + again for whole, again, _ in each[120:600]) for each in (answered, throttled)]
    assert asked[1] < 2 * asked[0], asked
    assert sum(later for _, _, later in throttled[:120]) > 100000
    assert not any(later for _, _, later in throttled[400:])


def test_a_round_that_asks_one_check_asks_nothing_else():
    """Of a denied action: a token, the credentials, one connection, one request. The whole round is what is left."""
    done, cost = waited("policy-missing", minutes=9)
    n = json.loads(done.stdout)["rounds"] - 1
    left = {name: cost[name] - n * each for name, each in (("imds", 2), ("signed", 1), ("connections", 1))}
    assert n >= 18 and 0 < left["imds"] <= 20 and left["connections"] <= 12 and left["signed"] <= 12 and cost["dns"] <= 12, (n, cost)


# --- nothing grows

SAMPLE = """
import glob, os
for folder in glob.glob("/proc/[0-9]*"):
    try:
        if open(folder + "/comm").read().startswith("ssm-preflight"):
            status = dict(line.split(":", 1) for line in open(folder + "/status"))
            print(status["RssAnon"].split()[0], len(os.listdir(folder + "/fd")))
    except OSError:
        pass
"""
FLAPS = ("dns-servfail", "imds-throttled", "endpoint-blocks-443:ssm", "dns-no-resolver", "service-unavailable", "role-missing",
         "agent-disabled", "imds-silent", "tls-reset", "agent-config-invalid")  # fmt: skip


def sample(lab):
    """Anonymous memory in KiB, and descriptors."""
    words = lab.run(["-c", SAMPLE], program="/usr/bin/python3").stdout.split()
    return tuple(map(int, words[:2])) if words else None


def test_nothing_grows_while_servers_flap():
    """One fault stays, so that it is never ready; the others come and go."""
    with Lab(["policy-incomplete"], binary=HASTY) as lab:
        started = time.monotonic()
        running = lab.start(["wait", "--follow", "--deadline", f"{HOURS * 60}m", "--quiet", "--save", "/run/last.json"])
        samples = []
        for flap in itertools.cycle(FLAPS):
            lab.fault_add(flap)
            samples.append(sample(lab))
            lab.fault_fix(flap)
            if samples[-1] is None or time.monotonic() - started > 900:
                break
        done = running.wait(60)
        assert done.returncode == 1
        found = json.loads(lab.run(["/run/last.json"], program="/bin/cat").stdout)
        cost = costs(lab, done.resources["cpu_ms"])
    samples = samples[:-1]
    print(f"{HOURS} hours, {found['rounds']} rounds, {len(samples)} flaps; {samples[0]} to {samples[-1]}; {cost}")
    assert found["verdict"] == "not-ready" and found["rounds"] > 10 * HOURS
    # A sample may fall into a whole round, which has two dozen connections and their buffers; of a busy machine many do. What grows
    # is there between the rounds as well, where a quarter of the samples fall on any.
    quarter = len(samples) // 4
    second, last = samples[quarter:2 * quarter], samples[-quarter:]
    early, late = (statistics.quantiles([memory for memory, _ in part])[0] for part in (second, last))
    print(f"memory: {early} KiB in the second quarter, {late} in the last; descriptors: at least {min(n for _, n in last)}")
    assert late - early <= 256
    assert min(n for _, n in last) <= min(n for _, n in second) + 1 and max(n for _, n in last) <= 40
    if HOURS >= 24:
        reliability("endurance", found["rounds"], 0, 0, 0, 0, time.monotonic() - started)
    # A flap costs two whole rounds at most, out of turn as long as there were not many.
    assert cost["packets"] <= HOURS * PACKETS + (20 + 21 * HOURS) * 250, cost
