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
import yaml
from test_roots import HERE, PROGRAM
from test_tools import COMPONENT, commands_of, packer_blocks, text_of

TOP = os.path.normpath(os.path.join(HERE, "../.."))
pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not os.environ.get("IMAGE_REAL"), reason="root, and minutes: make check-image-real")

PREAMBLE = r"""set -e
layer=$(mktemp -d); mount -t tmpfs tmpfs "$layer"; mkdir "$layer/upper" "$layer/work" "$layer/root"; root=$layer/root
[ -z "$FITTED" ] || tar -x --xattrs --xattrs-include='*' -f "$FITTED" -C "$layer/upper"
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
[ -n "$FITTED" ] || cp "$AGENT" "$root/agent.deb"
[ -n "$FITTED" ] || printf '#!/bin/sh\ncp /agent.deb ./amazon-ssm-agent.deb\n' >"$root/usr/local/bin/curl"
chmod +x "$root/usr/local/bin/curl"
"""
MAKE_FIT = """run dpkg -i /agent.deb >&2; mend --strict; umount "$root/dev" "$root/proc" "$root"; tar -c --xattrs --xattrs-include='*' -f "$OUT" -C "$layer/upper" ."""


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


@pytest.fixture(scope="module", name="in_root")
def fixture_in_root(agent_deb, tmp_path_factory):
    """in_root(script, suite, fit=True, NAME=VALUE...): what it prints. A root is made fit once: what that changed lies in a tar file."""
    fitted = {}

    def run(script, suite="bookworm", fit=True, **more):
        base = subprocess.run([os.path.join(TOP, "tests/boot/base"), suite, "image"], capture_output=True, text=True, check=False)
        if base.returncode != 0:
            pytest.skip(f"no root file system here: {base.stderr.strip()[-200:]}")
        if fit and suite not in fitted:
            made = str(tmp_path_factory.mktemp("fit") / "upper.tar")
            run(MAKE_FIT, suite, False, OUT=made)
            fitted[suite] = made
        done = subprocess.run(["unshare", "--mount", "--propagation", "private", "bash", "-c", PREAMBLE + script, "root", base.stdout.strip()], capture_output=True, text=True,
                              check=False, cwd=TOP, env={**os.environ, "PROGRAM": PROGRAM, "AGENT": str(agent_deb), "FITTED": fitted[suite] if fit else "", **more})
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
        return done.stdout
    return run


def test_a_root_without_an_agent_is_mended_by_what_the_audit_says(in_root):
    before, after, last = in_root("codes; mend --strict; codes; \"$PROGRAM\" image --root \"$root\" --strict --output short", fit=False).splitlines()
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
    broken, mended = in_root(f"run sh -c {json.dumps(command)} >&2; codes; mend; codes").splitlines()
    assert (broken, mended) == (REAL[command], "")


# What is no fault in a real root: it has a Python.
NO_FAULT_THERE = {
    "program-only-in-the-host",
    "nothing-asks-for-an-address",  # systemd-networkd-wait-online.service binds to systemd-networkd.service, and starts it
}


@pytest.mark.parametrize("suite", os.environ.get("IMAGE_SUITES", "bookworm trixie noble").split())
def test_what_breaks_a_staged_root_breaks_a_real_one(in_root, suite):
    fit, *said = in_root('codes --strict; umount "$root/dev" "$root/proc"; tests/image/on_real "$PROGRAM" "$root"', suite).splitlines()
    assert fit == ""
    said = [json.loads(line) for line in said]
    judged = [each for each in said if "found" in each and each["name"] not in NO_FAULT_THERE]
    assert len(judged) >= 60, said
    assert [each for each in judged if each["expected"] not in each["found"]] == []


# --- the builders' shell, in a root with the packages of this tree ---

def package(kind):
    made = sorted(glob.glob(os.path.join(TOP, "build", f"ssm-preflight[-_]*.{kind}")), key=os.path.getmtime)
    if not made:
        pytest.skip(f"make {kind}")
    return made[-1]


