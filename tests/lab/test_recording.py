# SPDX-License-Identifier: Apache-2.0
"""What the acceptance kit records, the lab replays: here the lab stands in for AWS as well. The recorded answers, without the fault, must
lead to the verdict and the findings that the fault led to."""

import base64
import gzip
import importlib.machinery
import importlib.util
import json
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from vpc import Lab, LabError
from vpc.client import REPOSITORY

KIT = os.path.join(REPOSITORY, "packaging/acceptance")
FAULTS = (  # one of each kind that a recording can have
    "",
    "role-missing",
    "imds-disabled",
    "private-dns-off",
    "vpc-dns-off:refused",
    "endpoint-blocks-443",
    "denied-by-endpoint-policy",
    "denied-explicitly",
    "policy-incomplete",
    "credentials-rejected",
    "no-address-of-family",
    "ipv6-only",
)
AT_ONCE = 2


@pytest.fixture(name="kit", scope="module")
def fixture_kit():
    sys.path.insert(0, KIT)
    loader = importlib.machinery.SourceFileLoader("acceptance_run", f"{KIT}/run")
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("acceptance_run", loader))
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    yield module
    sys.path.remove(KIT)


def _record(kit, folder, fault, binary):
    """(the report, the fixture's folder)."""
    with Lab([fault] if fault else [], binary=binary) as lab:
        report = json.loads(lab.run(["check", "--output", "json"]).stdout)
        block = lab.run(["check", "--output", "console"]).stdout
        answers = lab.run(["answers"], program=f"{KIT}/on-instance", timeout_s=120).stdout
    packed = base64.b64encode(gzip.compress(answers.encode())).decode()
    console = [*block.splitlines(), "ssm-preflight acceptance: begin", *re.findall(".{1,76}", packed), "ssm-preflight acceptance: end", ""]
    kit.write_fixture(folder, "case", "\r\n".join(console))
    return report, os.path.join(folder, "fixtures/case")


def _replayed(folder, binary, *options):
    with Lab(settings={"recording": folder}, binary=binary) as lab:
        return json.loads(lab.run(["check", "--output", "json", *options]).stdout)


def _said(report):
    return report["verdict"], [(each["code"], each["target"]) for each in report["findings"] if each["severity"] != "note"]


@pytest.fixture(name="pairs", scope="module")
def fixture_pairs(kit, binary, tmp_path_factory):
    """fault -> a future of (the report, the report of its recording)."""

    def both(fault):
        report, folder = _record(kit, str(tmp_path_factory.mktemp("recording")), fault, binary)
        return report, _replayed(folder, binary)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {fault: pool.submit(both, fault) for fault in FAULTS}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_recording_leads_to_what_was_found_there(pairs, fault):
    report, replayed = pairs[fault].result()
    assert _said(replayed) == _said(report)


def _edited(folder, **answers):
    path = os.path.join(folder, "answers.json")
    with open(path, encoding="utf-8") as file:
        recorded = json.load(file)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(recorded | answers, file)


def test_answers_are_replayed_as_they_were(kit, binary, tmp_path):
    _, folder = _record(kit, str(tmp_path), "", binary)
    with open(os.path.join(folder, "answers.json"), encoding="utf-8") as file:
        answers = json.load(file)
    raw = bytes.fromhex(answers["dns 169.254.169.253 ssm.us-east-1.amazonaws.com"])  # the datagram: RFC 1035, section 4.1
    assert raw[:2] == b"\x12\x34" and raw[2] & 0x80 and raw[3] & 0xF == 0
    assert all(bytes(map(int, address.split("."))) in raw for address in answers["dns ssm.us-east-1.amazonaws.com"].split())
    odd = "HTTP/2 429\r\nServer: recorded\r\nContent-Type: text/odd\r\n\r\nodd"
    _edited(folder, **{"https ssm.us-east-1.amazonaws.com": odd})
    ssm = _replayed(folder, binary, "--permissions", "off")["facts"]["endpoints"]["ssm"]  # a signed answer may come in its place
    assert {(each["head"]["status"], each["head"]["content_type"]) for each in ssm["addresses"]} == {(429, "text/odd")}
    _edited(folder, **{"imds latest/dynamic/instance-identity/document": "HTTP/1.1 418 odd\r\n\r\nodd"})
    assert _replayed(folder, binary)["facts"]["imds"]["identity_status"] == 418


def test_a_recording_that_cannot_be_read_is_named(tmp_path, binary):
    (tmp_path / "answers.json").write_text("{")
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(LabError, match=f"recording {folder}: "), Lab(settings={"recording": str(folder)}, binary=binary):
            pass
