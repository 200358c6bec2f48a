# SPDX-License-Identifier: Apache-2.0
"""Packages of this commit and of an older one, and root file systems to install them in.

A root is a layer over a base system that tests/boot/base made, gone when the test ends. A test is one script, run as root in mount
namespaces of its own: it says `$root` and `run COMMAND...` (in the root), and prints what the test looks at.
"""
import glob
import os
import platform
import shutil
import subprocess

import pytest

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ARCH = platform.machine()
PARTS = [f"build/{name}" for name in ("ssm-preflight", f"gen/{ARCH}/completions", f"deps/{ARCH}")]
UNITS = ("ssm-preflight.service", "ssm-preflight-follow.service", "ssm-preflight-fixed.path", "ssm-ready.path")
# Licences of everything that is in the binary.
OWED = ["RELINKING", "amazon-roots", "c-ares", "cjson", "curl", "glibc", "inih", "libgcc", "openssl", "ssm-preflight", "systemd", "zlib"]
OLD_VERSION = "0.2.0~git20200101000000.000000000000"
PREAMBLE = """set -e
layer=$(mktemp -d); mount -t tmpfs tmpfs "$layer"; mkdir "$layer/upper" "$layer/work" "$layer/root"; root=$layer/root
mount -t overlay overlay -o "lowerdir=$1,upperdir=$layer/upper,workdir=$layer/work" "$root"
mount -t proc proc "$root/proc"
run() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"; }
# What of ours is enabled, and what is masked.
links() { (cd "$root/etc/systemd/system" && find . -path '*ssm-*' ! -name '*amazon*' -type l -printf '%P %l\\n' | sort); }
ours() { (cd "$root" && find etc usr var opt '(' -path '*ssm-*' -o -path '*ssmpreflight*' ')' ! -path 'var/lib/rpm/*' | sort); }
"""


def make(*kinds, version=None, out=None, parts=None, environment=None):
    """Packages of these kinds (deb, rpm, tarball), built from what `make static` made; their paths."""
    settings = {**os.environ, **(environment or {})}
    if version:
        settings["PACKAGE_VERSION"] = version
    settings["OUT"] = str(out)
    made = []
    for kind in kinds:
        before = set(glob.glob(f"{out}/*"))
        subprocess.run([f"packaging/{kind}/build", *(parts or PARTS)], cwd=REPOSITORY, env=settings, check=True, stdout=subprocess.DEVNULL)
        made += set(glob.glob(f"{out}/*")) - before
    return made


@pytest.fixture(scope="session")
def packages(tmp_path_factory):
    """{"deb": (old, new), "rpm": (old, new), "tarball": new}"""
    if not os.access(os.path.join(REPOSITORY, "build", "ssm-preflight"), os.X_OK):
        pytest.skip("build/ssm-preflight is not built")
    old, new = tmp_path_factory.mktemp("old"), tmp_path_factory.mktemp("new")
    kinds = ("deb", "rpm") if shutil.which("rpmbuild") else ("deb",)
    earlier, later = make(*kinds, version=OLD_VERSION, out=old), make(*kinds, out=new)
    return {**{kind: pair for kind, pair in zip(kinds, zip(earlier, later))}, "tarball": make("tarball", out=new)[0]}


@pytest.fixture
def in_root():
    """in_root(suite, script, *arguments): what the script printed, where `$2` and so on are the arguments."""
    if os.geteuid() != 0:
        pytest.skip("needs root")

    def run(suite, script, *arguments):
        base = subprocess.run([os.path.join(REPOSITORY, "tests/boot/base"), suite], capture_output=True, text=True, check=False)
        if base.returncode != 0:
            pytest.skip(f"no base system of {suite} here: {base.stderr.strip()[-200:]}")
        done = subprocess.run(["unshare", "--mount", "--propagation", "private", "bash", "-c", PREAMBLE + script, "root", base.stdout.strip(), *arguments],
                              capture_output=True, text=True, check=False, cwd=REPOSITORY)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
        return done
    return run


def sections(text):
    """The lines below each "== name" of what a script printed."""
    found, lines = {}, []
    for line in text.splitlines():
        if line.startswith("== "):
            lines = found.setdefault(line[3:], [])
        else:
            lines.append(line)
    return found


def enabled(links):
    return sorted(os.path.basename(line.split()[0]) for line in links)
