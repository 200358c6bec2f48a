# SPDX-License-Identifier: Apache-2.0
"""The acceptance kit, dry: its templates, and its run against recorded answers (tests/acceptance/aws in place of the AWS CLI)."""
import base64
import gzip
import importlib.machinery
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml

TOP = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
KIT = os.path.join(TOP, "packaging/acceptance")
PROGRAM = os.path.join(TOP, "build/ssm-preflight")
sys.path.insert(0, KIT)
from cases import ARCHITECTURES, AT_ONCE, CASES, cost, identifier, template, waves  # noqa: E402

SITUATIONS = {"instance-group": "egress-blocked", "network-acl": "egress-blocked--other-subnet", "no-role": "role-missing", "session-only-role": "policy-incomplete--parameters", "boundary": "denied-by-boundary",
              "hop-limit": "healthy", "imds-off": "imds-disabled", "endpoint-group": "egress-blocked", "dns-support-off": "vpc-dns-off",
              "endpoint-policy": "denied-by-endpoint-policy", "ipv6-only": "no-address-of-family"}
KINDS = list(dict.fromkeys(case.vpc for case in CASES))
# what issue 13 lists
ISSUE = ("healthy", "endpoint-group", "instance-group", "private-dns-off", "dns-support-off", "endpoint-missing", "endpoint-policy", "no-role", "session-only-role", "boundary",
         "hop-limit", "imds-off", "network-acl", "dhmc", "ipv6-only")
RAW = ("== imds token\n200\nHTTP/1.1 200 OK\n== imds latest/dynamic/instance-identity/document\nHTTP/1.1 200 OK\n\n"
       '{"accountId":"999988887777","instanceId":"i-0aaaabbbbccccdddd"}\n== https ssm.us-east-1.amazonaws.com\nHTTP/1.1 404 Not Found\n')


def cases_of(kind):
    return [case for case in CASES if case.vpc == kind]


USER_DATA = base64.b64encode(b"#cloud-config\n" + b"x" * 1000).decode()
TEMPLATES = {f"{kind}-{number}": template(kind, wave, USER_DATA) for kind in KINDS for number, wave in enumerate(waves(cases_of(kind)))}


def test_every_case_has_an_instance_of_each_architecture():
    assert {case.name for case in CASES} == set(ISSUE)
    launched = [(name, part["Properties"]["LaunchTemplateData"]["InstanceType"]) for made in TEMPLATES.values() for name, part in made["Resources"].items()
                if part["Type"] == "AWS::EC2::LaunchTemplate"]
    assert sorted(each for _, each in launched) == ["t3.nano"] * len(ISSUE) + ["t4g.nano"] * len(ISSUE) and len(dict(launched)) == len(launched)
    assert all(2 * 2 * len(wave) <= 32 for kind in KINDS for wave in waves(cases_of(kind))) and AT_ONCE < len(cases_of("shared"))


def test_a_wave_replaces_instances_alone():
    """The second wave is an update of the first one's stack: its VPC and endpoints, which cost, must stay as they are."""
    first, second = ({name: part for name, part in TEMPLATES[f"shared-{number}"]["Resources"].items() if part["Type"] not in ("AWS::EC2::Instance", "AWS::EC2::LaunchTemplate")}
                     for number in (0, 1))
    assert first == second


def test_it_costs_about_ten_cents():
    """By the templates: endpoint-hours, which are nearly all of it, and instances."""
    endpoints = sum(part["Type"] == "AWS::EC2::VPCEndpoint" for name, made in TEMPLATES.items() if name.endswith("-0") for part in made["Resources"].values())
    assert endpoints == 5 and 8 < cost(CASES) < 11
    said = subprocess.run([f"{KIT}/run", "--plan"], capture_output=True, text=True, check=True).stdout
    assert f"about {cost([case for case in CASES if not case.asks_for]):.0f} cents" in said
    with open(os.path.join(TOP, "docs/acceptance.md"), encoding="utf-8") as file:
        assert f"{endpoints} endpoint-hours" in file.read()


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_refer_to_what_they_make(name):
    made = TEMPLATES[name]
    text = json.dumps(made)
    names = set(made["Resources"]) | set(made["Parameters"]) | {"AWS::Region"}
    assert set(re.findall(r'"Ref": "([^"]+)"', text)) | set(re.findall(r'"Fn::GetAtt": \["([^"]+)"', text)) <= names
    assert "Internet" not in text and "NatGateway" not in text and len(text) < 51200  # the limit of --template-body
    assert "ec2messages" not in text


