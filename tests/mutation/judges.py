# SPDX-License-Identifier: Apache-2.0
"""Who is asked about a mutant: the unit programs, all in one file; the scenarios; the audits of staged roots; the lab.

A mutant may do anything: it runs in namespaces of its own, with limits, and never sees the machine's network."""

import json
import os
import pathlib
import resource
import shlex
import shutil
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "scenarios"))
import words  # noqa: E402
WORK = os.path.join(TOP, "build", os.environ.get("MUTATION_WORK", "mutation"))
PROGRAM = os.path.join(WORK, "ssm-preflight")  # which is all the unit programs too, by the name it is started with
# What tests lay out in /tmp is in memory: three times as fast. This tree may lie below it.
SANDBOX = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
           *(["--user", "--map-root-user"] if os.geteuid() else []), "sh", "-c",
           'ip link set lo up && mount -t tmpfs tmp /mnt && mkdir -p "/mnt/${PWD#/tmp/}" && mount --rbind "$PWD" "/mnt/${PWD#/tmp/}" && '
           'mount --move /mnt /tmp && cd "$PWD" && exec "$@"', "sh"]
MEMORY_MB = 2048
sanitized = False  # then memory is reserved by the terabyte
built_at = 0  # the newest object
FILE = 200 << 20
ENVIRONMENT = {"ASAN_OPTIONS": f"hard_rss_limit_mb={MEMORY_MB}", "MALLOC_PERTURB_": "165"}  # what reads freed memory reads rubbish, mallopt(3)
# What the lab is asked, and what differs between two runs of the same program is not compared.
LAB_CHECKS = ("", "endpoint-blocks-443:ssm", "private-dns-off", "policy-incomplete:ssm:UpdateInstanceInformation", "imds-throttled:503:2",
              "role-not-assumable", "tls-intercepted", "dns-servfail", "endpoint-refuses", "ipv6-only", "agent-proxy:opens", "egress-blocked")


def spent_s():
    """Of processor time, by all that was waited for: a busy machine changes nothing of it."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def limited(cpu_s):
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE, FILE))
    if not sanitized:
        resource.setrlimit(resource.RLIMIT_AS, (2 * MEMORY_MB << 20, 2 * MEMORY_MB << 20))


def sandboxed(command, usual_s, environment=None):
    """(exit status, or "late"; the output). What loops for ever ends by its processor time; what waits for ever by the clock, and a machine
    with much else to do gives more of it."""
    cpu_s = 5 + int(6 * usual_s)
    within_s = (8 + 10 * usual_s) * max(1, os.getloadavg()[0] / 2)
    with subprocess.Popen([*SANDBOX, *command], cwd=TOP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=os.environ | ENVIRONMENT | (environment or {}), preexec_fn=lambda: limited(cpu_s)) as running:
        try:
            output, _ = running.communicate(timeout=within_s)
        except subprocess.TimeoutExpired:
            running.kill()
            running.communicate()
            return "late", b""
    return running.returncode, output


class Judge:
    """`rooms`: who is meant where no coverage says it. A mutant is dead when a judge says anything but "same"."""

    counts = True  # the coverage build can be run like this

    def __init__(self, name, rooms=()):
        self.name, self.rooms, self.usual_s = name, rooms, None

    def judge(self):
        """What a mutant died of, or "" when it looks like the program."""
        status, _ = sandboxed(self.command(), self.usual_s or 60, self.environment())
        return {0: "", "late": "late"}.get(status, f"exit status {status}")

    def environment(self):
        return {}

    def measure(self):
        began = spent_s()
        died = self.judge()
        if died:
            raise SystemExit(f"mutation: {self.name} is not green before anything is broken: {died}")
        self.remember(spent_s() - began)

    def remember(self, usual_s):
        """For the next run: to measure takes longer than many a mutant."""
        self.usual_s = usual_s
        os.makedirs(os.path.join(WORK, "usual"), exist_ok=True)
        with open(os.path.join(WORK, "usual", self.name), "w", encoding="utf-8") as file:
            file.write(f"{usual_s:.3f}\n")

    def known(self):
        """Not since something was built anew: it may be green no more, and would kill every mutant."""
        path = os.path.join(WORK, "usual", self.name)
        if os.path.exists(path) and os.path.getmtime(path) > built_at:
            with open(path, encoding="utf-8") as file:
                self.usual_s = float(file.read())
        return self.usual_s is not None


class Unit(Judge):
    def command(self):
        return [os.path.join(WORK, "bin", self.name)]

    def count(self, _program, objects, folder):
        sandboxed([os.path.join(objects, "unit", self.name)], 600, {"GCOV_PREFIX": folder})


class Saying(Judge):
    """What the program says, beside what it said unbroken: said() is the subclass's."""

    def known(self):
        return False  # what it says is needed too

    def measure(self):
        began = spent_s()
        self.usual = self.said()
        self.remember(spent_s() - began)

    def judge(self):
        return "" if self.said() == self.usual else "says another thing"


