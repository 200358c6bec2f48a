# SPDX-License-Identifier: Apache-2.0
"""The instance's own disk: the agent, its configuration, its environment, its state, the CA bundle."""

import json
import os
from urllib.parse import quote

from .. import instance, machinekey, world as w
from ..credentials import PROXY_LOGIN, PROXY_TOKEN
from ..world import Link, Program
from ..traps import TRAP_PORT
from .registry import choice, fault


_CONFIGURATIONS = {
    "syntax": '{ "Agent": { "Region": "us-east-1", }\n',
    "region": '{"Agent": {"Region": "eu-west-3"}}\n',
    "bom": '\ufeff{"Agent": {"Region": ""}}\n',
    "trailing": '{"Agent": {"Region": ""}}\n# our Region\n',
    "array": '[{"Agent": {"Region": ""}}]\n',
    "empty": "",
    "type": '{"Mds": {"CommandWorkersLimit": "5"}}\n',
}


def configure(world, **sections):
    """Adds to amazon-ssm-agent.json; what other faults have put there stays."""
    found = json.loads(world.files.get(instance.AGENT_CONFIGURATION, "{}"))
    for name, keys in sections.items():
        found[name] = found.get(name, {}) | keys
    world.files[instance.AGENT_CONFIGURATION] = json.dumps(found, indent=4) + "\n"


def environment(world, variables, drop_in=instance.AGENT_DROP_IN):
    """Adds to the environment of the agent's unit."""
    lines = "".join(f'Environment="{name}={value}"\n' for name, value in variables.items())
    world.files[drop_in] = world.files.get(drop_in, "[Service]\n") + lines


@fault("agent-missing", "no SSM agent is installed", "agent-missing")
def _(world):
    for path in (
        instance.AGENT_PROGRAM,
        *instance.AGENT_OTHER_PROGRAMS,
        instance.AGENT_UNIT,
        instance.AGENT_WANTED,
        instance.AGENT_CONFIGURATION + ".template",
        instance.PACKAGE_LIST,
    ):
        world.files[path] = None
    world.files[instance.PACKAGES] = instance.package_status(None)


@fault(
    "agent-half-installed",
    "a program of the agent is missing, as after an update that broke off: the worker, or the one for sessions; or it is there "
    "and empty, or may not be executed; or dpkg has not finished; or SELinux is enforcing, and the program has no label",
    "agent-half-installed",
    "[worker|session-worker|empty|mode|agent-mode|dpkg|label]",
)
def _(world, variant="worker"):
    unfit = {
        "empty": ("/usr/bin/ssm-agent-worker", Program("")),
        "mode": ("/usr/bin/ssm-agent-worker", "#!/bin/sh\n"),
        "agent-mode": (instance.AGENT_PROGRAM, "#!/bin/sh\n"),
    }
    if variant in unfit:
        path, text = unfit[variant]
        world.files[path] = text
    elif choice(variant, "worker", "session-worker", "dpkg", "label") == "label":
        world.files["/sys/fs/selinux/enforce"] = "1"
    elif variant == "dpkg":
        installed = "Package: amazon-ssm-agent\nStatus: install ok "
        status = instance.package_status(world.agent_version)
        world.files[instance.PACKAGES] = status.replace(installed + "installed", installed + "half-configured")
    else:
        world.files[f"/usr/bin/ssm-{'agent-worker' if variant == 'worker' else variant}"] = None


@fault(
    "agent-crashes",
    "the agent ran in this boot, it has ended, and its errors.log says why; systemd does not answer, will start it again (and just did), or will "
    "not; or it never ran in this boot, and the times of its files mislead",
    "agent-crashes",
    "[silent|again|runs|stays-down|never-ran]",
)
def _(world, variant="silent"):
    said = {"Result": "exit-code", "NRestarts": 7, "ExecMainStatus": 1, "ExecMainPID": 812}
    world.agent_unit = {
        "silent": {},
        "again": said | {"ActiveState": "activating"},
        "runs": said | {"ActiveState": "active", "Result": "success", "ExecMainStatus": 0, "ExecMainPID": instance.NO_PROCESS},
        "stays-down": said | {"ActiveState": "failed", "NRestarts": 0, "ExecMainStatus": 194},
        "never-ran": said | {"ActiveState": "inactive", "Result": "success", "NRestarts": 0, "ExecMainPID": 0},
    }[variant]
    if variant == "runs":
        world.files[instance.AGENT_GROUP] = f"{instance.NO_PROCESS}\n"
    world.files["/var/log/amazon/ssm/amazon-ssm-agent.log"] = "2026-11-29 01:00:00 INFO Starting Core Agent\n"
    world.files["/var/log/amazon/ssm/errors.log"] = (
        "2026-11-29 01:00:00.0933 ERROR [EC2Identity] Failed to get instance info from IMDS. Err: failed to get identity "
        "instance id. Error: EC2MetadataError: failed to get IMDSv2 token and fallback to IMDSv1 is disabled\ncaused by: : \n"
        "caused by: RequestError: send request failed\n"
        'caused by: Put "http://169.254.169.254/latest/api/token": proxyconnect tcp: dial tcp 10.0.1.21:3128: i/o timeout '
        "(Client.Timeout exceeded while awaiting headers)\n"
        "2026-11-29 01:00:00.0933 ERROR Agent failed to assume any identity\n"
        "2026-11-29 01:00:00.0933 ERROR failed to get identity: failed to find agent identity\n"
        "2026-11-29 01:00:00.0933 ERROR Error occurred when starting amazon-ssm-agent: failed to get identity: failed to find "
        "agent identity\n"
    )


