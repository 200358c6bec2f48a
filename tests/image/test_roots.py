# SPDX-License-Identifier: Apache-2.0
"""`ssm-preflight image` of staged roots: three that are fit, and many that are broken in one way each.

For a broken one the finding is the expected one and no other; its fix, pasted into a shell of that root, makes it fit.
"""
import json
import os
import shutil
import subprocess
import xml.etree.ElementTree as ET

import pytest
import amis
from roots import AGENT, BROKEN, ENABLED, GOLDEN, HARMLESS, WITHOUT_FIX, Root

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.environ.get("SSM_PREFLIGHT_BINARY", os.path.normpath(os.path.join(HERE, "../../build/ssm-preflight")))
BUSYBOX = shutil.which("busybox")
MANAGERS = {"deb": ["apt-get", "curl", "dpkg", "update-initramfs"], "snap": ["snap", "apt-get"], "rpm": ["dnf", "dracut", "restorecon"]}
MANAGERS |= {kind: MANAGERS["snap" if "ubuntu" in kind else "deb" if "debian" in kind else "rpm"] for kind in GOLDEN}


def audit(root, *arguments, output="json"):
    done = subprocess.run([PROGRAM, "image", "--root", root.top, "--output", output.removesuffix("-text"), *arguments], capture_output=True, text=True, check=False,
                          timeout=60)
    return done.returncode, json.loads(done.stdout) if output == "json" and done.stdout else done.stdout + done.stderr


@pytest.fixture(name="build")
def fixture_build(tmp_path):
    def build(kind, change=None):
        root = Root(tmp_path / "root")
        os.makedirs(root.top)
        GOLDEN[kind](root)
        if change:
            change(root)
        return root
    return build


def codes(report):
    return [finding["code"] for finding in report["findings"]]


@pytest.mark.parametrize("kind", GOLDEN)
def test_a_fit_root_has_no_finding(build, kind):
    status, report = audit(build(kind), "--strict", "--max-age", "90d", "--region", "eu-central-1")
    assert (status, report["verdict"], codes(report)) == (0, "fit", [])


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_no_fault_is_not_found(build, name):
    status, report = audit(build(*HARMLESS[name]), "--strict")
    assert (status, codes(report)) == (0, []), report["findings"]


def leave_a_deb(root):
    """What `dpkg --remove` leaves: its configuration, its state in dpkg; and a unit that somebody copied."""
    root.write("var/lib/dpkg/status", "Package: amazon-ssm-agent\nStatus: deinstall ok config-files\nVersion: 2.3.0.0-1\n\n")
    root.unit("amazon-ssm-agent.service", "[Service]\nExecStart=/usr/bin/amazon-ssm-agent\n")
    root.write("etc/amazon/ssm/seelog.xml.template")


def leave_a_snap(root):
    """What `snap remove` leaves: the seed, in which snapd looks once, and empty mount points."""
    root.write("var/lib/snapd/state.json", "{}")
    root.write("var/lib/snapd/seed/snaps/amazon-ssm-agent_7993.snap", "x")
    root.link("snap/amazon-ssm-agent/current/x", "7993")


@pytest.mark.parametrize(("kind", "leave"), [("ubuntu", leave_a_deb), ("ubuntu-booted", leave_a_deb), ("debian", leave_a_snap), ("rpm", leave_a_snap)])
def test_leftovers_of_the_other_package_do_not_count(build, kind, leave):
    root = build(kind, leave)
    assert audit(root, "--strict")[0] == 0
    assert check_of_agent(root) == "pass"


def check_of_agent(root):
    if os.geteuid() != 0:
        pytest.skip("unshare needs root")
    done = subprocess.run(["unshare", "-n", PROGRAM, "check", "--root", root.top, "--output", "json", "--deadline", "1s"], capture_output=True, text=True, check=False)
    return next(each["status"] for each in json.loads(done.stdout)["checks"] if each["id"] == "agent.installed")


