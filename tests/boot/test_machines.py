# SPDX-License-Identifier: Apache-2.0
"""What a container cannot show: a kernel of its own, the serial console, the clock, the firewall that the manager sets up, cloud-init."""

import os
import re
import subprocess
import time

import pytest

from boot import AGENT, OURS, REPOSITORY, agent_says, job_done, wanted
from vm import Machine, why_not

pytestmark = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))
BOOT_S = 400  # software emulation on a machine that may be busy: an idle one takes 40 s


def told(boot, what):
    """A line of lab-report's, which runs when the boot is over."""
    @wanted(f"lab-report says {what}")
    def is_it(entry):
        return entry.get("SYSLOG_IDENTIFIER") == "lab-report" and str(entry.get("MESSAGE")).startswith(what)
    return str(boot.until(is_it, within_s=BOOT_S)["MESSAGE"])[len(what):].strip()


def block(boot):
    return [line for line in boot.console().splitlines() if line.startswith("ssm-preflight: ")]


def ours(text):
    @wanted(f"we say {text!r}")
    def is_it(entry):
        return entry.get("_SYSTEMD_UNIT") == OURS and text in str(entry.get("MESSAGE"))
    return is_it


def shown(boot):
    """What `show` reads out of the console's text, as it would out of get-console-output: the program that the image has."""
    return subprocess.run([os.path.join(boot.layers[0], "usr/bin/ssm-preflight"), "show", "-", "--output", "short"], input=boot.console(), text=True, capture_output=True, check=False)


def test_healthy_boot():
    with Machine() as boot:
        boot.until(agent_says("started"), within_s=BOOT_S)
        told(boot, "done")
        assert_in_order(boot)
        assert_on_the_console(boot)
        assert_every_line_is_taken(boot)


def assert_in_order(healthy):
    assert told(healthy, "system:") == "running", told(healthy, "failed:")
    assert healthy.until(job_done(OURS))["at_s"] <= healthy.until(job_done(AGENT))["at_s"]
    # The image has no time service, which is a warning.
    assert healthy.until(ours("degraded: This machine probably has no time synchronisation"))["at_s"] < healthy.until(agent_says("started"))["at_s"]
    assert [entry["MESSAGE"] for entry in healthy.journal() if "ordering cycle" in str(entry.get("MESSAGE"))] == []


def assert_on_the_console(healthy):
    """Other programs' lines stand between ours and sometimes before them in a line; `show` finds its way."""
    lines = block(healthy)
    assert "ssm-preflight: DEGRADED: " in healthy.console()
    assert lines and all(len(line) <= 80 and line.isascii() for line in lines)
    assert shown(healthy).returncode == 0, shown(healthy).stderr


def assert_every_line_is_taken(healthy):
    """The manager takes every line of our units: nothing is ignored or unsupported: not the firewall for one unit, not the list of devices."""
    complaints = [entry["MESSAGE"] for entry in healthy.journal() if entry.get("UNIT", "").startswith("ssm-") and
                  re.search("ignoring|unknown|not supported|does not support|without firewalling", str(entry.get("MESSAGE")), re.I)]
    assert complaints == []


def test_endpoint_blocked_then_read_out_of_the_console():
    with Machine(faults=["endpoint-blocks-443:ssm"], configuration="deadline = 15s\n") as boot:
        boot.until(agent_says("started"), within_s=BOOT_S)
        boot.until(job_done(AGENT), within_s=30)
        said = shown(boot)
        assert (said.returncode, "endpoint-blocks-443" in said.stdout) == (1, True), said.stdout + said.stderr


DROPS = """[Unit]
DefaultDependencies=no
Before=ssm-preflight.service
After=systemd-udev-settle.service
Wants=systemd-udev-settle.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'device=$(ls /sys/class/net | grep -v lo | head -n 1) && tc qdisc add dev "$device" clsact && \\
    tc filter add dev "$device" egress protocol ip u32 match ip dport 443 0xffff action drop'
[Install]
WantedBy=sysinit.target
"""


