# SPDX-License-Identifier: Apache-2.0
"""The audit of a real root file system: Debian, by tests/boot/base, with real packages, dpkg, systemctl and cloud-init.

An SSM agent's package is made here: real to dpkg and systemd, and its programs do nothing. A test is one script, run as root in a mount
namespace of its own over that root; it says `run COMMAND...` (in the root) and `audit OPTIONS...`.
"""
import glob
import json
import os
import shutil
import subprocess

import pytest
from test_roots import HERE, PROGRAM

TOP = os.path.normpath(os.path.join(HERE, "../.."))
pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not os.environ.get("IMAGE_REAL"), reason="root, and minutes: make check-image-real")

PREAMBLE = r"""set -e
layer=$(mktemp -d); mount -t tmpfs tmpfs "$layer"; mkdir "$layer/upper" "$layer/work" "$layer/root"; root=$layer/root
mount -t overlay overlay -o "lowerdir=$1,upperdir=$layer/upper,workdir=$layer/work" "$root"
mount -t proc proc "$root/proc"; mount --bind /dev "$root/dev"
run() { env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"; }
audit() { "$PROGRAM" image --root "$root" --output json "$@" || :; }
codes() { audit "$@" | python3 -c 'import json, sys; print(*[each["code"] for each in json.load(sys.stdin)["findings"]])'; }
# The lines of all fixes, in the root's own shell, as Packer's provisioner runs them.
mend() {
    audit "$@" | python3 -c 'import json, sys; print(*[line for each in json.load(sys.stdin)["findings"] for line in each["remedy"]["commands"]], sep="\n")' >"$root/mend"
    run sh -e /mend >&2; rm "$root/mend"
}
cp "$AGENT" "$root/agent.deb"
printf '#!/bin/sh\ncp /agent.deb ./amazon-ssm-agent.deb\n' >"$root/usr/local/bin/curl"; chmod +x "$root/usr/local/bin/curl"
"""
FIT = PREAMBLE + "run dpkg -i /agent.deb >&2; mend --strict; "


@pytest.fixture(scope="module", name="agent_deb")
def fixture_agent_deb(tmp_path_factory):
    """A package of the agent's name, files and unit."""
    tree = tmp_path_factory.mktemp("agent")
    for folder in ("DEBIAN", "usr/bin", "lib/systemd/system", "etc/amazon/ssm"):
        os.makedirs(tree / folder)
    for name in ("amazon-ssm-agent", "ssm-agent-worker", "ssm-document-worker", "ssm-session-worker", "ssm-cli"):
        shutil.copy("/bin/true", tree / "usr/bin" / name)
    (tree / "lib/systemd/system/amazon-ssm-agent.service").write_text("[Service]\nExecStart=/usr/bin/amazon-ssm-agent\n[Install]\nWantedBy=multi-user.target\n")
    architecture = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout
    (tree / "DEBIAN/control").write_text(f"Package: amazon-ssm-agent\nVersion: 3.3.1142.0-1\nArchitecture: {architecture}Maintainer: x <x@x.invalid>\nDescription: a stand-in\n")
    (tree / "DEBIAN/postinst").write_text("#!/bin/sh\nset -e\nsystemctl enable amazon-ssm-agent\n")
    os.chmod(tree / "DEBIAN/postinst", 0o755)
    made = tree.parent / "amazon-ssm-agent.deb"
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", str(tree), str(made)], check=True, stdout=subprocess.DEVNULL)
    return made


@pytest.fixture(name="in_root")
def fixture_in_root(agent_deb):
    def run(script, suite="bookworm", **more):
        base = subprocess.run([os.path.join(TOP, "tests/boot/base"), suite, "image"], capture_output=True, text=True, check=False)
        if base.returncode != 0:
            pytest.skip(f"no root file system here: {base.stderr.strip()[-200:]}")
        done = subprocess.run(["unshare", "--mount", "--propagation", "private", "bash", "-c", script, "root", base.stdout.strip()], capture_output=True, text=True, check=False,
                              cwd=TOP, env={**os.environ, "PROGRAM": PROGRAM, "AGENT": str(agent_deb), **more})
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
        return done.stdout
    return run


