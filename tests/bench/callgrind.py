"""What callgrind counted of a healthy check in the lab, by address, and what the linker's map says is there."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter

from vpc.client import REPOSITORY, Lab

BINARY = os.path.join(REPOSITORY, "build", "ssm-preflight-unconfined")  # valgrind's own mappings are not for a confined process


def address_of_main():
    for line in subprocess.run(["nm", BINARY], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines():
        if line.endswith(" T main"):
            return int(line.split()[0], 16)
    return sys.exit("callgrind: the binary has no main")


def _counted(path):
    """address -> instructions of a file of callgrind, and the first address of main. They are absolute, or the distance to the one before."""
    at, in_main, main_at, main_is, counts, called = 0, False, None, None, Counter(), False
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            if found := re.match(r"c?fn=(\(\d+\))( main)?$", line):  # a name stands where it is met first, with its number
                main_is = found.group(1) if found.group(2) else main_is
                if line.startswith("fn="):
                    in_main = found.group(1) == main_is
            elif found := re.match(r"(0x[0-9a-f]+|[+-]\d+|\*)\s.*?(\d+)$", line):
                step = found.group(1)
                at = int(step, 16) if step.startswith("0x") else at + int(step) if step != "*" else at
                counts[at] += 0 if called else int(found.group(2))  # behind calls= stands what the callee took
                main_at = at if in_main and main_at is None else main_at
            called = line.startswith("calls=")
    return counts, main_at


def healthy_check(*options):
    """address, as the linker gave it -> how many instructions were executed there."""
    main_is = address_of_main()
    with Lab(binary=BINARY) as lab, tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "callgrind.out")
        done = lab.run(["--tool=callgrind", "--dump-instr=yes", f"--callgrind-out-file={out}", BINARY, "check", *options],
                       program=shutil.which("valgrind"), timeout_s=120)
        if done.returncode != 0:
            sys.exit(f"callgrind: the healthy lab is not ready:\n{done.stdout}{done.stderr}")
        counts, main_at = _counted(out)
    return Counter({address - main_at + main_is: count for address, count in counts.items()})


def linked(kind):
    """The sections of code or constants as the linker's map lists them: address, size, name, file."""
    name = None
    with open(f"{BINARY}.map", encoding="utf-8") as file:
        for line in file:
            line = line.rstrip("\n")
            if found := re.match(rf"^ (\.{kind}[^ ]*)$", line):
                name = found.group(1)
            elif found := re.match(rf"^ (\.{kind}[^ ]*)? +0x([0-9a-f]+) +0x([0-9a-f]+) (.+)$", line):
                if found.group(1) or name:
                    yield int(found.group(2), 16), int(found.group(3), 16), found.group(1) or name, found.group(4)
                name = None
