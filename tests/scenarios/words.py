# SPDX-License-Identifier: Apache-2.0
"""What the program says of itself, and how it refuses what it does not know: words.txt."""
import subprocess

HEAD = """\
# What the program says of itself, and how it refuses what it does not know. Written by `tests/scenarios/run --update`: do not edit, but review.
"""
ASKED = ("--help", "list endpoints", "list permissions", "list nothing", "version x", "explain", "explain x", "explain policy-mising", "chek", "chekc --quiet",
         "check surplus", "list checks surplus", "check --output abcd", "check --allow x", "list --max-age 1", "check --follow",
         "explain x --region us-esat-1", "explain x --region us-esat-1 --quiet", "image --max-age soon", "image --root /nonexistent",
         "show /nonexistent", "show --root /nonexistent")
LIKE_HELP = ("help", "check --help", "chek -h", "help me out")


def said(binary, line, environment):
    done = subprocess.run([binary, *line.split()], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, timeout=120, check=False)
    return f"{done.stdout}exit status {done.returncode}\n"


def written(binary, environment):
    texts = {line: said(binary, line, environment) for line in ASKED}
    others = [line for line in LIKE_HELP if said(binary, line, environment) != texts["--help"]]
    return HEAD + "".join(f"\n$ ssm-preflight {line}\n{text}" for line, text in texts.items()) + "".join(f"\n{line} is no help\n" for line in others)
