# SPDX-License-Identifier: Apache-2.0
"""Booting images inside the lab's VPC, and reading their journal and console.

    with Container("bookworm", faults=["imds-disabled"]) as boot:
        entry = boot.until(verdict("not-ready"))

A container is systemd-nspawn in the network of the lab's instance; a virtual machine is in vm.py. Both write to a layer of their
own over the image, which is gone afterwards unless KEEP_BOOTS is set.
"""

import contextlib
import glob
import json
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
REPOSITORY = os.path.dirname(os.path.dirname(HERE))
RUNS = os.path.join(REPOSITORY, "build", "boot", "run")
sys.path.insert(0, os.path.join(REPOSITORY, "tests", "lab"))

from vpc import Lab  # noqa: E402

OURS = "ssm-preflight.service"
AGENT = "amazon-ssm-agent.service"
SNAP_AGENT = "snap.amazon-ssm-agent.amazon-ssm-agent.service"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def package():
    """The package that `make deb` made for this machine, the newest one; None when there is none."""
    arch = subprocess.run(["dpkg", "--print-architecture"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    made = glob.glob(os.path.join(REPOSITORY, "build", f"ssm-preflight_*_{arch}.deb"))
    return max(made, key=os.path.getmtime) if made else None


def image(suite, kind="nspawn"):
    """The folders of an image, uppermost first, built when they are not there."""
    done = subprocess.run([os.path.join(HERE, "image"), suite, package(), kind], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.split()


def descendants(process_id):
    for path in glob.glob(f"/proc/{process_id}/task/*/children"):
        with contextlib.suppress(OSError), open(path, encoding="ascii") as file:
            for child in file.read().split():
                yield int(child)
                yield from descendants(child)


def inner_process_id(process_id):
    """The number that a process has in its own namespace."""
    with open(f"/proc/{process_id}/status", encoding="utf-8", errors="replace") as file:
        return int(next(line for line in file if line.startswith("NSpid:")).split()[-1])


class Boot:
    """What containers and virtual machines have in common: a folder, files laid over the image, a journal, a console."""

    def __init__(self, suite, faults=(), settings=None, files=None, configuration="", kind="nspawn"):
        self.suite, self.configuration = suite, configuration
        self.lab = Lab(faults=faults, settings=settings)
        self.files = dict(files or {})
        self.layers = image(suite, kind)
        self.name = f"{suite}-{os.urandom(4).hex()}"
        self.folder = os.path.join(RUNS, self.name)
        self.upper = os.path.join(self.folder, "upper")
        os.makedirs(self.upper)

    def lay(self):
        """What this instance has over its image: the lab's authority and resolver, and the test's own files. None removes one,
        "-> TARGET" makes a link."""
        def of_the_lab(path):
            return self.lab.run([path], program="cat").stdout
        files = {
            "/etc/hostname": self.name + "\n",
            "/etc/ssl/certs/ca-certificates.crt": of_the_lab("/etc/ssl/certs/ca-certificates.crt"),
            "/etc/ssm-preflight/lab-roots.pem": of_the_lab("/etc/ssm-preflight/amazon-roots.pem"),
            "/etc/ssm-preflight/preflight.conf.d/90-lab.conf": f"ca-file = /etc/ssm-preflight/lab-roots.pem\n{self.configuration}",
        } | self.files
        for path, text in files.items():
            self.write(path, text)

    def write(self, path, text):
        target = self.upper + path
        os.makedirs(os.path.dirname(target), mode=0o755, exist_ok=True)
        if text is None:
            os.mknod(target, 0o600 | 0o020000, 0)  # overlayfs: what lies below is not there
            return
        if text.startswith("-> "):
            os.symlink(text[3:], target)
            return
        with open(target, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(target, 0o755 if text.startswith("#!") else 0o644)

    def __exit__(self, *_):
        if not os.environ.get("KEEP_BOOTS"):
            shutil.rmtree(self.folder, ignore_errors=True)

    def journal(self):
        """Every entry so far, oldest first, as dictionaries; `at_s` is the monotonic time."""
        folder = os.path.join(self.upper, "var/log/journal")
        done = subprocess.run(["journalctl", "-D", folder, "-o", "json", "--all", "--quiet"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False)
        entries = []
        for line in done.stdout.splitlines():
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                entry["at_s"] = int(entry.get("_SOURCE_MONOTONIC_TIMESTAMP", entry["__MONOTONIC_TIMESTAMP"])) / 1e6
                entries.append(entry)
        return entries

    def until(self, wanted, within_s=60, how_many=1):
        """The journal's nth entry for which `wanted` is true. Fails with the journal's end."""
        deadline = time.monotonic() + within_s
        while True:
            entries = self.journal()
            found = [entry for entry in entries if wanted(entry)]
            if len(found) >= how_many:
                return found[how_many - 1]
            assert time.monotonic() < deadline, f"not within {within_s} s: {wanted.__doc__}\n" + self.told(entries)
            time.sleep(0.15)

    @staticmethod
    def told(entries, last=60):
        return "\n".join(f"{entry['at_s']:9.3f} {entry.get('SYSLOG_IDENTIFIER')}: {entry.get('MESSAGE')}" for entry in entries[-last:])


class Container(Boot):
    """systemd as the first process of a container, in the network of the lab's instance. `options` are more of systemd-nspawn's."""

    def __init__(self, suite, options=(), **more):
        super().__init__(suite, **more)
        self.options = options

    def __enter__(self):
        self.lab.__enter__()
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def lay(self):
        # Its console is a pty, which a getty hangs up for everybody; the kernel leaves a real /dev/console alone (tty_io.c,
        # __tty_hangup), as the virtual machines show.
        self.files.setdefault("/etc/systemd/system/console-getty.service.d/50-lab.conf", "[Service]\nTTYVHangup=no\nTTYReset=no\n")
        self.files.setdefault("/etc/resolv.conf", self.lab.run(["/etc/resolv.conf"], program="cat").stdout)
        super().lay()

    def _start(self):
        self.lay()
        firmware = os.path.join(self.folder, "firmware", "dmi", "id")
        os.makedirs(firmware)
        for name in ("sys_vendor", "board_asset_tag", "product_name"):
            with open(os.path.join(firmware, name), "w", encoding="ascii") as file:
                file.write(self.lab.run([f"/sys/class/dmi/id/{name}"], program="cat").stdout)
        self.console_path = os.path.join(self.folder, "console")
        with open(self.console_path, "wb") as console:
            self.started_s = time.monotonic()
            self.running = self.lab.start(["-c", "exec unshare --mount --cgroup bash \"$@\"", "container", os.path.join(HERE, "container"), self.name, self.folder, ":".join(self.layers), *self.options],
                                          program="/bin/bash", stdout=console, stderr=console)
        self._find_first_process()

    def _find_first_process(self, within_s=20):
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            for process_id in descendants(self.lab.process_id):
                with contextlib.suppress(OSError, StopIteration, ValueError):
                    with open(f"/proc/{process_id}/comm", encoding="ascii") as file:
                        if file.read().strip() not in ("systemd", "init"):
                            continue
                    if inner_process_id(process_id) == 1 and os.path.exists(f"/proc/{process_id}/root/run/systemd/system"):
                        self.first = process_id
                        return
            time.sleep(0.02)
        raise AssertionError("the container did not start:\n" + self.console())

    def run(self, *command, check=False):
        """A command inside, as root: subprocess.CompletedProcess."""
        return subprocess.run(["nsenter", "--target", str(self.first), "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup",
                               "env", "-i", f"PATH={PATH}", *command], text=True, capture_output=True, check=check, timeout=60)

    def booted(self, within_s=60):
        """Waits until every job of the boot is done: "running", or "degraded" when a unit failed."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            state = self.run("systemctl", "is-system-running").stdout.strip()
            if state in ("running", "degraded", "maintenance"):
                return state
            time.sleep(0.1)
        raise AssertionError(f"not booted within {within_s} s: {self.run('systemctl', 'list-jobs').stdout}\n" + self.told(self.journal()))

    def show(self, unit, *properties):
        lines = self.run("systemctl", "show", unit, *(f"--property={name}" for name in properties)).stdout.splitlines()
        return dict(line.split("=", 1) for line in lines)

    def console(self):
        with open(self.console_path, encoding="utf-8", errors="replace") as file:
            return file.read().replace("\r", "")

    def __exit__(self, failed=True, *_):
        try:
            if not failed:
                self.lab.assert_no_secret(json.dumps(self.journal()))
        finally:
            self.lab.stop()
        mounts = [line.split() for line in open("/proc/mounts", encoding="utf-8")]
        for folder in [mount[1] for mount in mounts if mount[2] == "cgroup2"][:1]:
            for path, _, _ in os.walk(os.path.join(folder, self.name), topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(path)
        super().__exit__()


# --- what to wait for

def wanted(doc):
    def named(function):
        function.__doc__ = doc
        return function
    return named


def verdict(name):
    @wanted(f"our verdict {name}")
    def is_it(entry):
        return entry.get("SSM_PREFLIGHT_VERDICT") == name
    return is_it


def agent_says(text):
    @wanted(f"the agent says {text!r}")
    def is_it(entry):
        return entry.get("_SYSTEMD_UNIT") in (AGENT, SNAP_AGENT) and text in str(entry.get("MESSAGE"))
    return is_it


def job_done(unit):
    @wanted(f"{unit} is started")
    def is_it(entry):
        return entry.get("UNIT") == unit and entry.get("JOB_RESULT") == "done" and entry.get("JOB_TYPE") in ("start", "restart")
    return is_it
