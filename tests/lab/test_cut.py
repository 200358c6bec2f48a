# SPDX-License-Identifier: Apache-2.0
"""Values of IMDS that are cut off: none is believed, and the session token is shown to nobody because of one.

Every value at every byte is tried in tests/unit/test_discover_imds.c; here it is the whole program, and real exchanges.
"""

import json

import pytest

from vpc import Lab, world as w

pytestmark = pytest.mark.usefixtures("binary")

CUTS = [
    (path, left_out, how)
    for path, cuts in {
        "vpc-ipv4-cidr-blocks": (1, 2, 3, 14),
        "subnet-ipv4-cidr-block": (1, 3),
        "instance-identity/document": (1, 200),
        "meta-data/mac": (1, 17),
        "iam/security-credentials": (1, 15),
        "security-credentials/" + w.ROLE: (1, 300),
    }.items()
    for left_out in cuts
    for how in ("length", "close")
]
WHERE_TO = [cut for cut in CUTS if cut[0].endswith(("cidr-blocks", "cidr-block"))]


@pytest.fixture(scope="module")
def public():
    """The names have public addresses, which answer; a block of the VPC that lacks its last byte would hold them."""
    with Lab(["public-path"], settings={"blocks": "10.0.0.0/16+198.51.100.0/24"}) as lab:
        yield lab


def check(lab, path, left_out, how, *options):
    lab.fault_add(f"imds-cut:{path}:{left_out}:{how}")
    try:
        lab.stats(reset=True)
        found = json.loads(lab.run(["check", "--output", "json", *options]).stdout)
        return found, lab.stats()
    finally:
        lab.fault_fix("imds-cut")


def only_own_names(stats):
    return all(name.partition(" ")[0].endswith(".us-east-1.amazonaws.com") for name in stats["dns"])


@pytest.mark.parametrize("path, left_out, how", WHERE_TO)
def test_no_public_address_gets_a_signed_request(public, path, left_out, how):
    found, stats = check(public, path, left_out, how, "--private-dns", "require")
    assert found["verdict"] == "not-ready"
    assert stats["signed"] == {} and stats["services"], "nothing reached the services, so nothing could be shown"
    assert only_own_names(stats), stats["dns"]


@pytest.mark.parametrize("path, left_out, how", CUTS)
def test_what_is_reported_is_true(healthy, path, left_out, how):
    found, stats = check(healthy, path, left_out, how)
    assert only_own_names(stats), stats["dns"]
    instance = found["instance"]
    assert instance["vpc"] in (None, w.VPC_ID) and instance["subnet_cidr"] in (None, w.SUBNET_CIDR)
    if found["verdict"] != "ready":
        assert found["findings"][0]["code"] == ("imds-cut" if how == "length" else "imds-malformed")
        assert "security-credentials" in path or "document" in path
