# SPDX-License-Identifier: Apache-2.0
"""The units, the catalog and the package as files: nothing is booted here but what verifies them."""

import glob
import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from boot import REPOSITORY, image, package

UNITS = os.path.join(REPOSITORY, "units")
SERVICES = sorted(glob.glob(os.path.join(UNITS, "*.service")))
SUITES = ("bookworm", "trixie", "bullseye")


def read(*path):
    with open(os.path.join(REPOSITORY, *path), encoding="utf-8") as file:
        return file.read()


def sandbox(unit):
    """The directives from User= on: what a unit may not do."""
    lines = [line for line in read("units", unit).splitlines() if line and not line.startswith("#")]
    begin = next(number for number, line in enumerate(lines) if line.startswith("User="))
    end = lines.index("[Install]")
    return [line for line in lines[begin:end] if not line.startswith(("RuntimeDirectory", "ReadWritePaths"))]


# What each must have, of all that systemd-analyze(1) asks for: docs/security.md says why. ProtectClock= itself allows a device to be read.
LOOKS = {"PrivateNetwork=", "RestrictAddressFamilies=~AF_(INET|INET6)", "RestrictAddressFamilies=~AF_NETLINK",
         "RestrictAddressFamilies=~AF_UNIX", "DeviceAllow="}
NEEDED = {"ssm-preflight.service": (9, LOOKS), "ssm-preflight-follow.service": (9, LOOKS),
          "ssm-preflight-restart-agent.service": (9, {"User=/DynamicUser=", "PrivateUsers=", "RootDirectory=/RootImage=", "DeviceAllow=",
                                                      "CapabilityBoundingSet=~CAP_(DAC_*|FOWNER|IPC_OWNER)", "RestrictAddressFamilies=~AF_UNIX"})}


