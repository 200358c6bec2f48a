# SPDX-License-Identifier: Apache-2.0
"""A remedy that is pasted mends the fault.

For each row: the lab has the fault, the commands of `show --commands` run in bash as they are printed, and `check` is asked
again. What is of the AWS CLI, a package manager, chrony or systemd is a program of stand-ins/ (vpc/account.py, vpc/elsewhere.py).
"""

import glob
import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from vpc import BINARY, Lab, world as w
from vpc.account import ENDPOINTS_GROUP
from vpc.client import LAB

AT_ONCE = 4
STAND_INS = os.path.join(LAB, "stand-ins")
PATH = f"{STAND_INS}:/usr/sbin:/usr/bin:/sbin:/bin"
UNKNOWN = "stand-in does not know"
UNSEEN = "what is commented out is run too: it must not be run before a look"
READER = "and who reads does what the words before a command say, with nothing but what the look has printed"
DONE_BY_READER = {  # the command -> what is done before it
    "aws organizations update-policy": """/usr/bin/python3 -c '
import json
document = json.load(open("policy.json"))
document["Statement"] = [each for each in document["Statement"] if each["Effect"] != "Deny"]
json.dump(document, open("policy.json", "w"))'
""",
}
LEFT = {  # checks of the finding that remain, as a warning
    "no-address-of-family": ["ec2messages.resolve"],  # nobody is told to do anything to its endpoint
    "tls-expired": ["ec2messages.tls"],
}

