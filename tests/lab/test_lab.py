# SPDX-License-Identifier: Apache-2.0
"""The lab itself, without the program: it starts, ends, runs what it is told, and looks like an instance."""

import contextlib
import os
import pty
import pwd
import select
import signal
import socket
import subprocess
import time

import pytest
from on_instance import PYTHON, SSM, curl, imds, signed, token

from vpc import Lab, LabError, faults, world as w
from vpc.credentials import ROLE
from vpc.faults import TABLE
from vpc.machine import Machine

CLI = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lab")

# --- starting and ending


def test_starts_in_time():
    """The best of three: the machine that tests may be busy."""
    took_s = []
    for _ in range(3):
        started = time.monotonic()
        with Lab() as lab:
            took_s.append(time.monotonic() - started)
            assert lab.run(program="true").returncode == 0
    assert min(took_s) < 5


def test_passes_arguments_and_status_through():
    done = subprocess.run(
        [CLI, "run", "--binary", "/bin/sh", "--", "-c", "echo out; echo err >&2; cat; exit 7"],
        input="in",
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (done.returncode, done.stdout, done.stderr) == (7, "out\nin", "err\n")


def test_no_file_of_a_fault_gets_to_the_host(tmp_path):
    machine = Machine(None, str(tmp_path), "", "")
    machine.holder = os.getpid()  # whose root is the host's
    with pytest.raises(ValueError, match="would be written to the host"):
        machine._write(f"{tmp_path}/file", "")
    assert not os.listdir(tmp_path)


def test_options_of_the_program_are_not_the_labs():
    done = subprocess.run(
        [CLI, "run", "--binary", "/bin/echo", "check", "--fault", "x", "--output", "json"],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.stdout == "check --fault x --output json\n"


def test_a_program_killed_by_a_signal_gives_the_shells_status():
    done = subprocess.run([CLI, "run", "--exec", "--", "sh", "-c", "kill -9 $$"], timeout=30)
    assert done.returncode == 128 + signal.SIGKILL


def test_what_cannot_be_run_is_said():
    done = subprocess.run([CLI, "run", "--binary", "/nowhere/at/all"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 127 and "/nowhere/at/all" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--fault", "no-such-fault"],
        ["--fault", "endpoint-missing:nothing"],
        ["--fault", "imds-disabled:3"],
        ["--setting", "colour=red"],
        ["--setting", "region"],
    ],
)
def test_wrong_usage_is_refused(arguments):
    done = subprocess.run([CLI, "run", *arguments, "--exec", "true"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 2 and done.stderr.startswith("lab: ")


@contextlib.contextmanager
def command_line(*arguments, **options):
    """The lab's command as a process of its own, which does not outlive the test."""
    with subprocess.Popen([CLI, *arguments], start_new_session=True, **options) as command:
        try:
            yield command
        finally:
            command.kill()


def test_sigterm_reaches_the_program():
    script = "trap 'exit 9' TERM; echo ready; while :; do read x; done"
    with command_line(
        "run", "--exec", "--", "sh", "-c", script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as command:
        assert command.stdout.readline() == "ready\n"
        command.send_signal(signal.SIGTERM)
        assert command.wait(10) == 9


def test_ctrl_c_on_a_terminal_reaches_the_program_once():
    script = "trap 'echo interrupted' INT; echo ready; while :; do read x && exit 3; done"
    master, slave = pty.openpty()
    with subprocess.Popen(  # setsid makes the terminal the controlling one, so that Ctrl-C means something on it
        ["setsid", "--ctty", CLI, "run", "--exec", "--", "sh", "-c", script], stdin=slave, stdout=slave, stderr=slave
    ) as command:
        os.close(slave)
        screen = Screen(master)
        screen.until(b"ready")
        os.write(master, b"\x03")
        screen.until(b"interrupted")
        os.write(master, b"end\n")
        assert command.wait(10) == 3
    assert b"interrupted" not in screen.seen + screen.rest()
    os.close(master)


@pytest.mark.parametrize("victim", ["client", "unshare"])
def test_nothing_is_left_after_kill_9(victim):
    with command_line(
        "run",
        "--exec",
        "--",
        "sh",
        "-c",
        "echo ready; read x",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as command:
        assert command.stdout.readline() == "ready\n"
        family = _family(command.pid)
        assert {"unshare", "dnsmasq", "nginx", "sh"} <= set(family.values())
        ends = [os.pidfd_open(pid) for pid in family]
        unshare = next(pid for pid, name in family.items() if name == "unshare")
        os.kill(command.pid if victim == "client" else unshare, signal.SIGKILL)
        for end in ends:
            assert select.select([end], [], [], 10)[0], "something of the lab lives on"
            os.close(end)


def _family(root):
    parents, names = {}, {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as file:
                    name, rest = file.read().split("(", 1)[1].rsplit(")", 1)
            except (FileNotFoundError, ProcessLookupError):
                continue
            parents[int(entry)], names[int(entry)] = int(rest.split()[1]), name
    found, grown = {root}, True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        found, grown = found | more, bool(more)
    return {pid: names[pid] for pid in found if pid in names}


def test_the_host_is_not_changed():
    def host():
        return (
            sorted(os.listdir("/sys/class/net")),
            os.readlink("/proc/self/ns/net"),
            open("/proc/self/mounts").read(),
            os.path.exists("/usr/bin/amazon-ssm-agent"),
            socket.gethostname(),
        )

    before = host()
    mark = f"made-by-lab-{os.getpid()}"
    with Lab() as lab:
        assert lab.run(["-c", f"echo x > /etc/{mark} && echo y > /usr/bin/{mark}"], program="sh").returncode == 0
        assert host() == before
    assert not os.path.exists(f"/etc/{mark}") and not os.path.exists(f"/usr/bin/{mark}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a chroot")
def test_a_lab_in_a_chroot_stays_there():
    """Entering a mount namespace leads to the real root: what the chroot has in /mnt shows on which side the program is."""
    script = (
        "mount --rbind / /mnt && mount -t tmpfs none /mnt/mnt && touch /mnt/mnt/inside && "
        f"exec chroot /mnt {CLI} run --exec -- sh -c 'ls /mnt && cat /etc/resolv.conf'"
    )
    done = subprocess.run(["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith(f"inside\nnameserver {w.RESOLVER}\n"), done.stdout + done.stderr


def test_two_labs_at_once_do_not_meet():
    with Lab() as one, Lab(["private-dns-off"]) as other:
        assert "10.0.1.21" in one.run(["ahostsv4", "ssm.us-east-1.amazonaws.com"], program="getent").stdout
        assert "203.0.113.21" in other.run(["ahostsv4", "ssm.us-east-1.amazonaws.com"], program="getent").stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="these tests run as an ordinary user already")
def test_runs_as_an_ordinary_user():
    nobody = pwd.getpwnam("nobody")
    script = (
        "curl -sS -o /dev/null -w '%{http_code} ' --max-time 5 " + SSM + " && cat /sys/class/dmi/id/sys_vendor && "
        "lab-fault add agent-missing && test ! -e /usr/bin/amazon-ssm-agent && lab-fault add read-only-disk && ! touch /run/x"
    )
    done = subprocess.run(
        [
            "setpriv",
            "--reuid",
            str(nobody.pw_uid),
            "--regid",
            str(nobody.pw_gid),
            "--clear-groups",
            CLI,
            "run",
            "--exec",
            "--",
            "sh",
            "-c",
            script,
        ],
        capture_output=True,
        text=True,
        timeout=60,
        cwd="/",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("404 Amazon EC2\n")


def test_the_shell_is_interactive_and_mends_faults():
    master, slave = pty.openpty()
    with command_line("shell", "--fault", "imds-disabled", stdin=slave, stdout=slave, stderr=slave) as shell:
        os.close(slave)
        screen = Screen(master)
        screen.until(b"active faults: imds-disabled")
        screen.until(b"]# ")
        os.write(
            master,
            b"lab-fault fix imds-disabled; curl -s -o /dev/null -w 'status=%{http_code}' http://169.254.169.254/\n",
        )
        screen.until(b"active faults: none")
        screen.until(b"status=401")
        os.write(master, b"sleep 100 & jobs; kill %1; exit 5\n")
        screen.until(b"Running")
        screen.until(b"exit")
        assert shell.wait(10) == 5
    os.close(master)


class Screen:
    """What a pseudo terminal shows."""

    def __init__(self, master):
        self.master, self.seen = master, b""

    def until(self, text, within_s=20):
        deadline = time.monotonic() + within_s
        while text not in self.seen:
            readable, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
            assert readable, f"{text} did not appear, but {self.seen}"
            self.seen += os.read(self.master, 4096)
        self.seen = self.seen.partition(text)[2]

    def rest(self):
        """To the end, once nobody has the terminal open any more."""
        rest = b""
        with contextlib.suppress(OSError):
            while part := os.read(self.master, 4096):
                rest += part
        return rest


# --- the instance


def test_the_instance_looks_like_one(healthy):
    done = healthy.run(
        [
            "-c",
            "cat /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/board_asset_tag; hostname; ip -4 -o address show ens5;"
            "dpkg-query -W amazon-ssm-agent; amazon-ssm-agent -version; readlink /etc/systemd/system/multi-user.target.wants/*ssm*",
        ],
        program="sh",
    )
    assert done.stdout.splitlines()[:3] == ["Amazon EC2", w.INSTANCE_ID, "ip-10-0-1-10"]
    assert "10.0.1.10/24" in done.stdout and "amazon-ssm-agent\t3.3.1142.0-1" in done.stdout and done.returncode == 0


def test_files_of_a_fault_come_and_go():
    with Lab(["agent-missing"]) as lab:
        assert lab.run(["/usr/bin/amazon-ssm-agent"], program="ls").returncode != 0
        lab.fault_fix("agent-missing")
        assert lab.run([], program="amazon-ssm-agent").returncode == 0
        lab.fault_add("agent-masked")
        assert lab.run(["/etc/systemd/system/amazon-ssm-agent.service"], program="readlink").stdout == "/dev/null\n"
        lab.fault_add("read-only-disk")
        assert lab.run(["/run/x"], program="touch").returncode != 0
        lab.fault_fix("read-only-disk")
        assert lab.run(["/run/x"], program="touch").returncode == 0


def test_console_journal_and_notify_are_recorded(healthy):
    code = """
import os, socket
os.write(os.open("/dev/console", os.O_WRONLY | os.O_NOCTTY), b"one\\nTwo\\n")
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.sendto(b"MESSAGE=hello\\nSSM_PREFLIGHT_CODE=x\\nLONG\\n\\x03\\0\\0\\0\\0\\0\\0\\0a\\nb\\n", "/run/systemd/journal/socket")
s.sendto(b"STATUS=fine\\nREADY=1", os.environ["NOTIFY_SOCKET"])
"""
    healthy.run(["-c", code], program=PYTHON, environment={"NOTIFY_SOCKET": "/run/systemd/notify"})
    assert healthy.until("console", 2, within_s=5) and healthy.until("notify", 1) and healthy.until("journal", 1, "x")
    assert healthy.console() == "one\nTwo\n"
    assert healthy.journal() == [{"MESSAGE": "hello", "SSM_PREFLIGHT_CODE": "x", "LONG": "a\nb"}]
    assert healthy.notifications() == ["STATUS=fine\nREADY=1"]


def test_stats_count(healthy):
    healthy.stats(reset=True)
    imds(healthy, "meta-data/", "GET", token(healthy))
    curl(healthy, "--ipv4", SSM)
    stats = healthy.stats()
    assert stats["imds"] == {"PUT /latest/api/token": 1, "GET /latest/meta-data/": 1}
    assert stats["dns"] == {"ssm.us-east-1.amazonaws.com A": 1}
    assert sum(stats["connections"].values()) == 1 and stats["link_local_packets"] > 10
    assert stats["calls"][0]["signed"] is False and stats["signed"] == {}


def test_secrets_are_found_in_output(healthy):
    given = token(healthy).partition(": ")[2]
    signed(healthy)
    healthy.assert_no_secret("nothing here")
    for leak in (ROLE.secret_key, ROLE.token, given, f"before {w.CANARY} after"):
        with pytest.raises(AssertionError):
            healthy.assert_no_secret("fine", f"x{leak}y")


def test_every_run_of_the_program_is_looked_at(tmp_path):
    leaking = tmp_path / "ssm-preflight-leaking"
    leaking.write_text(f"#!/bin/sh\necho {w.CANARY} >${{1:-/dev/stdout}}\n")
    leaking.chmod(0o755)
    with Lab(binary=str(leaking)) as lab, pytest.raises(AssertionError, match="a secret"):
        lab.run()
    with pytest.raises(AssertionError, match="a secret"), Lab(binary=str(leaking)) as lab:
        lab.run(["/dev/console"])
        lab.until("console")


# --- faults as such


def test_every_fault_makes_a_lab():
    for name in TABLE:
        faults.world({}, [name])
    faults.world({}, [name for name, fault in TABLE.items() if not fault.settings])


def test_list_faults():
    done = subprocess.run([CLI, "--list-faults"], capture_output=True, text=True, timeout=30)
    assert all(f"\n{name}" in "\n" + done.stdout for name in TABLE)


def test_a_wrong_fault_changes_nothing(healthy):
    with pytest.raises(LabError):
        healthy.fault_add("no-such-fault")
    with pytest.raises(LabError):
        healthy.fault_fix("imds-disabled")
    assert healthy.faults() == []
