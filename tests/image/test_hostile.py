# SPDX-License-Identifier: Apache-2.0
"""Roots that want to harm whoever looks at them: nothing outside of the root is opened, and nothing takes long.

Each is looked at twice: as the kernel opens files (openat2(2)), and as one older than 5.6 makes the program walk.
"""
import json
import os
import re
import shutil
import stat
import subprocess

import pytest
from roots import GOLDEN, Root
from test_roots import PROGRAM, audit, codes

STRACE = shutil.which("strace")
OLD_KERNEL = ["strace", "-f", "-o", "/dev/null", "-e", "trace=openat2", "-e", "inject=openat2:error=ENOSYS"]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="devices need root")


@pytest.fixture(name="root")
def fixture_root(tmp_path):
    root = Root(tmp_path / "root")
    os.makedirs(root.top)
    GOLDEN["debian"](root)
    return root


def both(root, *arguments, ends=(0, 1)):
    """The codes that are found, the same by both ways."""
    status, report = audit(root, *arguments)
    assert status in ends
    if STRACE:
        done = subprocess.run([*OLD_KERNEL, PROGRAM, "image", "--root", root.top, "--output", "json", *arguments], capture_output=True, text=True, check=False, timeout=120)
        older = json.loads(done.stdout)
        assert (done.returncode, {**older, "started": ""}) == (status, {**report, "started": ""})
    return codes(report)


def replace(root, name, make):
    os.unlink(root.path(name))
    make(root.path(name))


READ = ["etc/hosts", "etc/fstab", "etc/machine-id", "etc/passwd", "etc/nsswitch.conf", "etc/os-release", "var/lib/dpkg/status", "etc/ssl/certs/ca-certificates.crt",
        "etc/chrony/chrony.conf", "boot/grub/grub.cfg", "usr/bin/amazon-ssm-agent", "usr/lib/systemd/system/amazon-ssm-agent.service", "etc/cloud/cloud.cfg",
        "usr/lib/modules/6.1.0/modules.dep"]


def test_a_fit_root_is_fit_by_both_ways(root):
    assert both(root, "--strict") == []