ROWS = [  # faults, the finding, the verdict afterwards, and UNSEEN
    # the metadata service
    ("imds-blocked-prohibit", "imds-blocked-locally", "ready"),
    ("imds-blocked-blackhole", "imds-blocked-locally", "ready"),
    ("imds-blocked-refused", "imds-blocked-locally", "ready"),
    ("imds-blocked-dropped", "imds-blocked-locally", "ready"),
    ("imds-disabled", "imds-disabled", "ready"),
    ("imds-hop-limit", "imds-hop-limit", "ready"),
    ("imds-malformed:redirected", "imds-malformed", "ready", UNSEEN),
    ("network-not-up", "network-not-up", "ready", UNSEEN),
    ("imds-unreachable", "imds-unreachable", "ready", UNSEEN),
    ("imds-silent", "imds-unreachable", "ready", UNSEEN),
    # the role
    ("role-missing", "role-missing", "ready"),
    ("role-profile-deleted", "role-missing", "ready"),
    ("role-profile-empty", "role-profile-empty", "ready"),
    ("role-not-assumable", "role-not-assumable", "ready"),
    ("credentials-expired", "credentials-expired", "ready"),
    ("credentials-rejected", "credentials-rejected", "ready"),
    ("policy-missing", "policy-missing", "ready"),
    ("policy-incomplete", "policy-incomplete", "ready"),
    ("denied-by-boundary", "denied-by-boundary", "ready", UNSEEN),
    ("denied", "denied", "ready", UNSEEN),
    ("denied-explicitly", "denied-explicitly", "ready", UNSEEN),
    ("denied-explicitly:written-in", "denied-explicitly", "ready", UNSEEN),
    ("denied-by-organization", "denied-by-organization", "ready", READER),
    ("denied-by-organization:rcp", "denied-by-organization", "ready", READER),
    ("denied-by-organization:unit", "denied-by-organization", "ready", READER),
    ("denied-by-endpoint-policy:ssm", "denied-by-endpoint-policy", "ready", UNSEEN),
    ("denied-by-endpoint-policy", "denied-by-endpoint-policy", "ready", UNSEEN),
    # names
    ("dns-no-resolver", "dns-no-resolver", "ready", UNSEEN),
    ("dns-resolver-unreachable", "dns-resolver-unreachable", "ready", UNSEEN),
    ("dns-bypasses-vpc", "dns-bypasses-vpc", "ready", UNSEEN),
    ("dns-not-asked", "dns-local", "ready"),
    ("dns-searched", "dns-local", "ready"),
    ("dns-blocked-locally", "dns-local", "ready"),
    ("dns-blocked-locally:in", "dns-local", "ready"),
    ("dns-stub-dead", "dns-local", "ready"),
    ("resolv-written:timeout dns-slow:1500", "dns-slow", "ready"),
    ("resolv-written:own-program", "dns-local", "ready"),
    ("resolv-written:use-vc dns-tcp-blocked", "dns-edns", "ready"),
    ("resolv-written:dead-long", "dns-slow", "ready", UNSEEN),
    ("dns-wrong-name", "dns-wrong-name", "ready"),
    ("endpoint-override", "dns-wrong-name", "ready"),
    ("dns-servfail", "dns-servfail", "ready", UNSEEN),
    ("vpc-dns-off", "vpc-dns-off", "ready"),
    ("private-dns-off", "private-dns-off", "ready"),
    ("private-dns-off:unnamed", "private-dns-off", "ready"),
    ("endpoint-missing", "endpoint-missing", "ready"),
    ("fips-override", "endpoint-missing", "ready"),
    ("dns-hosts-override", "dns-hosts-override", "ready"),
    ("dns-firewall", "dns-firewall", "ready", UNSEEN),
    ("no-address-of-family", "no-address-of-family", "degraded"),
    ("public-path", "public-path", "ready"),
    # reaching 443
    ("local-ports-used-up", "local-ports-used-up", "ready"),
    ("no-route", "no-route", "ready"),
    ("no-route:prohibit", "no-route", "ready"),
    ("local-firewall", "local-firewall", "ready"),
    ("local-firewall-drop:input", "local-firewall", "ready"),
    ("local-firewall-drop:iptables", "local-firewall", "ready"),
    ("egress-blocked", "egress-blocked", "ready"),
    ("egress-rule", "egress-rule", "ready"),
    ("endpoint-blocks-443", "endpoint-blocks-443", "ready"),
    ("endpoint-blocks-443:all", "egress-blocked", "ready"),
    ("endpoint-blocks-443:ssm endpoint-blocks-443:ssmmessages endpoint-blocks-443:ec2messages", "egress-blocked", "ready"),  # a group each
    ("address-family-blocked", "address-family-blocked", "ready"),
    ("network-acl", "network-acl", "ready"),
    ("network-acl:ephemeral", "network-acl", "ready"),
    ("gateway-silent", "gateway-silent", "ready", UNSEEN),
    ("gateway-silent:only", "gateway-silent", "ready", UNSEEN),
    ("gateway-silent:table", "gateway-silent", "ready", UNSEEN),
    ("gateway-silent:nameserver", "gateway-silent", "ready", UNSEEN),
    ("endpoint-az-unreachable", "endpoint-az-unreachable", "ready", UNSEEN),
    ("endpoint-refuses", "endpoint-refuses", "ready", UNSEEN),
    ("endpoint-refuses:ssm:b", "endpoint-refuses", "ready", UNSEEN),
    ("path-mtu:both:1450 tls-terms:rsa", "path-mtu", "ready"),
    ("second-interface", "other-interface", "ready"),
    ("route-into-tunnel", "route-elsewhere", "ready"),
    ("route-into-tunnel:rule", "route-elsewhere", "ready"),
    ("route-into-tunnel:endpoints", "route-elsewhere", "ready"),
    ("foreign-source", "route-elsewhere", "ready"),
    ("foreign-source:imds", "route-elsewhere", "ready"),
    ("clock-wrong", "clock-wrong", "ready"),
    # TLS
    ("tls-untrusted:ssm", "tls-untrusted", "ready", UNSEEN),
    ("tls-wrong-name", "tls-wrong-name", "ready", UNSEEN),
    ("tls-expired", "tls-expired", "degraded", UNSEEN),
    ("tls-version:ssm", "tls-version", "ready", UNSEEN),
    # the instance itself
    ("agent-missing", "agent-missing", "ready"),
    ("agent-disabled", "agent-disabled", "ready"),
    ("agent-masked", "agent-masked", "ready"),
    ("agent-old", "agent-too-old", "ready"),
    ("agent-half-installed", "agent-half-installed", "ready"),
    ("agent-half-installed:dpkg", "agent-half-installed", "ready"),
    ("agent-crashes", "agent-crashes", "ready"),
    ("agent-crashes:stays-down", "agent-crashes", "ready"),
    ("agent-not-connected", "agent-not-connected", "ready"),
    ("agent-config-invalid", "agent-config-invalid", "ready", UNSEEN),
    ("agent-proxy", "proxy-in-the-way", "ready"),
    ("unit-written:no-proxy-file", "proxy-in-the-way", "ready"),  # the file of EnvironmentFile= has a NO_PROXY of its own
    ("agent-proxy-for-imds", "imds-through-proxy", "ready"),
    ("agent-environment", "agent-environment", "ready"),
    ("agent-registered-elsewhere:complete", "agent-registered-elsewhere", "ready"),
    ("registration-copied", "request-refused", "ready", UNSEEN),
    ("state-directory", "agent-state-unwritable", "ready"),
    ("state-directory:runtimeconfig", "agent-state-unwritable", "ready"),
    ("state-directory:file", "agent-state-unwritable", "ready"),
    ("inotify-exhausted", "inotify-exhausted", "ready"),
    ("inotify-exhausted:watches", "inotify-exhausted", "ready"),
    ("ca-bundle", "ca-bundle-missing", "ready"),
    ("ca-bundle:sdk", "ca-bundle-missing", "ready"),
    ("time-sync-missing", "time-sync-missing", "ready"),
]

