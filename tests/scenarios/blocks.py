# SPDX-License-Identifier: Apache-2.0
"""The commands of findings, run: each block as a whole by bash, as somebody pastes it, with a stand-in for the AWS CLI that answers.

A block is what `show --commands` prints for one cause and one place. Of the programs of an instance none is there: what a block calls is
noted, and nothing is done."""
import os
import re
import subprocess
import tempfile

HEADING = re.compile(r"^# (from anywhere with the AWS CLI|on the instance)(?: \(without a login: .*\))?:$", re.M)
USER_DATA = re.compile(r"^# without a login, .*\n(fix_by_user_data\(\) \{\n.*^\}\n)\Z", re.M | re.S)
# Of a console's block; such a line ends the one before.
ON_CONSOLE = re.compile(r"^# (from anywhere with the AWS CLI|on the instance(?:; if no login: .*)?)$", re.M)
ENDS = re.compile(r"^(?:\d+\. |Then: |# all commands: |# without a login|# paste: |\d+ lines? cut\. |Save this).*", re.M | re.S)
# What may wait for a person: an editor; a pager, unless its output goes on.
WAITS = re.compile(r"^[^#\n]*(?:sudo -e |\b(?:journalctl|systemctl (?:cat|show|status)|resolvectl status)\b(?![^;\n]*(?:--no-pager|\|)))", re.M)
PASTE = re.compile(r"^ssm-preflight: # paste: show --commands, or (sed '.*')$", re.M)
FILL_IN = re.compile(r"^([A-Z][A-Z0-9_]*)=''$", re.M)
# What is looked up is there, and has a form that the AWS CLI takes; in every other round no endpoint and no group is found.
STAND_IN = r"""#!/bin/sh
printf '%s\0' "$@" >>"$ARGV"
printf '\n' >>"$ARGV"
case "$*" in
*"VpcEndpoints[0].VpcEndpointId"* | *"| [0]"*) [ "$ROUND" = 0 ] && echo None || echo vpce-0123456789abcdef0 ;;
*DhcpConfigurations*) echo '[{"Key":"domain-name-servers","Values":["AmazonProvidedDNS"]}]' ;;
*"[RuleNumber]"*) printf '1\n100\n' ;;
*CidrBlock*) echo 10.0.0.0/16 ;;
*"--output text"*) echo x-0123456789abcdef01 ;;
esac
"""
PRELUDE = """\
set -u
command_not_found_handle() { printf '%s\\n' "$1" >>"$CALLED"; }
sudo() { printf '%s\\n' "$1" >>"$CALLED"; }
sleep() { :; }
tee() { command cat >/dev/null; }
"""


def blocks_of(commands):
    """(place, block) of what `show --commands` prints."""
    parts = HEADING.split(commands)
    for place, text in zip(parts[1::2], parts[2::2]):
        block = text.lstrip("\n").split("\n\n")[0].rstrip("\n") + "\n"
        assert re.search(r"^[^#]", block, re.M), commands
        yield place, block


def blocks_of_console(block, verdict):
    """What somebody copies out of a console's log with CR LF who has no ssm-preflight: cut as the block itself says, behind the verdict."""
    sed = PASTE.search(block)
    if not sed:
        return
    log = "".join(f"{line}\r\n" for line in block.splitlines())
    text = subprocess.run(["/bin/sh", "-c", sed[1]], input=log, capture_output=True, text=True, check=True).stdout
    parts = ON_CONSOLE.split(text[text.rindex("\n" + verdict):])
    for place, commands in zip(parts[1::2], parts[2::2]):
        yield place, ENDS.sub("", commands).strip("\n") + "\n"


def mends_alone(block):
    """Whether a block for the instance changes something with nobody there: what only looks says so in a comment, or needs no sudo."""
    lines = ["", *block.splitlines()]
    return not FILL_IN.search(block) and any("sudo " in line and line[0] != "#" and not before.startswith("# look")
                                             for before, line in zip(lines, lines[1:]))


def filled_in(block):
    return FILL_IN.sub(r"\1=x-0123456789abcdef01", block)


