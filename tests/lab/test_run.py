# SPDX-License-Identifier: Apache-2.0
"""The program in the lab: what it promises whatever the network is like."""

import json
import os
import pty
import re
import signal
import subprocess
import time

import pytest
from on_instance import schema_problems

from vpc import Lab, world as w
from vpc.credentials import SECRETS
from vpc.operations import SIDE_EFFECTS

pytestmark = pytest.mark.usefixtures("binary")

JSON = ["check", "--output", "json"]
NOTIFY = {"NOTIFY_SOCKET": "/run/systemd/notify"}
ANSI = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


def report(lab, *arguments, **options):
    done = lab.run([*JSON, *arguments], **options)
    assert done.stdout, done.stderr
    return json.loads(done.stdout), done


def codes(found, severity=None):
    return [finding["code"] for finding in found["findings"] if severity in (None, finding["severity"])]


# --- healthy


def test_healthy_is_ready_and_has_nothing_to_say(healthy):
    found, done = report(healthy)
    assert (found["verdict"], done.returncode, done.stderr) == ("ready", 0, "")
    assert [finding for finding in found["findings"] if finding["severity"] != "note"] == []
    assert {check["status"] for check in found["checks"] if check["required"]} == {"pass"}
    assert found["instance"]["id"] == w.INSTANCE_ID and found["instance"]["vpc"] == w.VPC_ID
    assert (
        found["instance"]["security_groups"] == [w.SECURITY_GROUP_ID]
        and found["instance"]["subnet_cidr"] == w.SUBNET_CIDR
    )


@pytest.mark.parametrize(
    "settings",
    [
        {"tls": "1.2"},
        {"tls": "1.3"},
        {"zones": "a"},
        {"zones": "b"},
        {"resolver": "stub"},
        {"agent": "3.3.40.0"},
        {"region": "cn-north-1"},
        {"region": "us-gov-west-1"},
        {"region": "eu-central-1"},
        {"policy": "AmazonEC2RoleforSSM+AmazonSSMManagedInstanceCore"},
    ],
    ids=lambda settings: "-".join(f"{key}={value}" for key, value in settings.items()),
)
def test_other_healthy_vpcs_are_ready(settings):
    with Lab(settings=settings) as lab:
        found, done = report(lab)
        assert (found["verdict"], done.returncode) == ("ready", 0), found["summary"]
        assert [finding for finding in found["findings"] if finding["severity"] != "note"] == []


def test_optional_services_are_checked_when_asked_for(healthy):
    found, _ = report(healthy, "--optional", "kms,logs")
    looked_at = {
        check["id"].partition(".")[0]: check["status"] for check in found["checks"] if check["id"].endswith(".tls")
    }
    assert looked_at["kms"] == looked_at["logs"] == "pass" and found["verdict"] == "ready"


CLOSED = """
import os, subprocess, sys
def close():
    for fd in range(3):
        os.close(fd)
running = subprocess.Popen(sys.argv[1:], preexec_fn=close)
files = f"/proc/{running.pid}/fd"
while len(os.listdir(files)) < 6 and running.poll() is None:
    pass
print(*[os.readlink(f"{files}/{fd}") for fd in range(3)], running.wait())
"""


def test_closed_standard_files_become_no_sockets():
    """A report that nobody can read is a fault, and goes nowhere else."""
    with Lab(["imds-silent"]) as lab:
        done = lab.run(["-c", CLOSED, lab.binary, "wait", "--deadline", "500ms"], program="/usr/bin/python3")
    assert done.stdout.split() == ["/dev/null"] * 3 + ["4"], done.stdout + done.stderr


def test_imds_over_ipv6_when_told_so():
    with Lab(["imds-ipv6-only"]) as lab:
        found, done = report(lab, "--imds-endpoint", f"http://[{w.IMDS6}]")
        assert done.returncode == 0, found["summary"]