_THEIRS = "the commands look; what is to be changed is a proxy, a firewall or a server that the lab does not have"
_NOTE = "a note: nothing is to be changed"
_READER = "the commands look; what to write instead only the reader knows"
NOT = {
    "preflight-trouble": "the commands look for what the machine lacks",
    "not-ec2": "nothing is to be fixed",
    "proxy-wants-login": "opens an editor; the login only the reader knows",
    "imds-slow": _THEIRS,
    "imds-throttled": "the commands look for the program that asks too often",
    "imds-cut": _THEIRS,
    "refused-on-the-way": _THEIRS,
    "tls-intercepted": _THEIRS,
    "connect-unsteady": _THEIRS,
    "tls-unsteady": _THEIRS,
    "tls-reset": _THEIRS,
    "signature-rejected": _THEIRS,
    "slow-endpoint": _THEIRS,
    "service-unavailable": "time mends it",
    "service-not-in-region": _NOTE,
    "dhmc-in-use": _NOTE,
    "endpoint-outside-vpc": _NOTE,
    "public-address": _NOTE,
    "certificate-expires-soon": _NOTE,
    "ec2messages-not-needed": _NOTE,
    "session-endpoints": _NOTE,
    "dns-server-silent": _NOTE,
    "ipv6-only": _NOTE,
    "unexplained": "nobody knows what to change",
}


@pytest.fixture(scope="module")
def mended(binary, request):
    """faults -> a future of (the script, its outcome, the report before, the report after)."""
    wanted = [item.callspec.params for item in request.session.items if "mended" in getattr(item, "fixturenames", ())]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {each["faults"]: pool.submit(_mend, each["faults"], each["code"], each["special"]) for each in wanted}
        pool.shutdown(cancel_futures=True)


