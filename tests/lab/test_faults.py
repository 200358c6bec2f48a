# SPDX-License-Identifier: Apache-2.0
"""Every fault of the lab, and what `ssm-preflight check` must say about it.

One row a fault: how it is given to the lab, the verdict, and the code of the first finding (None: no finding above a note). All
labs of the rows that were selected start together, a few at a time: most of them only wait for time to pass.
"""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from vpc import BINARY, Lab
from vpc.faults import TABLE

AT_ONCE = 6
WITHIN_S = 60
STATUS = {"ready": 0, "degraded": 0, "not-ready": 1, "unknown": 3}

EXPECTED = [  # fault, verdict, first finding
    # the metadata service
    ("imds-blocked-prohibit", "not-ready", "imds-blocked-locally"),
    ("imds-blocked-blackhole", "not-ready", "imds-blocked-locally"),
    ("imds-blocked-noroute", "not-ready", "imds-blocked-locally"),
    ("imds-blocked-refused", "not-ready", "imds-blocked-locally"),
    ("imds-disabled", "not-ready", "imds-disabled"),
    ("imds-hop-limit", "not-ready", "imds-hop-limit"),
    ("imds-unreachable", "not-ready", "imds-unreachable"),
    ("imds-silent", "not-ready", "imds-unreachable"),
    ("imds-ipv6-only", "not-ready", "imds-unreachable"),
    ("imds-throttled", "not-ready", "imds-throttled"),
    ("imds-throttled:429", "not-ready", "imds-throttled"),
    ("imds-throttled:503:2", "ready", None),
    ("imds-slow", "ready", None),
    ("imds-late", "ready", None),
    ("imds-malformed:portal", "not-ready", "imds-malformed"),
    ("imds-malformed:token", "not-ready", "imds-malformed"),
    ("imds-malformed:token-huge", "not-ready", "imds-malformed"),
    ("imds-malformed:document", "not-ready", "imds-malformed"),
    ("imds-malformed:document-empty", "not-ready", "imds-malformed"),
    ("imds-malformed:garbage", "not-ready", "imds-malformed"),
    ("imds-malformed:redirect", "not-ready", "imds-malformed"),
    ("imds-malformed:huge", "not-ready", "imds-malformed"),
    ("imds-malformed:truncated", "not-ready", "imds-malformed"),
    ("imds-v1-only", "not-ready", "imds-malformed"),
    ("imds-credentials-malformed", "not-ready", "imds-malformed"),
    ("not-ec2", "unknown", "not-ec2"),
    ("network-not-up", "not-ready", "network-not-up"),
    ("public-address", "ready", "public-address"),
    ("ipv6-only", "ready", "ipv6-only"),
    ("clock-wrong", "not-ready", "clock-wrong"),
    ("clock-wrong:-1200", "not-ready", "clock-wrong"),
    ("clock-wrong:not-yet-valid", "not-ready", "clock-wrong"),
    ("clock-wrong:expired", "not-ready", "clock-wrong"),
    ("clock-wrong:120", "ready", None),
    ("time-source-silent", "ready", None),
    # the role
    ("role-missing", "not-ready", "role-missing"),
    ("role-profile-deleted", "not-ready", "role-missing"),
    ("role-profile-empty", "not-ready", "role-profile-empty"),
    ("role-not-assumable", "not-ready", "role-not-assumable"),
    ("credentials-expired", "not-ready", "credentials-expired"),
    ("credentials-rejected", "not-ready", "credentials-rejected"),
    ("credentials-rejected:expired", "not-ready", "credentials-rejected"),
    ("credentials-rejected:invalid", "not-ready", "credentials-rejected"),
    ("dhmc", "ready", "dhmc-in-use"),
    # names
    ("dns-no-resolver", "not-ready", "dns-no-resolver"),
    ("dns-resolver-unreachable", "not-ready", "dns-resolver-unreachable"),
    ("vpc-dns-off", "not-ready", "vpc-dns-off"),
    ("vpc-dns-off:refused", "not-ready", "vpc-dns-off"),
    ("dns-bypasses-vpc", "not-ready", "dns-bypasses-vpc"),
    ("dns-bypasses-vpc:nxdomain", "not-ready", "dns-bypasses-vpc"),
    ("private-dns-off", "not-ready", "private-dns-off"),
    ("endpoint-missing", "not-ready", "endpoint-missing"),
    ("endpoint-missing:ssm", "not-ready", "endpoint-missing"),
    ("ec2messages-missing", "ready", "ec2messages-not-needed"),
    ("ec2messages-missing agent-old:3.2.0.0", "not-ready", "endpoint-missing"),
    ("service-not-in-region", "ready", "service-not-in-region"),
    ("dns-hosts-override", "not-ready", "dns-hosts-override"),
    ("dns-wrong-name", "not-ready", "dns-wrong-name"),
    ("dns-servfail", "not-ready", "dns-servfail"),
    ("endpoint-outside-vpc", "ready", "endpoint-outside-vpc"),
    ("public-path", "not-ready", "public-path"),
    # reaching 443
    ("no-route", "not-ready", "no-route"),
    ("local-firewall", "not-ready", "local-firewall"),
    ("egress-blocked", "not-ready", "egress-blocked"),
    ("local-firewall:drop", "not-ready", "egress-blocked"),  # from inside the same silence
    ("endpoint-blocks-443", "not-ready", "endpoint-blocks-443"),
    ("endpoint-blocks-443:ssmmessages", "not-ready", "endpoint-blocks-443"),
    ("endpoint-blocks-443:all", "not-ready", "egress-blocked"),  # the security group that they share
    ("network-acl", "not-ready", "network-acl"),
    ("network-acl:ephemeral", "not-ready", "network-acl"),
    ("endpoint-az-unreachable", "not-ready", "endpoint-az-unreachable"),
    ("endpoint-az-unreachable:ssmmessages:a", "not-ready", "endpoint-az-unreachable"),
    ("endpoint-refuses", "not-ready", "endpoint-refuses"),
    ("endpoint-refuses:ssm:b", "not-ready", "endpoint-refuses"),
    ("gateway-silent", "not-ready", "gateway-silent"),
    ("path-mtu", "not-ready", "path-mtu"),
    ("handshake-swallowed", "not-ready", "tls-reset"),
    # TLS
    ("tls-intercepted", "not-ready", "tls-intercepted"),
    ("tls-intercepted:unknown", "not-ready", "tls-intercepted"),
    ("tls-untrusted", "not-ready", "tls-untrusted"),
    ("tls-wrong-name", "not-ready", "tls-wrong-name"),
    ("tls-expired", "not-ready", "tls-expired"),
    ("tls-reset", "not-ready", "tls-reset"),
    ("tls-reset:closed", "not-ready", "tls-reset"),
    ("tls-version", "not-ready", "tls-version"),
    ("plain-http-on-443", "not-ready", "tls-reset"),
    ("certificate-expires-soon", "ready", "certificate-expires-soon"),
    # the services' answers
    ("policy-missing", "not-ready", "policy-missing"),
    ("policy-incomplete", "not-ready", "policy-incomplete"),
    ("policy-incomplete:ssm:GetParameters", "ready", "policy-incomplete"),
    ("denied-explicitly", "not-ready", "denied-explicitly"),
    ("denied-by-endpoint-policy", "not-ready", "denied-by-endpoint-policy"),
    ("denied-by-endpoint-policy:ssmmessages", "not-ready", "denied-by-endpoint-policy"),
    ("denied-by-endpoint-policy:all:explicit", "not-ready", "denied-by-endpoint-policy"),
    ("denied-by-boundary", "not-ready", "denied-by-boundary"),
    ("denied-by-organization", "not-ready", "denied-by-organization"),
    ("denied-by-organization:rcp", "not-ready", "denied-by-organization"),
    ("denied", "not-ready", "denied"),
    ("denied:odd", "not-ready", "denied"),
    ("signature-rejected", "not-ready", "signature-rejected"),
    ("proxy-answer", "not-ready", "proxy-in-the-way"),
    ("proxy-answer:502", "not-ready", "proxy-in-the-way"),
    ("service-unavailable", "not-ready", "service-unavailable"),
    ("service-unavailable:ssm:500", "not-ready", "service-unavailable"),
    ("service-throttled", "ready", "service-unavailable"),
    ("service-hang", "not-ready", "service-unavailable"),
    ("service-garbage", "not-ready", "proxy-in-the-way"),
    ("service-garbage:all:huge", "not-ready", "proxy-in-the-way"),
    ("slow-endpoint", "ready", "slow-endpoint"),
    # the instance itself
    ("agent-missing", "degraded", "agent-missing"),
    ("agent-disabled", "degraded", "agent-disabled"),
    ("agent-masked", "degraded", "agent-masked"),
    ("agent-old", "degraded", "agent-too-old"),
    ("agent-config-invalid", "degraded", "agent-config-invalid"),
    ("agent-config-invalid:region", "not-ready", "agent-config-invalid"),
    ("agent-proxy", "ready", "proxy-in-the-way"),
    ("no-ca-bundle", "degraded", "ca-bundle-missing"),
    ("read-only-disk", "ready", None),
    # two at once: the cause is the one further down the ladder's foot
    ("private-dns-off policy-missing", "not-ready", "private-dns-off"),
    ("imds-disabled egress-blocked", "not-ready", "imds-disabled"),
    ("dns-servfail role-missing", "not-ready", "role-missing"),
]
BY_ANOTHER_VERB = {"agent-registered-elsewhere"}  # `image`