class Runner:
    """Runs blocks; self.argvs: what the AWS CLI was given, once."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.argvs = {}
        self.seen = {}
        self.calls = {}  # of a block: what it calls in each round
        self.written = {}  # of a function: its user data
        path = os.path.join(self.folder.name, "bin")
        os.mkdir(path)
        with open(os.path.join(path, "aws"), "w", encoding="utf-8") as file:
            file.write(STAND_IN)
        os.chmod(os.path.join(path, "aws"), 0o755)
        for name in ("awk", "base64", "cat", "cut", "grep", "seq", "sort", "tr", "wc", "sh"):
            os.symlink(os.path.join("/usr/bin", name), os.path.join(path, name))

    def run(self, block, where):
        """What is wrong with a block."""
        if block not in self.seen:
            self.seen[block] = self.try_out(block, where)
        return self.seen[block]

    def run_user_data(self, commands, where):
        """What is wrong with the function that gives an instance its commands by user data: it is run, and then what it wrote, as cloud-init runs it."""
        function = USER_DATA.search(commands)
        alone = [block for place, block in blocks_of(commands) if place == "on the instance" and mends_alone(block)]
        if not function:
            return "is missing" if alone and "i-0123456789abcdef0" in commands else ""
        if not alone:
            return "changes nothing"
        why = self.run(f"{function[1]}fix_by_user_data\nold_user_data\n", where)
        if function[1] not in self.written:
            with open(os.path.join(self.folder.name, "fix.yaml"), encoding="utf-8") as file:
                self.written[function[1]] = file.read()
        head, _, script = self.written[function[1]].partition("  - |\n")
        sh = subprocess.run(["/bin/sh", "-n"], input=script, capture_output=True, text=True, check=False)  # which cloud-init runs
        why = why or (f"sh says: {sh.stderr}" if sh.returncode else "")
        script = script.replace("    sudo() { \"$@\"; }\n", "").replace(" | cat >/dev/console &", "")  # of the test's own
        why = why or self.run(re.sub("^    ", "", script, flags=re.M), where)
        wanted = {line for block in alone for line in block.splitlines()}
        lost = sorted(line for line in wanted if not line.startswith("#") and f"    {line}\n" not in script)
        return why or (f"lacks {lost}" if lost else "" if head == "#cloud-config\nbootcmd:\n" else f"begins with {head}")

    def try_out(self, block, where):
        if re.search(r"<[a-z][a-z0-9-]*>", block):
            return "leaves a placeholder to be edited"
        waits = WAITS.search(block.replace("\\\n", ""))
        if waits:
            return f"waits for a person: {waits[0]}"
        asked = FILL_IN.findall(block)
        if len(asked) > len(set(asked)):
            return "asks twice for the same"
        first = re.search(r"^(?![A-Z0-9_]+=''$|#).+$", block, re.M)
        if first and FILL_IN.search(block, first.start()):
            return "what is to be filled in is not at the top"
        calls = self.calls[block] = []
        for number in "01":
            argv, called = (os.path.join(self.folder.name, name) for name in ("argv", "called"))
            for name in (argv, called):
                open(name, "w", encoding="utf-8").close()
            done = subprocess.run(["/bin/bash", "-c", PRELUDE + filled_in(block)], capture_output=True, text=True, timeout=60, check=False,
                                  cwd=self.folder.name, stdin=subprocess.DEVNULL,
                                  env={"PATH": os.path.join(self.folder.name, "bin"), "ARGV": argv, "CALLED": called, "ROUND": number})
            for name in (argv, called):
                with open(name, encoding="utf-8") as file:
                    calls.append(sorted(file.read().split("\n")))  # of a pipe any may come first
            for line in filter(None, calls[-2]):
                self.argvs.setdefault(tuple(line.split("\0")[:-1]), where)
            said = [line for line in done.stderr.splitlines() if line.startswith("/bin/bash: ") and "No such file" not in line]
            if said:
                return f"bash says: {said[0]}"
        return ""
