# SPDX-License-Identifier: Apache-2.0
"""Every fault of the lab, and what `ssm-preflight check` must say about it (expected.py).

The labs run in the background from the session's start (conftest.py): most of them only wait for time to pass.
"""

import base64
import json
import statistics
import subprocess

import pytest
from agent_did import agent_did
from expected import EXPECTED
from on_instance import schema_problems

from vpc import Lab
from vpc.faults import TABLE

STATUS = {"ready": 0, "degraded": 0, "not-ready": 1, "unknown": 3}


def rows(of):
    for row in of:
        yield pytest.param(*row, id=row[0])


@pytest.mark.parametrize("faults, verdict, code", rows(EXPECTED))
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


# Where the verdict is not what the agent does: somebody asked for more or for less, or nobody on the instance can know; and an answer that
# drips for a minute is heard to its end by the agent, and by no check.
ASKED_OTHERWISE = {"role-missing dhmc-on imds-path:identity-credentials/ec2/info:503", "agent-proxy dns-slow --optional=agent", "unit-written:another-before", "unit-written:log-gone",
                   "policy-incomplete:ssm:UpdateInstanceInformation --permissions=probe", "policy-incomplete:ssmmessages:OpenControlChannel", "role-missing dhmc-on", "dhmc:had-role", "public-path --private-dns=require", "policy-sessions-only --for=core", "agent-missing --optional=agent", "endpoint-blocks-443 --optional=ssm", "egress-blocked --optional=ssm,ssmmessages", "slow-body"}


def test_the_verdict_is_what_the_agent_does():
    known = [(row[0], row[1], agent_did(row[0])) for row in EXPECTED if agent_did(row[0])]
    differ = {row for row, verdict, (did, _) in known if (did == "up") != (verdict in ("ready", "degraded"))}
    assert len(known) > 600 and differ == ASKED_OTHERWISE


def test_errors_of_each_second_answer_are_asked_through(binary):
    """The agent was up after 7 s. Which requests meet an error is chance, so that a check may see none in an unsigned answer."""
    with Lab(["service-unavailable:ssm:sometimes"], binary=binary) as lab:
        found = [json.loads(lab.run(["check", "--output", "json"]).stdout) for _ in range(6)]
    roots = {(report["verdict"], *(finding["code"] for finding in report["findings"] if finding["severity"] != "note")) for report in found}
    assert roots - {("ready",)} == {("degraded", "service-unavailable")}


# Each looks, from the instance, like the cause that is named: that one may be likely, never certain.
ALIKE = ["agent-disabled", "dhmc:had-role", "role-missing dhmc-on imds-path:identity-credentials/ec2/info:503", "policy-sessions-only:one imds-path:identity-credentials/ec2/info",
         "egress-rule:ssm", "refused-on-the-way:reset:ssm", "imds-refused-on-the-way", "imds-path-slow:token:3000", "dns-led-away", "dns-led-away:refused",
         "refused-on-the-way:hops", "dns-truncated:refused", "dns-resolver-unreachable:cut-off", "dns-hosts-override:all:right private-dns-off egress-blocked"]


@pytest.mark.parametrize("faults", ALIKE)
def test_what_looks_like_another_cause_is_not_certain(runs, faults):
    report = json.loads(runs[faults].result()["check", "json"].stdout)
    assert [finding["code"] for finding in report["findings"] if finding["confidence"] == "certain"] == []


@pytest.mark.parametrize("faults", [row[0] for row in EXPECTED if "--optional=" in row[0]])
def test_nobody_says_that_the_agent_comes_up_without_what_it_needs(binary, runs, faults):
    recorded = runs[faults].result()["check", "json"].stdout
    for output in ("terminal", "console", "html"):
        said = subprocess.run([binary, "show", "-", "--output", output], input=recorded, capture_output=True, text=True, check=False).stdout
        assert "The SSM agent comes up" not in said and f"Optional here: {faults.partition('=')[2].replace(',', ', ')}" in " ".join(said.replace("ssm-preflight: ", "").split())


@pytest.mark.parametrize("faults, named", [("unit-written:another-before", True), ("unit-written:mkdir-before", False)])
def test_a_command_of_the_agents_unit_is_not_proven(runs, faults, named):
    """Until the agent has started, and unless it is one that succeeds."""
    report = json.loads(runs[faults].result()["check", "json"].stdout)
    assert ("ExecStartPre=/bin/sh" in report["summary"]) == named and "not proven" in report["summary"]


PACKED = {}  # bytes of facts in the block for the console, by fault


@pytest.mark.parametrize("faults, verdict, code", rows(EXPECTED))
def test_block(binary, runs, faults, verdict, code):
    """The block for the console is small, and all that `show` needs to say the same."""
    recorded = runs[faults].result()["check", "json"].stdout
    block = subprocess.run([binary, "show", "-", "--output", "console"], input=recorded, capture_output=True, text=True, check=False)
    lines = [line.split()[2][:56] for line in block.stdout.splitlines() if line.startswith("ssm-preflight: =")]
    PACKED[faults] = len(base64.b64decode("".join(lines)).rstrip(b"\0")) - 3  # behind the checksum
    assert 0 < PACKED[faults] < 900
    again = subprocess.run([binary, "show", "-", "--output", "json"], input=block.stdout, capture_output=True, text=True, check=False)
    assert not again.stderr
    was, now = json.loads(recorded), json.loads(again.stdout)
    assert [finding["code"] for finding in now["findings"]] == [finding["code"] for finding in was["findings"]]
    assert now["summary"] == was["summary"]


def test_blocks_are_small():
    """Not in the contract, and what the dictionary is for."""
    if len(PACKED) == len(EXPECTED):
        print(f"packed facts of {len(PACKED)} faults: median {statistics.median(PACKED.values())} bytes, at most {max(PACKED.values())}")
        assert statistics.median(PACKED.values()) < 380  # of the situations it is below 350: tests/unit/test_model_packed.c


def test_every_fault_is_expected_somewhere():
    given = {word.partition(":")[0] for row in EXPECTED for word in row[0].split() if word[:2] != "--"}
    assert given == set(TABLE)


def test_no_situation_is_expected_twice():
    given = [row[0] for row in EXPECTED]
    assert len(given) == len(set(given))


def test_the_lists_expectation_is_the_tables():
    """What --list-faults promises is what the plain fault leads to."""
    for faults, _, code in EXPECTED:
        if faults in TABLE:
            assert TABLE[faults].finds == code, faults