def paste(root, kind, commands):
    """The lines in a shell of the root, as a Packer provisioner runs them."""
    tools = root.path(".tools")
    os.makedirs(tools)
    shutil.copy(BUSYBOX, tools)
    for applet in set(subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True).stdout.split()) - {"busybox"}:
        os.symlink("busybox", os.path.join(tools, applet))

    def stand_in(of, name):
        path = os.path.join(tools, name)
        if os.path.islink(path):
            os.unlink(path)
        shutil.copy(os.path.join(HERE, "standins", of), path)
    stand_in("systemctl", "systemctl")
    shutil.copy(PROGRAM, os.path.join(tools, "ssm-preflight"))
    for name in MANAGERS[kind]:
        stand_in("package-manager", name)
    GOLDEN[kind](Root(os.path.join(tools, "golden")))
    done = subprocess.run([shutil.which("chroot"), root.top, "/.tools/busybox", "sh", "-e", "-c", "\n".join(commands)], capture_output=True, text=True, check=False,
                          env={"PATH": "/.tools"}, stdin=subprocess.DEVNULL)
    shutil.rmtree(tools)
    assert done.returncode == 0, (commands, done.stderr)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_root_has_its_finding_and_no_other_and_the_fix_makes_it_fit(build, name):
    """The fix is pasted into a shell of the root, which needs root and busybox."""
    kind, change, code, severity, arguments = BROKEN[name]
    root = build(kind, change)
    status, report = audit(root, *arguments)
    assert [(each["code"], each["severity"]) for each in report["findings"]] == [(code, severity)], report["findings"]
    assert status == (1 if severity == "fatal" else 0)
    finding = report["findings"][0]
    assert finding["evidence"] and finding["remedy"]["text"]
    if name in WITHOUT_FIX:
        return
    if os.geteuid() != 0 or not BUSYBOX:
        pytest.skip("chroot needs root and busybox: the finding is right, its fix was not tried")
    paste(root, kind, finding["remedy"]["commands"])
    status, report = audit(root, "--strict", *arguments)
    assert (status, report["findings"]) == (0, [])


@pytest.mark.parametrize("name", [name for name in BROKEN if BROKEN[name][3] == "note"])
def test_a_note_does_not_count(build, name):
    kind, change, *_ = BROKEN[name]
    assert audit(build(kind, change), "--strict")[0] == 0


@pytest.mark.skipif(os.geteuid() != 0 or not BUSYBOX, reason="chroot needs root and busybox")
def test_a_resolver_that_nothing_may_write(build):
    """chattr +i: the DHCP client, which would write the file anew, cannot."""
    root = build("debian", lambda r: (r.unit("networking.service"), r.program("usr/sbin/dhclient"), r.write("etc/resolv.conf", "nameserver 192.168.1.1\n")))
    path = root.path("etc/resolv.conf")

    def severities():
        return [(each["code"], each["severity"]) for each in audit(root)[1]["findings"]]
    assert severities() == []
    if subprocess.run(["chattr", "+i", path], capture_output=True, check=False).returncode != 0:
        pytest.skip("this file system has no such flag")
    try:
        assert severities() == [("image-resolver-baked", "fatal")]
        chattr, *rest = audit(root)[1]["findings"][0]["remedy"]["commands"]
        assert "chattr -i /etc/resolv.conf" in chattr
        subprocess.run(["chattr", "-i", path], check=True)  # busybox has none
        paste(root, "debian", rest)
        assert severities() == []
    finally:
        if not os.path.islink(path):
            subprocess.run(["chattr", "-i", path], check=False)


def test_every_finding_is_staged():
    listed = subprocess.run([PROGRAM, "list", "findings"], capture_output=True, text=True, check=True).stdout
    staged = {broken[2] for broken in BROKEN.values()}
    assert {line.split()[0] for line in listed.splitlines() if line.startswith("image-")} <= staged
    assert len(BROKEN) >= 60 and set(amis.GOLDEN) == set(GOLDEN)


