# SPDX-License-Identifier: Apache-2.0
"""Whole boots under systemd-nspawn in the lab's VPC: order, sandbox, reports, and what happens when something is fixed."""

import json
import os
import re
import stat
import time

import pytest

from boot import AGENT, HERE, OURS, REPOSITORY, SNAP_AGENT, Container, agent_says, job_done, verdict, wanted
from vpc.measured import measured

SUITES = ("bookworm", "trixie", "bullseye")
FOLLOW = "ssm-preflight-follow.service"
RESTART = "ssm-preflight-restart-agent.service"
STARTED_IN_TIME_S = 40  # the deadline of 30 s, the manager's patience beyond it, and what a busy machine needs
SOON = "deadline = 5s\n"


def ours(text):
    @wanted(f"we say {text!r}")
    def is_it(entry):
        return entry.get("_SYSTEMD_UNIT") == OURS and text in str(entry.get("MESSAGE"))
    return is_it


def follow_up_ended(entry):
    """the follow-up has ended"""
    return entry.get("UNIT") == FOLLOW and re.search("Deactivated successfully|: Succeeded", str(entry.get("MESSAGE")))


def report(boot):
    return json.loads(boot.run("cat", "/run/ssm-preflight/report.json", check=True).stdout)


def block(boot):
    """Our lines on the console, without what other programs print between and before them."""
    return [line for line in boot.console().splitlines() if line.startswith("ssm-preflight: ")]


def cycles(boot):
    return [entry["MESSAGE"] for entry in boot.journal() if "ordering cycle" in str(entry.get("MESSAGE")).lower()]


def seconds_before_the_agent(boot):
    """From the start of our unit to the start of the agent's process."""
    began = next(entry for entry in boot.journal() if entry.get("UNIT") == OURS and "Starting" in str(entry.get("MESSAGE")))
    return boot.until(agent_says("started"))["at_s"] - began["at_s"]


# --- the healthy boot

@pytest.fixture(scope="module", params=SUITES)
def healthy(request):
    with Container(request.param) as boot:
        boot.state = boot.booted()
        boot.until(agent_says("connected"))
        yield boot


def test_healthy_boot_has_no_failed_unit_and_no_cycle(healthy):
    assert healthy.state == "running", healthy.run("systemctl", "--failed").stdout
    assert cycles(healthy) == []


def test_the_verdict_is_there_before_the_agent_starts(healthy):
    shown = healthy.show(OURS, "Result", "ActiveState", "ExecMainStatus", "StatusText")
    assert (shown["Result"], shown["ActiveState"], shown["ExecMainStatus"]) == ("success", "active", "0")
    assert shown["StatusText"].startswith("ready: ")
    assert healthy.until(job_done(OURS))["at_s"] <= healthy.until(job_done(AGENT))["at_s"]
    assert healthy.until(ours("ready: "))["at_s"] < healthy.until(agent_says("started"))["at_s"]


def test_ready_target_is_reached(healthy):
    assert healthy.show("ssm-ready.target", "ActiveState")["ActiveState"] == "active"


def test_the_report_is_for_everybody_to_read(healthy):
    assert healthy.run("stat", "-c", "%a", "/run/ssm-preflight/report.json").stdout.strip() == "644"
    as_nobody = healthy.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "ssm-preflight", "show", "--output", "short")
    assert as_nobody.returncode == 0, as_nobody.stderr
    assert report(healthy)["verdict"] == "ready"


def test_a_healthy_follow_up_ends_at_once_and_restarts_nothing(healthy):
    healthy.until(follow_up_ended)
    assert healthy.show(FOLLOW, "Result", "NRestarts") == {"Result": "success", "NRestarts": "0"}
    assert healthy.show(RESTART, "ExecMainStartTimestampMonotonic")["ExecMainStartTimestampMonotonic"] == "0"
    assert healthy.run("test", "-e", "/run/ssm-preflight/fixed").returncode == 1


def test_the_console_says_so_in_clean_lines(healthy):
    lines = block(healthy)
    assert any(line.startswith("ssm-preflight: READY") for line in lines)
    assert all(len(line) <= 80 and line.isascii() for line in lines)
    assert sum(len(line) + 1 for line in lines) <= 4096


def test_units_verify_without_a_word(healthy):
    units = healthy.run("sh", "-c", "ls -d /usr/lib/systemd/system/ssm-* /usr/lib/systemd/system/*-ssmpreflight.*").stdout.split()
    assert len(units) == 7
    done = healthy.run("systemd-analyze", "verify", "--man=no", *units)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