# Runs $1 as a builder's tool does: a script in the image. rpm is this machine's; Debian's root has no database that knows its /bin/sh.
STEP = r"""
step() { printf '%s\n' "$2" >"$root/step"; run "$1" -e /step >&2; }
with_rpm() {
    ldd /usr/bin/rpm | grep -o '/[^ ]*' | while read -r file; do cp -n "$file" "$root/usr/lib/$(uname -m)-linux-gnu/" 2>/dev/null || :; done
    mkdir -p "$root/usr/lib/rpm"; cp -r /usr/lib/rpm/. "$root/usr/lib/rpm/"; cp /usr/bin/rpm "$root/usr/bin/"
    printf '#!/bin/sh\nexec /usr/bin/rpm --nodeps "$@"\n' >"$root/usr/local/bin/rpm"; chmod +x "$root/usr/local/bin/rpm"
}
enabled() { run systemctl is-enabled ssm-preflight.service ssm-preflight-fixed.path | tr '\n' ' '; run ssm-preflight version | head -n 1 | cut -d' ' -f1; }
gated() { "$@" && echo passed; run systemctl mask amazon-ssm-agent >&2; "$@" || echo refused; }
"""
GATED = ["enabled enabled ssm-preflight", "passed", "refused"]


@pytest.mark.parametrize("kind", ["deb", "rpm"])
def test_the_component_builds_and_validates(in_root, kind):
    """EC2 Image Builder's phases build and validate. Its S3Download puts the package where the component says."""
    build = next(phase["steps"] for phase in yaml.safe_load(text_of(COMPONENT))["phases"] if phase["name"] == "build")
    said = in_root(STEP + r"""[ "$KIND" = deb ] || with_rpm
                           cp "$PACKAGE" "$root$TO"; step bash "$BUILD"; enabled; ! ls "$root$TO" 2>/dev/null; gated step bash "$VALIDATE" """,
                   KIND=kind, PACKAGE=package(kind), TO=build[0]["inputs"][0]["destination"], VALIDATE="\n".join(commands_of("validate")),
                   BUILD="\n".join(commands_of("build")).replace("{{ Package }}", f"s3://BUCKET/ssm-preflight.{kind}"))
    assert said.splitlines() == GATED


@pytest.mark.parametrize(("fault", "status"), [("", 0), ("policy-missing", 1), ("agent-masked", 1)])
def test_the_components_test_phase_checks_an_instance(tmp_path, fault, status):
    """Phase test, on an instance of the lab."""
    (tmp_path / "ssm-preflight").write_text(f"#!/bin/sh\nexec {TOP}/tests/lab/lab run {'--fault ' + fault if fault else ''} -- \"$@\"\n")
    os.chmod(tmp_path / "ssm-preflight", 0o755)
    done = subprocess.run(["bash", "-e", "-c", "\n".join(commands_of("test"))], env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}, cwd=TOP, capture_output=True,
                          text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr


def test_packers_provisioners_build_and_gate(in_root):
    """No manager runs in the root, so `systemctl stop` has a stand-in."""
    install, clean, gate = packer_blocks()
    said = in_root(STEP + r"""with_rpm; cp "$PACKAGE" "$root/tmp/ssm-preflight.rpm"; step sh "$INSTALL"; enabled; ls "$root/tmp"
                           printf '#!/bin/sh\n[ "$1" = stop ] || exec /usr/bin/systemctl "$@"\n' >"$root/usr/local/bin/systemctl"; chmod +x "$root/usr/local/bin/systemctl"
                           run ssh-keygen -A >&2; mkdir -p "$root/var/lib/amazon/ssm/ipc/x"; step sh "$CLEAN"; gated step sh "$GATE" """,
                   PACKAGE=package("rpm"), INSTALL=install, CLEAN=clean, GATE=gate)
    assert said.splitlines() == GATED