def test_a_snap_may_be_in_a_var_that_is_not_mounted(build):
    root = build("ubuntu", lambda r: (shutil.rmtree(r.path("var")), os.makedirs(r.path("var"))))
    status, report = audit(root)
    assert (status, report["findings"]) == (3, []) and "/var/lib/snapd" in report["summary"]


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="capabilities are root's to give away")
def test_who_may_not_read_everything_is_told(build):
    """Not root: what cannot be read would pass as not there."""
    root = build("debian", BROKEN["root-credentials"][1])
    os.chmod(root.path("root"), 0)
    done = subprocess.run(["setpriv", "--bounding-set", "-dac_override,-dac_read_search", PROGRAM, "image", "--root", root.top, "--output", "json"], capture_output=True, text=True,
                          check=False)
    report = json.loads(done.stdout)
    assert (done.returncode, report["verdict"], report["findings"]) == (3, "unknown", []) and "be root" in report["summary"]


def label(root, *names):
    root.write("etc/selinux/config", "SELINUX=enforcing\n")
    for name in names:
        os.setxattr(root.path(name), "security.selinux", b"system_u:object_r:bin_t:s0\0")


@pytest.mark.skipif(os.geteuid() != 0, reason="labels need root")
@pytest.mark.parametrize(("labelled", "status", "found"), [
    ((), "unknown", []), (("usr/lib/systemd/systemd",), "warn", ["image-access-control"]), (("usr/lib/systemd/systemd", "usr/sbin/amazon-ssm-agent"), "pass", [])])
def test_a_program_without_a_label(build, labelled, status, found):
    """SELinux enforces: systemd has a label and the agent has none, as after a copy. Where none has one, labels are not seen here."""
    try:
        root = build("rpm", lambda r: label(r, *labelled))
    except OSError:
        pytest.skip("this file system keeps no labels")
    report = audit(root)[1]
    assert ([each["status"] for each in report["checks"] if each["id"] == "image.access-control"], codes(report)) == ([status], found)
    if not found:
        return
    assert any(command.startswith("restorecon ") for command in report["findings"][0]["remedy"]["commands"])
    paste(root, "rpm", report["findings"][0]["remedy"]["commands"])  # here restorecon fails: the first boot labels anew
    assert codes(audit(root)[1]) == []


def test_fapolicyd_trusts_what_rpm_knows(build):
    check = next(each for each in audit(build(*HARMLESS["fapolicyd-and-rpm"]))[1]["checks"] if each["id"] == "image.access-control")
    assert check["status"] == "unknown" and "rpm" in check["summary"]


def test_an_empty_var_is_said(build):
    """A file system or subvolume of its own that was not mounted."""
    root = build("rpm")
    shutil.rmtree(root.path("var"))
    os.makedirs(root.path("var"))
    check = next(each for each in audit(root)[1]["checks"] if each["id"] == "image.agent-state")
    assert check["status"] == "unknown" and "not mounted" in check["summary"]


@pytest.mark.parametrize("name", ["firewall-that-jumps", "firewall-with-policies", "nft-of-named-sets", "nft-of-variables", "nft-by-a-map", "firewall-for-the-vpc"])
def test_what_a_jump_or_a_policy_decides_is_not_judged(build, name):
    assert next(each["status"] for each in audit(build(*HARMLESS[name]))[1]["checks"] if each["id"] == "image.firewall") == "unknown"


@pytest.mark.skipif(os.geteuid() != 0, reason="unshare needs root")
@pytest.mark.parametrize(("kind", "change", "passes"), [("ubuntu", None, True), ("ubuntu-booted", None, True), ("rpm", None, True), ("debian", None, True),
                                                        ("ubuntu", BROKEN["no-snap"][1], False), ("ubuntu-booted", BROKEN["snap-removed-and-left-in-the-seed"][1], False)])
def test_check_finds_the_same_agent(build, kind, change, passes):
    """One reader for both: SUSE's /usr/sbin, the snap in snapd's own folders, and no leftovers."""
    assert (check_of_agent(build(kind, change)) == "pass") == passes


# --- options and formats ---

def test_strict_and_allow(build):
    root = build("debian", BROKEN["machine-id"][1])
    assert audit(root)[0] == 0
    assert audit(root, "--strict")[0] == 1
    assert audit(root, "--strict", "--allow", "image-identity-baked")[0] == 0
    root = build_over(root, "masked")
    status, report = audit(root, "--allow", "agent-masked")
    assert (status, report["findings"][0]["allowed"]) == (0, True)


