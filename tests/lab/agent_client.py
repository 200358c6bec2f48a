#!/usr/bin/python3 -s
# SPDX-License-Identifier: Apache-2.0
"""Speaks to the lab's services as the SSM agent does, in the agent's order; for the lab's own tests. Run on the instance.

usage: agent_client.py register | token [wrong-key] | hybrid | messages | channel [wrong-token] | start GROUP

Each verb prints one line of JSON: what the services answered. `start` leaves one behind that holds its control channel, as the unit of
that control group; or none, when it does not come up."""

import base64
import http.client
import json
import os
import shutil
import ssl
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from vpc import channel, machinekey, signatures, world as w  # noqa: E402
from vpc.credentials import IDENTITY, MANAGED, ROLE  # noqa: E402

TEXT, PING, PONG = 1, 9, 10


def signed(host, method, path, body, who, headers=()):
    """The headers of a signed request."""
    service = host.partition(".")[0]
    request = signatures.AWSRequest(method, f"https://{host}{path}", headers=dict(headers), data=body)
    keys = signatures.BotoCredentials(who.access_key, who.secret_key, who.token)
    signatures.SigV4Auth(keys, service, w.World.region).add_auth(request)
    return dict(request.headers)


def send(host, method, path, body, headers, within_s=10):
    trusted = ssl.create_default_context(cafile="/etc/ssl/certs/ca-certificates.crt")
    connection = http.client.HTTPSConnection(host, context=trusted, timeout=within_s)
    connection.request(method, path, body, headers)
    return connection, connection.getresponse()


def ssm(action, request, who, add=lambda headers: {}):
    """(status, the answer) of one call; `add`: headers made from the signed ones."""
    host, body = w.World().name("ssm"), json.dumps(request)
    kind = {"X-Amz-Target": f"AmazonSSM.{action}", "Content-Type": "application/x-amz-json-1.1"}
    headers = signed(host, "POST", "/", body, who, kind)
    answer = send(host, "POST", "/", body, headers | add(headers))[1]
    return answer.status, json.loads(answer.read())


def register():
    public = machinekey.pair()[1]
    request = {"PublicKey": public, "PublicKeyType": "Rsa", "Fingerprint": w.INSTANCE_ID}
    return ssm("RegisterManagedInstance", request, IDENTITY)


def token(key="right-key"):
    """Default Host Management's token, asked for with the key that was registered, and used."""
    registered, _ = register()
    if key == "wrong-key":
        machinekey.pair.cache_clear()
    private = machinekey.pair()[0]
    status, answer = ssm(
        "RequestManagedInstanceRoleToken",
        {"Fingerprint": w.INSTANCE_ID},
        IDENTITY,
        lambda headers: {
            "SSM-AsymmetricKeyAuthorization": f"Signature={machinekey.sign(private, headers['Authorization'])}"
        },
    )
    used = ssm("UpdateInstanceInformation", {"InstanceId": w.INSTANCE_ID}, MANAGED)[0] if status == 200 else None
    return registered, status, answer.get("AccessKeyId", answer), used


def hybrid():
    """The token of a hybrid machine, whose key is on the disk."""
    with open("/var/lib/amazon/ssm/Vault/Store/RegistrationKey", encoding="utf-8") as file:
        found = json.load(file)
    host, body = w.World().name("ssm"), "{}"
    target = {"X-Amz-Target": "AmazonSSM.RequestManagedInstanceRoleToken"}
    request = signatures.AWSRequest("POST", f"https://{host}/", headers=target, data=body)
    signer = signatures.SigV4Auth(signatures.BotoCredentials(found["instanceID"], "none"), "ssm", w.World.region)
    signer.add_auth(request)
    headers = dict(request.headers)
    named, _, _ = headers["Authorization"].rpartition("=")
    del request.headers["Authorization"]
    text = signer.string_to_sign(request, signer.canonical_request(request))
    headers["Authorization"] = f"{named}={machinekey.sign(found['privateKey'], text)}"
    answer = send(host, "POST", "/", body, headers)[1]
    return answer.status, json.loads(answer.read()).get("AccessKeyId")


def messages():
    """Whether GetMessages was answered at once."""
    host = w.World().name("ec2messages")
    kind = {"X-Amz-Target": "EC2WindowsMessageDeliveryService.GetMessages"}
    try:
        return send(host, "POST", "/", "{}", signed(host, "POST", "/", "{}", ROLE, kind), within_s=0.5)[1].status
    except TimeoutError:
        return "not yet"


def start(group):
    shutil.rmtree(group, ignore_errors=True)
    status = ssm("UpdateInstanceInformation", {"InstanceId": w.INSTANCE_ID}, ROLE)[0]
    said, connection = _channel()
    is_up = status == 200 and said.get("says") == "still"
    if is_up and os.fork() == 0:
        os.makedirs(group)
        with open(os.path.join(group, "cgroup.procs"), "w", encoding="utf-8") as file:
            file.write(f"{os.getpid()}\n")
        for stream in range(3):
            os.close(stream)
        connection.sock.recv(1)
        os._exit(0)
    return {"update": status, "is_up": is_up} | said


def open_channel(given="right-token"):
    return _channel(given)[0]


def _channel(given="right-token"):
    """CreateControlChannel, the upgrade, the first text frame, a ping; and the connection."""
    host, path = w.World().name("ssmmessages"), f"/v1/control-channel/{w.INSTANCE_ID}"
    body = json.dumps({"MessageSchemaVersion": "1.0", "RequestId": "1"})
    kind = {"Content-Type": "application/json"}
    created = send(host, "POST", path, body, signed(host, "POST", path, body, ROLE, kind))[1]
    value = created.read().decode().partition("<TokenValue>")[2].partition("<")[0]
    path += "?role=subscribe&stream=input"
    key = base64.b64encode(os.urandom(16)).decode()
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13"}
    connection, answer = send(host, "GET", path, None, signed(host, "GET", path, None, ROLE) | upgrade)
    accepted = answer.headers["Sec-WebSocket-Accept"] == channel.accepting(key)["Sec-WebSocket-Accept"]
    said = {"create": created.status, "upgrade": answer.status, "accepted": accepted}
    if answer.status == 101:
        text = json.dumps({"MessageSchemaVersion": "1.0", "TokenValue": value if given == "right-token" else "no"})
        # both at once: what comes when the service has closed makes the kernel drop what it said
        frames = ((TEXT, text.encode()), (PING, b"still"))
        connection.sock.sendall(b"".join(channel.frame(kind, payload, os.urandom(4)) for kind, payload in frames))
        kind, size = connection.sock.recv(2)
        payload = connection.sock.recv(size)
        said["frame"] = kind & 15
        code = int.from_bytes(payload[:2], "big")
        said["says"] = payload.decode() if said["frame"] == PONG else [code, payload[2:].decode()]
    return said, connection


if __name__ == "__main__":
    verbs = {"register": register, "token": token, "hybrid": hybrid, "messages": messages, "channel": open_channel, "start": start}
    print(json.dumps(verbs[sys.argv[1]](*sys.argv[2:])))