def test_an_agent_that_is_connected_is_no_finding():
    code = "import socket; s = socket.create_connection(('10.0.1.22', 443)); print('connected', flush=True); input()"
    with Lab(["agent-not-connected"]) as lab:
        agent = lab.start(["-c", code], program="/usr/bin/python3", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert agent.until("connected")
        assert "agent-not-connected" not in codes(report(lab)[0])
        agent.wait(10, "\n")
        assert "agent-not-connected" in codes(report(lab)[0])


# --- reports


def test_a_report_is_valid(healthy):
    """Those of all faults: test_faults.py."""
    assert schema_problems(report(healthy)[0]) == []


def test_a_saved_report_is_diagnosed_again():
    with Lab(["policy-missing"]) as lab:
        found, _ = report(lab, "--save", "/run/saved.json")
        again = lab.run(["show", "/run/saved.json", "--output", "json"])
        assert again.returncode == 1 and codes(json.loads(again.stdout)) == codes(found)
        assert lab.run(["-c", "%a", "/run/saved.json"], program="stat").stdout == "644\n"


# --- secrets


@pytest.mark.parametrize(
    "faults",
    [
        [],
        ["credentials-rejected"],
        ["signature-rejected"],
        ["imds-credentials-malformed"],
        ["clock-wrong"],
        ["policy-missing"],
        ["proxy-answer"],
        ["dhmc"],
    ],
    ids=lambda faults: "+".join(faults) or "healthy",
)
def test_no_secret_in_any_output(faults):
    with Lab(faults) as lab:
        outputs = []
        for form in ("terminal", "short", "json"):
            done = lab.run(["check", "--output", form, "--verbose", "--save", "/run/saved.json"])
            outputs += [done.stdout, done.stderr, lab.run(["/run/saved.json"], program="cat").stdout]
        done = lab.run(["wait", "--deadline", "1s", "--verbose"], environment=NOTIFY)
        outputs += [done.stdout, done.stderr, lab.console(), "\n".join(lab.notifications()), json.dumps(lab.journal())]
        outputs += [lab.run(["-r", ".", "/run", "/etc/ssm-preflight", "--exclude-dir=lab"], program="grep").stdout]
        assert lab.stats()["imds"], "nothing was asked, so nothing could leak"
        lab.assert_no_secret(*outputs)


# Starts the program, waits for the words of its first round, and looks for each text of a list in all of its memory.
IN_MEMORY = r"""
import json, re, signal, subprocess, sys
running = subprocess.Popen(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
assert "round 1" in running.stderr.readline()
running.send_signal(signal.SIGSTOP)  # on a busy machine the next round would begin
memory = b""
with open(f"/proc/{running.pid}/maps") as maps, open(f"/proc/{running.pid}/mem", "rb", 0) as bytes_of:
    for begin, end in re.findall(r"^(\w+)-(\w+) r(?!.*\[v)", maps.read(), re.M):
        bytes_of.seek(int(begin, 16))
        memory += bytes_of.read(int(end, 16) - int(begin, 16))
locked = re.search(r"VmLck:\s*(\d+)", open(f"/proc/{running.pid}/status").read())[1]
print(json.dumps([[text for text in json.loads(sys.argv[1]) if text.encode() in memory], int(locked)]))
running.send_signal(signal.SIGCONT)
running.terminate()
running.communicate()
"""


@pytest.mark.parametrize(
    "faults",
    ["policy-missing", "dhmc policy-missing", "credentials-rejected", "proxy-login:shown", *(f"proxy-login:{way} policy-missing" for way in ("file", "env"))],
)
def test_between_rounds_memory_holds_no_secret(faults):
    with Lab(faults.split()) as lab:
        # memory that was freed loses its beginning to the allocator
        pieces = [text[at : at + 14] for text in SECRETS for at in range(0, min(len(text), 60) - 13, 2)]
        wait = [lab.binary, "wait", "--deadline", "30s", "--output", "short"]
        done = lab.run(["-c", IN_MEMORY, json.dumps([w.INSTANCE_ID, *pieces]), *wait], program="/usr/bin/python3")
        found, locked_kb = json.loads(done.stdout)
        assert found == [w.INSTANCE_ID], "what is no secret is there, so it was looked for"
        assert locked_kb > 0
        assert lab.stats()["signed"]


def test_secrets_are_not_in_the_command_line_or_environment():
    """What any user of the machine can read in /proc while it runs."""
    with Lab(["service-hang"]) as lab:
        running = lab.start(JSON, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert lab.until("service", 1)
        seen = lab.run(
            ["-c", "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'"], program="sh"
        ).stdout
        assert lab.binary in seen
        lab.assert_no_secret(seen)
        running.signal(signal.SIGTERM)
        running.wait(10)


# --- what it sends


def test_only_requests_without_side_effects_are_sent():
    with Lab() as lab:
        report(lab)
        lab.run(["wait", "--deadline", "10s", "--permissions", "probe"])
        sent = set(lab.stats()["signed"])
        assert len(sent) >= 7 and not sent & SIDE_EFFECTS and "ssm:?" not in sent


OWN = "ssm:UpdateInstanceInformation"  # the agent's first request


@pytest.mark.parametrize("faults, may", [([], True), (["agent-disabled"], False), (["agent-not-connected"], False)])
def test_the_agents_own_request_is_sent_where_the_agent_is_about_to(faults, may):
    with Lab(faults) as lab:
        lab.run(["wait", "--deadline", "10s"])
        sent = set(lab.stats()["signed"])
        assert (OWN in sent) == may and not (sent - {OWN}) & SIDE_EFFECTS


@pytest.mark.parametrize("mode", ["off", "role-only"])
def test_nothing_signed_is_sent_when_told_so(healthy, mode):
    healthy.stats(reset=True)
    found, _ = report(healthy, "--permissions", mode)
    assert healthy.stats()["signed"] == {} and found["verdict"] == "ready"


def test_deep_proves_what_the_default_does_not():
    with Lab(["policy-incomplete:ssm:UpdateInstanceInformation"]) as lab:
        assert "policy-incomplete" not in codes(report(lab)[0])
        assert "policy-incomplete" in codes(report(lab, "--permissions", "deep")[0])
        sent = set(lab.stats()["signed"])
        assert "ssm:UpdateInstanceInformation" in sent and not sent & {
            "ec2messages:GetMessages",
            "ssmmessages:OpenControlChannel",
            "ssmmessages:OpenDataChannel",
            "ssm:PutInventory",
        }


def test_every_call_is_signed_rightly(healthy):
    """The stand-in verifies with botocore: a wrong signature would be a 400 with InvalidSignatureException and a denial."""
    healthy.stats(reset=True)
    found, _ = report(healthy)
    allowed = [
        action
        for check in found["checks"]
        if check["id"].endswith(".authorize")
        for action in check["detail"]["actions"]
    ]
    assert {action["permission"] for action in allowed} == {"allowed", "not-probed"}
    assert sum(action["permission"] == "allowed" for action in allowed) == sum(healthy.stats()["signed"].values())


def test_a_run_costs_little(healthy):
    healthy.stats(reset=True)
    report(healthy)
    stats = healthy.stats()
    assert stats["imds"]["PUT /latest/api/token"] == 1 and sum(stats["imds"].values()) == 10
    assert max(stats["imds"].values()) == 1, "asked twice"
    assert stats["link_local_packets"] <= 100
    assert sum(stats["connections"].values()) <= 11, "one connection an address, and five more for seven requests to ssm"
    assert stats["time"] == {}, "the time source is only asked when there is doubt"


def test_its_own_environment_is_not_believed(healthy):
    dead = "http://10.0.1.10:1"
    found, done = report(
        healthy,
        environment={
            "https_proxy": dead,
            "HTTPS_PROXY": dead,
            "http_proxy": dead,
            "ALL_PROXY": dead,
            "SSL_CERT_FILE": "/nowhere",
            "AWS_REGION": "eu-west-3",
            "AWS_ACCESS_KEY_ID": "AKIA0",
        },
    )
    assert done.returncode == 0, found["summary"]


# --- ending


def test_not_ec2_is_said_soon():
    with Lab(["not-ec2"]) as lab:
        started = time.monotonic()
        found, done = report(lab)
        assert (found["verdict"], done.returncode, codes(found)[0]) == ("unknown", 3, "not-ec2")
        assert time.monotonic() - started < 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize(
    "fault, seen", [("imds-silent", "imds"), ("handshake-swallowed", "trap"), ("service-hang", "service")]
)
def test_a_signal_ends_it_at_once(number, fault, seen):
    with Lab([fault]) as lab:
        running = lab.start(JSON, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert lab.until(seen, 1)
        sent = time.monotonic()
        running.signal(number)
        done = running.wait(10)
        assert time.monotonic() - sent < 1
        assert done.returncode == 3 and json.loads(done.stdout)["verdict"] == "unknown", done.stderr


def test_wait_ends_at_its_deadline():
    with Lab(["private-dns-off"]) as lab:
        started = time.monotonic()
        done = lab.run(["wait", "--deadline", "2s"])
        assert done.returncode in (1, 3) and time.monotonic() - started < 4


def test_a_deadline_bounds_a_check():
    with Lab(["imds-silent"]) as lab:
        started = time.monotonic()
        found, done = report(lab, "--deadline", "1s")
        assert done.returncode == 3 and found["verdict"] == "unknown" and time.monotonic() - started < 2


# --- waiting


@pytest.mark.parametrize(
    "fault",
    [
        "imds-disabled",
        "private-dns-off",
        "policy-missing",
        "role-missing",
        "endpoint-blocks-443",
        "network-not-up",
        "clock-wrong",
        "imds-late:100",
        "service-unavailable",
    ],
)
def test_wait_notices_the_fix(fault):
    with Lab([fault]) as lab:
        running = lab.start(
            ["wait", "--deadline", "60s"], environment=NOTIFY, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert lab.until("notify", 1, within_s=20), "no status after the first round"
        lab.fault_fix(fault)
        done = running.wait(60)
        assert done.returncode == 0, done.stdout + done.stderr
        assert any("READY=1" in text for text in lab.notifications())
        shown = lab.run(["show", "--output", "json"])
        assert json.loads(shown.stdout)["verdict"] == "ready"
        assert lab.run(["-c", "%a", "/run/ssm-preflight/report.json"], program="stat").stdout == "644\n"


def test_wait_prints_a_block_to_the_console():
    with Lab(["private-dns-off"]) as lab:
        lab.run(["wait", "--deadline", "1s"])
        assert lab.until("console", 2, within_s=5), "nothing on the console"
        lines = lab.console().splitlines()
        assert all(len(line) <= 80 and line.isascii() and line.startswith("ssm-preflight: ") for line in lines[:-1])
        assert "private-dns-off" in lab.console()
        done = lab.run(["show", "-", "--output", "json"], input="[    1.2] kernel: something\n" + lab.console())
        assert codes(json.loads(done.stdout))[0] == "private-dns-off"


def test_wait_writes_to_the_journal():
    with Lab(["role-missing"]) as lab:
        lab.run(["wait", "--deadline", "1s"])
        assert lab.until("journal", 2, within_s=5), "nothing in the journal"
        entries = lab.journal()
        assert any(entry.get("SSM_PREFLIGHT_VERDICT") == "not-ready" for entry in entries)
        assert any(
            entry.get("SSM_PREFLIGHT_CODE") == "role-missing" and re.fullmatch("[0-9a-f]{32}", entry["MESSAGE_ID"])
            for entry in entries
        )


# --- odd surroundings


def test_a_read_only_disk_is_no_reason_to_fail():
    """The agent fails there; this program does not."""
    with Lab(["read-only-disk"]) as lab:
        assert lab.run(["check", "--optional", "agent"]).returncode == 0
        done = lab.run(["wait", "--deadline", "5s", "--optional", "agent"])
        assert done.returncode == 0, done.stderr
        assert lab.run(["check"]).returncode == 1


def test_a_handshake_that_the_deadline_cuts_says_nothing():
    """Its silence is no answer: a cut one was once called tls-reset."""
    with Lab(["path-mtu"]) as lab:
        for deadline in ("1500ms", "2500ms"):
            found, done = report(lab, "--deadline", deadline)
            assert done.returncode == 3 and codes(found, "fatal") == [], done.stdout


def test_no_terminal_no_colour(healthy):
    assert not ANSI.search(healthy.run(["check", "--verbose"]).stdout)
    assert "\x1b[" in healthy.run(["check", "--color", "always"]).stdout
    assert "\x1b[" in on_terminal(healthy, {"TERM": "xterm"})
    assert "\x1b[" not in on_terminal(healthy, {"TERM": "xterm", "NO_COLOR": "1"})


def on_terminal(lab, environment):
    master, slave = pty.openpty()
    running = lab.start(["check"], environment=environment, stdin=slave, stdout=slave, stderr=slave, terminal="own")
    os.close(slave)
    seen = b""
    try:
        while part := os.read(master, 4096):
            seen += part
    except OSError:
        pass  # the other end is closed
    running.wait(10)
    os.close(master)
    return seen.decode()


def test_the_optional_services_may_be_required_of_a_healthy_vpc():
    """S3 answers an unsigned request with a redirect to its web page, which is no proxy's and is not followed."""
    with Lab() as lab:
        found, _ = report(lab, "--require", "s3,kms,logs")
        assert (found["verdict"], codes(found)) == ("ready", [])


def test_public_addresses_of_s3_are_a_gateway_endpoints_and_their_silence_is_a_missing_one():
    with Lab(["s3-gateway"]) as lab:
        found, _ = report(lab, "--require", "s3")
        assert (found["verdict"], codes(found)) == ("ready", [])
        private = next(check for check in found["checks"] if check["id"] == "s3.private")
        assert private["status"] == "pass" and "gateway endpoint" in private["summary"]
    with Lab(["endpoint-missing:s3"]) as lab:
        found, _ = report(lab, "--require", "s3")
        assert (found["verdict"], codes(found)) == ("not-ready", ["endpoint-missing"])
        root = found["findings"][0]
        assert root["explains"] == ["s3.connect"] and root["confidence"] == "likely"
        assert any("--vpc-endpoint-type Gateway" in command for command in root["remedy"]["commands"])
    with Lab(["endpoint-missing:s3", "egress-blocked"]) as lab:  # what all share is no missing gateway
        found, _ = report(lab, "--require", "s3")
        assert codes(found) == ["egress-blocked"]


def test_without_imds_the_services_are_among_what_could_not_be_tried():
    with Lab(["imds-unreachable"]) as lab:
        found, _ = report(lab)
        by_id = {check["id"]: check for check in found["checks"]}
        assert {f"{service}.{rung}" for service in w.REQUIRED for rung in ("resolve", "authorize")} <= set(by_id)
        assert by_id["ssm.connect"]["status"] == "skip" and by_id["ssm.connect"]["required"]
        assert "ssmmessages.tls" in found["findings"][0]["hides"]


def test_a_misspelt_region_is_said_to_come_from_the_option():
    with Lab() as lab:
        found, _ = report(lab, "--region", "us-esat-1")
        assert set(codes(found)) == {"dns-wrong-name"}
        remedy = found["findings"][0]["remedy"]
        assert "says us-esat-1" in remedy["text"] and "--region" in remedy["text"]
        assert not any("route53" in command for command in remedy["commands"])


@pytest.mark.parametrize("fault", ["imds-malformed:token", "imds-malformed:portal", "service-garbage", "denied:odd"])
def test_nothing_hostile_reaches_the_terminal(fault):
    with Lab([fault]) as lab:
        for form in ("terminal", "short", "json"):
            done = lab.run(["check", "--output", form, "--verbose", "--color", "never"])
            assert not ANSI.search(done.stdout + done.stderr)


def test_a_full_pipe_and_a_closed_one(healthy):
    done = healthy.run(
        ["-c", f"{healthy.binary} check --output json | head -c 1; echo; {healthy.binary} check >&-; echo $?"],
        program="bash",
    )
    assert done.stdout.splitlines()[0] == "{" and done.returncode == 0


def test_wrong_configuration_is_named():
    with Lab() as lab:
        lab.run(["-c", "echo 'colour = red' >> /etc/ssm-preflight/preflight.conf"], program="sh")
        done = lab.run(["check"])
        assert done.returncode == 2 and "preflight.conf:3" in done.stderr and "colour" in done.stderr


def test_what_is_quiet_is_so_with_verbose_too(binary):
    with Lab(binary=binary) as lab:
        done = lab.run(["check", "--verbose", "--quiet"])
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