def build_over(root, name):
    BROKEN[name][1](root)
    return root


@pytest.mark.parametrize("arguments", [("--allow", "no-such-code"), ("--allow", "agent masked"), ("--max-age", "soon"), ("--output", "console"), ("--no-such",)])
def test_wrong_usage(build, arguments):
    root = build("debian")
    done = subprocess.run([PROGRAM, "image", "--root", root.top, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stderr and not done.stdout


def test_options_of_the_audit_are_for_the_audit():
    done = subprocess.run(["unshare", "-n", PROGRAM, "check", "--max-age", "3"], capture_output=True, text=True, check=False)
    assert done.returncode == 2


def test_the_image_does_not_steer_its_audit(build):
    root = build("debian", lambda r: (BROKEN["masked"][1](r), r.write("etc/ssm-preflight/preflight.conf", "output = short\nquiet = yes\n")))
    status, report = audit(root)
    assert (status, codes(report)) == (1, ["agent-masked"])


@pytest.mark.parametrize(("change", "words"), [
    (lambda r: (r.remove("usr/lib/systemd/systemd", "usr/sbin/init"), r.program("usr/sbin/init")), "has no systemd"),
    (lambda r: (r.write("usr/bin/busybox", b"\x7fELF" + bytes(96), 0o755), r.link("usr/sbin/init", "/usr/bin/busybox")), "another /sbin/init"),
    (lambda r: [r.write(f"{ENABLED}/{AGENT}.d/{i:03}.conf") for i in range(70)], "could not be read"),
    (lambda r: r.drop_in("User=nobody\n" + "# x\n" * 80000), "could not be read"),
    (lambda r: (shutil.rmtree(r.path("usr")), shutil.rmtree(r.path("etc"))), "no Linux root"),
    (lambda r: r.write(".bottlerocket"), "Bottlerocket")])
def test_what_cannot_be_judged(build, change, words):
    root = build("debian", change)
    status, report = audit(root)
    assert (status, report["verdict"]) == (3, "unknown") and words in report["summary"]
    assert audit(Root(root.path("none")))[0] == 3
    suites = ET.fromstring(audit(root, output="junit")[1])
    assert suites.get("errors") == "31" and suites.get("failures") == "0"


def test_junit_fails_where_the_image_is_unfit(build):
    root = build("rpm", lambda r: (BROKEN["masked"][1](r), BROKEN["host-keys"][1](r)))
    suites = ET.fromstring(audit(root, output="junit")[1])
    assert (suites.get("tests"), suites.get("failures"), suites.get("errors")) == ("31", "1", "0")
    failed = {case.get("name"): case.find("failure").get("type") for case in suites.iter("testcase") if case.find("failure") is not None}
    assert failed == {"image.agent-starts": "agent-masked"}
    strict = ET.fromstring(audit(root, "--strict", output="junit")[1])
    assert strict.get("failures") == "2"


@pytest.mark.parametrize("name", [None, "no-agent", "no-snap", "masked", "machine-id", "config-other-region", "apt-pin", "too-old-for-ec2messages"])
@pytest.mark.parametrize("strict", [(), ("--strict",)])
def test_junit_says_of_each_check_what_json_says(build, name, strict):
    """Failed: a finding that counts. Skipped: what no file tells, or what there is no agent for. Passed: the rest."""
    kind, change, *_ = BROKEN[name] if name else ("ubuntu", None)
    root = build(kind, lambda r: (change and change(r), shutil.rmtree(r.path("boot")), shutil.rmtree(r.path("usr/lib/modules"))))
    report = audit(root, *strict)[1]
    counts = {each["check"] for each in report["findings"] if each["severity"] == "fatal" or (strict and each["severity"] == "warning")}
    found = {each["check"] for each in report["findings"]}
    cases = {case.get("name"): case for case in ET.fromstring(audit(root, *strict, output="junit")[1]).iter("testcase")}
    assert set(cases) == {each["id"] for each in report["checks"]} and len(cases) == 31
    for check in report["checks"]:
        case, skipped = cases[check["id"]], check["status"] in ("skip", "unknown") and check["id"] not in found
        assert (case.find("failure") is not None) == (check["id"] in counts), check
        assert (case.find("skipped") is not None) == skipped, check
        assert (case.find("system-out") is not None) == (not skipped and check["id"] not in counts), check
        if skipped:
            said = case.find("skipped").get("message")
            assert said == ("not to be judged offline: " if check["status"] == "unknown" else "") + check["summary"]
    always = {"image.console", "image.drivers"} | ({"image.agent-version"} if name is None else set())
    assert always <= {check["id"] for check in report["checks"] if check["status"] == "unknown"}


@pytest.mark.parametrize(("arguments", "status", "verdict"), [
    ((), 0, "fit"), (("--strict",), 1, "unfit"), (("--region", "eu-central-1"), 1, "unfit"), (("--region", "us-west-2"), 0, "fit"),
    (("--region", "us-west-2", "--strict"), 1, "unfit"), (("--region", "eu-central-1", "--allow", "agent-config-invalid"), 0, "fit"),
    (("--region", "eu-central-1", "--allow", "agent-config-invalid", "--strict"), 1, "unfit"),
    (("--region", "eu-central-1", "--allow", "agent-config-invalid", "--allow", "image-identity-baked", "--strict"), 0, "fit"),
    (("--region", "eu-central-1", "--allow", "image-identity-baked", "--strict"), 1, "unfit"), (("--allow", "image-identity-baked", "--strict"), 0, "fit")])
def test_strict_allow_and_region_together(build, arguments, status, verdict):
    """A configuration for us-west-2, and a machine-id: the first is fatal elsewhere, the second a warning."""
    root = build("debian", lambda r: (BROKEN["config-other-region"][1](r), BROKEN["machine-id"][1](r)))
    done, report = audit(root, *arguments)
    assert (done, report["verdict"]) == (status, verdict)
    allowed = arguments[arguments.index("--allow") + 1:] if "--allow" in arguments else ()
    assert all(each["allowed"] == any(each["code"] in word for word in allowed) for each in report["findings"])


def test_json_is_by_its_schema(build):
    jsonschema = pytest.importorskip("jsonschema")
    with open(os.path.join(HERE, "../../docs/image.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    for change in (None, BROKEN["masked"][1], BROKEN["root-credentials"][1]):
        root = build("debian", change)
        jsonschema.validate(audit(root)[1], schema)
        shutil.rmtree(root.top)


def test_short_and_terminal(build):
    root = build("debian", lambda r: (BROKEN["masked-by-an-empty-file"][1](r), BROKEN["machine-id"][1](r)))
    assert audit(root, output="short") == (1, f"UNFIT {root.top}: agent-masked, image-identity-baked (warning)\n")
    status, text = audit(root, output="terminal")
    assert status == 1 and "\nUNFIT  " in text[-300:] and "    systemctl unmask amazon-ssm-agent" in text
    assert text.index("image-identity-baked") < text.index("agent-masked  image.")


def test_the_last_screen_has_every_fatal_finding_with_its_fix(build):
    root = build("debian", lambda r: [BROKEN[name][1](r) for name in ("disabled", "boots-to-rescue", "fstab-second-disk", "hosts-pinned")])
    fatal = [each for each in audit(root)[1]["findings"] if each["severity"] == "fatal"]
    last = " ".join(" ".join(audit(root, output="terminal")[1].splitlines()[-24:]).split())
    assert len(fatal) >= 3 and "UNFIT" in last
    assert [each["code"] for each in fatal if f"{each['code']}: {each['remedy']['text']}" not in last] == []
    assert audit(root, "--quiet", output="terminal") == (1, "")


def test_a_password_of_a_proxy_is_not_told(build):
    root = build("rpm", BROKEN["proxy-with-exemption"][1])
    for output in ("terminal", "json", "junit"):
        assert "secret" not in str(audit(root, output=output)[1])
