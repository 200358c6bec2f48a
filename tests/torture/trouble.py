# SPDX-License-Identifier: Apache-2.0
"""What can go wrong for the program itself: each kind is a function that gives the points of one scene."""

import json
import os
import re
import signal
import subprocess
import tempfile
import threading
from dataclasses import dataclass, field

from vpc.full import FULL

DEADLINE_S = {"check": 6, "wait": 3, "show": 1, "image": 1}  # the last two have none, and take no time
SHORT_S = 2  # of what waits until its deadline
LATE_S = 0.1
SIGNALLED_S = {"check": 1, "wait": 1, "show": 0, "image": 0}  # past SIGTERM
PAUSE_S = 2.5  # of a program that is stopped
KILL_S = 4  # past its time, what has not ended gets SIGTERM, and 2 s later SIGKILL
TOOK = "TOOK"  # of a command line: the file that tells when the program began and ended, of two lines or more: "pid seconds ..."
FAULT = 4
SLOW = {"imds-slow", "dns-slow", "slow-endpoint"}
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
    "openat2": ("EMFILE", "ENFILE", "ENOMEM", "EIO", "EAGAIN", "ENOSYS", "EPERM"),
    "read pread64": ("EIO", "ENOMEM", "EINTR"),
    "write": ("EIO", "ENOSPC", "EINTR", "EAGAIN"),
    "newfstatat fstat statx": ("ENOMEM", "EIO"),
    "getdents64 readlink readlinkat": ("EIO", "ENOMEM"),
    "lseek ioctl": ("EIO", "EINTR"),  # fcntl() of a socket's flags has none of them (fcntl(2))
    "close": ("EIO", "EINTR"),
    "poll ppoll": ("EINTR", "ENOMEM"),
    "mmap mremap mprotect munmap": ("ENOMEM",),  # brk() fails by a limit: it says so by an address, which strace cannot
    "getrandom": ("EAGAIN", "EINTR", "ENOSYS"),
    "prctl seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self": ("ENOSYS", "EPERM", "EINVAL"),
    "prlimit64 rt_sigaction rt_sigprocmask sigaltstack": ("EPERM", "EINVAL"),
    "epoll_create1 eventfd2 signalfd4 timerfd_create": ("EMFILE", "ENFILE", "ENOMEM"),
    "inotify_init1": ("ENFILE", "ENOMEM"),  # EMFILE is true: no instance is left, and that keeps an agent from its work
    "epoll_ctl": ("ENOSPC", "ENOMEM"),
    "inotify_add_watch": ("ENOMEM",),  # and so is ENOSPC: no watch is left
    "timerfd_settime setitimer": ("EPERM", "EINVAL"),  # of a sandbox
    "madvise mlock": ("ENOMEM", "EAGAIN", "EPERM"),
    "access fstatfs": ("EIO", "ENOMEM"),
    "rename renameat renameat2 unlink unlinkat mkdir mkdirat fchmod fsync": ("ENOSPC", "EROFS", "EIO"),
}
NOT_EVEN_LOADED = (126, 127, -signal.SIGKILL, -signal.SIGSEGV)  # there was no room for the program itself
# Runs a command with a stream or its time spoilt, and lets its output and its exit status through.
SPOIL = FULL + """
import resource, signal, subprocess, sys, time
how, argument, took, command = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
names = argument.split(",") if how in ("closed", "full", "blocked") else []
numbers = {"stdin": 0, "stdout": 1, "stderr": 2, "terminal": 1}
environment = dict(os.environ, TERM="xterm")
if "notify" in names:
    full_manager(environment)
if "fifo" in names:
    full_fifo("/run/torture.fifo")
spoilt = {numbers[name]: full_stream(name == "terminal") if how == "blocked" else None for name in names if name in numbers}
def prepare():
    if how == "aborted":
        resource.setrlimit(resource.RLIMIT_CORE, [resource.getrlimit(resource.RLIMIT_CORE)[1]] * 2)
    for n, descriptor in spoilt.items():
        if how == "closed":
            os.close(n)
        else:
            os.dup2(os.open("/dev/full", os.O_RDWR) if how == "full" else descriptor, n)
def n_filters(of):
    with open(f"/proc/{of}/status") as file:
        return [line for line in file if line.startswith("Seccomp")]  # how many, where the kernel says so
os.makedirs("/run/ssm-preflight", exist_ok=True)
cores = tempfile.TemporaryDirectory(dir="/run/ssm-preflight")  # elsewhere Landlock lets the kernel write none
running = subprocess.Popen(command, env=environment, preexec_fn=prepare, cwd=cores.name if how == "aborted" else None)
began = time.time()
if "END_AFTER_S" in os.environ:
    time.sleep(float(os.environ["END_AFTER_S"]))  # it waits for its reader by then
    began = time.time()
    running.send_signal(signal.SIGTERM)
if how in ("stopped", "aborted", "ended"):
    time.sleep(float(argument) / 1000)  # the point is the time
    if how == "ended":
        began = time.time()
        running.send_signal(signal.SIGTERM)
    else:
        os.kill(running.pid, signal.SIGSTOP)  # if it has ended, it has not been waited for
        status = os.waitpid(running.pid, os.WUNTRACED)[1]
        if os.WIFSTOPPED(status) and how == "stopped":
            shown = b"".join(open(f"/proc/{running.pid}/{name}", "rb").read() for name in ("environ", "cmdline", "status", "maps"))
            sys.stderr.buffer.write(shown.replace(b"\\0", b"\\n"))
            time.sleep({PAUSE_S})
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
with open(took, "w") as file:
    file.write(f"0 {began}\\n0 {time.time()}\\n")
cores.cleanup()
sys.exit(status if status >= 0 else 128 - status)
""".replace("{PAUSE_S}", str(PAUSE_S))


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
    deadline_s: int = None  # as others have it
    within_s: float = None  # its deadline