def _mend(faults, code, special):
    with Lab(faults.split(), binary=BINARY) as lab:
        before = lab.run(["check", "--output", "json"]).stdout
        printed = subprocess.run([BINARY, "show", "--commands", "-"], input=before, capture_output=True, text=True, check=False)
        script = _of_one(printed.stdout, code)
        if special in (UNSEEN, READER):
            script = re.sub(r"(?m)^# (?=(aws|sudo|[A-Z]+=\$\(aws) )", "", script)
        for command, before_it in DONE_BY_READER.items() if special == READER else ():
            script = script.replace(f"\n{command}", f"\n{before_it}{command}")
        script = f"cd /run\n{script}"
        done = lab.run(["-s"], program="/bin/bash", environment={"PATH": PATH}, input=script)
        after = lab.run(["check", "--output", "json"]).stdout
    return script, done, json.loads(before), json.loads(after)


def _of_one(printed, code):
    """The parts about this finding, which may be there for each service."""
    parts = re.split(r"(?m)^(?=# \d+\. )", printed)
    return "".join(part for part in parts if re.match(rf"# \d+\. {code}: ", part))


@pytest.mark.parametrize(
    "faults, code, verdict, special", [pytest.param(*row, *[None] * (4 - len(row)), id=row[0]) for row in ROWS]
)
def test_the_printed_commands_mend(mended, faults, code, verdict, special):
    script, done, before, after = mended[faults].result()
    assert code in [finding["code"] for finding in before["findings"]], before["summary"]
    told = f"{script}\n--- it said\n{done.stdout}\n--- and on stderr\n{done.stderr}"
    assert "# 1. " in script and UNKNOWN not in done.stderr, told
    left = {finding["code"]: finding["explains"] for finding in after["findings"]}
    expected = LEFT[code] if verdict == "degraded" else None
    assert (left.get(code), after["verdict"]) == (expected, verdict), f"{after['summary']}; {left}\n{told}"
    now = _addresses(after)
    lost = {name: n for name, n in _addresses(before).items() if now.get(name, n) < n}
    assert not lost, f"addresses there were, that are gone: {lost}\n{told}"


def _addresses(report):
    return {name: len(facts.get("addresses", [])) for name, facts in report["facts"].get("endpoints", {}).items()}


def test_every_finding_is_mended_or_has_a_reason(binary):
    listed = subprocess.run([binary, "list", "findings"], capture_output=True, text=True, check=True).stdout
    codes = set(re.findall(r"(?m)^([a-z][a-z0-9-]*) +(?:fatal|warning|note) ", listed))
    on_an_instance = {code for code in codes if not code.startswith("image-")}
    tried = {row[1] for row in ROWS}
    assert tried & NOT.keys() == set()
    assert tried | NOT.keys() == on_an_instance


def test_a_page_takes_nothing_away_from_an_instance_without_a_copy():
    """Lines that begin with image: are for an image that is being built, as are the pages of its findings."""
    for path in glob.glob(os.path.join(LAB, "..", "..", "docs", "findings", "*.md")):
        if os.path.basename(path).startswith(("image-", "README")):
            continue
        with open(path, encoding="utf-8") as file:
            text = re.sub(r"(?m)^image[ :](.*\n)(  .*\n)*", "", file.read())
        taken = re.findall(r"sed -i(?!\.bak).*|\brm -r?f.*|.*\bpurge\b.*|[^>]> ?/etc/(?:resolv|hosts|nsswitch).*", text)
        assert not taken, (path, taken)


def test_other_sources_of_names_stay(binary):
    with Lab(["dns-not-asked"], binary=binary) as lab:
        before = lab.run(["check", "--output", "json"]).stdout
        printed = subprocess.run([binary, "show", "--commands", "-"], input=before, capture_output=True, text=True, check=False).stdout
        lab.run(["-s"], program="/bin/bash", environment={"PATH": PATH}, input="sed -i 's/^hosts:.*/& myhostname/' /etc/nsswitch.conf\n" + _of_one(printed, "dns-local"))
        now = lab.run(["/etc/nsswitch.conf", "/etc/nsswitch.conf.bak"], program="/bin/cat").stdout
        assert re.findall(r"(?m)^hosts:.*", now) == ["hosts: files dns myhostname", "hosts: files myhostname"]


