# SPDX-License-Identifier: Apache-2.0
"""`Lab`: a private VPC for as long as a `with` block lasts, with programs run on the instance in it.

    with Lab(faults=["private-dns-off"]) as lab:
        done = lab.run(["check", "--output", "json"])
        lab.fault_fix("private-dns-off")
        print(lab.stats()["connections"])

Any number of labs may run at once, and one lab may be used from several threads.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading

from .credentials import SECRETS

LAB = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
REPOSITORY = os.path.dirname(os.path.dirname(LAB))
BINARY = os.environ.get("SSM_PREFLIGHT_BINARY") or os.path.join(REPOSITORY, "build", "ssm-preflight")
CACHE = os.path.join(REPOSITORY, "build", "lab")
PYTHON = "/usr/bin/python3"  # Debian's: another one on PATH does not have Debian's modules
START_WITHIN_S = 30
MESSAGE_MAX_BYTES = 256 * 1024


class LabError(Exception):
    """The lab itself is at fault, or was asked for what it does not have."""


class Lab:
    def __init__(self, faults=(), binary=None, settings=None, logs=None):
        """`logs`: a folder for the servers' logs, which are gone with the lab otherwise."""
        self.binary = os.path.abspath(binary or BINARY)
        self._options = {
            "faults": list(faults),
            "settings": dict(settings or {}),
            "binary": self.binary,
            "cache": CACHE,
            "logs": os.path.abspath(logs) if logs else None,
        }
        self._process = self._control = None

    def __enter__(self):
        self._control, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = ["unshare", "--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc"]
        if os.geteuid() != 0:
            command += ["--user", "--map-root-user"]
        with inside, tempfile.TemporaryFile() as output:
            self._process = subprocess.Popen(
                [*command, PYTHON, "-s", "-m", "vpc.controller", str(inside.fileno())],
                pass_fds=[inside.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=os.environ | {"PYTHONPATH": LAB},
            )
            inside.close()
            try:
                self._wait_until_ready(output)
            except BaseException:
                self.stop()
                raise
        return self

    def _wait_until_ready(self, output):
        self._control.settimeout(START_WITHIN_S)
        self._control.send(json.dumps(self._options).encode())
        try:
            said = json.loads(self._control.recv(MESSAGE_MAX_BYTES) or b"{}")
        except (TimeoutError, ConnectionError):
            said = {}
        if not said.get("ready"):
            output.seek(0)
            raise LabError(
                said.get("error") or f"the lab did not start: {output.read().decode('utf-8', 'replace').strip()}",
                said.get("detail", ""),
            )
        self._control.settimeout(None)

    def __exit__(self, failed, *_):
        try:
            if not failed:
                self.assert_no_secret(self.console(), json.dumps([self.journal(), self.notifications()]))
        finally:
            self.stop()

    def stop(self):
        """The controller ends when the socket closes, and everything with it."""
        self._control.close()
        if self._process is not None:
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    @property
    def process_id(self):
        return self._process.pid

    def start(self, arguments=(), program=None, environment=None, stdin=None, stdout=None, stderr=None, terminal=None):
        """The binary with these arguments, or `program` with them, on the instance; does not wait. See Running."""
        return Running(self, [program or self.binary, *arguments], environment or {}, (stdin, stdout, stderr), terminal)

    def run(self, arguments=(), program=None, environment=None, input=None, timeout_s=60):
        """A subprocess.CompletedProcess with text; `.resources` has wall_ms, cpu_ms and max_rss_kib."""
        running = self.start(
            arguments,
            program,
            environment,
            stdin=subprocess.PIPE if input is not None else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        return running.wait(timeout_s, input)

    def fault_add(self, fault):
        return self._ask("fault-add", fault=fault)

    def fault_fix(self, fault):
        return self._ask("fault-fix", fault=fault)

    def faults(self):
        return self._ask("faults")

    def stats(self, reset=False):
        """What the stand-ins saw: see docs/lab.md."""
        return self._ask("stats", reset=reset)

    def console(self):
        return self._ask("console")

    def journal(self):
        return self._ask("list", kind="journal")

    def notifications(self):
        return self._ask("list", kind="notify")

    def until(self, kind, at_least=1, name=None, within_s=10):
        """Waits until the stand-ins counted so many; False when they did not in time."""
        return self._ask("until", kind=kind, at_least=at_least, name=name, within_s=within_s)

    def assert_no_secret(self, *texts):
        """No key, token, signature or canary that was ever in this lab is in any of these outputs."""
        for secret in SECRETS + self._ask("secrets"):
            for text in texts:
                if secret in text:
                    raise AssertionError(f"a secret that begins with {secret[:12]!r} is in the output")

    def _ask(self, what, **rest):
        with Conversation(self._control, {"do": what} | rest) as conversation:
            return conversation.hear()["answer"]


class Conversation:
    """One request to the controller, with the connection for its answers sent along."""

    def __init__(self, control, message, descriptors=()):
        self._ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(control, [json.dumps(message).encode()], [theirs.fileno(), *descriptors])
        self._file = self._ours.makefile("r", encoding="utf-8")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()
        self._ours.close()

    def hear(self):
        line = self._file.readline()
        said = json.loads(line) if line else {"error": "the lab is gone"}
        if "error" in said and "status" not in said:
            raise LabError(said["error"])
        return said

    def say(self, message):
        with contextlib.suppress(OSError):  # it has ended: the other end is closed, or this one
            self._ours.sendall(json.dumps(message).encode() + b"\n")


class Running:
    """A program on the instance. What was asked for as subprocess.PIPE is collected; what was not given is /dev/null."""

    def __init__(self, lab, command, environment, files, terminal):
        self.command = command
        self._lab = lab if command[0] == lab.binary or os.path.basename(command[0]).startswith("ssm-preflight") else None
        self._input = None
        self._news = threading.Condition()
        self._collected, self._threads, theirs, opened = ["", ""], [], [], []
        for number, file in enumerate(files):
            if file is subprocess.PIPE:
                ends = os.pipe()
                theirs.append(ends[0] if number == 0 else ends[1])
                opened.append(theirs[-1])
                if number == 0:
                    self._input = ends[1]
                else:
                    self._threads.append(
                        threading.Thread(target=self._collect, args=(number - 1, ends[0]), daemon=True)
                    )
            elif file is None:
                theirs.append(os.open(os.devnull, os.O_RDWR))
                opened.append(theirs[-1])
            else:
                theirs.append(file if isinstance(file, int) else file.fileno())
        self._conversation = Conversation(
            lab._control,
            {"do": "run", "command": command, "environment": environment, "folder": os.getcwd(), "terminal": terminal},
            theirs,
        )
        for descriptor in opened:
            os.close(descriptor)
        for thread in self._threads:
            thread.start()
        self._said = self._conversation.hear()

    def _collect(self, number, descriptor):
        with os.fdopen(descriptor, encoding="utf-8", errors="replace", newline="") as file:
            for line in file:
                with self._news:
                    self._collected[number] += line
                    self._news.notify_all()

    def signal(self, number):
        self._conversation.say({"signal": int(number)})

    def output(self):
        """What stdout had so far."""
        return self._collected[0]

    def until(self, text, within_s=10):
        """Whether stdout or stderr had a whole line with this in time."""
        with self._news:
            return self._news.wait_for(lambda: any(text in collected for collected in self._collected), within_s)

    def wait(self, timeout_s=None, input=None):
        if self._input is not None:
            with os.fdopen(self._input, "w", encoding="utf-8") as file:
                file.write(input or "")
            self._input = None
        said, late = self._said, False
        if "status" not in said:
            timer = threading.Timer(timeout_s or 1e6, self.signal, [signal.SIGKILL])
            timer.daemon = True
            timer.start()
            said = self._conversation.hear()
            late = not timer.is_alive()
            timer.cancel()
        for thread in self._threads:
            thread.join(5)
        with self._conversation:
            pass
        if self._lab:  # in every suite: no output of ours has a secret
            self._lab.assert_no_secret(*self._collected)
        if late:
            raise subprocess.TimeoutExpired(self.command, timeout_s, *self._collected)
        error = f"{said['error']}\n" if "error" in said else ""
        done = subprocess.CompletedProcess(self.command, said["status"], self._collected[0], self._collected[1] + error)
        done.resources = {key: said[key] for key in ("wall_ms", "cpu_ms", "max_rss_kib") if key in said}
        return done
