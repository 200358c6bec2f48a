"""The lab itself, without the program: curl, Python and the shell on the instance see what an EC2 instance would see."""

import contextlib
import json
import os
import pty
import pwd
import select
import signal
import socket
import subprocess
import time

import pytest

from vpc import Lab, LabError, policies, world as w
from vpc.credentials import ROLE
from vpc.faults import TABLE

CLI = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lab")
PYTHON = "/usr/bin/python3"
SSM = "https://ssm.us-east-1.amazonaws.com/"

CONNECT = """
import errno, socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[3])).close()
    print("connected")
except TimeoutError:
    print("silence")
except OSError as error:
    print(errno.errorcode.get(error.errno, error))
"""


def connect(lab, address, port=443, within_s=0.5):
    return lab.run(["-c", CONNECT, address, str(port), str(within_s)], program=PYTHON).stdout.strip()


def curl(lab, *arguments, **options):
    return lab.run(["-sS", "--max-time", "5", *arguments], program="curl", **options)


def imds(lab, path="", method="GET", *headers):
    """(status, body) of one request."""
    flags = [flag for header in headers for flag in ("-H", header)]
    done = curl(lab, "-X", method, *flags, "-w", "\n%{http_code}", f"http://{w.IMDS}/latest/{path}")
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body


def token(lab):
    return "X-aws-ec2-metadata-token: " + imds(lab, "api/token", "PUT", "X-aws-ec2-metadata-token-ttl-seconds: 60")[1]


def signed(lab, action="ListAssociations", service="ssm", secret=ROLE.secret_key, region="us-east-1", token=ROLE.token, body="{}"):
    """(status, answer) of a call that curl signs."""
    if service == "ssmmessages":
        target = ["-H", "Content-Type: application/json"]
        url = f"https://ssmmessages.us-east-1.amazonaws.com/v1/control-channel/{w.INSTANCE_ID}"
    else:
        prefix = {"ssm": "AmazonSSM", "ec2messages": "EC2WindowsMessageDeliveryService"}[service]
        target = ["-H", f"X-Amz-Target: {prefix}.{action}", "-H", "Content-Type: application/x-amz-json-1.1"]
        url = f"https://{service}.us-east-1.amazonaws.com/"
    done = curl(lab, "--aws-sigv4", f"aws:amz:{region}:{service}", "--user", f"{ROLE.access_key}:{secret}",
                "-H", f"X-Amz-Security-Token: {token}", *target, "-d", body, "-w", "\n%{http_code}", url)
    answer, _, status = done.stdout.rpartition("\n")
    return int(status or 0), answer


# --- starting and ending

def test_starts_in_time():
    started = time.monotonic()
    with Lab() as lab:
        took_s = time.monotonic() - started
        assert lab.run(program="true").returncode == 0
    assert took_s < 5