@fault("agent-disabled", "the agent is installed, its unit is not enabled; or only for graphical.target, which the machine starts or "
       "not; or something else than usual starts it", "agent-disabled",
       "[no|graphical|default-graphical|required|cloud-init|timer|service|drop-in|rescue]")
def _(world, variant="no"):
    world.files[instance.AGENT_WANTED] = None
    folder, unit = "/etc/systemd/system", "amazon-ssm-agent"
    place = {"required": "multi-user.target.requires", "cloud-init": "cloud-init.target.wants", "service": "corp.service.wants",
             "graphical": "graphical.target.wants", "default-graphical": "graphical.target.wants", "rescue": "multi-user.target.wants"}.get(
        choice(variant, "no", "graphical", "default-graphical", "required", "cloud-init", "timer", "service", "drop-in", "rescue"))
    default = {"default-graphical": "graphical", "rescue": "rescue"}.get(variant, "multi-user")
    world.files[f"{folder}/default.target"] = Link(f"/usr/lib/systemd/system/{default}.target")
    if variant == "timer":
        world.files[f"{folder}/{unit}.timer"] = "[Timer]\nOnBootSec=60\n"
        world.files[f"{folder}/timers.target.wants/{unit}.timer"] = Link(f"{folder}/{unit}.timer")
    if variant == "drop-in":
        world.files[f"{folder}/multi-user.target.d/corp.conf"] = f"[Unit]\nWants={unit}.service\n"
    if variant == "service":
        world.files[f"{folder}/corp.service"] = "[Service]\nExecStart=/bin/true\n"
        world.files[f"{folder}/multi-user.target.wants/corp.service"] = Link(f"{folder}/corp.service")
    if place:
        world.files[f"{folder}/{place}/{unit}.service"] = Link(instance.AGENT_UNIT)


@fault("agent-masked", "the agent's unit is masked: by a link, by an empty file; or in /run, below a unit in /etc, which is in vain",
       "agent-masked", "[link|empty|in-vain]")
def _(world, variant="link"):
    own = "/etc/systemd/system/amazon-ssm-agent.service"
    if choice(variant, "link", "empty", "in-vain") == "in-vain":
        world.files[own] = "[Service]\nExecStart=/usr/bin/amazon-ssm-agent\n"
        world.files[own.replace("/etc", "/run")] = Link("/dev/null")
        return
    world.files[instance.AGENT_WANTED] = None
    world.files[own] = "" if variant == "empty" else Link("/dev/null")


@fault(
    "agent-old",
    "the installed agent is too old for IMDSv2, or of this version",
    "agent-too-old",
    "[VERSION (2.3.700.0)]",
)
def _(world, version="2.3.700.0"):
    world.agent_version = version


@fault(
    "agent-config-invalid",
    "amazon-ssm-agent.json does not parse, has a key of the wrong type, or names another Region",
    "agent-config-invalid",
    f"[{'|'.join(_CONFIGURATIONS)}]",
)
def _(world, variant="syntax"):
    world.files[instance.AGENT_CONFIGURATION] = _CONFIGURATIONS[choice(variant, *_CONFIGURATIONS)]


@fault(
    "agent-config-twice",
    "amazon-ssm-agent.json has one key twice, of which Go takes the last: the last is right, or wrong",
    None,
    "[right|wrong]",
)
def _(world, last="right"):
    right, wrong = '"Ssm": {"Endpoint": ""}', f'"Ssm": {{"Endpoint": "ssm.us-esat-1.{world.domain}"}}'
    both = (wrong, right) if choice(last, "right", "wrong") == "right" else (right, wrong)
    world.files[instance.AGENT_CONFIGURATION] = f"{{{', '.join(both)}}}\n"