SENDS = 'echo >"/dev/udp/$1/9"'


def sends(boot, to, *properties):
    """What becomes of a packet of a service that denies every one but those that its slice allows."""
    done = boot.run("systemd-run", "--quiet", "--wait", "--pipe", "--property=IPAddressDeny=any", *properties, "bash", "-c", SENDS, "bash", to)
    return "" if done.returncode == 0 else done.stderr.strip().rpartition(": ")[2]


def test_the_slice_lets_through_what_is_unicast(healthy):
    shown = healthy.show(OURS, "Slice", "IPAddressAllow", "IPAddressDeny")
    assert (shown["Slice"], shown["IPAddressAllow"]) == ("system-ssmpreflight.slice", "") and shown["IPAddressDeny"]
    within = "--slice=system-ssmpreflight.slice"
    assert [sends(healthy, to, within) for to in ("10.0.0.2", "169.254.169.254", "203.0.113.1", "127.0.0.1")] == [""] * 4
    assert sends(healthy, "224.0.0.1", within) == sends(healthy, "10.0.0.2") == "Operation not permitted"


def test_catalog_is_installed(healthy):
    listed = healthy.run("journalctl", "--list-catalog").stdout
    assert "This instance cannot register with Systems Manager" in listed


def test_the_journal_explains_itself(healthy):
    entries = [entry for entry in healthy.journal() if entry.get("SSM_PREFLIGHT_VERDICT")]
    if not entries:
        pytest.skip("the program writes no journal entries yet")
    told = healthy.run("journalctl", "-x", "-b", "-t", "ssm-preflight", "--no-pager").stdout
    assert "Every required check passed" in told


def reached_s(boot, unit):
    """Seconds from the start of the first process until a unit was active; 0: it is not."""
    at_us = int(boot.show(unit, "ActiveEnterTimestampMonotonic")["ActiveEnterTimestampMonotonic"])
    return (at_us - int(boot.run("systemctl", "show", "--value", "--property=UserspaceTimestampMonotonic").stdout)) / 1e6 if at_us else 0


def test_cost_of_a_healthy_boot(record_property):
    """What multi-user.target and the agent wait for us. Nothing else does."""
    took = {}
    for name, files in (("without", {f"/etc/systemd/system/{OURS}": "[Service]\nType=oneshot\nExecStart=/bin/true\n"}), ("with", {})):
        boots = []
        for _ in range(3):
            with Container("bookworm", files=files) as boot:
                boot.booted()
                boots.append((reached_s(boot, "multi-user.target"), reached_s(boot, AGENT)))
        took[name] = [min(column) for column in zip(*boots)]
    for number, what in enumerate(("multi-user.target", "the agent")):
        print(f"{what}: reached after {took['without'][number]:.2f} s without us, {took['with'][number]:.2f} s with us")
        measured(("boot-target", "boot-agent")[number], f"{took['without'][number]:.2f} s, {took['with'][number]:.2f} s")
        record_property(what, round(took["with"][number] - took["without"][number], 3))
    assert took["with"][0] < 1.25 * took["without"][0] + 0.1
    assert took["with"][1] < 2 * took["without"][1] + 0.5


def test_nothing_but_the_agent_waits_for_us():
    """However long we look: the boot goes on meanwhile."""
    with Container("bookworm", faults=["imds-silent"]) as boot:
        boot.until(job_done("multi-user.target"))
        assert boot.show(OURS, "ActiveState")["ActiveState"] == "activating"
        assert boot.show(AGENT, "ActiveState")["ActiveState"] == "inactive"
        waiting = {line.split()[1] for line in boot.run("systemctl", "list-jobs", "--plain", "--no-legend").stdout.splitlines()}
        assert waiting <= {OURS, AGENT, "ssm-preflight-follow.service"}, waiting


def test_the_agents_ordering_is_what_it_would_have_by_default(healthy):
    """But for multi-user.target, which does not wait for it."""
    ours = healthy.show(AGENT, "Requires", "After", "Before", "Conflicts", "WantedBy")
    assert "sysinit.target" in ours["Requires"] and "shutdown.target" in ours["Conflicts"]
    assert {"sysinit.target", "basic.target", "network-online.target", OURS} <= set(ours["After"].split())
    assert ours["WantedBy"] == "multi-user.target"
    assert "multi-user.target" not in ours["Before"].split() and "shutdown.target" in ours["Before"].split()