@pytest.mark.skipif(not STRACE, reason="no strace")
@pytest.mark.parametrize("call, error, when", [("openat2", "EMFILE", 90), ("read", "EIO", 40), ("newfstatat", "ENOMEM", 60)])
def test_what_cannot_be_read_is_not_missing(root, call, error, when):
    """Nor is it there: an image of which something could not be read is neither fit nor unfit."""
    inject = ["strace", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={when}"]
    done = subprocess.run([*inject, PROGRAM, "image", "--root", root.top, "--output", "json"], capture_output=True, text=True, check=False, timeout=120)
    report = json.loads(done.stdout)
    assert (done.returncode, report["fitness"] if "fitness" in report else report["verdict"], report["findings"]) == (3, "unknown", [])
    assert "could not be read: " in report["summary"]


@pytest.mark.parametrize("way", ["/{out}", "../../../../../../../../../../../../{out}", "/proc/self/root/{out}", "/proc/self/cwd/../{out}"])
def test_links_do_not_lead_out(root, tmp_path, way):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x").write_text("{ secret words, no JSON")
    root.link("etc/amazon/ssm/amazon-ssm-agent.json", way.format(out=str(outside / "x").lstrip("/")))
    root.link("etc/systemd/system/service.d", way.format(out=str(outside).lstrip("/")))
    (outside / "y.conf").write_text("[Service]\nUser=nobody\n")
    assert both(root) == []
    root.write(str(outside / "x"), "{ inside the root this is another file")  # the same path, of the root
    if not way.startswith("/proc"):
        assert both(root) == ["agent-config-invalid"]


def test_only_the_root_is_opened_by_name(root):
    if not STRACE:
        pytest.skip("strace is not installed")
    for injected in ([], ["-e", "inject=openat2:error=ENOSYS"]):
        done = subprocess.run(["strace", "-e", "trace=%file", "-o", "/dev/stderr", *injected, PROGRAM, "image", "--root", root.top, "--quiet"],
                              capture_output=True, text=True, check=False, timeout=120)
        named = {match[1] for match in re.finditer(r'^\w+\((?:AT_FDCWD, )?"(/[^"]*)"', done.stderr, re.M)}
        ours = {PROGRAM, "/proc/self/exe", "/run/ssm-preflight", "/dev/console"}  # of glibc, and of the rules of Landlock
        assert named - ours == {root.top}, named


@pytest.mark.parametrize("kind", ["loop", "chain", "fifo", "folder", "sparse", "deep"])
def test_no_file_is_what_it_seems(root, kind):
    for number, name in enumerate(READ):
        if kind == "loop":
            replace(root, name, lambda path: os.symlink(os.path.basename(path), path))
        elif kind == "chain":
            for i in range(60):
                root.link(f"chain/{number}/{i}", f"/chain/{number}/{i + 1}")
            root.link(name, f"/chain/{number}/0")
        elif kind == "fifo":
            replace(root, name, os.mkfifo)
        elif kind == "folder":
            replace(root, name, os.mkdir)
        elif kind == "sparse":
            os.truncate(root.path(name), 1 << 40)
        elif kind == "deep":
            root.link(name, "/" + "a/" * 1500 + "b")
    if kind == "sparse":  # what is too large to be read is neither there nor missing
        assert both(root, ends=(3,)) == []
    else:
        assert audit(root)[0] == 1 and both(root)


@needs_root
@pytest.mark.parametrize("minor", [3, 5])
def test_devices_are_not_opened(root, minor):
    """/dev/zero has no end. /dev/null is an empty file, and not opened either."""
    for name in READ:
        os.unlink(root.path(name))
        os.mknod(root.path(name), 0o644 | stat.S_IFCHR, os.makedev(1, minor))
    assert both(root)
    if STRACE:
        done = subprocess.run(["strace", "-e", "trace=openat2", "-o", "/dev/stderr", PROGRAM, "image", "--root", root.top, "--quiet"], capture_output=True, text=True,
                              check=False)
        opened = [line for line in done.stderr.splitlines() if '"/etc/hosts"' in line]
        assert opened and all("O_PATH" in line for line in opened)


@needs_root
@pytest.mark.skipif(not STRACE, reason="strace is not installed")
@pytest.mark.parametrize("command", [["image"], ["check", "--deadline", "1s"]], ids=["image", "check"])
def test_programs_whose_labels_are_read_may_be_devices(root, command):
    root.write("etc/selinux/config", "SELINUX=enforcing\n")
    root.write("sys/fs/selinux/enforce", "1")
    programs = ("usr/lib/systemd/systemd", "usr/bin/amazon-ssm-agent")
    for name in programs:
        os.makedirs(os.path.dirname(root.path(name)), exist_ok=True)
        if os.path.lexists(root.path(name)):
            os.unlink(root.path(name))
        os.mknod(root.path(name), 0o755 | stat.S_IFCHR, os.makedev(1, 5))
    done = subprocess.run(["unshare", "-n", "strace", "-f", "-e", "trace=openat2", "-o", "/dev/stderr", PROGRAM, *command, "--root", root.top, "--quiet"], capture_output=True,
                          text=True, check=False)
    opened = [line for line in done.stderr.splitlines() if any(f'"/{name}"' in line for name in programs)]
    assert opened and all("O_PATH" in line for line in opened), opened


def test_a_folder_of_very_many_files(root):
    for folder in ("etc/modprobe.d", "etc/systemd/system/amazon-ssm-agent.service.d"):
        os.makedirs(root.path(folder))
        for i in range(2000):
            with open(root.path(f"{folder}/{i:05}.conf"), "w", encoding="ascii"):
                pass
    assert both(root, ends=(3,)) == []  # of so many drop-ins not all are read


@pytest.mark.parametrize("name, line", [("etc/chrony/chrony.conf", "include /etc/chrony/chrony.conf\n"), ("etc/chrony/chrony.conf", "confdir /etc/chrony\n"),
                                        ("etc/nftables.conf", 'include "/etc/nftables.conf"\n')])
@pytest.mark.parametrize("times", [1, 50])
def test_a_file_that_includes_itself(root, name, line, times):
    root.unit("nftables.service", "", "sysinit.target")
    root.write(name, line * times)
    assert both(root, ends=(3,)) == []


@needs_root
def test_the_state_of_this_machine_is_not_that_of_a_root(root):
    script = 'mount -t tmpfs tmpfs /run && "$@" && exit 9; [ -z "$(ls -A /run)" ]'
    subprocess.run(["unshare", "-n", "-m", "sh", "-c", script, "sh", PROGRAM, "wait", "--deadline", "1s", "--quiet", "--root", root.top], check=True)


def test_other_commands_stay_inside_too(root, tmp_path):
    (tmp_path / "outside.conf").write_text("no-such-key = 1\n")
    root.link("etc/ssm-preflight/preflight.conf", str(tmp_path / "outside.conf"))
    done = subprocess.run([PROGRAM, "list", "checks", "--root", root.top], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    root.write("etc/ssm-preflight/preflight.conf", "no-such-key = 1\n")
    assert subprocess.run([PROGRAM, "list", "checks", "--root", root.top], capture_output=True, check=False).returncode == 2


def test_control_bytes_do_not_reach_the_terminal(root):
    root.write("etc/hosts", "10.0.0.1 ssm.x\x1b[31m.amazonaws.com\n")
    root.write("etc/os-release", 'PRETTY_NAME="x\x1b]0;evil\x07"\n')
    for output in ("terminal", "short", "junit", "json-text"):
        text = audit(root, output=output)[1]
        assert "\x1b" not in text and "\x07" not in text