class Replay(Saying):
    """What a suite compares, in one process and without what it does besides: the reports of all situations (replay.c)."""

    counts = False

    def __init__(self, name="replay", rooms=("diagnose", "report", "model")):
        super().__init__(name, rooms)

    def command(self):
        return [os.path.join(WORK, "bin", "replay")]

    def compared(self, report):
        """Of a report that tests/scenarios/*.txt hold it."""
        checks = [{name: value for name, value in check.items() if name != "detail"} for check in report["checks"]]
        return [report["verdict"], report["summary"], report["findings"], checks]

    def said(self):
        status, output = sandboxed(self.command(), 5)
        rest, reports = output.decode("utf-8", "replace"), []
        try:
            while rest := rest.lstrip():
                report, end = json.JSONDecoder().raw_decode(rest)
                reports.append(report if isinstance(report, int) else self.compared(report))
                rest = rest[end:]
        except (ValueError, KeyError):
            return status, rest
        return status, reports


class Roots(Replay):
    """The audits of the roots that tests/image/test_roots.py stages, staged once."""

    def __init__(self):
        super().__init__("roots", ("image", "discover", "run"))

    def measure(self):
        sys.path.insert(0, os.path.join(TOP, "tests", "image"))
        import amis  # noqa: F401, PLC0415 it adds to the roots
        import roots  # noqa: PLC0415

        top, self.lines = os.path.join(WORK, "roots"), []
        shutil.rmtree(top, ignore_errors=True)
        for name, (kind, change, *more) in ({name: (name, None) for name in roots.GOLDEN} | roots.HARMLESS | roots.BROKEN).items():
            root = roots.Root(pathlib.Path(top, name))
            os.makedirs(root.top)
            roots.GOLDEN[kind](root)
            if change:
                change(root)
            arguments = shlex.join(["--root", str(root.top), "--output", "json", *(more[2] if more else ["--strict"])])
            self.lines.append(f'"$0" image {arguments}; echo $?')
        super().measure()

    def command(self):
        return ["sh", "-c", "\n".join(self.lines), PROGRAM]

    def compared(self, report):
        return [report["verdict"], [(finding["code"], finding["severity"]) for finding in report["findings"]]]


class Scenarios(Judge):
    counts = False  # it gives the program an environment of its own

    def command(self):
        return ["tests/scenarios/run", PROGRAM, "build/situations"]


class Words(Saying):
    """What tests/scenarios/words.txt holds: help, lists, pages, what is refused. And where a report goes whose standard output was
    closed, and whether a check gets along with few descriptors allowed."""

    asked = (*words.ASKED, *words.LIKE_HELP)
    started = ('exec "$0" check --output short 2>&1 >&-', 'exec "$0" check --output short 2>&1 >&- <&-',
               'exec prlimit --nofile=4: "$0" check --output short')

    def said(self, environment=None):
        started = [sandboxed(["sh", "-c", line, PROGRAM], 5, environment)[1].splitlines()[:1] for line in self.started]
        return [*started, *(sandboxed([PROGRAM, *line.split()], 1, environment) for line in self.asked)]

    counts = False  # the coverage build writes its counters where a confined one may not