@fault(
    "agent-identity",
    "amazon-ssm-agent.json leaves EC2 out of Identity.ConsumptionOrder, or says that this is a container; or EC2 comes first, which is right",
    "agent-config-invalid",
    "[no-ec2|container|ec2-first]",
)
def _(world, variant="no-ec2"):
    if choice(variant, "no-ec2", "container", "ec2-first") != "container":
        configure(world, Identity={"ConsumptionOrder": ["OnPrem"] if variant == "no-ec2" else ["EC2", "OnPrem"]})
    else:
        configure(world, Agent={"ContainerMode": True})


@fault(
    "agent-registered-elsewhere",
    "another machine's registration was baked into the image: a part of it, or all, with its key",
    "agent-registered-elsewhere",
    "[incomplete|complete]",
)
def _(world, variant="incomplete"):
    registered = {"instanceID": machinekey.HYBRID_ID, "region": w.World.region}
    if choice(variant, "incomplete", "complete") == "complete":
        private, public = machinekey.pair()
        world.service.hybrid = machinekey.MachineKey(machinekey.HYBRID_ID, public)
        registered |= {"privateKey": private, "privateKeyType": "Rsa"}
    world.files["/var/lib/amazon/ssm/registration"] = (
        json.dumps({"ManagedInstanceID": machinekey.HYBRID_ID, "Region": w.World.region}) + "\n"
    )
    world.files[
        "/var/lib/amazon/ssm/Vault/Manifest"
    ] = '{"RegistrationKey":"/var/lib/amazon/ssm/Vault/Store/RegistrationKey"}\n'
    world.files["/var/lib/amazon/ssm/Vault/Store/RegistrationKey"] = json.dumps(registered) + "\n"


@fault("registration-copied", "the agent's registration with Default Host Management was copied from other hardware", "request-refused")
def _(world):
    vault = "/var/lib/amazon/ssm/Vault"
    world.files[f"{vault}/Manifest"] = f'{{"InstanceFingerprint":"{vault}/Store/InstanceFingerprint"}}\n'
    world.files[f"{vault}/Store/InstanceFingerprint"] = '{"fingerprint": "0f0e0d0c", "similarityThreshold": -1}\n'
    world.service.throttled["ssm"], world.service.throttle = -1, (400, "MachineFingerprintDoesNotMatch")
    world.service.throttled_while = vault


@fault("agent-not-connected", "the agent runs, and holds no connection to ssmmessages", "agent-not-connected")
def _(world):
    world.files[instance.AGENT_GROUP] = f"{instance.NO_PROCESS}\n"


_OPENS = {
    "late": "HTTP/1.0 200 OK\r\n\r\n",
    "wordy": f"HTTP/1.1 200 OK\r\nX-Policy: {'a' * 9000}\r\n\r\n",
    "second": "HTTP/1.1 200 Connection established\r\n\r\n",
    "lines": "HTTP/1.1 200 OK\n\n",
    "accepted": "HTTP/1.1 202 Accepted\r\n\r\n",
}


@fault(
    "agent-proxy",
    "the agent's unit sends endpoint traffic to a proxy, which has a name that nobody knows, opens the way, forbids it, is "
    "silent, or speaks HTTP where its URL says https, or no HTTP; or opens the way after 8 s, with much to say, with another 2xx, or "
    "at the second of its addresses",
    "proxy-in-the-way",
    f"[unknown|opens|forbids|silent|https|tls|{'|'.join(_OPENS)}]",
)
def _(world, variant="unknown"):
    kind = "opens" if variant in _OPENS else choice(variant, "unknown", "opens", "forbids", "silent", "https", "tls", *_OPENS)
    world.proxy_head = _OPENS.get(variant, world.proxy_head)
    world.proxy_delay_s = 8.0 if variant == "late" else 0.0
    proxy = _proxy(world, kind)
    if variant == "second":
        world.records["proxy.corp.example"] = ["10.0.2.99", w.address("ssm", "a")]
        proxy = proxy.replace(w.address("ssm", "a"), "proxy.corp.example")
    environment(world, {"http_proxy": proxy, "https_proxy": proxy, "no_proxy": w.IMDS})


