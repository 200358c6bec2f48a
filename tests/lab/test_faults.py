# SPDX-License-Identifier: Apache-2.0
"""Every fault of the lab, and what `ssm-preflight check` must say about it (expected.py).

The labs run in the background from the session's start (conftest.py): most of them only wait for time to pass.
"""

import json

import pytest
from expected import AWAITED, EXPECTED
from on_instance import schema_problems

from vpc.faults import TABLE

STATUS = {"ready": 0, "degraded": 0, "not-ready": 1, "unknown": 3}


def rows(of, *marks):
    for row in of:
        yield pytest.param(*row, id=row[0], marks=marks)


NOT_YET = pytest.mark.xfail(reason="the agent demands it: move the row into EXPECTED once it holds", strict=True)


@pytest.mark.parametrize("faults, verdict, code", [*rows(EXPECTED), *rows(AWAITED, NOT_YET)])
def test_fault(binary, runs, faults, verdict, code):
    done = runs[faults].result()["check", "json"]
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    assert schema_problems(report) == []
    found = [(finding["code"], finding["severity"]) for finding in report["findings"]]
    above_notes = [finding for finding in found if finding[1] != "note"]
    first = (found if code else above_notes)[:1]
    assert (report["verdict"], first[0][0] if first else None) == (verdict, code), f"{report['summary']}; {found}"
    assert done.returncode == STATUS[verdict]


def test_every_fault_is_expected_somewhere():
    given = {word.partition(":")[0] for row in EXPECTED + AWAITED for word in row[0].split() if word[:2] != "--"}
    assert given == set(TABLE)


def test_no_situation_is_expected_twice():
    given = [row[0] for row in EXPECTED + AWAITED]
    assert len(given) == len(set(given))


def test_the_lists_expectation_is_the_tables():
    """What --list-faults promises is what the plain fault leads to."""
    for faults, _, code in EXPECTED + AWAITED:
        if faults in TABLE:
            assert TABLE[faults].finds == code, faults