# --- the snap's agent

def as_a_snap():
    """The agent's files where the snap has them, and the package's gone."""
    with open(os.path.join(HERE, "standin", "amazon-ssm-agent"), encoding="utf-8") as file:
        program = file.read()
    with open(os.path.join(HERE, "standin", AGENT), encoding="utf-8") as file:
        unit = file.read().replace("/usr/bin/amazon-ssm-agent", "/snap/amazon-ssm-agent/current/amazon-ssm-agent")
    return {"/snap/amazon-ssm-agent/current/amazon-ssm-agent": program,
            "/snap/amazon-ssm-agent/current/meta/snap.yaml": "name: amazon-ssm-agent\nversion: '3.3.1142.0'\n",
            f"/etc/systemd/system/{SNAP_AGENT}": unit,
            f"/etc/systemd/system/multi-user.target.wants/{SNAP_AGENT}": f"-> /etc/systemd/system/{SNAP_AGENT}",
            "/usr/bin/amazon-ssm-agent": None, f"/usr/lib/systemd/system/{AGENT}": None,
            f"/etc/systemd/system/multi-user.target.wants/{AGENT}": None}


def test_the_snaps_agent_waits_and_is_restarted_too():
    with Container("bookworm", faults=["role-missing"], configuration=SOON, files=as_a_snap()) as boot:
        boot.until(agent_says("sleeping"))
        assert boot.booted() == "running", boot.run("systemctl", "--failed").stdout
        assert boot.until(job_done(OURS))["at_s"] <= boot.until(job_done(SNAP_AGENT))["at_s"]
        found = report(boot)
        assert found["facts"]["agent"]["unit"] == SNAP_AGENT
        boot.lab.fault_fix("role-missing")
        boot.until(agent_says("connected"))
        assert len([entry for entry in boot.journal() if agent_says("started")(entry)]) == 2


# --- broken boots: the agent starts all the same

@pytest.mark.parametrize("fault, code", [
    ("imds-disabled", "imds-disabled"), ("private-dns-off", "private-dns-off"), ("endpoint-blocks-443:ssm", "endpoint-blocks-443"),
    ("role-missing", "role-missing")])
def test_broken(fault, code):
    with Container("bookworm", faults=[fault], configuration=SOON) as boot:
        boot.until(agent_says("started"))
        assert boot.booted() == "running", boot.run("systemctl", "--failed").stdout  # a verdict is no unit failure
        assert boot.show(OURS, "Result", "ActiveState", "ExecMainStatus") == {
            "Result": "success", "ActiveState": "active", "ExecMainStatus": "1"}
        assert boot.show("ssm-ready.target", "ActiveState")["ActiveState"] == "inactive"
        assert boot.until(job_done(OURS))["at_s"] <= boot.until(agent_says("started"))["at_s"]
        written = report(boot)
        assert written["verdict"] == "not-ready"
        assert code in [finding["code"] for finding in written["findings"]]
        assert boot.show(FOLLOW, "ActiveState")["ActiveState"] == "active"
        lines = block(boot)
        assert lines and all(len(line) <= 80 for line in lines) and sum(len(line) + 1 for line in lines) <= 4096 * 2
        assert code in "\n".join(lines)


def test_the_default_deadline_holds_the_agent_for_30_seconds_and_no_longer():
    with Container("bookworm", faults=["imds-silent"]) as boot:
        boot.until(agent_says("started"), within_s=STARTED_IN_TIME_S + 10)
        assert 29 < seconds_before_the_agent(boot) < 35
        assert boot.show(OURS, "Result")["Result"] == "success"


def test_a_longer_deadline_is_not_cut_short_by_the_manager():
    """Longer than TimeoutStartSec=: the program asks for the time."""
    with Container("bookworm", faults=["imds-silent"], configuration="deadline = 42s\n") as boot:
        boot.until(agent_says("started"), within_s=70)
        assert 41 < seconds_before_the_agent(boot) < 48
        assert boot.show(OURS, "Result")["Result"] == "success"


def test_not_an_ec2_instance_holds_nothing():
    with Container("bookworm", faults=["not-ec2"]) as boot:
        assert boot.booted() == "running"
        assert seconds_before_the_agent(boot) < 5
        assert boot.show(OURS, "Result", "ExecMainStatus") == {"Result": "success", "ExecMainStatus": "3"}


