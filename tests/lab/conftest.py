# SPDX-License-Identifier: Apache-2.0
"""What the lab's tests share.

Run them with `/usr/bin/python3 -m pytest tests/lab`: Debian's Python, which has the modules. The labs of test_faults.py
and test_matrix.py, which mostly wait, run in the background while the other files' tests run; so these come last.
"""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from expected import EXPECTED  # noqa: E402
from vpc import BINARY, Lab, LabError  # noqa: E402
from vpc.measured import measured  # noqa: E402

FAULTS_AT_ONCE = 4
WITHIN_S = 60
LAST = ("test_faults", "test_matrix")
# Each run has a lab of its own where requests are counted, or connections of anybody would look like the agent's.
ALONE = ("imds-throttled", "imds-late", "agent-not-connected", "slow-endpoint", "many-addresses")
SCORE = pytest.StashKey()


def pytest_sessionstart(session):
    """Without namespaces there is no lab: say so once instead of failing a hundred times."""
    try:
        with Lab():
            pass
    except LabError as error:
        pytest.exit(f"the lab does not start on this machine: {error.args[0]}", returncode=3)


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.module.__name__ in LAST)


@pytest.fixture(scope="session", autouse=True)
def runs(request):
    """What was said to each fault of the selected tests: faults -> a future of {(verb, output): CompletedProcess}.

    ("check", "json") is always there, the other three of the matrix when test_matrix.py wants them.
    """
    wanted = {}
    for item in request.session.items:
        if item.module.__name__ in LAST and hasattr(item, "callspec") and os.access(BINARY, os.X_OK):
            faults = item.callspec.params["faults"]
            wanted[faults] = wanted.get(faults, False) or item.module.__name__ == "test_matrix"
    with ThreadPoolExecutor(FAULTS_AT_ONCE) as pool:
        yield {faults: pool.submit(_run, faults, matrix) for faults, matrix in wanted.items()}
        pool.shutdown(cancel_futures=True)


def _run(situation, matrix):
    done = {}
    options = [word for word in situation.split() if word.startswith("--")]
    faults = [word for word in situation.split() if not word.startswith("--")]
    with Lab(faults, binary=BINARY) as lab:
        done["check", "json"] = _say(lab, "check", "json", options=options)
        rest = [("check", "terminal"), ("wait", "json"), ("wait", "terminal")] if matrix else []
        deadline_ms = _deadline_ms(done["check", "json"].stdout)
        if not situation.startswith(ALONE):
            with ThreadPoolExecutor(max_workers=3) as pool:
                said = pool.map(lambda how: _say(lab, *how, deadline_ms), rest)
                return done | dict(zip(rest, said, strict=True))
    for how in rest:
        with Lab(faults, binary=BINARY) as lab:
            done[how] = _say(lab, *how, deadline_ms)
    return done


def _deadline_ms(report):
    """Enough for one whole round, by how long it took to check; ready may take several rounds, and then ends at once."""
    try:
        report = json.loads(report)
        return 30_000 if report["verdict"] in ("ready", "degraded") else 2000 + report["duration_ms"] * 5 // 4
    except (ValueError, KeyError):
        return 10_000


def _say(lab, verb, output, deadline_ms=None, options=()):
    limit = ["--deadline", f"{deadline_ms}ms"] if verb == "wait" else []
    return lab.run([verb, "--output", output, *limit, *options], timeout_s=WITHIN_S)


@pytest.fixture(scope="session")
def score(request):
    """Notes whether one fault of the matrix is right; the sum is printed at the end."""
    request.config.stash[SCORE] = {}
    return request.config.stash[SCORE].__setitem__


def pytest_terminal_summary(terminalreporter, config):
    right = config.stash.get(SCORE, None)
    if right:
        if len(right) == len([row for row in EXPECTED if " " not in row[0]]):
            measured("single-faults", f"{sum(right.values())} of {len(right)}")
        terminalreporter.write_line(
            f"single faults: {sum(right.values())} of {len(right)}, each by check and wait, in JSON and on the terminal"
        )


@pytest.fixture(scope="session")
def binary():
    if not os.access(BINARY, os.X_OK):
        pytest.skip(f"{BINARY} is not built")
    return BINARY


@pytest.fixture(scope="module")
def healthy():
    """One VPC without faults for a whole file. Who adds a fault fixes it."""
    with Lab() as lab:
        yield lab
