# SPDX-License-Identifier: Apache-2.0
"""What can go wrong for the program itself: each kind is a function that gives the points of one scene."""

import json
import os
import re
import signal
import subprocess
import threading
from dataclasses import dataclass, field

DEADLINE_S = {"check": 6, "wait": 5, "show": 5, "image": 5}
LATE_S = 0.1
MACHINE_S = 3  # that a busy machine, strace and Python may add before a run is called a hang; it is then run again
FAULT = 4
STATUS_OF = {"ready": 0, "degraded": 0, "not-ready": 1, "unknown": 3, "fit": 0, "unfit": 1}
# The errors that a call may meet by the program's own trouble, be it descriptors, memory, the disk, a signal or a sandbox.
# What the network would say too (ECONNREFUSED, ETIMEDOUT) is not among them.
ERRORS = {
    "socket": ("EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EPERM"),
    "connect": ("ENOBUFS", "EINTR"),
    "sendto sendmsg": ("ENOBUFS", "ENOMEM", "EINTR"),
    "recvfrom recvmsg": ("ENOMEM", "EINTR"),
    "setsockopt getsockopt getsockname bind": ("ENOBUFS", "ENOMEM"),
    "openat": ("EMFILE", "ENFILE", "ENOMEM", "EIO"),
    "read pread64": ("EIO", "ENOMEM", "EINTR"),
    "write": ("EIO", "ENOSPC", "EINTR", "EAGAIN"),
    "newfstatat fstat statx": ("ENOMEM", "EIO"),
    "getdents64 readlink readlinkat": ("EIO", "ENOMEM"),
    "lseek ioctl": ("EIO", "EINTR"),  # fcntl() of a socket's flags has none of them (fcntl(2))
    "close": ("EIO", "EINTR"),
    "poll ppoll": ("EINTR", "ENOMEM"),
    "mmap mremap mprotect munmap": ("ENOMEM",),  # brk() says that it failed by another address, which strace cannot
    "getrandom": ("EAGAIN", "EINTR", "ENOSYS"),
    "prctl seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self": ("ENOSYS", "EPERM", "EINVAL"),
    "prlimit64 rt_sigaction rt_sigprocmask sigaltstack": ("EPERM", "EINVAL"),
    "rename renameat renameat2 unlink unlinkat mkdir mkdirat fchmod fsync": ("ENOSPC", "EROFS", "EIO"),
}
NOT_EVEN_LOADED = (126, 127, -signal.SIGKILL, -signal.SIGSEGV)  # there was no room for the program itself
# Runs a command with a stream or its time spoilt, and lets its output and its exit status through.
SPOIL = """
import os, resource, signal, subprocess, sys, tempfile, time
how, argument, command = sys.argv[1], sys.argv[2], sys.argv[3:]
def blocked():
    reading, writing = os.pipe()
    os.set_inheritable(reading, True)  # open, and never read
    os.set_blocking(writing, False)
    for piece in (4096, 1):
        try:
            while True:
                os.write(writing, b"x" * piece)
        except BlockingIOError:
            pass
    os.set_blocking(writing, True)
    return writing
number = {"stdin": 0, "stdout": 1, "stderr": 2}.get(argument.split(",")[0], 1)
numbers = [{"stdin": 0, "stdout": 1, "stderr": 2}[name] for name in argument.split(",")] if how in ("closed", "full", "blocked") else []
def prepare():
    if how == "aborted":
        resource.setrlimit(resource.RLIMIT_CORE, [resource.getrlimit(resource.RLIMIT_CORE)[1]] * 2)
    for n in numbers:
        if how == "closed":
            os.close(n)
        else:
            os.dup2(blocked() if how == "blocked" else os.open("/dev/full", os.O_RDWR), n)
def n_filters(of):
    with open(f"/proc/{of}/status") as file:
        return [line for line in file if line.startswith("Seccomp")]  # how many, where the kernel says so
os.makedirs("/run/ssm-preflight", exist_ok=True)
cores = tempfile.TemporaryDirectory(dir="/run/ssm-preflight")  # elsewhere Landlock lets the kernel write none
running = subprocess.Popen(command, preexec_fn=prepare, close_fds=how != "blocked", cwd=cores.name if how == "aborted" else None)
if how in ("stopped", "aborted", "ended"):
    time.sleep(float(argument) / 1000)  # the point is the time
    if how == "ended":
        running.send_signal(signal.SIGTERM)
    else:
        os.kill(running.pid, signal.SIGSTOP)  # if it has ended, it has not been waited for
        status = os.waitpid(running.pid, os.WUNTRACED)[1]
        if os.WIFSTOPPED(status) and how == "stopped":
            shown = b"".join(open(f"/proc/{running.pid}/{name}", "rb").read() for name in ("environ", "cmdline", "status", "maps"))
            sys.stderr.buffer.write(shown.replace(b"\\0", b"\\n"))
            time.sleep(2.5)
            os.kill(running.pid, signal.SIGCONT)
            status = os.waitpid(running.pid, 0)[1]
        elif os.WIFSTOPPED(status):
            confined = n_filters(running.pid) != n_filters("self")  # then memory may hold credentials
            unlimited = resource.prlimit(running.pid, resource.RLIMIT_CORE)[0] != 0
            os.kill(running.pid, signal.SIGABRT)
            os.kill(running.pid, signal.SIGCONT)
            status = os.waitpid(running.pid, 0)[1]
            if confined and (unlimited or (os.WIFSIGNALED(status) and os.WCOREDUMP(status))):
                sys.stderr.write("A CORE")
        running.returncode = os.waitstatus_to_exitcode(status)
status = running.wait()
cores.cleanup()
sys.exit(status if status >= 0 else 128 - status)
"""