# --- outside of its slice: the network is not to blame

@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("files, why", [
    ({f"/etc/systemd/system/{unit}.d/slice.conf": "[Service]\nSlice=system.slice\n" for unit in (OURS, FOLLOW)}, "is not its slice"),
    ({"/usr/lib/systemd/system/system-ssmpreflight.slice": None}, "is not installed")], ids=["moved", "missing"])
def test_without_its_slice_it_says_so_and_holds_nothing(suite, files, why):
    with Container(suite, files=files) as boot:
        boot.until(agent_says("connected"))
        assert boot.booted() == "running", boot.run("systemctl", "--failed").stdout
        assert boot.show(OURS, "Result", "ExecMainStatus") == {"Result": "success", "ExecMainStatus": "3"}
        assert seconds_before_the_agent(boot) < 10
        boot.until(follow_up_ended)
        written = report(boot)
        found = [finding["code"] for finding in written["findings"] if finding["severity"] != "note"]
        assert (written["verdict"], found) == ("unknown", ["preflight-trouble"])
        assert f"system-ssmpreflight.slice {why}" in json.dumps(written["findings"][0]["evidence"])


def test_in_another_slice_with_a_list_of_its_own_it_looks():
    drop_in = "[Service]\nSlice=system.slice\nIPAddressAllow=any\n"
    with Container("bookworm", files={f"/etc/systemd/system/{OURS}.d/slice.conf": drop_in}) as boot:
        boot.until(agent_says("connected"))
        assert report(boot)["verdict"] == "ready"


# --- fixed while it waits, and after the agent has gone to sleep

@pytest.mark.parametrize("fault", ["network-not-up", "endpoint-blocks-443:ssm", "role-missing"])
def test_fixed_while_it_waits(fault):
    with Container("bookworm", faults=[fault]) as boot:
        boot.until(ours("round 1"))
        fixed_s = time.monotonic()
        boot.lab.fault_fix(fault.partition(":")[0])
        boot.until(agent_says("connected"))
        assert boot.booted() == "running"
        assert report(boot)["verdict"] == "ready"
        assert boot.show("ssm-ready.target", "ActiveState")["ActiveState"] == "active"
        assert boot.until(agent_says("started"))["at_s"] - fixed_s < 15
        assert [entry["MESSAGE"] for entry in boot.journal() if agent_says("sleeping")(entry)] == []


def test_the_follow_up_outlives_the_deadline_of_the_boot():
    with Container("bookworm", faults=["role-missing"], configuration="deadline = 1s\n") as boot:
        boot.until(agent_says("sleeping"))
        boot.booted()
        began = int(boot.show(FOLLOW, "ExecMainStartTimestampMonotonic")["ExecMainStartTimestampMonotonic"]) / 1e6
        while time.monotonic() < began + 3:
            time.sleep(0.2)
        assert boot.show(FOLLOW, "ActiveState", "NRestarts") == {"ActiveState": "active", "NRestarts": "0"}
        boot.lab.fault_fix("role-missing")
        boot.until(agent_says("connected"))


@pytest.mark.parametrize("asleep", ["role-missing", "endpoint-blocks-443:ssmmessages"])
def test_fixed_after_the_agent_went_to_sleep(asleep, record_property):
    with Container("bookworm", faults=[asleep], configuration=SOON) as boot:
        boot.until(agent_says("sleeping"))
        assert boot.booted() == "running"
        fixed_s = time.monotonic()
        boot.lab.fault_fix(asleep.partition(":")[0])
        again = boot.until(agent_says("attempt"), within_s=60, how_many=2)
        boot.until(agent_says("connected"))
        gained_s = again["at_s"] - fixed_s
        sleep = boot.until(agent_says("sleeping"))["MESSAGE"]
        record_property("fixed_to_attempt_s", round(gained_s, 1))
        print(f"{asleep}: from fixing to the agent's next attempt {gained_s:.1f} s; without: {sleep}")
        measured("boot-role" if asleep == "role-missing" else "boot-unblocked", f"{gained_s:.1f} s")
        assert gained_s < 45
        # Once, and then everything is at rest.
        boot.until(follow_up_ended)
        assert boot.run("systemctl", "is-system-running").stdout.strip() == "running"
        assert boot.run("test", "-e", "/run/ssm-preflight/fixed").returncode == 1
        assert boot.show("ssm-ready.target", "ActiveState")["ActiveState"] == "active"
        starts = [entry for entry in boot.journal() if agent_says("started")(entry)]
        assert len(starts) == 2
        told = [finding["code"] for finding in report(boot)["findings"] if finding["severity"] != "note"]
        assert told in ([], ["agent-not-connected"]), told  # it was said while the agent still slept