def test_a_root_without_an_agent_is_mended_by_what_the_audit_says(in_root):
    before, after, last = in_root(PREAMBLE + "codes; mend --strict; codes; \"$PROGRAM\" image --root \"$root\" --strict --output short").splitlines()
    assert {"agent-missing", "image-network-missing"} <= set(before.split())
    assert after == "" and last.startswith("FIT ")


REAL = {
    "systemctl mask amazon-ssm-agent": "agent-masked",
    "systemctl disable amazon-ssm-agent": "agent-disabled",
    "systemctl set-default rescue.target": "image-default-target",
    "systemctl disable systemd-networkd": "image-network-missing",
    "systemctl mask chrony": "time-sync-missing",
    "dpkg --unpack /agent.deb": "agent-half-installed",
    "rm /usr/bin/ssm-agent-worker": "agent-half-installed",
    "dpkg --purge amazon-ssm-agent": "agent-missing",
    "ssh-keygen -A": "image-identity-baked",
    "systemd-machine-id-setup": "image-identity-baked",
    "mkdir -p /etc/systemd/system/amazon-ssm-agent.service.d; printf '[Service]\\nUser=nobody\\n' >/etc/systemd/system/amazon-ssm-agent.service.d/x.conf": "image-unit-overridden",
    "touch /etc/cloud/cloud-init.disabled": "image-cloud-init",
    "useradd -s /usr/sbin/nologin ssm-user": "image-sessions",
    "systemctl enable nftables; printf 'table inet f { chain o {\\n type filter hook output priority 0; policy drop;\\n oif lo accept\\n}\\n}\\n' >/etc/nftables.conf":
        "image-egress-dropped",
}


@pytest.mark.parametrize("command", REAL)
def test_real_tools_break_it_and_mend_it(in_root, command):
    broken, mended = in_root(FIT + f"run sh -c {json.dumps(command)} >&2; codes; mend; codes").splitlines()
    assert (broken, mended) == (REAL[command], "")


# What is no fault in a real root: it has a Python, and the fix that made it fit has put Amazon's time source into conf.d.
NO_FAULT_THERE = {"program-only-in-the-host", "time-of-the-internet"}


@pytest.mark.parametrize("suite", os.environ.get("IMAGE_SUITES", "bookworm trixie noble").split())
def test_what_breaks_a_staged_root_breaks_a_real_one(in_root, suite):
    fit, *said = in_root(FIT + 'codes --strict; umount "$root/dev" "$root/proc"; tests/image/on_real "$PROGRAM" "$root"', suite).splitlines()
    assert fit == ""
    said = [json.loads(line) for line in said]
    judged = [each for each in said if "found" in each and each["name"] not in NO_FAULT_THERE]
    assert len(judged) >= 50, said
    assert [each for each in judged if each["expected"] not in each["found"]] == []


@pytest.mark.skipif(not shutil.which("ansible-playbook"), reason="ansible is not installed")
def test_the_role_bakes_and_gates(in_root, tmp_path):
    """By Ansible's own chroot connection: an image that is fit, and one whose agent is masked."""
    packages = sorted(glob.glob(os.path.join(TOP, "build", "ssm-preflight_*.deb")), key=os.path.getmtime)
    if not packages:
        pytest.skip("make deb")
    play = (f"ansible-playbook -i \"$root,\" -c community.general.chroot packaging/ansible/bake.yml -e ssm_preflight_package={packages[-1]} "
            "-e '{\"ssm_preflight_conf\": \"strict = yes\\n\"}' >&2")
    said = in_root(FIT + f"{play} && echo baked; cat \"$root/etc/ssm-preflight/preflight.conf.d/50-ansible.conf\"; run systemctl is-enabled ssm-preflight.service;"
                   f"run systemctl mask amazon-ssm-agent; {play} || echo refused", ANSIBLE_ROLES_PATH=os.path.join(TOP, "packaging/ansible/roles"),
                   HOME=str(tmp_path), ANSIBLE_NOCOWS="1")
    assert said.splitlines() == ["baked", "strict = yes", "enabled", "refused"]
