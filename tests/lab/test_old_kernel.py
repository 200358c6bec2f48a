# SPDX-License-Identifier: Apache-2.0
"""The oldest kernel that docs/systems.md promises, 4.14: every system call that came later is answered with ENOSYS."""
import json
import os

import pytest

from vpc import BINARY, Lab

pytestmark = pytest.mark.usefixtures("binary")
OLD_KERNEL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "old-kernel")


def test_the_filter_answers_as_an_old_kernel(healthy):
    asks = "import os\ntry:\n    os.pidfd_open(os.getpid())\nexcept OSError as error:\n    print(error.errno)"  # of Linux 5.3
    assert healthy.run(["/usr/bin/python3", "-c", asks], program=OLD_KERNEL).stdout == "38\n"


@pytest.mark.parametrize(("fault", "verdict", "code"), [(None, "ready", None), ("endpoint-blocks-443", "not-ready", "endpoint-blocks-443")])
@pytest.mark.parametrize("command", ["check", "wait"])
def test_the_verdict_is_the_same(fault, verdict, code, command):
    with Lab([fault] if fault else []) as lab:
        done = lab.run([BINARY, command, "--output", "json", "--deadline", "10s"], program=OLD_KERNEL)
    report = json.loads(done.stdout)
    found = [finding["code"] for finding in report["findings"] if finding["severity"] != "note"]
    assert (report["verdict"], found[0] if found else None) == (verdict, code), done.stderr