class Pytest(Judge):
    """A file of tests that run the program."""

    counts = False

    def __init__(self, name, rooms, path, *more):
        super().__init__(name, rooms)
        self.path, self.more = path, more

    def judge(self):
        within_s = (60 + 6 * (self.usual_s or 300)) * max(1, os.getloadavg()[0])
        with subprocess.Popen(["/usr/bin/python3", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", self.path, *self.more], cwd=TOP,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
                              env=os.environ | {"SSM_PREFLIGHT_BINARY": PROGRAM}) as running:
            try:
                output, _ = running.communicate(timeout=within_s)
            except subprocess.TimeoutExpired:
                running.terminate()
                try:
                    running.communicate(timeout=20)
                except subprocess.TimeoutExpired:
                    running.kill()
                return "late"
        if running.returncode == 0:
            return ""
        failed = [line for line in output.decode("utf-8", "replace").splitlines() if line.startswith(("FAILED", "ERROR"))]
        return failed[0][:120] if failed else f"pytest: exit status {running.returncode}"


class LabCheck(Judge):
    """`check` with one fault: the verdict, each check's status and reason, each finding."""

    def __init__(self, faults):
        super().__init__(f"lab:{faults or 'healthy'}", ("discover", "observe", "net", "run", "agent"))
        self.faults, self.lab, self.usual = faults, None, None

    def open(self):
        if not self.lab:
            sys.path.insert(0, os.path.join(TOP, "tests", "lab"))
            from vpc.client import Lab  # noqa: PLC0415

            self.lab = Lab([fault for fault in self.faults.split() if fault], binary=PROGRAM)
            self.lab.__enter__()
        return self.lab

    def close(self):
        if self.lab:
            self.lab.stop()
        self.lab = None

    def said(self, program=PROGRAM, environment=None):
        done = self.open().run(["check", "--output", "json"], program=program, environment=environment, timeout_s=60)
        try:
            report = json.loads(done.stdout)
        except ValueError:
            return [done.returncode, done.stdout[:200], done.stderr[:200]]
        return [done.returncode, report["verdict"], [(row["id"], row["status"], row.get("reason")) for row in report["checks"]],
                [(row["code"], row["severity"], row["confidence"], row.get("target")) for row in report["findings"]], report["instance"]]

    def measure(self):
        began = spent_s()
        self.usual = self.said()
        self.remember(spent_s() - began)
        if self.said() != self.usual:
            raise SystemExit(f"mutation: {self.name} does not say the same twice")

    def judge(self):
        try:
            if self.said() == self.usual:
                return ""
            return "" if self.said() == self.usual else "says another thing"  # a busy machine differs once
        except subprocess.TimeoutExpired:
            return "late"

    def count(self, program, _objects, folder):
        self.said(program, {"GCOV_PREFIX": folder})
        self.close()


def all_judges():
    """In the order in which they are asked, the units by how long they take."""
    names = sorted(file[:-2] for file in os.listdir(os.path.join(TOP, "tests", "unit")) if file.startswith("test_") and file.endswith(".c"))
    yield from (Unit(name, rooms_of(name)) for name in names)
    yield Replay()
    yield Roots()
    yield Words("words", ("agent", "report", "run"))
    yield Scenarios("scenarios", ("diagnose", "report", "model", "run"))
    yield Pytest("image", ("image",), "tests/image/test_roots.py")
    yield from map(LabCheck, LAB_CHECKS)
    yield Pytest("lab-run", ("run", "agent", "base", "report"), "tests/lab/test_run.py", "tests/lab/test_streams.py", "tests/lab/test_trouble.py")
    yield Pytest("lab-wait", ("run", "net", "discover", "observe"), "tests/lab/test_wait.py")
    yield Pytest("lab-files", ("base", "agent"), "tests/lab/test_files.py")


def rooms_of(name):
    """By its name: test_net_dns is about agent/net. The rooms above base are what runs most of it."""
    room = name.split("_")[1]
    if name in ("test_model_packed", "test_net_changes"):
        return (room, "base")
    if name in ("test_discover_agent", "test_observe_answers", "test_observe_names"):  # which have the agent's log, the permissions, places
        return (room, "model")
    return {"options": ("agent", "base"), "again": ("run",), "tell": ("run",), "look": ("run", "discover"), "round": ("run",), "rounds": ("run",), "confine": ("run",), "filter": ("run",), "commands": ("run", "base", "report"), "wait": ("run",), "fleet": ("model", "report", "run"), "facts": ("diagnose", "model"),
            "fuzz": ("base", "net", "discover", "model")}.get(room, (room,))


def link(compiler, flags, libraries, objects, tests):
    """Everything into PROGRAM: `objects` are those of agent/, and what helps the tests; `tests` are those with a main() of their own."""
    os.makedirs(os.path.join(WORK, "bin"), exist_ok=True)
    subprocess.run([*compiler, *flags, *objects, *tests, os.path.join(WORK, "start.o"), *libraries, "-o", PROGRAM], cwd=TOP, check=True)


def prepare_mains(compiler, flags, dev, names):
    """The objects whose main() was given the name of its program, and build/mutation/start.o, which chooses."""
    os.makedirs(os.path.join(WORK, "mains"), exist_ok=True)
    shutil.rmtree(os.path.join(WORK, "bin"), ignore_errors=True)
    os.makedirs(os.path.join(WORK, "bin"))
    made = []
    replay = os.path.join(WORK, "replay.o")
    subprocess.run([*compiler, *flags, "-Itests/unit", "-c", "tests/mutation/replay.c", "-o", replay], cwd=TOP, check=True)
    names = ["replay", *names]
    for name, path in [("ssm_preflight", "agent/main.o"), ("replay", replay), *((name, f"tests/unit/{name}.o") for name in names[1:])]:
        made.append(os.path.join(WORK, "mains", f"{name}.o"))
        subprocess.run(["objcopy", "--redefine-sym", f"main=main_{name}", os.path.join(dev, path), made[-1]], check=True)
        if name != "ssm_preflight":
            os.symlink(PROGRAM, os.path.join(WORK, "bin", name))
    lines = [f"int main_{name}(int argc, char **argv);" for name in ["ssm_preflight", *names]]
    rows = [f'    if (strcmp(name, "{name}") == 0) return main_{name}(argc, argv);' for name in names]
    text = "\n".join(["#include <string.h>", *lines, "int main(int argc, char **argv)", "{",
                      "    const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];", *rows,
                      "    return main_ssm_preflight(argc, argv);", "}", ""])
    subprocess.run([*compiler, "-x", "c", "-c", "-", "-o", os.path.join(WORK, "start.o")], input=text, text=True, check=True)
    return made