def test_silence_of_the_machines_own_making():
    """Below every firewall that has rules to read, on a kernel that is not the lab's, and without any privilege."""
    files = {"/etc/systemd/system/lab-drops.service": DROPS,
             f"/etc/systemd/system/{OURS}.d/lab-drops.conf": "[Unit]\nRequires=lab-drops.service\nAfter=lab-drops.service\n"}
    with Machine(files=files, configuration="deadline = 15s\n") as boot:
        boot.until(agent_says("started"), within_s=BOOT_S)
        said = shown(boot)
        assert (said.returncode, "local-firewall" in said.stdout) == (1, True), said.stdout + said.stderr


def test_clock_that_is_wrong():
    """Half an hour ahead, with nothing that sets it: signatures are refused."""
    ahead = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 1800))
    with Machine(rtc=ahead, configuration="deadline = 15s\n") as boot:
        boot.until(agent_says("started"), within_s=BOOT_S)
        said = shown(boot)
        assert (said.returncode, "clock-wrong" in said.stdout) == (1, True), said.stdout + said.stderr


# --- cloud-init

def user_data():
    with open(os.path.join(REPOSITORY, "packaging", "cloud-init", "user-data.yaml"), encoding="utf-8") as file:
        return file.read() + "runcmd:\n  - echo runcmd ran >/dev/kmsg\n"


RUNCMD = wanted("runcmd ran")(lambda entry: "runcmd ran" in str(entry.get("MESSAGE")))
# The modules that matter here: the others need what this image lacks, and minutes of an emulated processor.
MODULES = {"/etc/cloud/cloud.cfg.d/90-lab.cfg": """network: {config: disabled}
cloud_init_modules: [bootcmd, write-files]
cloud_config_modules: [runcmd]
cloud_final_modules: [scripts-per-boot, scripts-user, final-message]
"""}


def no_cloud():
    return {"/etc/cloud/cloud.cfg.d/95-lab.cfg": "datasource_list: [NoCloud]\n",
            "/var/lib/cloud/seed/nocloud/meta-data": "instance-id: i-0123456789abcdef0\n",
            "/var/lib/cloud/seed/nocloud/user-data": user_data()} | MODULES


def test_cloud_init_shows_the_verdict_and_runcmd_is_too_late():
    with Machine(cloud_init=True, faults=["role-missing"], files=no_cloud(), configuration="deadline = 5s\n") as boot:
        status = [told(boot, "cloud-init: status:")]
        assert status == ["error"]
        told(boot, "done")
        journal = boot.journal()
        long = "\n".join(str(entry["MESSAGE"]) for entry in journal if str(entry.get("MESSAGE")).startswith("cloud-init: "))
        assert "scripts-per-boot" in long, long
        assert boot.until(job_done(OURS))["at_s"] <= boot.until(agent_says("started"))["at_s"] < boot.until(RUNCMD)["at_s"]
        assert [entry["MESSAGE"] for entry in journal if "ordering cycle" in str(entry.get("MESSAGE"))] == []


def test_cloud_inits_own_ec2_data_source_believes_the_lab():
    """An independent reader of the metadata stand-in: token by PUT, then the tree, by code that is not ours."""
    files = {"/etc/cloud/cloud.cfg.d/95-lab.cfg": "datasource_list: [Ec2]\n"} | MODULES
    with Machine(cloud_init=True, files=files) as boot:
        assert told(boot, "cloud-init: status:") == "done"
        told(boot, "done")
        long = "\n".join(str(entry["MESSAGE"]) for entry in boot.journal() if str(entry.get("MESSAGE")).startswith("cloud-init: "))
        assert "DataSourceEc2" in long, long
        assert told(boot, "system:") == "running", told(boot, "failed:")
        assert boot.until(job_done(OURS))["at_s"] <= boot.until(agent_says("started"))["at_s"]
        assert any("PUT /latest/api/token" in name for name in boot.lab.stats()["imds"])
        assert [entry["MESSAGE"] for entry in boot.journal() if "ordering cycle" in str(entry.get("MESSAGE"))] == []
