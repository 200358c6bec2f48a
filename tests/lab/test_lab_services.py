# SPDX-License-Identifier: Apache-2.0
"""The lab's services, without the program: signatures are verified, policies decide, and the answers are in AWS's forms."""

import pytest
from on_instance import PYTHON, SSM, curl, signed

from vpc import Lab, policies, world as w
from vpc.credentials import ROLE


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
    assert healthy.stats()["signed"] == {
        "ssm:ListAssociations": 1,
        "ec2messages:GetEndpoint": 1,
        "ssmmessages:CreateControlChannel": 1,
    }


@pytest.mark.parametrize(
    "changes, code",
    [
        ({"secret": "wrong"}, "InvalidSignatureException"),
        ({"token": "wrong"}, "UnrecognizedClientException"),
        ({"region": "eu-west-1"}, "InvalidSignatureException"),
    ],
)
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
headers = {{"X-Amz-Target": "AmazonSSM.ListAssociations", "Content-Type": "application/x-amz-json-1.1"}}
request = AWSRequest("POST", "{SSM}", headers=headers, data=b'{{}}')
SigV4Auth(Credentials("{ROLE.access_key}", "{ROLE.secret_key}", "{ROLE.token}"), "ssm", "us-east-1").add_auth(request)
for body in (b'{{}}', b'{{"MaxResults": 1}}'):
    try:
        print(urllib.request.urlopen(urllib.request.Request("{SSM}", body, dict(request.headers))).status)
    except urllib.error.HTTPError as error:
        print(error.status, error.read().decode())
"""
    lines = healthy.run(["-c", code], program=PYTHON).stdout.splitlines()
    assert lines[0] == "200" and lines[1].startswith("400") and "InvalidSignatureException" in lines[1]


@pytest.mark.parametrize(
    "fault, phrase",
    [
        ("policy-missing", "because no identity-based policy allows the ssm:ListAssociations action"),
        ("policy-incomplete:ssm:ListAssociations", "because no identity-based policy allows"),
        ("denied-explicitly", "with an explicit deny in an identity-based policy"),
        ("denied-by-endpoint-policy", "because no VPC endpoint policy allows"),
        ("denied-by-endpoint-policy:all:explicit", "with an explicit deny in a VPC endpoint policy"),
        ("denied-by-boundary", "because no permissions boundary allows"),
        ("denied-by-organization", "with an explicit deny in a service control policy"),
        ("denied-by-organization:rcp", "with an explicit deny in a resource control policy"),
        ("denied", f'on resource: arn:aws:ssm:us-east-1:{w.ACCOUNT}:*"'),
        ("clock-wrong", "Signature expired: "),
        ("clock-wrong:-1200", "Signature not yet current: "),
        ("credentials-rejected", "UnrecognizedClientException"),
        ("credentials-rejected:expired", "ExpiredTokenException"),
        ("signature-rejected", "InvalidSignatureException"),
        ("service-throttled", "ThrottlingException"),
    ],
)
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
    assert (
        policies.denial("ssm:PutInventory", {"identity": [allow]})
        == "because no identity-based policy allows the ssm:PutInventory action"
    )
    assert (
        policies.denial("ssm:GetParameter", {"identity": [allow, deny]})
        == "with an explicit deny in an identity-based policy"
    )
    assert policies.denial("kms:Decrypt", {"identity": [allow, deny], "boundary": None}) is None
    assert "permissions boundary" in policies.denial("kms:Decrypt", {"identity": [allow], "boundary": [deny]})


def test_a_proxys_answer_is_not_a_services():
    with Lab(["proxy-answer"]) as lab:
        head = curl(lab, "-i", SSM).stdout
        assert head.startswith("HTTP/1.1 407") and "squid" in head and "x-amzn-RequestId" not in head


ASK_TIME = f"""
import socket, struct, time
asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asking.settimeout(2)
asking.sendto(bytes([0x23]) + bytes(47), ("{w.TIME_SOURCE}", 123))
print(round(struct.unpack(">I", asking.recv(99)[40:44])[0] - 2208988800 - time.time()))
"""


@pytest.mark.parametrize("faults, offset", [([], 0), (["clock-wrong"], 1200), (["clock-wrong:-600"], -600)])
def test_the_time_source(faults, offset):
    with Lab(faults) as lab:
        assert abs(int(lab.run(["-c", ASK_TIME], program=PYTHON).stdout) - offset) <= 2
