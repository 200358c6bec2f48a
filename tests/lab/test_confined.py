# SPDX-License-Identifier: Apache-2.0
"""What `check` gives up once it has looked at the machine: it still reads and reaches whatever is named by then, and what is named later is
its own trouble. docs/security.md"""

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
        assert f"{what}, named after check had given up all else" in json.dumps(report["findings"][0]["evidence"])
        if "port" in what:  # and the kernel holds to it
            assert report["facts"]["endpoints"]["ssm"]["proxy"]["failure"] == "prohibited"