def _proxy(world, kind):
    """The URL of a proxy, which the endpoints' security groups let the instance reach where there is one."""
    address = w.address("ssm", "a")
    world.rule("endpoint_input", f"tcp dport {{ {TRAP_PORT['tunnel']}, {TRAP_PORT['forbid']}, {TRAP_PORT['closed']} }} accept")
    return {
        "unknown": "http://proxy.example.internal:3128",
        "opens": f"http://{address}:{TRAP_PORT['tunnel']}",
        "forbids": f"http://{address}:{TRAP_PORT['forbid']}",
        "silent": f"http://{address}:3128",
        "https": f"https://{address}:{TRAP_PORT['tunnel']}",
        "tls": f"https://{address}:{TRAP_PORT['closed']}",
    }[kind]


@fault("proxy-socks", "the agent's proxy is a SOCKS5 one: it forbids or refuses the host, wants a login, closes, or opens the way",
       "proxy-in-the-way", "[forbids|refuses|login|closed|opens]")
def _(world, variant="forbids"):
    world.socks = choice(variant, "forbids", "refuses", "login", "closed", "opens")
    environment(world, {"https_proxy": _proxy(world, "opens").replace("http:", "socks5:"), "no_proxy": w.IMDS})


@fault("proxy-overloaded", "a proxy opens nothing for now", "proxy-in-the-way")
def _(world):
    world.proxy_head = "HTTP/1.1 503 Service Unavailable\r\n\r\n"


_WRONG = "svc-ssm:wrong-CANARY-Password"
_LOGINS = {  # what the proxy wants, and what the agent's URL has
    "right": (PROXY_LOGIN, PROXY_LOGIN),
    "file": (PROXY_LOGIN, PROXY_LOGIN),
    "env": (PROXY_LOGIN, PROXY_LOGIN),
    "wrong": (PROXY_LOGIN, _WRONG),
    "shown": (PROXY_LOGIN, _WRONG),
    "missing": (PROXY_LOGIN, None),
    "user": (f"{PROXY_TOKEN}:", PROXY_TOKEN),
    "user-colon": (f"{PROXY_TOKEN}:", f"{PROXY_TOKEN}:"),
    "user-not-wanted": ("", PROXY_TOKEN),
    "nobody": (":", ""),
    "password-alone": (f":{PROXY_TOKEN}", f":{PROXY_TOKEN}"),
    "not-wanted": ("", PROXY_LOGIN),
}


@fault(
    "proxy-login",
    "the agent's proxy wants a login, which its URL has in the drop-in, in an EnvironmentFile, or before env(1)'s program, has wrong "
    "(or the proxy shows what it was sent), or lacks; or a user without a password, with an empty one, where no login is wanted, or "
    "an empty user",
    "proxy-wants-login",
    f"[{'|'.join(_LOGINS)}]",
)
def _(world, variant="missing"):
    world.proxy_login, given = _LOGINS[choice(variant, *_LOGINS)]
    world.proxy_echoes = variant == "shown"
    user, colon, password = (given or "").partition(":")
    userinfo = "" if given is None else f"{quote(user, safe='')}{colon}{quote(password, safe='')}@"
    proxy = _proxy(world, "opens").replace("//", f"//{userinfo}")
    if variant == "file":
        world.files[instance.AGENT_DROP_IN] = "[Service]\nEnvironmentFile=/etc/default/agent-proxy\n"
        world.files["/etc/default/agent-proxy"] = f'https_proxy="{proxy}"\n'
    elif variant == "env":
        start = f"ExecStart=/usr/bin/env https_proxy={proxy.replace('%', '%%')} /usr/bin/amazon-ssm-agent\n"
        world.files[instance.AGENT_DROP_IN] = f"[Service]\nExecStart=\n{start}"
    else:
        environment(world, {"https_proxy": proxy.replace("%", "%%"), "no_proxy": w.IMDS})


@fault(
    "agent-proxy-for-imds",
    "http_proxy in the agent's environment, and no_proxy does not exempt IMDS; the proxy opens the way to endpoints, or is "
    "silent, or the variable is in capitals",
    "imds-through-proxy",
    "[opens|silent|capitals]",
)
def _(world, variant="opens"):
    proxy = _proxy(world, "silent" if choice(variant, "opens", "silent", "capitals") == "silent" else "opens")
    environment(world, {"HTTP_PROXY" if variant == "capitals" else "http_proxy": proxy})


_PLACES = {  # how systemd comes by the agent's environment: files of units, systemd.unit(5), systemd-system.conf(5)
    "manager": "/etc/systemd/system.conf.d/proxy.conf",
    "all-services": "/etc/systemd/system/service.d/proxy.conf",
    "prefix": "/etc/systemd/system/amazon-ssm-.service.d/proxy.conf",
    "run": "/run/systemd/system/amazon-ssm-agent.service.d/proxy.conf",
    "vendor": "/usr/lib/systemd/system/amazon-ssm-agent.service.d/proxy.conf",
    "control": "/etc/systemd/system.control/amazon-ssm-agent.service.d/50-proxy.conf",
}
_WORDS = ("file", "capitals", "reset", "unset", "later", "empty")


