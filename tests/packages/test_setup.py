# SPDX-License-Identifier: Apache-2.0
"""What the two commands install by: `packaging/scripts/setup`, with an apt of the test's own."""
import os
import subprocess

import pytest

from conftest import REPOSITORY

LOCKED = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 1 (apt-get)"


def _set_up(folder, updates):
    """(what it said, what apt was asked for) where the nth `apt-get update` says updates[n] and fails, unless that is empty."""
    programs = folder / "programs"
    programs.mkdir()
    for name, text in {
        "apt-get": f"""echo "$*" >>{folder}/asked
case "$*" in *update) said=$(sed -n "$(grep -c update {folder}/asked)p" {folder}/updates); echo "$said" >&2; [ -z "$said" ] ;; esac""",
        "dpkg-query": "echo installed nothing",
        "id": "echo 0",
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    (folder / "updates").write_text("\n".join(updates) + "\n")
    done = subprocess.run([f"{REPOSITORY}/packaging/scripts/setup", "check"], capture_output=True, text=True, timeout=60, check=False,
                          env={"PATH": f"{programs}:{os.environ['PATH']}", "SETUP_PAUSE_S": "0"})
    asked = [line.split(" -o DPkg::Lock::Timeout=300 ")[1].split()[0] for line in (folder / "asked").read_text().splitlines()]
    return done, asked


def test_a_lock_of_the_package_lists_is_waited_for(tmp_path):
    done, asked = _set_up(tmp_path, [LOCKED, LOCKED, ""])
    assert (done.returncode, asked) == (0, ["update", "update", "update", "install"])
    assert done.stdout.count("waiting") == 1


@pytest.mark.parametrize("said", ["E: The repository has no Release file."])
def test_what_waiting_does_not_mend_is_told(tmp_path, said):
    done, asked = _set_up(tmp_path, [said, ""])
    assert (done.returncode, asked) == (1, ["update"]) and said in done.stderr