def test_switched_off_it_looks_on_and_restarts_nothing():
    with Container("bookworm", faults=["role-missing"], configuration=SOON) as boot:
        boot.until(agent_says("sleeping"))
        boot.booted()
        boot.run("systemctl", "disable", "--now", "ssm-preflight-fixed.path", check=True)
        boot.lab.fault_fix("role-missing")
        boot.until(follow_up_ended)
        boot.run("systemctl", "start", "ssm-ready.target", check=True)  # a job behind everything that the end has set off
        assert len([entry for entry in boot.journal() if agent_says("started")(entry)]) == 1
        told = [finding["code"] for finding in report(boot)["findings"] if finding["severity"] != "note"]
        assert (report(boot)["verdict"], told) == ("degraded", ["agent-not-connected"])  # it sleeps on


def test_an_agent_with_a_control_channel_is_left_alone():
    """ssm is blocked for us and not for the agent, which is connected all the while."""
    with Container("bookworm", faults=["policy-incomplete"], configuration=SOON) as boot:
        boot.until(agent_says("connected"))
        boot.booted()
        assert report(boot)["verdict"] == "not-ready"
        boot.lab.fault_fix("policy-incomplete")
        boot.until(follow_up_ended)
        boot.run("systemctl", "start", "ssm-ready.target", check=True)
        assert boot.run("test", "-e", "/run/ssm-preflight/fixed").returncode == 1
        assert len([entry for entry in boot.journal() if agent_says("started")(entry)]) == 1


@pytest.mark.parametrize("suite", SUITES)
def test_the_restart_is_once_for_each_recovery_and_never_of_a_stopped_agent(suite):
    """The privileged piece by itself: the file is what the follow-up leaves."""
    with Container(suite) as boot:
        boot.booted()
        boot.until(agent_says("connected"))
        boot.run("touch", "/run/ssm-preflight/fixed", check=True)
        boot.until(agent_says("started"), how_many=2)
        boot.until(agent_says("connected"), how_many=2)
        assert boot.run("test", "-e", "/run/ssm-preflight/fixed").returncode == 1
        boot.run("systemctl", "stop", AGENT, check=True)
        boot.run("touch", "/run/ssm-preflight/fixed", check=True)
        done = wanted("the restart is done")(lambda entry: entry.get("UNIT") == RESTART and "Finished" in str(entry.get("MESSAGE")))
        boot.until(done, how_many=2)
        assert boot.show(AGENT, "ActiveState")["ActiveState"] == "inactive"
        assert len([entry for entry in boot.journal() if agent_says("started")(entry)]) == 2
        assert boot.run("systemctl", "is-system-running").stdout.strip() == "running"


# --- the program crashes, hangs or is missing

def test_a_crash_holds_nothing():
    with Container("bookworm", files={"/usr/bin/ssm-preflight": "#!/bin/sh\nkill -SEGV $$\n"}) as boot:
        boot.until(agent_says("connected"))
        assert seconds_before_the_agent(boot) < 5
        assert boot.booted() == "degraded"
        assert boot.show(OURS, "Result")["Result"] in ("core-dump", "signal")


def test_a_missing_program_holds_nothing():
    with Container("bookworm", files={"/usr/bin/ssm-preflight": None}) as boot:
        boot.until(agent_says("connected"))
        assert boot.booted() == "degraded"
        assert boot.show(OURS, "ExecMainStatus")["ExecMainStatus"] == "203"


def test_a_configuration_error_holds_nothing_and_is_told():
    with Container("bookworm", configuration="nonsense = 1\n") as boot:
        boot.until(agent_says("connected"))
        boot.until(ours("90-lab.conf:2: key 'nonsense' is not known"))
        assert boot.booted() == "degraded"


