# SPDX-License-Identifier: Apache-2.0
"""The builders' tools below packaging/: by their own checkers where those are here, and their shell run in a root."""
import json
import os
import re
import shutil
import subprocess

import pytest
import yaml
from roots import BROKEN, GOLDEN, Root
from test_roots import HERE, PROGRAM, paste

TOP = os.path.normpath(os.path.join(HERE, "../.."))


def needs(program):
    return pytest.mark.skipif(not shutil.which(program), reason=f"{program} is not installed")


def text_of(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


def golden(tmp_path, kind):
    root = Root(tmp_path / "root")
    os.makedirs(root.top)
    GOLDEN[kind](root)
    return root


# --- EC2 Image Builder: https://docs.aws.amazon.com/imagebuilder/latest/userguide/toe-use-documents.html ---

COMPONENT = "packaging/imagebuilder/component.yaml"
INPUTS = {"ExecuteBash": dict, "S3Download": list}


def test_the_component_is_one():
    component = yaml.safe_load(text_of(COMPONENT))
    assert set(component) == {"name", "description", "schemaVersion", "parameters", "phases"} and component["schemaVersion"] == 1.0
    names = {name for parameter in component["parameters"] for name in parameter}
    assert [phase["name"] for phase in component["phases"]] == ["build", "validate", "test"]
    for phase in component["phases"]:
        for step in phase["steps"]:
            assert set(step) <= {"name", "action", "timeoutSeconds", "onFailure", "maxAttempts", "inputs"}
            assert step["onFailure"] in ("Abort", "Continue", "Ignore") and re.fullmatch(r"[A-Za-z0-9_-]+", step["name"])
            assert isinstance(step["inputs"], INPUTS[step["action"]])
    assert set(re.findall(r"{{ *(\w+) *}}", text_of(COMPONENT))) == names


def commands_of(phase):
    component = yaml.safe_load(text_of(COMPONENT))
    steps = next(each["steps"] for each in component["phases"] if each["name"] == phase)
    return [command for step in steps if step["action"] == "ExecuteBash" for command in step["inputs"]["commands"]]


needs_chroot = pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("busybox"), reason="chroot needs root and busybox")


def gate_lets(root, kind, commands):
    try:
        paste(root, kind, commands)
    except AssertionError:
        return False
    return True


@needs_chroot
@pytest.mark.parametrize("broken", [None, "machine-id", "state-of-an-instance", "masked", "no-worker", "time-of-the-internet"])
def test_the_validate_phase_gates(tmp_path, broken):
    """Image Builder itself removes identities and the agent's state: what it will remove passes."""
    kind = BROKEN[broken][0] if broken else "debian"
    root = golden(tmp_path, kind)
    if broken:
        BROKEN[broken][1](root)
    assert gate_lets(root, kind, commands_of("validate")) == (broken in (None, "machine-id", "state-of-an-instance"))


# --- Packer ---

TEMPLATE = "packaging/packer/ssm-preflight.pkr.hcl"


@needs("packer")
def test_packer_takes_the_template():
    assert subprocess.run(["packer", "fmt", "-check", TEMPLATE], cwd=TOP, check=False, stdout=subprocess.DEVNULL).returncode == 0
    subprocess.run(["packer", "validate", "-syntax-only", TEMPLATE], cwd=TOP, check=True, stdout=subprocess.DEVNULL)


def packer_blocks():
    """The scripts that Packer makes of the lines of each provisioner."""
    blocks = re.findall(r"inline = \[(.*?)\]\n", text_of(TEMPLATE), re.S)
    return ["\n".join(json.loads(f"[{block.strip().rstrip(',')}]")).replace("${var.region}", "eu-central-1") for block in blocks]


def packer_lines():
    """The lines of the template's last two provisioners, for root."""
    return [line.replace("sudo ", "") for block in packer_blocks()[1:] for line in block.splitlines()]


@needs_chroot
@pytest.mark.parametrize("broken", [None, "machine-id", "host-keys", "state-of-an-instance", "state-logs", "masked", "config-other-region"])
def test_the_lines_of_packer_clean_and_gate(tmp_path, broken):
    root = golden(tmp_path, "rpm")
    if broken:
        BROKEN[broken][1](root)
    lines = packer_lines()
    lines[lines.index("systemctl stop amazon-ssm-agent")] = ":"  # no manager runs in the root
    lines[lines.index("cloud-init clean --logs --seed")] = ":"
    assert gate_lets(root, "rpm", lines) == (broken not in ("masked", "config-other-region"))


# --- Terraform ---

MODULE = "packaging/terraform/endpoints"


@needs("terraform")
def test_the_module_is_laid_out():
    for module in (MODULE, "packaging/acceptance"):
        subprocess.run(["terraform", "fmt", "-check", "-recursive", module], cwd=TOP, check=True, stdout=subprocess.DEVNULL)


def test_the_module_names_what_the_agent_needs():
    text = text_of(f"{MODULE}/main.tf")
    assert 'concat(["ssm", "ssmmessages"]' in text and "private_dns_enabled = true" in text and "AmazonSSMManagedInstanceCore" in text
    assert "ec2messages" not in re.sub(r"#.*", "", text)
    names = set(re.findall(r"\bvar\.(\w+)", text))
    assert names == set(re.findall(r'^variable "(\w+)"', text_of(f"{MODULE}/variables.tf"), re.M))


# --- systemd-sysext, mkosi ---

@needs("mksquashfs")
@pytest.mark.skipif(not os.path.isdir(os.path.join(TOP, "build/gen", os.uname().machine, "completions")), reason="make static makes the completions")
def test_the_extension_holds_usr_and_enables_the_units(tmp_path):
    parts = ["build/ssm-preflight", f"build/gen/{os.uname().machine}/completions", f"build/deps/{os.uname().machine}"]
    made = subprocess.run(["packaging/sysext/build", *parts], cwd=TOP, env={**os.environ, "OUT": str(tmp_path)}, capture_output=True, text=True, check=True).stdout.strip()
    listed = subprocess.run(["unsquashfs", "-l", "-d", "", made], capture_output=True, text=True, check=True).stdout.split()
    assert {name.split("/")[1] for name in listed if name.count("/") > 1} == {"usr"}
    name = os.path.basename(made).removesuffix(".raw")
    assert f"/usr/lib/extension-release.d/extension-release.{name}" in listed and "/usr/bin/ssm-preflight" in listed
    for link in ("multi-user.target.wants/ssm-preflight.service", "ssm-preflight.service.wants/ssm-preflight-follow.service"):
        assert f"/usr/lib/systemd/system/{link}" in listed
    again = tmp_path / "again"
    again.mkdir()
    subprocess.run(["packaging/sysext/build", *parts], cwd=TOP, env={**os.environ, "OUT": str(again)}, stdout=subprocess.DEVNULL, check=True)
    with open(made, "rb") as first, open(again / os.path.basename(made), "rb") as second:
        assert first.read() == second.read()


@pytest.mark.parametrize("broken", [None, "masked"])
def test_mkosi_makes_no_unfit_image(tmp_path, broken):
    root = golden(tmp_path, "debian")
    if broken:
        BROKEN[broken][1](root)
    shutil.copy(PROGRAM, root.path("usr/bin/ssm-preflight"))
    root.unit("ssm-preflight.service")
    done = subprocess.run([os.path.join(TOP, "packaging/mkosi/mkosi.finalize")], env={**os.environ, "BUILDROOT": root.top}, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == (broken is None), done.stdout
