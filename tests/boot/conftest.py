# SPDX-License-Identifier: Apache-2.0
"""What the boot tests need, and why they are skipped where it is not there. `make check-boot` makes the package first."""

import os
import platform
import shutil
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from boot import Lab, package  # noqa: E402


def why_not():
    if package() is None:
        return "no package: `make deb` makes it"
    if os.geteuid() != 0:
        return "containers and images need root"
    if platform.machine() != "x86_64":
        return "images are built for x86_64"
    for program in ("systemd-nspawn", "mmdebstrap", "nsenter", "unshare"):
        if not shutil.which(program):
            return f"{program} is not installed: packaging/scripts/setup boot"
    try:
        with Lab():
            return None
    except Exception as error:  # noqa: BLE001  whatever it is, it is the reason
        return f"the lab does not start: {error}"


def pytest_collection_modifyitems(items):
    """Virtual machines are spread over the beginning: with several workers, containers fill the time that they leave."""
    machines = [item for item in items if "test_machines" in item.nodeid]
    others = [item for item in items if "test_machines" not in item.nodeid]
    items[:] = machines[:1] + others[:5] + machines[1:3] + others[5:9] + machines[3:] + others[9:]
    reason = why_not()
    for item in items:
        if reason and "needs_no_boot" not in item.keywords:
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_configure(config):
    config.addinivalue_line("markers", "needs_no_boot: runs on any machine")