def test_passes_arguments_and_status_through():
    done = subprocess.run([CLI, "run", "--binary", "/bin/sh", "--", "-c", "echo out; echo err >&2; cat; exit 7"],
                          input="in", capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (7, "out\nin", "err\n")


def test_options_of_the_program_are_not_the_labs():
    done = subprocess.run([CLI, "run", "--binary", "/bin/echo", "check", "--fault", "x", "--output", "json"],
                          capture_output=True, text=True, timeout=30)
    assert done.stdout == "check --fault x --output json\n"


def test_a_program_killed_by_a_signal_gives_the_shells_status():
    done = subprocess.run([CLI, "run", "--exec", "--", "sh", "-c", "kill -9 $$"], timeout=30)
    assert done.returncode == 128 + signal.SIGKILL


def test_what_cannot_be_run_is_said():
    done = subprocess.run([CLI, "run", "--binary", "/nowhere/at/all"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 127 and "/nowhere/at/all" in done.stderr


@pytest.mark.parametrize("arguments", [["--fault", "no-such-fault"], ["--fault", "endpoint-missing:nothing"],
                                       ["--fault", "imds-disabled:3"], ["--setting", "colour=red"], ["--setting", "region"]])
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
    with command_line("run", "--exec", "--", "sh", "-c", script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as command:
        assert command.stdout.readline() == "ready\n"
        command.send_signal(signal.SIGTERM)
        assert command.wait(10) == 9


@pytest.mark.parametrize("victim", ["client", "unshare"])
def test_nothing_is_left_after_kill_9(victim):
    with command_line("run", "--exec", "sleep", "600") as command:
        _wait_until(lambda: {"dnsmasq", "nginx", "sleep"} <= set(_family(command.pid).values()), "the lab is up")
        mine = _family(command.pid)
        unshare = next(pid for pid, name in mine.items() if name == "unshare")
        os.kill(command.pid if victim == "client" else unshare, signal.SIGKILL)
        _wait_until(lambda: not [pid for pid in mine if _alive(pid)], "the lab is gone")


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


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _wait_until(condition, what, within_s=10):
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s} s: {what}"
        time.sleep(0.01)  # other processes' ends cannot be waited for


def test_the_host_is_not_changed():
    def host():
        return (sorted(os.listdir("/sys/class/net")), os.readlink("/proc/self/ns/net"), open("/etc/resolv.conf").read(),
                open("/proc/self/mounts").read(), os.path.exists("/usr/bin/amazon-ssm-agent"), socket.gethostname())
    before = host()
    with Lab() as lab:
        lab.run(["-c", "echo x > /etc/made-by-lab; echo y > /usr/bin/made-by-lab; rm /etc/resolv.conf"], program="sh")
        assert host() == before
    assert not os.path.exists("/etc/made-by-lab") and not os.path.exists("/usr/bin/made-by-lab")


def test_two_labs_at_once_do_not_meet():
    with Lab() as one, Lab(["private-dns-off"]) as other:
        assert "10.0.1.21" in one.run(["ahostsv4", "ssm.us-east-1.amazonaws.com"], program="getent").stdout
        assert "203.0.113.21" in other.run(["ahostsv4", "ssm.us-east-1.amazonaws.com"], program="getent").stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="these tests run as an ordinary user already")
def test_runs_as_an_ordinary_user():
    nobody = pwd.getpwnam("nobody")
    script = ("curl -sS -o /dev/null -w '%{http_code} ' --max-time 5 " + SSM + " && cat /sys/class/dmi/id/sys_vendor && "
              "lab-fault add agent-missing && test ! -e /usr/bin/amazon-ssm-agent && lab-fault add read-only-disk && ! touch /run/x")
    done = subprocess.run(["setpriv", "--reuid", str(nobody.pw_uid), "--regid", str(nobody.pw_gid), "--clear-groups",
                           CLI, "run", "--exec", "--", "sh", "-c", script], capture_output=True, text=True, timeout=60, cwd="/")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("404 Amazon EC2\n")


def test_the_shell_is_interactive_and_mends_faults():
    master, slave = pty.openpty()
    with command_line("shell", "--fault", "imds-disabled", stdin=slave, stdout=slave, stderr=slave) as shell:
        os.close(slave)
        screen = Screen(master)
        screen.until(b"active faults: imds-disabled")
        screen.until(b"]# ")
        os.write(master, b"lab-fault mend imds-disabled; curl -s -o /dev/null -w 'status=%{http_code}' http://169.254.169.254/\n")
        screen.until(b"active faults: none")
        screen.until(b"status=401")
        os.write(master, b"sleep 100 & jobs; kill %1; exit 5\n")
        screen.until(b"Running")
        screen.until(b"exit")
        assert shell.wait(10) == 5
    os.close(master)


class Screen:
    def __init__(self, master):
        self.master, self.seen = master, b""

    def until(self, text, within_s=10):
        deadline = time.monotonic() + within_s
        while text not in self.seen:
            readable, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
            assert readable, f"{text} did not appear, but {self.seen}"
            self.seen += os.read(self.master, 4096)
        self.seen = self.seen.partition(text)[2]


# --- the metadata service

def test_imds_wants_a_token(healthy):
    assert imds(healthy, "meta-data/")[0] == 401
    status, body = imds(healthy, "meta-data/instance-id", "GET", token(healthy))
    assert (status, body) == (200, w.INSTANCE_ID)
    assert imds(healthy, "meta-data/instance-id", "GET", "X-aws-ec2-metadata-token: made-up")[0] == 401


@pytest.mark.parametrize("method, path, headers, status", [
    ("PUT", "api/token", [], 400),
    ("PUT", "api/token", ["X-aws-ec2-metadata-token-ttl-seconds: 0"], 400),
    ("PUT", "api/token", ["X-aws-ec2-metadata-token-ttl-seconds: 21601"], 400),
    ("PUT", "api/token", ["X-aws-ec2-metadata-token-ttl-seconds: 60", "X-Forwarded-For: 10.0.0.9"], 403),
    ("GET", "api/token", [], 405),
])
def test_imds_token_rules(healthy, method, path, headers, status):
    assert imds(healthy, path, method, *headers)[0] == status


def test_imds_answers_like_ec2(healthy):
    head = curl(healthy, "-i", "-H", token(healthy), f"http://{w.IMDS}/latest/meta-data/nothing").stdout
    assert head.startswith("HTTP/1.1 404 Not Found") and "Server: EC2ws" in head and "Connection: close" in head
    assert "\r\nDate: " in head and "<h1>404 - Not Found</h1>" in head


def test_imds_has_what_the_program_asks_for(healthy):
    header = token(healthy)
    lines = imds(healthy, f"meta-data/network/interfaces/macs/{w.MAC}/", "GET", header)[1].split("\n")
    assert {"vpc-id", "subnet-id", "vpc-ipv4-cidr-blocks", "security-group-ids", "subnet-ipv4-cidr-block"} <= set(lines)
    assert imds(healthy, "meta-data/placement/availability-zone-id", "GET", header)[1] == "use1-az1"
    document = json.loads(imds(healthy, "dynamic/instance-identity/document", "GET", header)[1])
    assert document["region"] == "us-east-1" and document["accountId"] == w.ACCOUNT
    assert imds(healthy, "meta-data/iam/security-credentials/", "GET", header)[1] == w.ROLE
    keys = json.loads(imds(healthy, f"meta-data/iam/security-credentials/{w.ROLE}", "GET", header)[1])
    assert keys["Code"] == "Success" and keys["SecretAccessKey"] == ROLE.secret_key
    assert imds(healthy, "meta-data/public-ipv4", "GET", header)[0] == 404


def test_botocore_accepts_the_imds(healthy):
    code = ("from botocore.utils import InstanceMetadataFetcher as F, InstanceMetadataRegionFetcher as R;"
            "print(F().retrieve_iam_role_credentials()['role_name'], R().retrieve_region())")
    assert healthy.run(["-c", code], program=PYTHON).stdout == f"{w.ROLE} us-east-1\n"


def test_hop_limit_lets_tcp_through_and_the_token_not():
    with Lab(["imds-hop-limit"]) as lab:
        assert connect(lab, w.IMDS, 80) == "connected"
        assert curl(lab, "--max-time", "0.5", "-X", "PUT", "-H", "X-aws-ec2-metadata-token-ttl-seconds: 60",
                    f"http://{w.IMDS}/latest/api/token").returncode == 28
        assert imds(lab, "meta-data/")[0] == 401
        lab.fault_mend("imds-hop-limit")
        assert len(token(lab)) > 60


# --- names

def addresses(lab, name, server=w.RESOLVER, kind="A"):
    """(response code, answers as (address, TTL)), asked by hand: a resolver library would hide the code."""
    code = f"""
import socket, struct
question = struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0) + b"".join(bytes([len(p)]) + p.encode() for p in "{name}".split(".")) + b"\\0"
question += struct.pack(">HH", {1 if kind == "A" else 28}, 1)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(0.5); s.connect(("{server}", 53)); s.send(question)
try:
    answer = s.recv(4096)
except (TimeoutError, OSError) as error:
    print(type(error).__name__); raise SystemExit
found, at = [], len(question)
for _ in range(struct.unpack(">H", answer[6:8])[0]):
    ttl, size = struct.unpack(">IH", answer[at + 6:at + 12]); found.append((socket.inet_ntoa(answer[at + 12:at + 16]), ttl)); at += 12 + size
print(answer[3] & 15, sorted(found))
"""
    return lab.run(["-c", code], program=PYTHON).stdout.strip()


@pytest.mark.parametrize("server", [w.RESOLVER, w.RESOLVER_LINK_LOCAL])
def test_names_have_the_addresses_of_both_zones(healthy, server):
    for service in w.SERVICES:
        expected = [(w.address(service, "a"), 60), (w.address(service, "b"), 60)]
        assert addresses(healthy, healthy_name(service), server) == f"0 {expected}"


def healthy_name(service):
    return w.World().name(service)


def test_no_ipv6_addresses_is_an_empty_answer_and_other_names_do_not_exist(healthy):
    assert addresses(healthy, healthy_name("ssm"), kind="AAAA") == "0 []"
    assert addresses(healthy, "ssm.us-esat-1.amazonaws.com") == "3 []"
    assert addresses(healthy, "example.org") == "3 []"


def test_broken_resolvers():
    with Lab(["dns-servfail"]) as lab:
        assert addresses(lab, healthy_name("ssm")) == "2 []"
        lab.fault_mend("dns-servfail")
        lab.fault_add("vpc-dns-off:refused")
        assert addresses(lab, healthy_name("ssm")) == "5 []"
        lab.fault_mend("vpc-dns-off")
        lab.fault_add("vpc-dns-off")
        assert addresses(lab, healthy_name("ssm")) == "TimeoutError"
        lab.fault_mend("vpc-dns-off")
        lab.fault_add("dns-bypasses-vpc")
        assert addresses(lab, healthy_name("ssm"), w.CUSTOM_RESOLVER) == "0 [('203.0.113.21', 60)]"
        assert addresses(lab, healthy_name("ssm"), w.RESOLVER_LINK_LOCAL).startswith("0 [('10.0.1.21', 60)")
        assert lab.run(["nameserver", "/etc/resolv.conf"], program="grep").stdout == "nameserver 10.0.1.53\n"
        lab.fault_mend("dns-bypasses-vpc")
        lab.fault_add("dns-bypasses-vpc:nxdomain")
        assert addresses(lab, healthy_name("ssm"), w.CUSTOM_RESOLVER) == "3 []"


def test_the_stub_resolver():
    with Lab(settings={"resolver": "stub"}) as lab:
        assert addresses(lab, healthy_name("ssm"), "127.0.0.53").startswith("0 [('10.0.1.21', 60)")
        assert "127.0.0.53" in lab.run(["/etc/resolv.conf"], program="cat").stdout
        assert w.RESOLVER in lab.run(["/run/systemd/resolve/resolv.conf"], program="cat").stdout


def test_regions():
    with Lab(settings={"region": "cn-north-1"}) as lab:
        assert addresses(lab, "ssm.cn-north-1.amazonaws.com.cn").startswith("0 [('10.0.1.21'")
        assert curl(lab, "-o", "/dev/null", "-w", "%{http_code}", "https://ssm.cn-north-1.amazonaws.com.cn/").stdout == "404"
        assert imds(lab, "meta-data/services/domain", "GET", token(lab))[1] == "amazonaws.com.cn"


# --- reaching

def test_the_outside_is_silent(healthy):
    assert connect(healthy, "198.51.100.1") == "silence"
    assert connect(healthy, w.public_address("ssm")) == "silence"


def test_only_443_is_open(healthy):
    assert connect(healthy, "10.0.1.21") == "connected" and connect(healthy, "10.0.2.21") == "connected"
    assert connect(healthy, "10.0.1.21", 80) == "silence"


def test_a_security_group_drops_in_silence():
    with Lab(["endpoint-blocks-443:ssm"]) as lab:
        assert [connect(lab, address) for address in ("10.0.1.21", "10.0.2.21", "10.0.1.22")] == ["silence", "silence", "connected"]
        lab.fault_mend("endpoint-blocks-443")
        assert connect(lab, "10.0.1.21") == "connected"


def test_a_network_acl_is_not_crossed_within_a_subnet():
    for variant in ("out", "ephemeral"):
        with Lab([f"network-acl:{variant}"]) as lab:
            assert [connect(lab, address) for address in ("10.0.1.21", "10.0.2.21", "10.0.2.22")] == ["connected", "silence", "silence"]


@pytest.mark.parametrize("fault, address, port, seen", [
    ("endpoint-refuses:ssm:b", "10.0.2.21", 443, "ECONNREFUSED"),
    ("no-route", "10.0.2.21", 443, "ENETUNREACH"),
    ("local-firewall", "10.0.1.22", 443, "ECONNREFUSED"),
    ("egress-blocked", "10.0.1.23", 443, "silence"),
    ("imds-blocked-prohibit", w.IMDS, 80, "EACCES"),
    ("imds-blocked-blackhole", w.IMDS, 80, "EINVAL"),
    ("imds-blocked-noroute", w.IMDS, 80, "ENETUNREACH"),
    ("imds-blocked-refused", w.IMDS, 80, "ECONNREFUSED"),
    ("imds-unreachable", w.IMDS, 80, "silence"),
    ("public-path", "203.0.113.21", 443, "connected"),
    ("endpoint-outside-vpc", "10.50.1.21", 443, "connected"),
    ("network-not-up", "10.0.1.21", 443, "ENETUNREACH"),
])
def test_what_connect_sees(fault, address, port, seen):
    with Lab([fault]) as lab:
        assert connect(lab, address, port) == seen
        if not fault.startswith(("imds", "network-not-up")):
            assert connect(lab, w.IMDS, 80) == "connected"
        if not TABLE[fault.partition(":")[0]].settings:
            lab.fault_mend(fault)
            assert connect(lab, "10.0.1.21") == connect(lab, "10.0.2.22") == connect(lab, w.IMDS, 80) == "connected"


def test_a_silent_gateway_is_unreachable_after_three_seconds():
    with Lab(["gateway-silent"]) as lab:
        assert connect(lab, "10.0.2.21", within_s=8) == "EHOSTUNREACH"


def test_a_path_mtu_hole_lets_small_packets_through():
    with Lab(["path-mtu"]) as lab:
        assert connect(lab, "10.0.1.21") == "connected"
        assert curl(lab, "--max-time", "0.7", SSM).returncode == 28


# --- TLS

@pytest.mark.parametrize("fault, message", [
    ("tls-untrusted", "unable to get local issuer certificate"), ("tls-wrong-name", "no alternative certificate subject name"),
    ("tls-expired", "certificate has expired"), ("clock-wrong:not-yet-valid", "certificate is not yet valid"),
    ("tls-reset", "Connection reset by peer"), ("tls-version", "alert protocol version"), ("plain-http-on-443", "wrong version number"),
    ("tls-reset:closed", "SSL"), ("tls-intercepted", ""), ("certificate-expires-soon", ""),
])
def test_what_tls_sees(fault, message):
    with Lab([fault]) as lab:
        done = curl(lab, SSM)
        assert (done.returncode == 0) == (message == "") and message in done.stderr, done.stderr
        done = curl(lab, "--cacert", "/etc/ssm-preflight/amazon-roots.pem", SSM)
        assert (done.returncode == 0) == (fault == "certificate-expires-soon")


def test_both_tls_versions_are_spoken(healthy):
    for version in ("1.2", "1.3"):
        assert curl(healthy, "--tlsv" + version, "--tls-max", version, SSM).returncode == 0
    assert curl(healthy, "--tlsv1.1", "--tls-max", "1.1", SSM).returncode != 0


# --- the services

def test_the_unsigned_front_end(healthy):
    head = curl(healthy, "-i", SSM).stdout
    assert head.startswith("HTTP/1.1 404") and "x-amzn-RequestId: " in head and "\r\nDate: " in head
    assert "<UnknownOperationException/>" in head
    done = curl(healthy, "-H", "X-Amz-Target: AmazonSSM.GetParameter", "-d", "{}", SSM)
    assert "MissingAuthenticationTokenException" in done.stdout


def test_signed_calls_are_allowed_by_the_policy(healthy):
    healthy.stats(reset=True)
    assert signed(healthy, "ListAssociations")[0] == 200
    assert signed(healthy, "GetEndpoint", "ec2messages")[0] == 200
    status, answer = signed(healthy, service="ssmmessages")
    assert status == 201 and "<TokenValue>" in answer
    assert healthy.stats()["signed"] == {"ssm:ListAssociations": 1, "ec2messages:GetEndpoint": 1, "ssmmessages:CreateControlChannel": 1}


@pytest.mark.parametrize("changes, code", [
    ({"secret": "wrong"}, "InvalidSignatureException"), ({"token": "wrong"}, "UnrecognizedClientException"),
    ({"region": "eu-west-1"}, "InvalidSignatureException"),
])
def test_signatures_are_verified(healthy, changes, code):
    status, answer = signed(healthy, **changes)
    assert status == 400 and code in answer


def test_a_changed_body_is_noticed(healthy):
    """The signature is for another body than the one that is sent: what a rewriting proxy does."""
    code = f"""
import sys; sys.path.insert(0, "/usr/lib/python3/dist-packages")
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
import urllib.request, urllib.error
request = AWSRequest("POST", "{SSM}", headers={{"X-Amz-Target": "AmazonSSM.ListAssociations", "Content-Type": "application/x-amz-json-1.1"}}, data=b'{{}}')
SigV4Auth(Credentials("{ROLE.access_key}", "{ROLE.secret_key}", "{ROLE.token}"), "ssm", "us-east-1").add_auth(request)
for body in (b'{{}}', b'{{"MaxResults": 1}}'):
    try:
        print(urllib.request.urlopen(urllib.request.Request("{SSM}", body, dict(request.headers))).status)
    except urllib.error.HTTPError as error:
        print(error.status, error.read().decode())
"""
    lines = healthy.run(["-c", code], program=PYTHON).stdout.splitlines()
    assert lines[0] == "200" and lines[1].startswith("400") and "InvalidSignatureException" in lines[1]


@pytest.mark.parametrize("fault, phrase", [
    ("policy-missing", "because no identity-based policy allows the ssm:ListAssociations action"),
    ("policy-incomplete:ssm:ListAssociations", "because no identity-based policy allows"),
    ("denied-explicitly", "with an explicit deny in an identity-based policy"),
    ("denied-by-endpoint-policy", "because no VPC endpoint policy allows"),
    ("denied-by-endpoint-policy:all:explicit", "with an explicit deny in a VPC endpoint policy"),
    ("denied-by-boundary", "because no permissions boundary allows"),
    ("denied-by-organization", "with an explicit deny in a service control policy"),
    ("denied-by-organization:rcp", "with an explicit deny in a resource control policy"),
    ("denied", f"on resource: arn:aws:ssm:us-east-1:{w.ACCOUNT}:*\""),
    ("clock-wrong", "Signature expired: "), ("clock-wrong:-1200", "Signature not yet current: "),
    ("credentials-rejected", "UnrecognizedClientException"), ("credentials-rejected:expired", "ExpiredTokenException"),
    ("signature-rejected", "InvalidSignatureException"), ("service-throttled", "ThrottlingException"),
])
def test_what_a_signed_call_is_told(fault, phrase):
    with Lab([fault]) as lab:
        status, answer = signed(lab)
        assert status == 400 and phrase in answer


def test_an_endpoint_policy_does_not_guard_the_public_path():
    with Lab(["denied-by-endpoint-policy"]) as lab:
        lab.fault_add("public-path")
        assert signed(lab)[0] == 200


def test_shipped_policies_have_their_actions():
    def actions(name):
        return {action for statement in policies.load(name)["Statement"] for action in statement["Action"]}
    core = actions("AmazonSSMManagedInstanceCore")
    assert len(core) == 25
    assert core - actions("AmazonSSMManagedEC2InstanceDefaultPolicy") == {"ssm:GetParameter", "ssm:GetParameters"}
    assert core - actions("AmazonEC2RoleforSSM") == {"ssm:GetParameter"}


def test_policy_evaluation():
    allow = {"Statement": [{"Effect": "Allow", "Action": ["ssm:Get*", "kms:Decrypt"]}]}
    deny = {"Statement": [{"Effect": "Deny", "NotAction": "kms:*"}]}
    assert policies.denial("ssm:GetParameter", {"identity": [allow]}) is None
    assert policies.denial("ssm:PutInventory", {"identity": [allow]}) == "because no identity-based policy allows the ssm:PutInventory action"
    assert policies.denial("ssm:GetParameter", {"identity": [allow, deny]}) == "with an explicit deny in an identity-based policy"
    assert policies.denial("kms:Decrypt", {"identity": [allow, deny], "boundary": None}) is None
    assert "permissions boundary" in policies.denial("kms:Decrypt", {"identity": [allow], "boundary": [deny]})


def test_a_proxys_answer_is_not_a_services():
    with Lab(["proxy-answer"]) as lab:
        head = curl(lab, "-i", SSM).stdout
        assert head.startswith("HTTP/1.1 407") and "squid" in head and "x-amzn-RequestId" not in head


def test_the_time_source():
    code = ("import socket,struct,time; s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.settimeout(2);"
            f"s.sendto(bytes([0x23])+bytes(47),('{w.TIME_SOURCE}',123)); d=s.recv(99); print(round(struct.unpack('>I',d[40:44])[0]-2208988800-time.time(),-1))")
    for fault, offset in (([], "0.0"), (["clock-wrong"], "1200.0"), (["clock-wrong:-600"], "-600.0")):
        with Lab(fault) as lab:
            assert lab.run(["-c", code], program=PYTHON).stdout.strip().replace("-0.0", "0.0") == offset


# --- the instance

def test_the_instance_looks_like_one(healthy):
    done = healthy.run(["-c", "cat /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/board_asset_tag; hostname; ip -4 -o address show ens5;"
                        "dpkg-query -W amazon-ssm-agent; amazon-ssm-agent -version; readlink /etc/systemd/system/multi-user.target.wants/*ssm*"],
                       program="sh")
    assert done.stdout.splitlines()[:3] == ["Amazon EC2", w.INSTANCE_ID, "ip-10-0-1-10"]
    assert "10.0.1.10/24" in done.stdout and "amazon-ssm-agent\t3.3.1142.0-1" in done.stdout and done.returncode == 0


def test_files_of_a_fault_come_and_go():
    with Lab(["agent-missing"]) as lab:
        assert lab.run(["/usr/bin/amazon-ssm-agent"], program="ls").returncode != 0
        lab.fault_mend("agent-missing")
        assert lab.run([], program="amazon-ssm-agent").returncode == 0
        lab.fault_add("agent-masked")
        assert lab.run(["/etc/systemd/system/amazon-ssm-agent.service"], program="readlink").stdout == "/dev/null\n"
        lab.fault_add("read-only-disk")
        assert lab.run(["/run/x"], program="touch").returncode != 0
        lab.fault_mend("read-only-disk")
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


# --- faults as such

def test_every_fault_makes_a_lab():
    from vpc import faults
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
        healthy.fault_mend("imds-disabled")
    assert healthy.faults() == []