@pytest.mark.needs_no_boot
@pytest.mark.parametrize("path", SERVICES, ids=os.path.basename)
def test_exposure_is_what_each_must_have(path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    least, needed = NEEDED[os.path.basename(path)]
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={least}", "--json=short", path],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-600:] + done.stderr
    assert {row["name"] for row in json.loads(done.stdout) if row["set"] is False} <= needed


@pytest.mark.needs_no_boot
def test_both_services_that_look_have_the_same_sandbox():
    assert sandbox("ssm-preflight.service") == sandbox("ssm-preflight-follow.service")


@pytest.mark.needs_no_boot
def test_no_ordering_against_what_would_be_a_cycle_or_a_wait():
    for path in SERVICES:
        text = re.sub(r"^#.*$", "", read("units", os.path.basename(path)), flags=re.M)
        for name in ("network-online.target", "cloud-init", "cloud-final", "multi-user.target"):
            assert not re.search(rf"^(After|Before|Requires|Wants)=.*{name}", text, re.M), f"{path}: {name}"


# Directives that systemd 239 knows, and those of systemd.unit(5), systemd.service(5), systemd.exec(5) that came later.
OLD = """After Also AmbientCapabilities AssertPathExists Before CapabilityBoundingSet ConditionPathExists Conflicts DefaultDependencies Description
    DeviceAllow DevicePolicy Documentation DynamicUser ExecStart IPAddressAllow IPAddressDeny KeyringMode LimitCORE LimitNOFILE LockPersonality
    MemoryDenyWriteExecute MemoryMax NoNewPrivileges NotifyAccess PathExists PrivateDevices PrivateMounts PrivateNetwork PrivateTmp PrivateUsers
    ProtectControlGroups ProtectHome ProtectKernelModules ProtectKernelTunables ProtectSystem ReadWritePaths RemainAfterExit RemoveIPC Requires Restart
    RestartPreventExitStatus RestartSec RestrictAddressFamilies RestrictNamespaces RestrictRealtime RuntimeDirectory RuntimeDirectoryMode Slice
    StandardError StandardOutput StartLimitBurst StartLimitIntervalSec SuccessExitStatus SyslogIdentifier SystemCallArchitectures
    SystemCallErrorNumber SystemCallFilter TasksMax TimeoutStartSec TimeoutStopSec Type UMask Unit User WantedBy WatchdogSec""".split()
NEWER = {"WatchdogSignal": 240, "ProtectHostname": 242, "RestrictSUIDSGID": 242, "ProtectKernelLogs": 244, "ProtectClock": 245,
         "TimeoutStartFailureMode": 246, "ProtectProc": 247, "ProcSubset": 247}


@pytest.mark.needs_no_boot
def test_what_an_older_systemd_ignores_is_said():
    units = [path for ending in ("service", "path", "target", "slice") for path in glob.glob(os.path.join(UNITS, "*." + ending))]
    used = {name for path in units for name in re.findall(r"^(\w+)=", read("units", os.path.basename(path)), re.M)}
    assert used - set(OLD) == set(NEWER)
    table = re.findall(r"^\| (2\d\d) \| (`.*?`) \|", read("docs", "systems.md"), re.M)
    assert {name: int(version) for version, names in table for name in re.findall(r"`(\w+)`", names)} == NEWER


# Run in a mount namespace, with a folder that has a /dev/console of the kind named.
WITH_A_CONSOLE = """
import os, stat, subprocess, sys
kind, command = sys.argv[1], sys.argv[2:]
master, slave = os.openpty()
if kind == "no driver":
    os.mknod("dev/console", 0o600 | stat.S_IFCHR, os.makedev(4, 95))
elif kind != "nothing":
    os.close(os.open("dev/console", os.O_CREAT, 0))
if "terminal" in kind:
    subprocess.run(["mount", "--bind", os.ttyname(slave), "dev/console"], check=True)
    os.close(slave)
os.set_inheritable(master, kind != "closed terminal")
subprocess.run(["mount", "--rbind", "dev", "/dev"], check=True)
if kind == "forbidden":
    command = ["setpriv", "--inh-caps=-all", "--bounding-set=-all", *command]
os.execvp(command[0], command)
"""


@pytest.mark.needs_no_boot
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("kind, why", [("terminal", None), ("closed terminal", "Input/output error"), ("no driver", "No such device or address"),
                                       ("nothing", "it is not there"), ("forbidden", None)])
def test_the_generator_tells_whether_the_console_can_be_opened(kind, why, tmp_path):
    (tmp_path / "dev").mkdir()
    subprocess.run(["unshare", "--mount", sys.executable, "-c", WITH_A_CONSOLE, kind, os.path.join(UNITS, "ssm-preflight-console"), str(tmp_path)],
                   cwd=tmp_path, check=True)
    made = {path.parent.name: path.read_text().splitlines() for path in tmp_path.glob("*/10-no-console.conf")}
    assert sorted(made) == ([f"{name}.service.d" for name in ("ssm-preflight-follow", "ssm-preflight")] if why else [])
    for said, *rest in made.values():
        assert said.startswith("# ") and said.endswith(why) and rest == ["[Service]", "StandardOutput=journal"]


@pytest.mark.needs_no_boot
def test_catalog_explains_every_message():
    ids = dict(line.split() for line in read("units", "message-ids").splitlines() if line and not line.startswith("#"))
    assert sorted(ids) == ["finding", "verdict-degraded", "verdict-not-ready", "verdict-ready", "verdict-unknown"]
    catalog = read("units", "ssm-preflight.catalog")
    assert sorted(re.findall(r"^-- ([0-9a-f]{32})$", catalog, re.M)) == sorted(ids.values())
    assert all(len(line) <= 80 for line in catalog.splitlines() if not line.startswith("#"))


@pytest.mark.needs_no_boot
def test_program_and_catalog_use_the_same_identifiers():
    ids = set(re.findall(r"\b[0-9a-f]{32}\b", read("units", "message-ids")))
    written = set(re.findall(r"\b[0-9a-f]{32}\b", "".join(open(path, encoding="utf-8").read()
                                                         for path in glob.glob(os.path.join(REPOSITORY, "agent", "report", "*.c")))))
    assert written == ids


@pytest.mark.needs_no_boot
def test_configuration_file_names_only_keys_that_there_are(tmp_path):
    binary = os.path.join(REPOSITORY, "build", "ssm-preflight")
    if not os.access(binary, os.X_OK):
        pytest.skip("build/ssm-preflight is not built")
    text = re.sub(r"^#(?=[a-z-]+ = )", "", read("packaging", "preflight.conf"), flags=re.M)
    assert text.count(" = ") > 8
    (tmp_path / "preflight.conf").write_text(text)
    done = subprocess.run([binary, "list", "--config", str(tmp_path / "preflight.conf")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.needs_no_boot
def test_manual_pages():
    if not shutil.which("mandoc"):
        pytest.skip("mandoc is not installed")
    for page in glob.glob(os.path.join(REPOSITORY, "docs", "man", "*")):
        done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page], capture_output=True, text=True, check=False)
        assert not done.stdout, done.stdout


def test_package_contents():
    listed = subprocess.run(["dpkg-deb", "--contents", package()], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert all(line.split()[1] == "root/root" for line in listed.splitlines())
    for path in ("usr/bin/ssm-preflight", "usr/lib/systemd/system/ssm-preflight.service", "usr/lib/systemd/system/system-ssmpreflight.slice", "usr/lib/systemd/system-generators/ssm-preflight-console", "usr/lib/systemd/catalog/ssm-preflight.catalog",
                 "usr/share/man/man8/ssm-preflight.8.gz", "usr/share/man/man5/preflight.conf.5.gz", "etc/ssm-preflight/preflight.conf",
                 "usr/share/bash-completion/completions/ssm-preflight"):
        assert f" ./{path}\n" in listed
    assert "/usr/lib/systemd/system-preset/85-ssm-preflight.preset\n" in listed.replace("./usr", "/usr") and ".service.wants" not in listed and ".conf.d/5" not in listed


def test_package_is_clean():
    if not shutil.which("lintian"):
        pytest.skip("lintian is not installed")
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", package()], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("suite", SUITES)
def test_installed_in_a_chroot_everything_is_enabled(suite):
    layer = image(suite)[0]
    links = {os.path.relpath(path, layer) for path in glob.glob(layer + "/etc/systemd/system/*.wants/*")}
    for link in ("multi-user.target.wants/ssm-preflight.service", "ssm-preflight.service.wants/ssm-preflight-follow.service",
                 "multi-user.target.wants/ssm-preflight-fixed.path", "multi-user.target.wants/ssm-ready.path"):
        assert "etc/systemd/system/" + link in links
    assert os.path.exists(layer + "/var/lib/systemd/catalog/database")
    assert not os.path.exists(layer + "/run/ssm-preflight")


def test_purged_nothing_is_left():
    layers = image("bookworm")
    script = """set -e
        folder=$(mktemp -d); mount -t tmpfs tmpfs "$folder"; mkdir "$folder/upper" "$folder/work" "$folder/root"
        mount -t overlay overlay -o "lowerdir=$1,upperdir=$folder/upper,workdir=$folder/work" "$folder/root"
        chroot "$folder/root" dpkg --purge ssm-preflight >&2
        cd "$folder/root"; find etc usr/lib/systemd var/lib/systemd -name '*ssm*' ! -name '*amazon-ssm-agent*'"""
    done = subprocess.run(["unshare", "--mount", "--propagation", "private", "bash", "-c", script, "purge", ":".join(layers)],
                          capture_output=True, text=True, check=False, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