def limit_of(scene, deadline_s=None):
    verb = scene.command[0]
    return ["--deadline", f"{deadline_s or DEADLINE_S[verb]}s"] if verb in ("check", "wait") else []


def allocations(scene):
    return _allocations("allocation", range(1, scene.n_allocations + 1))


def own_allocations(scene):
    return _allocations("own allocation", scene.own_allocations)


def _allocations(kind, numbers):
    for number in numbers:
        yield Point(kind, str(number), environment={"TORTURE_AT": str(number)}, program="torture")


def calls(scene):
    """Every call of the classes above, by how often the scene makes it."""
    with open(scene.log, encoding="utf-8", errors="replace") as file:
        made = re.findall(r"^\d+ +(\w+)\(", file.read(), re.MULTILINE)
    for names, errors in ERRORS.items():
        for name in names.split():
            own = (127,) if name == "mprotect" else ()  # the static program's own loader, before main()
            for when in range(1, made.count(name) + 1):
                for error in errors:
                    yield Point("call", f"{name} {when} {error}", injected(name, error, when), signals=own)
            if made.count(name):
                for error in errors:  # and every one from there on
                    if error not in ("EINTR", "EAGAIN"):  # for ever is no interruption
                        # Nor has one a word that can write none.
                        yield Point("call", f"{name} from the middle {error}", injected(name, error, f"{1 + made.count(name) // 2}+"),
                                    signals=(*own, FAULT) if name == "write" else own)  # fmt: skip


def injected(name, error, when):
    """The kernel stops the program at these two calls only: the others are as fast as ever, and its own time can be measured."""
    return ["strace", "-qfo", TOOK, "-ttt", "--seccomp-bpf", "-e", f"trace=execve,{name}", "-e", f"inject={name}:error={error}:when={when}"]


def spoilt(how, argument):
    return ["/usr/bin/python3", "-c", SPOIL, how, str(argument), TOOK]


def limits(scene):
    for n in (0, 3, 4, 5, 6, 8, 10, 12, 14, 18, 24, 32):
        yield Point("limit", f"{n} descriptors", ["prlimit", f"--nofile={n}:{n}"])
    for n in (5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 20, 32):
        yield Point("limit", f"{n} MB of memory", ["prlimit", f"--as={n << 20}"], signals=NOT_EVEN_LOADED if n < 7 else ())
        if n < 10:  # its last word waits 1 s for a reader
            yield Point("limit", f"{n} MB of memory, blocked stderr", [*spoilt("blocked", "stderr"), "prlimit", f"--as={n << 20}"],
                        signals=(*NOT_EVEN_LOADED, *(128 - status for status in NOT_EVEN_LOADED)), within_s=DEADLINE_S[scene.command[0]] + 1)  # fmt: skip
    for n in (0, 1024, 2048, 2304, 2560, 3072, 4096):
        yield Point("limit", f"{n} KB of data", ["prlimit", f"--data={n << 10}"], signals=NOT_EVEN_LOADED if n < 2048 else ())
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
    verb = scene.command[0]
    for how in ("closed", "full"):
        for names in ("stdout", "stderr", "stdout,stderr", "stdin,stdout,stderr"):
            yield Point("stream", f"{how} {names}", spoilt(how, names), silent="stdout" in names)
    for names in ("stdout", "stderr", "stdout,stderr", "terminal", "notify", "fifo", "notify,stdout,stderr,fifo"):
        if "notify" in names and verb != "wait":
            continue
        files = ["--save", "/run/torture.fifo", "--output-file", "/run/torture.fifo"] if "fifo" in names else []
        about = {"before": spoilt("blocked", names), "after": files[2 if verb == "image" else 0 :], "silent": names not in ("stderr", "notify")}
        if verb in ("check", "wait"):  # what has no deadline waits for its reader, as `show | less` must
            yield Point("stream", f"blocked {names}", **about, deadline_s=SHORT_S, within_s=SHORT_S)
        yield Point("stream", f"blocked {names}, SIGTERM", **about | {"silent": True}, environment={"END_AFTER_S": "0.4"},
                    signals=(128 + signal.SIGTERM,), within_s=SIGNALLED_S[verb])  # fmt: skip


