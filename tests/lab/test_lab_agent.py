# SPDX-License-Identifier: Apache-2.0
"""The lab is good enough for the real agent: what agent_client.py, which speaks as the agent does, is answered; and the faults
on the instance's own disk that an agent would run into."""

import json
import os
import subprocess

import pytest
from on_instance import PYTHON, SSM, curl, imds, signed, token

from vpc import Lab, faults, instance, world as w
from vpc.client import LAB
from vpc.credentials import MANAGED
from vpc.traps import TRAP_PORT

CLIENT = os.path.join(LAB, "agent_client.py")
PROXY = f"http://{w.address('ssm', 'a')}:{TRAP_PORT['tunnel']}"


def says(lab, *arguments):
    done = lab.run([CLIENT, *arguments], program=PYTHON)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# --- the control channel


def test_a_control_channel_opens(healthy):
    healthy.stats(reset=True)
    said = says(healthy, "channel")
    assert said == {"create": 201, "upgrade": 101, "accepted": True, "frame": 10, "says": "still"}
    assert healthy.stats()["channels"] == {"open": 1}


def test_a_token_that_was_not_given_opens_nothing(healthy):
    said = says(healthy, "channel", "wrong-token")
    assert (said["upgrade"], said["frame"], said["says"][0]) == (101, 8, 1008)


def test_opening_is_decided_at_the_first_frame():
    with Lab(["policy-incomplete:ssmmessages:OpenControlChannel"]) as lab:
        said = says(lab, "channel")
        assert (said["create"], said["upgrade"], said["frame"]) == (201, 101, 8)
        assert "not authorized to perform: ssmmessag" in said["says"][1]
        assert lab.stats()["channels"] == {"denied": 1}


def test_a_channel_through_tls_that_a_proxy_opens():
    with Lab(["tls-intercepted"]) as lab:
        assert says(lab, "channel")["frame"] == 10


GROUP = os.path.dirname(instance.AGENT_GROUP)


@pytest.mark.parametrize("faults, is_up", [([], True), (["policy-incomplete:ssmmessages:OpenControlChannel"], False)])
def test_an_agent_that_is_started_stays_where_it_comes_up(faults, is_up):
    with Lab(faults) as lab:
        assert says(lab, "start", GROUP)["is_up"] == is_up
        assert (lab.run(["-d", GROUP], program="/usr/bin/test").returncode == 0) == is_up
        assert ("10.0." in lab.run(["-Htn", "dport", "443"], program="ss").stdout) == is_up


def test_messages_are_long_polled(healthy):
    """No message comes at once, else the agent would ask in a loop."""
    assert says(healthy, "messages") == "not yet"


# --- credentials that Systems Manager hands out


def test_an_instance_registers(healthy):
    assert says(healthy, "register") == [200, {"InstanceId": w.INSTANCE_ID}]
    status, text = imds(
        healthy, "meta-data/identity-credentials/ec2/security-credentials/ec2-instance", "GET", token(healthy)
    )
    assert status == 200 and json.loads(text)["Code"] == "Success"


def test_default_host_management_is_off(healthy):
    registered, status, answer, _ = says(healthy, "token")
    assert (registered, status, answer["__type"]) == (200, 400, "AccessDeniedException")
    assert "instance management role is not configured for account: " + w.ACCOUNT in answer["Message"]


def test_default_host_management_is_on():
    """For whoever has neither role nor permission, on a first boot too."""
    with Lab(["dhmc-on", "role-missing", "denied-by-boundary"]) as lab:
        assert says(lab, "token") == [200, 200, MANAGED.access_key, 200]
        assert says(lab, "token", "wrong-key")[1] == 400


def test_a_hybrid_machine_gets_its_token():
    with Lab(["agent-registered-elsewhere:complete"]) as lab:
        assert says(lab, "hybrid") == [200, MANAGED.access_key]
        with pytest.raises(AssertionError):
            lab.assert_no_secret(lab.run(["/var/lib/amazon/ssm/Vault/Store/RegistrationKey"], program="cat").stdout)


# --- policies


def test_faults_of_one_kind_add_up():
    denied = ["ListAssociations", "GetParameter"]
    with Lab([f"policy-incomplete:ssm:{name}" for name in denied]) as lab:
        assert [signed(lab, name)[0] for name in (*denied, "ListInstanceAssociations")] == [400, 400, 200]
        assert "AccessDenied" in signed(lab, "GetParameter")[1]
    world = faults.world({}, ["dns-hosts-override:ssm", "dns-hosts-override:ssmmessages", "dns-wrong-name", "agent-identity"])
    assert world.files[instance.HOSTS].count("10.0.1.99") == 2
    assert set(json.loads(world.files[instance.AGENT_CONFIGURATION])) == {"Ssm", "Identity"}


