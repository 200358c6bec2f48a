# SPDX-License-Identifier: Apache-2.0
"""What `check` and `wait` give up once they have looked at the machine: they still read and reach whatever is named by then, and what is
named later is their own trouble, and no fault of the network. docs/security.md"""

import json
import signal
import subprocess

import pytest

from vpc import Lab
from vpc.instance import AGENT_DROP_IN, BUNDLE, RESOLV_CONF

pytestmark = pytest.mark.usefixtures("binary")

FOLDER = "/var/opt/corporate"  # of those that check reads without being told to none is above it


def on(lab, script):
    done = lab.run(["-euc", f"mkdir -p {FOLDER}/d $(dirname {AGENT_DROP_IN}); {script}"], program="/bin/bash")
    assert done.returncode == 0, done.stderr


def sets(*lines):
    return f"printf '[Service]\\n' >{AGENT_DROP_IN}-more.conf; " + "; ".join(f"echo '{line}' >>{AGENT_DROP_IN}-more.conf" for line in lines)


def looked(lab, *arguments):
    done = lab.run(["check", "--output", "json", *arguments])
    return json.loads(done.stdout)


def codes(report):
    return [finding["code"] for finding in report["findings"] if finding["severity"] != "note"]


@pytest.mark.parametrize(
    "moved",
    [
        f"cp {BUNDLE} {FOLDER}/ca.pem; {sets(f'Environment=SSL_CERT_FILE={FOLDER}/ca.pem')}",
        f"cp {BUNDLE} {FOLDER}/ca.pem; echo SSL_CERT_FILE={FOLDER}/ca.pem >{FOLDER}/env; {sets(f'EnvironmentFile={FOLDER}/env')}",
        f"cp {BUNDLE} {FOLDER}/d/ca.pem; {sets(f'Environment=SSL_CERT_DIR=/nowhere:{FOLDER}/d')}",
        f"cp {BUNDLE} {FOLDER}/ca.pem; ln -sf {FOLDER}/ca.pem {BUNDLE}",
        f"cp {RESOLV_CONF} {FOLDER}/resolv.conf; ln -sf {FOLDER}/resolv.conf {RESOLV_CONF}",
    ],
    ids=["file", "environment-file", "folder", "link", "resolv.conf"],
)
def test_what_is_named_elsewhere_is_read(moved):
    with Lab() as lab:
        on(lab, moved if "ln -sf" in moved else f"{moved}; rm {BUNDLE}")
        report = looked(lab)
        assert (report["verdict"], codes(report)) == ("ready", []), report["summary"]
        bundle = report["facts"]["agent"]["ca_bundle"]
        assert bundle.startswith(FOLDER) or "ln -sf" in moved


def test_a_proxy_on_a_port_of_its_own_is_reached():
    with Lab(["agent-proxy:opens"]) as lab:
        report = looked(lab)
        assert report["facts"]["endpoints"]["ssm"]["proxy"]["outcome"] == "ok", report["facts"]["endpoints"]["ssm"]


@pytest.mark.parametrize(
    "late, what",
    [("Environment=https_proxy=http://10.0.1.21:22", "TCP port 22"), (f"EnvironmentFile={FOLDER}/env", f"{FOLDER}/env")],
    ids=["port", "file"],
)
def test_what_is_named_between_two_rounds_is_its_own_trouble(late, what):
    with Lab(["imds-slow:300", "imds-throttled:429:1"]) as lab:
        running = lab.start(["check", "--output", "json"], stdout=subprocess.PIPE)
        assert lab.until("imds")
        running.signal(signal.SIGSTOP)  # in its first round
        on(lab, f"echo x=y >{FOLDER}/env; {sets(late)}")
        running.signal(signal.SIGCONT)
        report = json.loads(running.wait(60).stdout)
        assert (report["verdict"], codes(report)[0]) == ("unknown", "preflight-trouble")
        assert f"{what}, named after this had given up all else" in json.dumps(report["findings"][0]["evidence"])
        if "port" in what:  # and the kernel holds to it
            assert report["facts"]["endpoints"]["ssm"]["proxy"]["failure"] == "prohibited"


