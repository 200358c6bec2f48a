"""What others need for the same in the same lab: the library's floor (floor.c), a script with curl, and `openssl s_client`."""

import json
import os
import re
import shutil
import statistics
import subprocess
import tempfile

from vpc import world as w
from vpc.client import Lab
from vpc.instance import CA_FILE
from vpc.slope import fit

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(os.path.dirname(HERE)), "build")
REGION = "us-east-1"
DELAYS_MS = (20, 120)
TITLES = {
    "check": "`ssm-preflight check`",
    "floor": "the floor: a handshake and a GET with each of the six addresses, in turn, by the same OpenSSL",
    "handshakes": "the same on as many connections as a check opens: five more to `ssm`",
    "curl": "the same requests by curl, in a script",
    "openssl s_client": "`openssl s_client` to the three names",
}


def floor_build():
    libraries = os.path.join(BUILD, "deps", "current")
    made = os.path.join(BUILD, "bench-floor")
    subprocess.run(["gcc", "-O2", "-static", "-Wall", "-I", f"{libraries}/include", "-o", made, os.path.join(HERE, "floor.c"),
                    "-L", f"{libraries}/lib", "-lssl", "-lcrypto"], check=True)
    return made


def commands():
    """name -> a program and its arguments, to be run on the instance."""
    floor = [floor_build(), CA_FILE]
    hosts = [[f"{service}.{REGION}.amazonaws.com", w.address(service, zone)] for service in w.REQUIRED for zone in w.ZONES]
    ssm = [host for host in hosts if host[0].startswith("ssm.")]
    return {
        "floor": sum(hosts, floor),
        "handshakes": sum(hosts + (3 * ssm)[:5], floor),
        "curl": [os.path.join(HERE, "by-curl"), CA_FILE, REGION],
        "openssl s_client": [os.path.join(HERE, "by-openssl"), CA_FILE, REGION],
    }


def cost(lab, cost_program, command, runs):
    """The medians of whole processes, and the counters of one run."""
    lab.run(command[1:], program=command[0])
    lab.stats(reset=True)
    lab.run(command[1:], program=command[0])
    stats = lab.stats(reset=True)
    done = lab.run([str(runs), *command], program=cost_program, timeout_s=300)
    samples = json.loads(done.stdout)
    assert all(sample["status"] == 0 for sample in samples), f"{command[0]}: {samples[0]}"
    median = {key: statistics.median(sample[key] for sample in samples) for key in samples[0]}
    return median | {"connections": sum(stats["connections"].values()), "link_local_packets": stats["link_local_packets"]}


def system_calls(lab, binary):
    """How many a healthy check makes; None without strace."""
    if not shutil.which("strace"):
        return None
    with tempfile.NamedTemporaryFile("r") as file:
        lab.run(["-f", "-qq", "-c", "-S", "calls", "-o", file.name, binary, "check", "--output", "short"], program=shutil.which("strace"))
        return int(re.search(r"^\s*100\.00\s+\S+\s+(?:\d+\s+)?(\d+)\s+(?:\d+\s+)?total$", file.read(), re.M)[1])


def allocations(lab):
    """How many a healthy check makes of base/memory.c, which the torture build counts; None where that is not built."""
    binary = os.path.join(BUILD, "ssm-preflight-torture")
    if not os.access(binary, os.X_OK):
        return None
    done = lab.run(["check", "--output", "short"], program=binary, environment={"TORTURE_COUNT": "1"})
    return int(re.search(r"allocations: (\d+)", done.stderr)[1])


def round_trips(binary):
    """name -> (round trips it takes one after another, milliseconds beside them), by two delays of the link."""
    fitted = {
        "check, cold": fit(settings={"search": ""}, binary=binary, delays_ms=DELAYS_MS, runs=2),
        "check, hinted": fit(binary=binary, delays_ms=DELAYS_MS, runs=2),
    } | {name: fit(command[1:], binary=command[0], delays_ms=DELAYS_MS, runs=1) for name, command in commands().items() if name != "handshakes"}
    return {name: (slope.round_trips, slope.rest_ms) for name, slope in fitted.items()}


def table(lab, cost_program, check, runs, trips=None):
    """A line for each, with its ratio to the floor, and to as many handshakes as a check makes. `check` is our own line; `trips` what round_trips() found, if it was asked."""
    found = {"check": check} | {name: cost(lab, cost_program, command, runs) for name, command in commands().items()}
    floor_ms, handshakes_ms = (found[name]["user_ms"] + found[name]["system_ms"] for name in ("floor", "handshakes"))
    lines = ["| | CPU ms | of the floor | of its handshakes | MiB | connections to endpoints | packets to link-local addresses | round trips |",
             "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for name, line in found.items():
        cpu_ms = line["user_ms"] + line["system_ms"]
        trip = (trips or {}).get("check, cold" if name == "check" else name)
        lines.append(f"| {TITLES[name]} | {cpu_ms:.1f} | {cpu_ms / floor_ms:.1f} | {cpu_ms / handshakes_ms:.1f} | {line['rss_kb'] / 1024:.1f} | {line['connections']} | {line['link_local_packets']} | "
                     f"{f'{trip[0]:.1f}' if trip else ''} |")
    return "\n".join(lines)
