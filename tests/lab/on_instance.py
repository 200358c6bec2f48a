# SPDX-License-Identifier: Apache-2.0
"""What the lab's tests do on the instance: with curl and Python, which are not the program's own code."""

import importlib.util
import os

import pytest

from vpc import world as w
from vpc.client import REPOSITORY
from vpc.credentials import ROLE

PYTHON = "/usr/bin/python3"
SSM = "https://ssm.us-east-1.amazonaws.com/"

CONNECT = """
import errno, socket, sys
try:
    source = ("", int(sys.argv[4])) if sys.argv[4:] else None
    socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[3]), source).close()
    print("connected")
except TimeoutError:
    print("silence")
except OSError as error:
    print(errno.errorcode.get(error.errno, error))
"""


def connect(lab, address, port=443, within_s=0.5, source_port=None):
    source = [str(source_port)] if source_port else []
    return lab.run(["-c", CONNECT, address, str(port), str(within_s), *source], program=PYTHON).stdout.strip()


def curl(lab, *arguments, **options):
    return lab.run(["-sS", "--max-time", "5", *arguments], program="curl", **options)


def imds(lab, path="", method="GET", *headers):
    """(status, body) of one request."""
    flags = [flag for header in headers for flag in ("-H", header)]
    done = curl(lab, "-X", method, *flags, "-w", "\n%{http_code}", f"http://{w.IMDS}/latest/{path}")
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body


def token(lab):
    return "X-aws-ec2-metadata-token: " + imds(lab, "api/token", "PUT", "X-aws-ec2-metadata-token-ttl-seconds: 60")[1]


def signed(
    lab,
    action="ListAssociations",
    service="ssm",
    secret=ROLE.secret_key,
    region="us-east-1",
    token=ROLE.token,
    body="{}",
):
    """(status, answer) of a call that curl signs."""
    if service == "ssmmessages":
        target = ["-H", "Content-Type: application/json"]
        url = f"https://ssmmessages.us-east-1.amazonaws.com/v1/control-channel/{w.INSTANCE_ID}"
    else:
        prefix = {"ssm": "AmazonSSM", "ec2messages": "EC2WindowsMessageDeliveryService"}[service]
        target = ["-H", f"X-Amz-Target: {prefix}.{action}", "-H", "Content-Type: application/x-amz-json-1.1"]
        url = f"https://{service}.us-east-1.amazonaws.com/"
    done = curl(
        lab,
        "--aws-sigv4",
        f"aws:amz:{region}:{service}",
        "--user",
        f"{ROLE.access_key}:{secret}",
        "-H",
        f"X-Amz-Security-Token: {token}",
        *target,
        "-d",
        body,
        "-w",
        "\n%{http_code}",
        url,
    )
    answer, _, status = done.stdout.rpartition("\n")
    return int(status or 0), answer


def addresses(lab, name, server=w.RESOLVER, kind="A", edns=False):
    """(response code, answers as (address, TTL)), asked by hand: a resolver library would hide the code."""
    code = f"""
import socket, struct
labels = b"".join(bytes([len(part)]) + part.encode() for part in "{name}".split("."))
question = struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0) + labels + b"\\0"
question += struct.pack(">HH", {1 if kind == "A" else 28}, 1)
plain = len(question)
if {edns}:
    question = question[:11] + bytes([1]) + question[12:] + struct.pack(">BHHIH", 0, 41, 1232, 0, 0)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(0.5); s.connect(("{server}", 53))
try:
    s.send(question)
    answer = s.recv(4096)
except (TimeoutError, OSError) as error:
    print(type(error).__name__); raise SystemExit
found, at = [], plain
for _ in range(struct.unpack(">H", answer[6:8])[0]):
    ttl, size = struct.unpack(">IH", answer[at + 6:at + 12])
    found.append((socket.inet_ntoa(answer[at + 12:at + 16]), ttl))
    at += 12 + size
print(answer[3] & 15, sorted(found))
"""
    return lab.run(["-c", code], program=PYTHON).stdout.strip()


def name_of(service):
    return w.World().name(service)


def schema_problems(found):
    pytest.importorskip("jsonschema")
    spec = importlib.util.spec_from_file_location(
        "report_validate", os.path.join(REPOSITORY, "tests", "unit", "report_validate.py")
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.problems(found)