def test_a_program_that_hangs_is_ended_and_was_in_its_sandbox():
    """It ignores SIGTERM too. Meanwhile its process shows what the manager allows it."""
    hangs = "#!/bin/bash\ntrap '' TERM\necho hanging >&2\nwhile :; do read -t 1000 <> <(:); done\n"
    with Container("bookworm", files={"/usr/bin/ssm-preflight": hangs}) as boot:
        boot.until(ours("hanging"))
        process = boot.show(OURS, "MainPID")["MainPID"]
        status = dict(re.split(r":\s+", line, maxsplit=1) for line in
                      boot.run("cat", f"/proc/{process}/status").stdout.splitlines() if ":\t" in line)
        assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
        assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
        assert int(status["Uid"].split()[0]) >= 61184  # a dynamic user
        boot.until(agent_says("started"), within_s=STARTED_IN_TIME_S + 10)
        assert 34 < seconds_before_the_agent(boot) < STARTED_IN_TIME_S - 2
        assert boot.show(OURS, "Result")["Result"] == "timeout"


# --- a console that cannot be opened

@pytest.mark.parametrize("suite", SUITES)
def test_without_a_console_the_journal_has_the_verdict(suite, tmp_path):
    """A terminal without a driver: opening it fails with ENODEV. (The manager's own attempt would end in 209/STDOUT.)"""
    console, generator = tmp_path / "console", "systemd/system-generators/ssm-preflight-console"
    os.mknod(console, 0o600 | stat.S_IFCHR, os.makedev(4, 95))
    files = {"/etc/systemd/system/console-getty.service": "-> /dev/null"}  # fails without a console, too
    if suite == "bullseye":  # its image has a /lib of its own, unlike what is installed: there systemd looks for generators
        files[f"/etc/{generator}"] = f"-> /usr/lib/{generator}"
    with Container(suite, faults=["role-missing"], configuration=SOON, files=files,
                   options=["--console=pipe", f"--bind={console}:/dev/console"]) as boot:
        boot.until(agent_says("sleeping"))
        assert boot.booted() == "running", boot.run("systemctl", "--failed").stdout
        assert boot.until(verdict("not-ready"))["at_s"] < boot.until(agent_says("started"))["at_s"]
        assert report(boot)["verdict"] == "not-ready"
        assert boot.show(FOLLOW, "ActiveState", "StandardOutput") == {"ActiveState": "active", "StandardOutput": "journal"}


# --- opting in

def example(name):
    with open(os.path.join(REPOSITORY, "units", "examples", name), encoding="utf-8") as file:
        return file.read()


AGENT_REQUIRES_READY = {
    f"/etc/systemd/system/{AGENT}.d/50-ssm-ready.conf": example("agent-requires-ready.conf"),
    "/etc/systemd/system/ssm-ready.target.d/agent.conf": f"[Unit]\nWants={AGENT}\n",  # as add-wants has it
}


def test_an_agent_that_requires_readiness_waits_for_it():
    with Container("bookworm", faults=["role-missing"], configuration=SOON, files=AGENT_REQUIRES_READY) as boot:
        boot.until(ours("round 1"))
        boot.booted()
        assert boot.show(AGENT, "ActiveState")["ActiveState"] == "inactive"
        boot.lab.fault_fix("role-missing")
        boot.until(agent_says("connected"))
        assert len([entry for entry in boot.journal() if agent_says("started")(entry)]) == 1


def test_an_agent_that_requires_readiness_starts_when_ready():
    with Container("bookworm", files=AGENT_REQUIRES_READY) as boot:
        boot.until(agent_says("connected"))
        assert boot.booted() == "running"


@pytest.mark.parametrize("fault, reached", [(None, True), ("role-missing", False)])
def test_boot_complete_that_requires_readiness(fault, reached):
    files = {"/etc/systemd/system/boot-complete.target.d/50.conf": example("boot-complete-requires-ready.conf"),
             "/etc/systemd/system/multi-user.target.d/50.conf": "[Unit]\nWants=boot-complete.target\n"}
    with Container("bookworm", faults=[fault] if fault else [], configuration=SOON, files=files) as boot:
        boot.until(agent_says("started"))
        assert boot.booted() == "running"
        assert (boot.show("boot-complete.target", "ActiveState")["ActiveState"] == "active") == reached
        assert cycles(boot) == []


def test_without_user_namespaces_the_drop_in_helps():
    with Container("bookworm", files={f"/etc/systemd/system/{OURS}.d/50.conf": example("no-user-namespaces.conf")}) as boot:
        boot.until(agent_says("connected"))
        assert boot.booted() == "running"
