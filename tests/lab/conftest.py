# SPDX-License-Identifier: Apache-2.0
"""What the lab's tests share.

Run them with `/usr/bin/python3 -m pytest tests/lab`: Debian's Python, which has the modules. The labs of test_faults.py,
which mostly wait, run in the background while the other files' tests run; so that file comes last.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from vpc import BINARY, Lab, LabError  # noqa: E402

FAULTS_AT_ONCE = 4
WITHIN_S = 60


def pytest_sessionstart(session):
    """Without namespaces there is no lab: say so once instead of failing a hundred times."""
    try:
        with Lab():
            pass
    except LabError as error:
        pytest.exit(f"the lab does not start on this machine: {error.args[0]}", returncode=3)


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.module.__name__ == "test_faults")


@pytest.fixture(scope="session", autouse=True)
def reports(request):
    """What `check` said to each fault of the selected tests: faults -> a future of its CompletedProcess."""
    wanted = {
        item.callspec.params["faults"]: None
        for item in request.session.items
        if item.name.startswith("test_fault[") and os.access(BINARY, os.X_OK)
    }
    with ThreadPoolExecutor(FAULTS_AT_ONCE) as pool:
        yield {faults: pool.submit(_check, faults) for faults in wanted}
        pool.shutdown(cancel_futures=True)


def _check(faults):
    with Lab(faults.split(), binary=BINARY) as lab:
        done = lab.run(["check", "--output", "json"], timeout_s=WITHIN_S)
        lab.assert_no_secret(done.stdout, done.stderr)
    return done


@pytest.fixture(scope="session")
def binary():
    if not os.access(BINARY, os.X_OK):
        pytest.skip(f"{BINARY} is not built")
    return BINARY


@pytest.fixture(scope="module")
def healthy():
    """One VPC without faults for a whole file. Who adds a fault mends it."""
    with Lab() as lab:
        yield lab