INGRESS = f"ec2 authorize-security-group-ingress --group-id {{}} --protocol tcp --port {{}} --source-group {w.SECURITY_GROUP_ID}"
NOT_KNOWN = [
    "ec2 terminate-instances --instance-ids i-0",
    INGRESS.format("sg-0ssm", 443) + " --dry-run yes",
    "ec2 describe-vpc-endpoints --filters Name=state,Values=available",
    "ec2 authorize-security-group-ingress --group-id sg-0ssm --protocol tcp",
]
NO_CURE = [INGRESS.format("sg-0ssm", 444), INGRESS.format(ENDPOINTS_GROUP, 443), "ec2 reboot-instances --instance-ids " + w.INSTANCE_ID]


def test_the_stand_in_knows_no_other_command_and_mends_nothing_else(binary):
    with Lab(["endpoint-blocks-443"], binary=binary) as lab:
        for command in NOT_KNOWN:
            done = lab.run(command.split(), program=os.path.join(STAND_INS, "aws"))
            assert done.returncode != 0 and UNKNOWN in done.stderr, command
        for command in NO_CURE:
            assert lab.run(command.split(), program=os.path.join(STAND_INS, "aws")).returncode == 0, command
        assert json.loads(lab.run(["check", "--output", "json"]).stdout)["verdict"] == "not-ready"


RULE = "aws route53resolver create-resolver-rule --rule-type SYSTEM --name x --creator-request-id x --domain-name corp.example.com"
NOT_IT = [  # faults, and what mends another one, or nothing
    ("imds-silent", f"aws ec2 reboot-instances --instance-ids {w.INSTANCE_ID}; aws ec2 start-instances --instance-ids {w.INSTANCE_ID}"),
    ("imds-malformed:redirected", f"nft insert rule ip nat OUTPUT ip daddr {w.RESOLVER} accept"),
    ("dns-servfail", f"{RULE}; aws route53resolver associate-resolver-rule --vpc-id {w.VPC_ID} --resolver-rule-id rslvr-rr-x"),
    ("denied-explicitly", f"aws iam detach-role-policy --role-name {w.ROLE} --policy-arn arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"),
    ("denied-explicitly:written-in", f"aws iam detach-role-policy --role-name {w.ROLE} --policy-arn x/DenySystemsManager"),
    ("denied-by-organization", "aws organizations update-policy --policy-id p-FullAWSAccess --content '{\"Statement\": []}'"),
    ("endpoint-az-unreachable", f"for DO in remove add; do aws ec2 modify-vpc-endpoint --vpc-endpoint-id vpce-0ssm --$DO-subnet-ids {w.SUBNET_ID}; done"),
    ("gateway-silent", f"ip route replace 10.0.2.0/24 via 10.0.1.78 dev {w.INTERFACE} onlink"),
    ("path-mtu:both:1450 tls-terms:rsa", f"ip link set dev {w.INTERFACE} mtu 1500"),
    ("inotify-exhausted", "echo fs.inotify.max_user_watches = 1 >/run/one; sysctl -p /run/one"),
    ("agent-crashes policy-incomplete:ssmmessages:OpenControlChannel", "systemctl restart amazon-ssm-agent"),
    ("registration-copied", "mv /var/lib/amazon/ssm/Vault/Store /var/lib/amazon/ssm/Store"),
]


@pytest.mark.parametrize("faults, commands", [pytest.param(*row, id=row[0]) for row in NOT_IT])
def test_what_is_no_remedy_mends_nothing(binary, faults, commands):
    with Lab(faults.split(), binary=binary) as lab:
        before = json.loads(lab.run(["check", "--output", "json"]).stdout)
        done = lab.run(["-s"], program="/bin/bash", environment={"PATH": PATH}, input=commands)
        after = json.loads(lab.run(["check", "--output", "json"]).stdout)
    assert UNKNOWN not in done.stderr, done.stderr
    assert after["findings"][0]["code"] == before["findings"][0]["code"], done.stderr
