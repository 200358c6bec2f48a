# SPDX-License-Identifier: Apache-2.0
"""What the documentation shows is what the program prints.

A block of code in README.md or docs/*.md that stands behind a comment like

    <!-- lab: --fault endpoint-blocks-443:ssm -- check --output terminal -->

is compared with what that run prints, apart from times and the machine-readable lines. A line "..." stands for any lines.
`make docs` sets DOCS_UPDATE=1, which writes a block anew when it differs and has no such line."""

import glob
import os
import re
import subprocess

import pytest

from vpc import Lab

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


def constant(text):
    for pattern, word in VARIES:
        text = re.sub(pattern, word, text)
    return " ".join(text.split())


def is_shown(shown, printed):
    parts = [re.escape(constant(part)) for part in re.split(r"(?m)^ *(?:ssm-preflight: )?\.\.\.$", shown)]
    return re.fullmatch(r"\s*.*\s*".join(parts), constant(printed), re.DOTALL)


@pytest.mark.parametrize("path, found", samples())
def test_a_sample_is_what_is_printed(path, found):
    faults = [fault for fault in found[1].split() if fault != "--fault"]
    with Lab(faults) as lab:
        done = lab.run(found[2].split())
    assert done.stdout, done.stderr
    if is_shown(found[3], done.stdout):
        return
    if os.environ.get("DOCS_UPDATE") and not re.search(r"(?m)^ *(ssm-preflight: )?\.\.\.$", found[3]):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(found[3], done.stdout, 1))
        return
    pytest.fail(f"{path} shows\n{found[3]}\nand printed is\n{done.stdout}")


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