ELSEWHERE = "/srv/corporate"  # that neither reads, unless it is named
WAITS = {"boot": ["wait", "--deadline", "60s"], "follow": ["wait", "--follow"]}


def bundle_in(folder):
    return f"mkdir -p {folder}; cp /usr/share/corporate.pem {folder}/ca.pem; {sets(f'Environment=SSL_CERT_FILE={folder}/ca.pem')}"


class Waiting:
    """`wait` that has found no CA bundle; it was hidden."""

    def __init__(self, lab, arguments):
        self.lab, self.arguments = lab, [*arguments, "--output", "json", "--verbose"]
        on(lab, f"mv {BUNDLE} /usr/share/corporate.pem")
        self.running = lab.start(self.arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert self.running.until("round 1: ")

    def ends(self):
        done = self.running.wait(30)
        return done.returncode, done.stdout and json.loads(done.stdout), done.stderr


@pytest.mark.parametrize("how", WAITS)
def test_what_is_named_while_it_waits_is_read(how):
    with Lab() as lab:
        waiting = Waiting(lab, WAITS[how])
        on(lab, bundle_in("/opt/corporate"))
        status, report, said = waiting.ends()
        assert (status, report["verdict"], codes(report)) == (0, "ready", []), said
        assert report["facts"]["agent"]["ca_bundle"] == "/opt/corporate/ca.pem"


def test_a_proxy_that_is_named_while_the_boot_waits_is_reached():
    with Lab() as lab:
        waiting = Waiting(lab, WAITS["boot"])
        lab.fault_add("agent-proxy:opens")
        on(lab, bundle_in("/opt/corporate"))
        status, report, said = waiting.ends()
        assert (status, report["verdict"], codes(report)) == (0, "degraded", ["proxy-in-the-way"]), said
        assert report["facts"]["endpoints"]["ssm"]["proxy"]["outcome"] == "ok"
        assert "connects to TCP ports without a limit" in said


def test_a_boot_that_has_given_up_what_is_named_says_so_and_goes_on():
    with Lab() as lab:
        waiting = Waiting(lab, WAITS["boot"])
        on(lab, bundle_in(ELSEWHERE))
        status, report, said = waiting.ends()
        assert (status, report["verdict"], codes(report)) == (3, "unknown", ["preflight-trouble"]), said
        assert looked(lab)["verdict"] == "ready"


@pytest.mark.parametrize("named", ["port", "file"])
def test_a_follow_up_that_has_given_up_what_is_named_is_started_again(named):
    with Lab() as lab:
        waiting = Waiting(lab, WAITS["follow"])
        if named == "port":
            lab.fault_add("agent-proxy:opens")
        on(lab, bundle_in("/opt/corporate" if named == "port" else ELSEWHERE))
        status, report, said = waiting.ends()
        assert (status, report) == (4, ""), said  # Restart=on-failure
        assert f"{'TCP port 90' if named == 'port' else ELSEWHERE}" in said and "to be started again" in said
        after = json.loads(lab.run(["show", "--output", "json"]).stdout)
        assert (after["verdict"], codes(after)) == ("not-ready", ["ca-bundle-missing"])
        done = lab.run(waiting.arguments)
        assert json.loads(done.stdout)["verdict"] == ("degraded" if named == "port" else "ready"), done.stderr


def test_an_agent_that_begins_to_log_is_read():
    with Lab() as lab:
        on(lab, "rm -rf /var/log/amazon")
        waiting = Waiting(lab, WAITS["follow"])
        on(lab, f"mkdir -p /var/log/amazon/ssm; cd /var/log/amazon/ssm; echo x | tee amazon-ssm-agent.log >errors.log; {bundle_in('/opt/corporate')}")
        status, report, said = waiting.ends()
        assert (status, report["verdict"]) == (0, "degraded"), said  # it does not run