def test_a_policy_for_sessions_only():
    with Lab(["policy-sessions-only"]) as lab:
        assert says(lab, "channel")["frame"] == 10
        assert [signed(lab, name)[0] for name in ("UpdateInstanceInformation", "ListAssociations")] == [200, 400]


# --- proxies


def test_a_proxy_tunnels_to_the_endpoints_and_nowhere_else():
    with Lab(["agent-proxy:opens"]) as lab:
        through = curl(lab, "-x", PROXY, "-i", SSM).stdout
        assert "200 Connection established" in through and "<UnknownOperationException/>" in through
        assert curl(lab, "-x", PROXY, "-o", "/dev/null", "-w", "%{http_code}", f"http://{w.IMDS}/").stdout == "403"
        assert "503" in curl(lab, "-x", PROXY, "https://s3.example.com/").stderr
        assert curl(lab, "-x", PROXY.replace("http:", "https:"), SSM).returncode == 35  # it speaks HTTP


@pytest.mark.parametrize(
    "fault, path, text",
    [
        ("agent-proxy-for-imds", instance.AGENT_DROP_IN, "[Service]\nEnvironment=\"http_proxy="),
        ("agent-proxy-by:manager", "/etc/systemd/system.conf.d/proxy.conf", "[Manager]\nDefaultEnvironment=https_proxy="),
        ("agent-proxy-by:prefix", "/etc/systemd/system/amazon-ssm-.service.d/proxy.conf", 'Environment="https_proxy='),
        ("agent-proxy-by:file", "/etc/default/agent-proxy", 'https_proxy="http'),
        ("agent-proxy-by:unset", "/etc/systemd/system/amazon-ssm-agent.service.d/zz-later.conf", "UnsetEnvironment="),
        ("agent-environment:AWS_CA_BUNDLE:/no:where", instance.AGENT_DROP_IN, '"AWS_CA_BUNDLE=/no:where"'),
    ],
)
def test_where_the_agents_environment_is_written(fault, path, text):
    assert text in faults.world({}, [fault]).files[path]


# --- the instance's disk

TOUCH = "cd /var/lib/amazon && mkdir new && echo more > new/file"


@pytest.mark.parametrize(
    "variant, why", [("read-only", "Read-only"), ("full", "No space left"), ("inodes", "No space left")]
)
def test_a_state_directory_that_cannot_be_written(variant, why):
    with Lab([f"state-directory:{variant}"]) as lab:
        done = lab.run(["-c", TOUCH], program="sh")
        assert done.returncode != 0 and (why in done.stderr or "I/O error" in done.stderr), done.stderr
        lab.fault_fix("state-directory")
        assert lab.run(["-c", f"rm -rf /var/lib/amazon/new; {TOUCH}"], program="sh").returncode == 0


@pytest.mark.parametrize("fault", ["ca-bundle:empty", "ca-bundle:truncated", "ca-bundle:foreign", "no-ca-bundle"])
def test_a_bundle_without_amazons_roots(fault):
    with Lab([fault]) as lab:
        assert curl(lab, SSM).returncode != 0
        assert curl(lab, "--cacert", instance.CA_FILE, SSM).returncode == 0


def test_a_folder_holds_the_root():
    with Lab(["ca-bundle:directory"]) as lab:
        assert curl(lab, "--cacert", instance.AMAZON_ROOT, SSM).returncode == 0


WATCH = "import ctypes; libc = ctypes.CDLL(None); print(libc.inotify_add_watch(libc.inotify_init(), b'/run', 1) >= 0)"


@pytest.mark.parametrize("limit", ["instances", "watches"])
def test_inotify_is_used_up_and_the_machines_own_is_left_alone(limit):
    with Lab([f"inotify-exhausted:{limit}"]) as lab:
        assert lab.run(["-c", WATCH], program=PYTHON).stdout == "False\n"
        assert subprocess.run([PYTHON, "-c", WATCH], capture_output=True, text=True, check=True).stdout == "True\n"


def test_a_copied_registration_is_refused_until_it_is_gone():
    with Lab(["registration-copied"]) as lab:
        assert "MachineFingerprintDoesNotMatch" in str(signed(lab, "ListAssociations")[1])
        assert lab.run(["-r", "/var/lib/amazon/ssm/Vault"], program="rm").returncode == 0
        assert signed(lab, "ListAssociations")[0] == 200