def test_mkosis_scripts_enable_and_gate(in_root, tmp_path):
    """mkosi copies mkosi.extra into the image, runs one script in it and the other one outside."""
    subprocess.run(["make", "--no-print-directory", "install"], cwd=TOP, env={**os.environ, "DESTDIR": str(tmp_path), "ENABLE": "no", "NO_SETUP": "1"}, check=True,
                   stdout=subprocess.DEVNULL)
    said = in_root(STEP + r"""(cd "$EXTRA" && tar -c .) | run tar -x --keep-directory-symlink; cp packaging/mkosi/mkosi.postinst.chroot "$root/step"; run /step; enabled
                           gate() { BUILDROOT=$root packaging/mkosi/mkosi.finalize >&2; }; gated gate""", EXTRA=str(tmp_path))
    assert said.splitlines() == GATED


@pytest.mark.skipif(not shutil.which("unsquashfs"), reason="squashfs-tools is not installed")
def test_the_system_extension_is_enabled_as_it_is(in_root, tmp_path):
    """systemd-sysext(8) lays the extension's /usr over the host's: nothing is run, so the links must do."""
    parts = ["build/ssm-preflight", f"build/gen/{os.uname().machine}/completions", f"build/deps/{os.uname().machine}"]
    made = subprocess.run(["packaging/sysext/build", *parts], cwd=TOP, env={**os.environ, "OUT": str(tmp_path)}, capture_output=True, text=True, check=True).stdout.strip()
    said = in_root(STEP + r"""unsquashfs -n -f -d "$root" "$RAW" >&2; audit --strict >"$root/audit"
                           python3 -c 'import json, sys; report = json.load(sys.stdin)
print(report["verdict"], *[each["status"] + " " + each["summary"] for each in report["checks"] if each["id"] == "image.preflight"])' <"$root/audit" """, RAW=made)
    assert said.splitlines() == ["fit pass yes"]


def test_the_user_data_tells_the_verdict(in_root):
    """cloud-init itself writes the files of the user data, and runs what they are for: its modules write_files and scripts_per_boot."""
    reports = os.path.join(TOP, "build/situations")
    if not os.path.isdir(reports):
        pytest.skip("make situations")
    said = in_root(STEP + r"""
        cp "$PACKAGE" "$root/preflight.deb"; cp packaging/cloud-init/user-data.yaml "$root/user-data"; run dpkg -i /preflight.deb >&2
        printf 'datasource_list: [ None ]\n' >"$root/etc/cloud/cloud.cfg.d/99-none.cfg"; mkdir -p "$root/run/ssm-preflight"
        module() { unshare --net chroot "$root" cloud-init --force --file /user-data single --name "$1" --frequency always >&2; }
        module write_files; run ssm-preflight list checks >/dev/null
        for situation in healthy endpoint-blocks-443; do
            cp "$REPORTS/$situation.json" "$root/run/ssm-preflight/report.json"
            module scripts_per_boot && echo done || echo error
            run /var/lib/cloud/scripts/per-boot/50-ssm-preflight 2>/dev/null | cut -d' ' -f1 || :
        done""", PACKAGE=package("deb"), REPORTS=reports)
    assert said.split() == ["done", "READY", "error", "NOT"]


@pytest.mark.skipif(not shutil.which("ansible-playbook"), reason="ansible is not installed")
def test_the_role_bakes_and_gates(in_root, tmp_path):
    """By Ansible's own chroot connection: an image that is fit, and one whose agent is masked."""
    play = (f"ansible-playbook -i \"$root,\" -c community.general.chroot packaging/ansible/bake.yml -e ssm_preflight_package={package('deb')} "
            "-e '{\"ssm_preflight_conf\": \"strict = yes\\n\"}' >&2")
    said = in_root(f"{play} && echo baked; cat \"$root/etc/ssm-preflight/preflight.conf.d/50-ansible.conf\"; run systemctl is-enabled ssm-preflight.service;"
                   f"run systemctl mask amazon-ssm-agent; {play} || echo refused", ANSIBLE_ROLES_PATH=os.path.join(TOP, "packaging/ansible/roles"),
                   HOME=str(tmp_path), ANSIBLE_NOCOWS="1")
    assert said.splitlines() == ["baked", "strict = yes", "enabled", "refused"]
