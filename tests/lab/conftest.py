# SPDX-License-Identifier: Apache-2.0
"""What the lab's tests share. Run them with `/usr/bin/python3 -m pytest tests/lab`: Debian's Python, which has the modules."""

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from vpc import BINARY, Lab, LabError  # noqa: E402


def pytest_sessionstart(session):
    """Without namespaces there is no lab: say so once instead of failing a hundred times."""
    try:
        with Lab():
            pass
    except LabError as error:
        pytest.exit(f"the lab does not start on this machine: {error.args[0]}", returncode=3)


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