@pytest.fixture(scope="module")
def reports(request, binary):
    """fault -> a future of (CompletedProcess, report or None, the secrets' verdict)."""
    wanted = {
        item.callspec.params["faults"]
        for item in request.session.items
        if item.module is request.module and hasattr(item, "callspec")
    }
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {faults: pool.submit(_check, faults) for faults, _, _ in EXPECTED if faults in wanted}


def _check(faults):
    with Lab(faults.split(), binary=BINARY) as lab:
        done = lab.run(["check", "--output", "json"], timeout_s=WITHIN_S)
        lab.assert_no_secret(done.stdout, done.stderr)
    return done


@pytest.mark.parametrize("faults, verdict, code", EXPECTED, ids=[row[0] for row in EXPECTED])
def test_fault(reports, faults, verdict, code):
    done = reports[faults].result()
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    found = [(finding["code"], finding["severity"]) for finding in report["findings"]]
    above_notes = [finding for finding in found if finding[1] != "note"]
    first = (found if code else above_notes)[:1]
    assert (report["verdict"], first[0][0] if first else None) == (verdict, code), f"{report['summary']}; {found}"
    assert done.returncode == STATUS[verdict]


def test_every_fault_is_expected_somewhere():
    given = {fault.partition(":")[0] for row in EXPECTED for fault in row[0].split()}
    assert given | BY_ANOTHER_VERB == set(TABLE)


def test_the_lists_expectation_is_the_tables():
    """What --list-faults promises is what the plain fault leads to."""
    for faults, _, code in EXPECTED:
        if faults in TABLE:
            assert TABLE[faults].finds == code, faults
