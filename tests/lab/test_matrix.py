# SPDX-License-Identifier: Apache-2.0
"""Every single fault x {check, wait} x {json, terminal}: one verdict, one exit status, one root cause, whoever asks.

The runs are those of test_faults.py and three more in the same lab (conftest.py). The score is printed at the end.
"""

import json
import re

import pytest
from expected import EXPECTED
from test_faults import STATUS, rows

VERDICTS = {"READY": "ready", "DEGRADED": "degraded", "NOT READY": "not-ready", "UNKNOWN": "unknown"}
# Not what the run before has used up: a limit of connections a second, errors that have a number. Nor what ends a moment before the
# deadline or a moment after it.
ONCE = ("imds-path:LabInstanceRole:503:3", "imds-path:meta-data/instance-id:404:3", "imds-path:meta-data/instance-id:500:9", "slow-body",
        "handshake-cut-at-first", "dns-unsteady")  # fmt: skip
SINGLE = [row for row in EXPECTED if " " not in row[0] and ":limit" not in row[0] and not row[0].startswith(ONCE)
          and not (row[0].startswith("service-says:") and row[0].endswith(":1"))]  # fmt: skip


def said_in_json(text):
    """(verdict, [(code, severity)]), in order."""
    report = json.loads(text)
    return report["verdict"], [(finding["code"], finding["severity"]) for finding in report["findings"]]


def said_on_terminal(text):
    """The same, read as a person would: the words that the last screen begins with, then the heads of findings. What is told in full
    comes last, and before all that is told in short."""
    heads = re.findall(r"^(?:(FATAL|WARNING|NOTE)  ([a-z0-9-]+)|(warning|note) +([a-z0-9-]+):)", text, re.MULTILINE)
    verdict = re.search(r"^(NOT READY|READY|DEGRADED|UNKNOWN) ", text, re.MULTILINE)
    assert verdict, text
    heads.sort(key=lambda head: not head[0])
    return VERDICTS[verdict[1]], [(head[1] or head[3], (head[0] or head[2]).lower()) for head in heads]


def root(findings, code):
    """The first finding; where none above a note is expected, the first one above a note."""
    counted = findings if code else [finding for finding in findings if finding[1] != "note"]
    return counted[0][0] if counted else None


@pytest.mark.parametrize("faults, verdict, code", rows(SINGLE))
def test_all_four_agree(binary, runs, score, faults, verdict, code):
    said = {}
    for (verb, output), done in runs[faults].result().items():
        assert done.stdout, f"{verb} {output}: {done.stderr}"
        found = (said_in_json if output == "json" else said_on_terminal)(done.stdout)
        said[verb, output] = (found[0], done.returncode, root(found[1], code))
    expected = (verdict, STATUS[verdict], code)
    right = len(said) == 4 and set(said.values()) == {expected}
    score(faults, right)
    assert right, f"expected {expected}: {said}"