@dataclass
class Point:
    kind: str
    name: str
    before: list = field(default_factory=list)  # the command line in front of the program's
    after: list = field(default_factory=list)
    environment: dict = field(default_factory=dict)
    program: str = "plain"
    silent: bool = False  # there is nobody to hear the report
    signals: tuple = ()  # exit statuses that are right all the same
    at_once: int = 1


def limit_of(scene):
    verb = scene.command[0]
    return ["--deadline", f"{DEADLINE_S[verb]}s"] if verb in ("check", "wait") else []


def allocations(scene):
    for number in range(1, scene.n_allocations + 1):
        yield Point("allocation", str(number), environment={"TORTURE_AT": str(number)}, program="torture")


def calls(scene):
    """Every call of the classes above, by how often the scene makes it."""
    log = os.path.join(scene.folder, f"{scene.name}.strace".replace(" ", ""))
    scene.lab.run(["-qqfo", log, scene.programs["plain"], *scene.command, *limit_of(scene)], program="strace")
    with open(log, encoding="utf-8", errors="replace") as file:
        made = re.findall(r"^\d+ +(\w+)\(", file.read(), re.MULTILINE)
    for names, errors in ERRORS.items():
        for name in names.split():
            own = (127,) if name == "mprotect" else ()  # the static program's own loader, before main()
            for when in range(1, made.count(name) + 1):
                for error in errors:
                    inject = f"inject={name}:error={error}:when={when}"
                    yield Point("call", f"{name} {when} {error}", ["strace", "-qqfo", "/dev/null", "-e", inject], signals=own)
            if made.count(name):
                for error in errors:  # and every one from there on
                    inject = f"inject={name}:error={error}:when={1 + made.count(name) // 2}+"
                    if error not in ("EINTR", "EAGAIN"):  # for ever is no interruption
                        # Nor has one a word that can write none.
                        yield Point("call", f"{name} from the middle {error}", ["strace", "-qqfo", "/dev/null", "-e", inject],
                                    signals=(*own, FAULT) if name == "write" else own)  # fmt: skip


def limits(_):
    for n in (0, 3, 4, 5, 6, 8, 10, 12, 14, 18, 24, 32):
        yield Point("limit", f"{n} descriptors", ["prlimit", f"--nofile={n}:{n}"])
    for n in (5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 20, 32):
        yield Point("limit", f"{n} MB of memory", ["prlimit", f"--as={n << 20}"], signals=NOT_EVEN_LOADED if n < 7 else ())
    for n in (16, 64, 128, 192, 256, 1024):
        yield Point("limit", f"{n} KB of stack", ["prlimit", f"--stack={n << 10}"], signals=NOT_EVEN_LOADED if n < 128 else ())
    for n in (0, 1, 100, 4096):
        yield Point("limit", f"files of {n} bytes", ["prlimit", f"--fsize={n}"], ["--output-file", "/run/torture.out"], silent=True)
    yield Point("limit", "no processes", ["prlimit", "--nproc=0"])


def disks(_):
    full = "mount -t tmpfs -o size=4k,nr_inodes=3 none /run/ssm-preflight 2>/dev/null || { mkdir -p /run/ssm-preflight && mount -t tmpfs -o size=4k none /run/ssm-preflight; }; dd if=/dev/zero of=/run/ssm-preflight/x bs=4k count=1 2>/dev/null; "
    for name, prepare in {
        "full": full,
        "read-only": "mount -t tmpfs none /run && mount -o remount,ro /run; ",
        "root read-only": "mount --make-rprivate /; for at in / /etc /usr /var /run; do mount -o remount,ro,bind $at 2>/dev/null; done; ",
        "/dev without null": "mount -t tmpfs none /dev; ",
        "/proc away": "mount -t tmpfs none /proc; ",
        "/sys away": "mount -t tmpfs none /sys; ",
    }.items():
        yield Point("disk", name, ["unshare", "--mount", "sh", "-c", prepare + 'exec "$@"', "sh"], silent=name == "/sys away")


