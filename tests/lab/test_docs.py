# SPDX-License-Identifier: Apache-2.0
"""What the documentation shows is what the program prints.

A block of code in README.md or docs/*.md that stands behind a comment like

    <!-- lab: --fault endpoint-blocks-443:ssm -- check --output terminal -->

is compared with what that run prints, apart from times, ports and the machine-readable lines; of times only that a page says no longer one than
there is. A line "..." stands for any lines. `make docs` sets DOCS_UPDATE=1, which writes a block anew when it differs and has no such line."""

import glob
import os
import re
import subprocess

import pytest

from vpc import Lab
from vpc import world as w

pytestmark = pytest.mark.usefixtures("binary")
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SAMPLE = re.compile(r"<!-- lab: (.*?)-- (.*?) -->\n+```\w*\n(.*?)```\n", re.DOTALL)
# What differs from run to run.
VARIES = [
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
    (r"\b\d+(\.\d+)? m?s\b", "DURATION"),
    (r"(?m)(^ssm-preflight: =\w+/\w+ .*\n)+", "FACTS\n"),  # a line more or less
    (r"(?m)^ssm-preflight: ", ""),  # a longer duration breaks lines elsewhere
    (r"\bports\s+\d+\s+and\s+\d+", "PORTS"),
]


def samples():
    for path in [os.path.join(TOP, "README.md")] + sorted(glob.glob(os.path.join(TOP, "docs", "*.md"))):
        with open(path, encoding="utf-8") as file:
            for found in SAMPLE.finditer(file.read()):
                yield pytest.param(path, found, id=f"{os.path.relpath(path, TOP)}: {found[1]}-- {found[2]}")


def times_ms(text):
    """Of a second and more: those are the program's own patience."""
    found = (float(n) * (1 if unit == "ms" else 1000) for n, unit in re.findall(r"\b(\d+(?:\.\d+)?) (m?s)\b", " ".join(text.split())))
    return [ms for ms in found if ms >= 1000]


def constant(text):
    for pattern, word in VARIES:
        text = re.sub(pattern, word, text)
    return " ".join(text.split())


def is_shown(shown, printed):
    if "..." not in shown and any(told > 1.1 * took for told, took in zip(times_ms(shown), times_ms(printed))):
        return None
    parts = [re.escape(constant(part)) for part in re.split(r"(?m)^ *(?:ssm-preflight: )?\.\.\.$", shown)]
    return re.fullmatch(r"\s*.*\s*".join(parts), constant(printed), re.DOTALL)


@pytest.mark.parametrize("path, found", samples())
def test_a_sample_is_what_is_printed(path, found):
    faults = [fault for fault in found[1].split() if fault != "--fault"]
    with Lab(faults) as lab:
        done = lab.run(found[2].split())
    assert done.stdout, done.stderr
    if not is_shown(found[3], done.stdout):
        renew(path, found[3], done.stdout)


def renew(path, shown, printed):
    if not os.environ.get("DOCS_UPDATE") or re.search(r"(?m)^ *(ssm-preflight: )?\.\.\.$", shown):
        pytest.fail(f"{path} shows\n{shown}\nand printed is\n{printed}")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(shown, printed, 1))


AWS = """#!/bin/sh
case "$*" in
"ec2 describe-instances "*) cd stored && printf '%s\\n' * gone ;;
*0*1\\ --output\\ text\\ --latest | *gone*) echo UnsupportedOperation >&2; exit 255 ;;
"ec2 get-console-output --instance-id "*) cat "stored/$4" ;;
esac
"""


def test_the_sample_of_a_fleet_is_what_is_printed(binary, tmp_path):
    """Forty-two logs, of three runs with other ids: those that fail are of one subnet, but for one; two have no block. They are fetched
    as the page says, from a stand-in of which some have no --latest, and one no log at all."""
    (tmp_path / "stored").mkdir()
    number = 0
    for faults, n, subnet, group in (([], 30, "1", "c"), (["egress-blocked"], 1, "1", "c"), (["endpoint-blocks-443:ssm"], 9, "2", "d"),
                                     (None, 2, "", "")):
        report = ""
        if faults is not None:
            with Lab(faults) as lab:
                report = lab.run(["check", "--output", "json"]).stdout
        for i in range(n):
            number += 1
            name = f"i-{number:017x}"
            ids = {w.INSTANCE_ID: name, w.SUBNET_ID: f"subnet-{subnet:0>17}", w.SECURITY_GROUP_ID: f"sg-{group:0>17}"}
            mine = re.sub("|".join(ids), lambda id: ids[id[0]], report)
            show = [binary, "show", "-", "--output", "console"]
            log = subprocess.run(show, input=mine, capture_output=True, text=True, check=False).stdout if mine else "Linux\n"
            (tmp_path / "stored" / name).write_text(log)
    (tmp_path / "aws").write_text(AWS)
    (tmp_path / "aws").chmod(0o755)
    os.symlink(binary, tmp_path / "ssm-preflight")
    path = os.path.join(TOP, "docs", "fleet.md")
    with open(path, encoding="utf-8") as file:
        fetch, shown = re.search(r"<!-- fetch -->\n```sh\n(.*?)```\n.*<!-- fleet -->\n```\n(.*?)```\n", file.read(), re.DOTALL).groups()
    done = subprocess.run(["/bin/bash", "-c", f"{fetch.replace('ssm-preflight show', 'rm logs/gone.log; ssm-preflight show')}"], cwd=tmp_path,
                          env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr == "UnsupportedOperation\ngone: no log\n"
    if shown != done.stdout:
        renew(path, shown, done.stdout)


CHOICES = {
    "output": "terminal short json junit prometheus commands html console",
    "for": "core sessions state-manager patch inventory parameters distributor run-command",
    "private-dns": "warn require off",
    "permissions": "probe agent deep role-only off",
    "color": "auto always never",
}


@pytest.mark.parametrize("option, choices", CHOICES.items())
def test_completions_offer_an_options_choices(binary, option, choices):
    script = os.path.join(TOP, "packaging", "scripts", "gen-completions")
    made = subprocess.run(["sh", script, "bash", binary], capture_output=True, text=True, check=True).stdout
    assert f'--{option}) choices="{choices}"' in made
    told = subprocess.run([binary, "version", f"--{option}", "?"], capture_output=True, text=True)
    assert told.returncode == 2 and told.stderr.rstrip().endswith(f"must be one of: {choices}")


def test_there_are_samples():
    assert len(list(samples())) >= 2