def times(scene):
    verb = scene.command[0]
    for ms in (2, 5, 10, 20, 30, 45, 60):
        yield Point("time", f"stopped after {ms} ms", spoilt("stopped", ms), within_s=max(DEADLINE_S[verb], 1 + PAUSE_S))
        yield Point("time", f"ended after {ms} ms", spoilt("ended", ms), silent=True, signals=(128 + signal.SIGTERM,), within_s=SIGNALLED_S[verb])
        yield Point("time", f"aborted after {ms} ms", spoilt("aborted", ms), silent=True, signals=(128 + signal.SIGABRT,))


def crowds(_):
    yield Point("crowd", "fifty at once", at_once=50)


KINDS = {
    "own allocation": own_allocations, "allocation": allocations, "call": calls, "limit": limits, "disk": disks, "stream": streams, "time": times, "crowd": crowds,
}  # fmt: skip
MANY = ("allocation", "call")


def may_be_the_machine(problems):
    """Busy with other work, it makes a run late, the servers of the lab slow, and an answer too late for what a pause left of the deadline."""
    return any(column == "hang" or "no answer by the deadline" in words or any(code in words for code in SLOW) for column, words in problems)


def outcome(scene, point):
    """[(column, words)] of one point."""
    command = [*point.before, scene.programs[point.program], *scene.command, *limit_of(scene, point.deadline_s), *point.after]
    threads, found = [], []

    def one():
        found.extend(_one(scene, point, command))

    for _ in range(point.at_once):
        threads.append(threading.Thread(target=one))
        threads[-1].start()
    for thread in threads:
        thread.join()
    return found


def _own_s(took, done):
    """From the program's own beginning to its end, as who started it saw it: without strace's own time, or Python's."""
    with open(took, encoding="utf-8", errors="replace") as file:
        times = [float(line.split()[1]) for line in file]
    os.truncate(took, 0)
    return times[-1] - times[0] if times else done.resources["wall_ms"] / 1000


def _one(scene, point, command):
    within_s = DEADLINE_S[scene.command[0]] if point.within_s is None else point.within_s
    with tempfile.NamedTemporaryFile(dir=scene.folder) as took:
        command = [took.name if word == TOOK else word for word in command]
        running = scene.lab.start(command[1:], command[0], point.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        timer = threading.Timer(DEADLINE_S[scene.command[0]] + PAUSE_S + KILL_S, running.signal, [signal.SIGTERM])
        timer.start()
        try:
            done = running.wait(timer.interval + 2)
        except subprocess.TimeoutExpired:
            return [("hang", "deaf to SIGTERM")]
        except AssertionError as leaked:  # of the lab, which searches every output
            return [("leak", str(leaked))]
        finally:
            timer.cancel()
        own_s = _own_s(took.name, done)
    problems = [("hang", f"{own_s:.2f} s, and {within_s} s are its time")] if own_s > within_s + LATE_S else []
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
        known |= SLOW
    blamed = {finding["code"] for finding in report["findings"] if finding["severity"] != "note"} - known
    fine = {wanted, "unknown"} | ({"degraded"} if wanted == "ready" else set()) | ({"not-ready"} if point.at_once > 1 else set())
    if verdict not in fine or blamed:
        return [("false verdict", f"{verdict} for {wanted}, {', '.join(sorted(blamed)) or 'no new cause'}: {report['summary']}")]
    return []