@fault(
    "agent-proxy-by",
    "the way that a proxy that forbids everything gets into the agent's environment: a place of systemd's, an EnvironmentFile, "
    "capitals; or out of it again: reset, unset, a later file, an empty variable in capitals that leaves the one in small "
    "letters (which Go then takes)",
    "proxy-in-the-way",
    f"[{'|'.join((*_PLACES, *_WORDS))}]",
)
def _(world, way="manager"):
    proxy, folder = {"https_proxy": _proxy(world, "forbids")}, os.path.dirname(instance.AGENT_DROP_IN)
    if choice(way, *_PLACES, *_WORDS) == "manager":
        world.files[_PLACES[way]] = f"[Manager]\nDefaultEnvironment=https_proxy={proxy['https_proxy']}\n"
    elif way in _PLACES:
        environment(world, proxy, _PLACES[way])
    elif way == "file":
        world.files[instance.AGENT_DROP_IN] = "[Service]\nEnvironmentFile=-/etc/default/agent-proxy\n"
        world.files["/etc/default/agent-proxy"] = f"# all traffic\nhttps_proxy=\"{proxy['https_proxy']}\"\n"
    elif way == "capitals":
        environment(world, {"HTTPS_PROXY": proxy["https_proxy"]})
    else:
        environment(world, proxy)
        more = {
            "reset": "Environment=\n",
            "unset": "UnsetEnvironment=https_proxy\n",
            "later": "Environment=https_proxy=\n",
            "empty": "Environment=HTTPS_PROXY=\n",
        }
        world.files[f"{folder}/zz-later.conf"] = f"[Service]\n{more[way]}"


@fault(
    "agent-environment",
    "a variable in the agent's environment",
    "agent-environment",
    "[NAME:VALUE (AWS_EC2_METADATA_DISABLED:true)]",
)
def _(world, name="AWS_EC2_METADATA_DISABLED", *value):
    environment(world, {name: ":".join(value) or "true"})


@fault("time-sync-missing", "no time service is enabled", "time-sync-missing")
def _(world):
    world.files[instance.TIME_SYNC_WANTED] = None


_BUNDLES = ("empty", "truncated", "foreign", "directory", "joined", "bom", "blank-lines")


def sdk_bundle(world, authority):
    world.sdk_bundle = authority
    environment(world, {"AWS_CA_BUNDLE": instance.SDK_BUNDLE})


@fault(
    "ca-bundle",
    "the CA bundle where the SSM agent looks is empty, truncated, without Amazon's roots; or there is none and a folder holds "
    "the root; or it is put together by hand: END and BEGIN share a line, it begins with a byte order mark, has blank lines; "
    "or AWS_CA_BUNDLE names one without Amazon's roots, or with nothing else",
    "ca-bundle-missing",
    "[empty|truncated|foreign|directory|joined|bom|blank-lines|sdk|sdk-amazons]",
)
def _(world, variant="empty"):
    if choice(variant, *_BUNDLES, "sdk", "sdk-amazons") in _BUNDLES:
        world.bundle = variant
    else:
        sdk_bundle(world, "corporate" if variant == "sdk" else "amazon")


@fault(
    "state-directory",
    "the agent's state directory is read-only, or a directory below it; or full: no blocks left, no inodes left; or nothing there may be "
    "run; or a file is where the agent needs a directory",
    "agent-state-unwritable",
    "[read-only|full|inodes|noexec|runtimeconfig|ipc|INSTANCE_ID|file]",
)
def _(world, variant="read-only"):
    if choice(variant, "read-only", "full", "inodes", "noexec", "runtimeconfig", "ipc", w.INSTANCE_ID, "file") == "file":
        world.files[f"/var/lib/amazon/ssm/{w.INSTANCE_ID}/document"] = "\n"
    else:
        world.state_directory = variant


@fault("inotify-exhausted", "root has used up its inotify instances, or its watches", "inotify-exhausted", "[instances|watches]")
def _(world, limit="instances"):
    world.inotify[choice(limit, "instances", "watches")] = 0


@fault("no-ca-bundle", "there is no CA bundle where the SSM agent looks", "ca-bundle-missing")
def _(world):
    world.bundle = "none"


@fault("read-only-disk", "everything on the disk is read-only, /run too", "agent-state-unwritable")
def _(world):
    world.read_only = True
