# SPDX-License-Identifier: Apache-2.0
"""What a person sees whose terminal is dumb, is resized or closed, or who has enough: Ctrl-C."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios

import pytest

from vpc import Lab

pytestmark = pytest.mark.usefixtures("binary")

NOTIFY = {"NOTIFY_SOCKET": "/run/systemd/notify"}
CURSOR = re.compile("\x1b\\[[0-9;?]*[A-HJKSTfhl]")  # ECMA-48: whatever moves the cursor or erases


@pytest.fixture(scope="module")
def blocked():
    with Lab(["endpoint-blocks-443:ssm"]) as lab:
        yield lab


class Terminal:
    """A terminal of so many rows and columns, with the program on it."""

    def __init__(self, lab, arguments, kind="xterm", size=(24, 80)):
        self.master, slave = pty.openpty()
        self.resize(*size)
        self.seen = ""
        self.running = lab.start(arguments, environment=NOTIFY | {"TERM": kind}, stdin=slave, stdout=slave, stderr=slave, terminal="own")
        os.close(slave)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, until=None):
        """Up to a text, or to the end."""
        try:
            while not (until and until in self.seen) and (part := os.read(self.master, 4096)):
                self.seen += part.decode()
        except OSError:
            pass  # the other end is closed
        return self.seen

    def end(self):
        self.read()
        done = self.running.wait(20)
        os.close(self.master)
        return done.returncode


def rows_of(text, rows=24, columns=80):
    """What stands on the screen in the end, and what has been scrolled off it, of the few sequences that the live view uses."""
    lines, row, column = [""], 0, 0
    for piece in re.findall("\x1b\\[[0-9;]*[A-Za-z]|.|\n", text):
        if piece.startswith("\x1b["):
            number, what = int(piece[2:-1].split(";")[0] or 0), piece[-1]
            if what == "A":
                row = max(row - number, 0, len(lines) - rows)
            elif what == "H":
                row, column = max(0, len(lines) - rows), 0
            elif what == "J":
                lines[row:] = [lines[row][:column]]
            elif what == "K":
                lines[row] = lines[row][:column]
        elif piece == "\r":
            column = 0
        elif piece == "\n":
            row, column = row + 1, 0
            lines += [""] * (row + 1 - len(lines))
        else:
            lines[row] = lines[row][:column].ljust(column) + piece + lines[row][column + 1:]
            column += 1
    return lines


@pytest.mark.parametrize("command", [["check", "--deadline", "60s"], ["wait", "--deadline", "60s"]], ids=["check", "wait"])
def test_ctrl_c_says_that_it_was_interrupted(command):
    """In the middle of a round, typed at the terminal: the verdict is not known, 3, and that is said."""
    with Lab(["imds-silent"]) as lab:
        terminal = Terminal(lab, command)
        assert lab.until("imds", 1)
        os.write(terminal.master, b"\x03")
        assert terminal.end() == 3
        last = "\n".join(rows_of(terminal.seen)[-8:])
        assert re.search("interrupt|a signal came", last), last
        assert "UNKNOWN" in terminal.seen


def test_ctrl_c_between_two_rounds_keeps_what_was_found():
    with Lab(["role-missing"]) as lab:
        terminal = Terminal(lab, ["wait", "--deadline", "60s"])
        assert lab.until("notify", 2, within_s=20)
        os.write(terminal.master, b"\x03")
        assert terminal.end() == 1
        assert "NOT READY" in terminal.seen and "interrupted" in terminal.seen.splitlines()[-1]


def test_ctrl_c_between_two_rounds_of_check_too():
    with Lab(["imds-throttled:503:-1"]) as lab:
        terminal = Terminal(lab, ["check", "--deadline", "60s", "--verbose"])
        terminal.read("round 4: ")  # pauses are longer by then
        os.write(terminal.master, b"\x03")
        assert terminal.end() == 1
        assert "NOT READY" in terminal.seen and "interrupted" in terminal.seen.splitlines()[-1]


@pytest.mark.parametrize("kind", ["dumb", ""])
def test_a_dumb_terminal_gets_plain_lines(blocked, kind):
    terminal = Terminal(blocked, ["wait", "--deadline", "5s"], kind)
    assert terminal.end() == 1
    assert not CURSOR.search(terminal.seen) and "NOT READY" in terminal.seen, terminal.seen[:500]
    assert re.search(r"ssm-preflight: round 1: ", terminal.seen)


def test_a_pipe_gets_plain_lines(blocked):
    done = blocked.run(["wait", "--deadline", "5s"], environment={"TERM": "xterm"})
    assert done.returncode == 1 and "\x1b" not in done.stdout + done.stderr
    assert done.stdout.count("NOT READY") == 1 and re.match(r"ssm-preflight: round 1: ", done.stderr)


@pytest.mark.parametrize("size", [(24, 100), (24, 60), (12, 50)], ids=["wider", "narrower", "tiny"])
def test_a_resize_leaves_no_rubbish(blocked, size):
    terminal = Terminal(blocked, ["wait", "--deadline", "6s"])
    terminal.read(until="round 1 under way")
    terminal.resize(*size)
    assert terminal.end() == 1
    text = terminal.seen
    assert "\x1b[H\x1b[J" in text, "the screen is not cleared after the resize"
    shown = rows_of(text, *size)
    assert sum("waiting  round" in line for line in shown[-(size[0]):]) == 0, shown
    assert sum(line.startswith("NOT READY") for line in shown) == 1, shown


@pytest.mark.parametrize("command, device, why", [
    ("check", ">&-", "Bad file descriptor"),
    ("check", ">/dev/full", "No space left on device"),
    ("wait --deadline 6s", ">/dev/full", "No space left on device"),
    ("check --output json", ">/dev/full", "No space left on device"),
    ("image --root /var/empty", ">/dev/full", "No space left on device"),
])
def test_the_verdict_is_told_on_stderr_when_stdout_takes_nothing(blocked, command, device, why):
    done = blocked.run(["-c", f"{blocked.binary} {command} {device}"], program="bash")
    said = done.stderr.splitlines()
    assert done.returncode == 4, done.stderr
    assert any(f"cannot write to standard output: {why}" in line for line in said), said
    assert any(re.match("ssm-preflight: (NOT READY: |UNKNOWN /)", line) for line in said), said


def completions(binary, shell):
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    script = os.path.join(top, "packaging", "scripts", "gen-completions")
    return subprocess.run(["sh", script, shell, binary], capture_output=True, text=True, check=True).stdout


def completed(binary, *words):
    """What bash offers for the last word."""
    ask = (f"COMP_WORDS=({' '.join(repr(word) for word in ('ssm-preflight', *words))}); COMP_CWORD={len(words)}; "
           '_ssm_preflight; printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "-c", f"{completions(binary, 'bash')}\n{ask}"], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_completions_offer_names_of_checks_and_findings(binary):
    assert completed(binary, "explain", "endpoint-bl") == ["endpoint-blocks-443"]
    assert {"ssm.connect", "ssm-x"} & set(completed(binary, "explain", "ssm.")) == {"ssm.connect"}
    assert completed(binary, "check", "--skip", "ssmmessages.c") == ["ssmmessages.connect"]
    assert "policy-missing" not in completed(binary, "check", "--skip", "")
    assert {"findings", "checks"} <= set(completed(binary, "list", ""))
    assert {"check", "wait", "show"} <= set(completed(binary, ""))


ASKED = {"explain endpoint-bl": "endpoint-blocks-443", "explain no-l": "no-login", "check --skip ssmmessages.c": "ssmmessages.connect", "list f": "findings",
         "check --output js": "json", "wa": "wait"}


def test_fish_completes_the_same(binary):
    asks = "".join(f"complete -C 'ssm-preflight {line}'\n" for line in ASKED)
    done = subprocess.run(["fish", "-c", completions(binary, "fish") + asks], capture_output=True, text=True, check=True)
    assert done.stderr == "" and [line.split("\t")[0] for line in done.stdout.splitlines()] == list(ASKED.values())


def test_zsh_completes_the_same(binary, tmp_path):
    """Typed at a terminal: zsh's completion works in its line editor only."""
    (tmp_path / "_ssm-preflight").write_text(completions(binary, "zsh"))
    master, slave = pty.openpty()
    shell = subprocess.Popen(["zsh", "-f", "-i"], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                             env={"PATH": os.environ["PATH"], "TERM": "dumb", "HOME": str(tmp_path)})
    os.close(slave)
    os.write(master, f"PS1=; fpath=({tmp_path} $fpath); autoload -U compinit; compinit -u -D; echo be''gin\n".encode())

    def read(word):
        seen = ""
        while word not in seen:
            assert select.select([master], [], [], 60)[0], (word, seen)
            seen += os.read(master, 4096).decode()
    try:
        read("begin")
        for line, word in ASKED.items():
            os.write(master, f"\x15ssm-preflight {line}\t".encode())  # Ctrl-U: what stands there goes
            read(word)
    finally:
        shell.kill()
        shell.wait()
        os.close(master)


@pytest.mark.parametrize("command", ["", "check", "wait", "show", "explain", "list", "image", "version"])
def test_each_command_has_help_and_does_nothing_else(binary, command):
    done = subprocess.run([binary, *command.split(), "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("usage: ssm-preflight ") and f"  {command}" in done.stdout and not done.stderr


def test_a_region_that_is_none_is_questioned(binary):
    done = subprocess.run([binary, "version", "--region", "us-esat-1"], capture_output=True, text=True, check=True)
    assert done.stderr == ("ssm-preflight: warning: --region us-esat-1: no region that is known here has 'esat' in its name: "
                           "did you mean east?\n")
    assert not subprocess.run([binary, "version", "--region", "ap-southeast-9"], capture_output=True, text=True, check=True).stderr