@pytest.mark.skipif(not shutil.which("cfn-lint"), reason="cfn-lint is not installed")
def test_templates_are_valid(tmp_path):
    for name, made in TEMPLATES.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(made))
    done = subprocess.run(["cfn-lint", *map(str, tmp_path.glob("*.json"))], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_plan_asks_nobody():
    done = subprocess.run([f"{KIT}/run", "--plan"], env={"PATH": "/nonexistent"}, capture_output=True, text=True, check=True)
    assert "cents" in done.stdout and "dhmc" not in done.stdout
    assert subprocess.run([f"{KIT}/run"], env={"PATH": "/nonexistent"}, capture_output=True, check=False).returncode == 2


def console_of(situation):
    path = os.path.join(TOP, "build/situations", f"{situation}.json")
    if not os.path.exists(path):
        pytest.skip("make situations")
    block = subprocess.run([PROGRAM, "show", path, "--output", "console"], capture_output=True, text=True, check=False).stdout
    packed = base64.b64encode(gzip.compress(RAW.encode())).decode()
    capture = "ssm-preflight acceptance: begin\r\n" + "\r\n".join(re.findall(".{1,76}", packed)) + "\r\nssm-preflight acceptance: end\r\n"
    return "[    0.0] Linux\r\n" + block.replace("\n", "\r\n") + capture


@pytest.fixture(name="recorded")
def fixture_recorded(tmp_path):
    """Answers as they are expected, for all cases."""
    folder = tmp_path / "recorded"
    folder.mkdir()
    os.symlink(os.path.join(TOP, "tests/acceptance/aws"), tmp_path / "aws")
    connected = []
    for case in CASES:
        if case.asks_for:
            continue
        text = console_of(SITUATIONS.get(case.name, case.name))
        for architecture in ARCHITECTURES:
            (folder / f"console-{identifier(case, architecture)}").write_text(text * (2 if case.later else 1))
            if case.connected:
                connected.append(identifier(case, architecture))
    (folder / "connected").write_text(" ".join(connected))
    return folder


def run_kit(recorded, *options):
    other = "aarch64" if os.uname().machine == "x86_64" else "x86_64"
    stand_in = os.path.join(TOP, f"build/ssm-preflight-{other}")
    made = not os.path.exists(stand_in)
    if made:
        shutil.copy(PROGRAM, stand_in)
    try:
        return subprocess.run([f"{KIT}/run", "--yes", "--out", str(recorded.parent / "out"), *options], capture_output=True, text=True, check=False, timeout=300,
                              env={"PATH": f"{recorded.parent}:/usr/bin:/bin", "RECORDED": str(recorded), "ACCEPTANCE_POLL_S": "0", "PYTHONDONTWRITEBYTECODE": "1"})
    finally:
        if made:
            os.unlink(stand_in)


def left(recorded):
    return [name for name in os.listdir(recorded) if name.startswith("stack-")]


def test_a_run_as_expected(recorded):
    done = run_kit(recorded)
    assert done.returncode == 0 and "28 passed, 0 failed" in done.stdout, done.stdout + done.stderr
    calls = (recorded / "calls").read_text()
    assert left(recorded) == [] and "ec2 delete-snapshot" in calls and "ec2 modify-instance-metadata-options" in calls
    out = recorded.parent / "out"
    answers = json.loads((out / "fixtures/healthy-arm64/answers.json").read_text())
    assert answers["https ssm.us-east-1.amazonaws.com"] == "HTTP/1.1 404 Not Found"
    kept = "".join(path.read_text() for path in (out / "fixtures").rglob("*.json"))
    assert "999988887777" not in kept and "i-0aaaabbbbccccdddd" not in kept and len(json.loads((out / "results.json").read_text())) == 28


def test_what_is_not_as_expected_fails(recorded):
    (recorded / "connected").write_text("")
    done = run_kit(recorded, "--only", "healthy", "no-role")
    assert done.returncode == 1 and "FAILED healthy arm64: ready ; the agent is not connected; the prediction is wrong" in done.stdout
    assert "ok     no-role" in done.stdout and left(recorded) == []


def test_all_is_taken_down_when_it_breaks(recorded):
    (recorded / "fail-describe-stacks").touch()
    done = run_kit(recorded, "--only", "healthy")
    assert done.returncode != 0 and left(recorded) == [] and "ec2 delete-snapshot" in (recorded / "calls").read_text()


@pytest.mark.parametrize("verb", ["delete-stack", "delete-snapshot"])
def test_what_is_left_is_named(recorded, verb):
    (recorded / f"fail-{verb}").touch()
    for done in (run_kit(recorded, "--only", "healthy"), run_kit(recorded, "--teardown")):
        assert done.returncode == 1 and "LEFT: the " in done.stdout, done.stdout
    (recorded / f"fail-{verb}").unlink()
    done = run_kit(recorded, "--teardown")
    assert (done.returncode, done.stdout) == (0, "")


def test_the_user_data_is_a_cloud_config():
    text = re.search(r'USER_DATA = f"""(.*?)"""', open(f"{KIT}/run", encoding="utf-8").read(), re.S)[1].replace("{TAG}", "x")
    assert set(yaml.safe_load(text)) == {"bootcmd", "write_files", "runcmd"} and len(text) < 16384


def test_anonymized_names_stay_the_same():
    loader = importlib.machinery.SourceFileLoader("acceptance_run", f"{KIT}/run")
    run = importlib.util.module_from_spec(importlib.util.spec_from_loader("acceptance_run", loader))
    sys.dont_write_bytecode = True
    loader.exec_module(run)
    text = run.anonymize("i-0aaaabbbbccccdddd vpc-12345678 i-0aaaabbbbccccdddd 123456789012 0a:1b:2c:3d:4e:5f AROAEXAMPLEEXAMPLE12:i-1")
    words = text.split()
    assert words[0] == words[2] != "i-0aaaabbbbccccdddd" and words[1].startswith("vpc-") and words[3] != "123456789012" and "1b:2c" not in text