def streams(scene):
    for how in ("closed", "full", "blocked"):
        for names in ("stdout", "stderr", "stdout,stderr", "stdin,stdout,stderr"):
            if how == "blocked" and ("stdin" in names or scene.command[0] in ("show", "image")):
                continue  # what has no deadline waits for its reader, as `show | less` must
            yield Point("stream", f"{how} {names}", ["/usr/bin/python3", "-c", SPOIL, how, names], silent="stdout" in names)


def times(_):
    for ms in (2, 5, 10, 20, 30, 45, 60):
        yield Point("time", f"stopped after {ms} ms", ["/usr/bin/python3", "-c", SPOIL, "stopped", str(ms)])
        yield Point("time", f"ended after {ms} ms", ["/usr/bin/python3", "-c", SPOIL, "ended", str(ms)], silent=True, signals=(128 + signal.SIGTERM,))
        yield Point("time", f"aborted after {ms} ms", ["/usr/bin/python3", "-c", SPOIL, "aborted", str(ms)], silent=True, signals=(128 + signal.SIGABRT,))


def crowds(_):
    yield Point("crowd", "fifty at once", at_once=50)


KINDS = {
    "allocation": allocations, "call": calls, "limit": limits, "disk": disks, "stream": streams, "time": times, "crowd": crowds,
}  # fmt: skip
MANY = ("allocation", "call")


def outcome(scene, point):
    """[(column, words)] of one point. What looks like a hang is looked at again: the machine may have been busy."""
    for _ in range(3):
        problems = _problems(scene, point)
        if not any(column == "hang" for column, _ in problems):
            break
    return problems


def _problems(scene, point):
    command = [*point.before, scene.programs[point.program], *scene.command, *limit_of(scene), *point.after]
    threads, found = [], []

    def one():
        found.extend(_one(scene, point, command))

    for _ in range(point.at_once):
        threads.append(threading.Thread(target=one))
        threads[-1].start()
    for thread in threads:
        thread.join()
    return found


def _one(scene, point, command):
    allowed_s = DEADLINE_S[scene.command[0]] + LATE_S + MACHINE_S
    late = []

    def end():
        late.append("SIGTERM")
        running.signal(signal.SIGTERM)

    running = scene.lab.start(command[1:], command[0], point.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    timer = threading.Timer(allowed_s, end)
    timer.start()
    try:
        done = running.wait(allowed_s + 2)
        scene.lab.assert_no_secret(done.stdout, done.stderr)
    except subprocess.TimeoutExpired:
        return [("hang", "deaf to SIGTERM")]
    except AssertionError as leaked:
        return [("leak", str(leaked))]
    finally:
        timer.cancel()
    problems = [("hang", f"more than {allowed_s} s")] if late else []
    return problems + _said(scene, point, done)


def _said(scene, point, done):
    status = done.returncode
    if "A CORE" in done.stderr and scene.command[0] in ("check", "wait"):  # the others have no credentials
        return [("leak", "a core of what holds credentials")]
    if status in point.signals:
        return []
    if status < 0 or status > 125:
        return [("crash", f"exit status {status}: {done.stderr.strip()[-200:]}")]
    if status == FAULT:
        return [] if point.silent or "ssm-preflight" in done.stderr or "stderr" in point.name else [("crash", "exit status 4 without a word")]
    if status == 2:
        return [] if "ssm-preflight" in done.stderr else [("crash", "exit status 2 without a word")]
    if point.silent and not done.stdout:
        return []
    try:
        report = json.loads(done.stdout)
    except ValueError:
        return [("crash", f"no report, exit status {status}: {done.stderr.strip()[-200:]}")]
    if STATUS_OF.get(report["verdict"]) != status:
        return [("crash", f"exit status {status} with {report['verdict']}")]
    return [] if point.silent else _judged(scene, point, report)


def _judged(scene, point, report):
    """The same as without trouble; or unknown, and no cause but the program's trouble that was not there before."""
    wanted, verdict = scene.report["verdict"], report["verdict"]
    known = {finding["code"] for finding in scene.report["findings"]} | {"preflight-trouble"}
    if point.at_once > 1:  # the servers of the lab share the processors with all of them
        known |= {"imds-slow", "dns-slow", "slow-endpoint"}
    blamed = {finding["code"] for finding in report["findings"] if finding["severity"] != "note"} - known
    fine = {wanted, "unknown"} | ({"degraded"} if wanted == "ready" else set())
    if verdict not in fine or blamed:
        return [("false verdict", f"{verdict} for {wanted}, {', '.join(sorted(blamed)) or 'no new cause'}: {report['summary']}")]
    return []
