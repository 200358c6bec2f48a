# SPDX-License-Identifier: Apache-2.0
"""`wait` in the lab, by the program whose pauses pass at once (hasty.c): what so many minutes of it cost."""

import os
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "lab"))
sys.dont_write_bytecode = True

from vpc.client import Lab  # noqa: E402

HASTY = os.path.join(TOP, "build", "ssm-preflight-hasty")


def costs(lab, cpu_ms):
    stats = lab.stats()
    return {
        "packets": stats["link_local_packets"],
        "imds": sum(stats["imds"].values()),
        "dns": sum(stats["dns"].values()),
        "connections": sum(stats["connections"].values()),
        "signed": sum(stats["signed"].values()),
        "cpu_ms": cpu_ms,
    }


def waited(faults, command="wait --follow", minutes=60):
    """The finished program, and what it cost."""
    with Lab(faults.split(), binary=HASTY) as lab:
        done = lab.run([*command.split(), "--deadline", f"{minutes}m", "--output", "json"], timeout_s=900)
        return done, costs(lab, done.resources["cpu_ms"])
