#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Signs a captured HTTP request anew with botocore and compares: the independent half of test_net_signature.

usage: net_verify_signature.py KEY SECRET TOKEN|- REGION SERVICE  < REQUEST

Prints `ok`, or what differs. Exit status 0, 1, or 77 when botocore is not installed.
"""

import sys

try:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
except ImportError:
    print("python3-botocore is not installed")
    sys.exit(77)

MUST_BE_SIGNED = {"host", "x-amz-date", "x-amz-security-token", "x-amz-target", "content-type"}


def main():
    key, secret, token, region, service = sys.argv[1:6]
    head, _, body = sys.stdin.buffer.read().partition(b"\r\n\r\n")
    start, *lines = head.decode("ascii").split("\r\n")
    method, path, _ = start.split(" ")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        if name.lower() in headers:
            return f"{name} occurs twice"
        headers[name.lower()] = value.strip()

    scheme, _, rest = headers["authorization"].partition(" ")
    fields = dict(field.strip().split("=", 1) for field in rest.split(","))
    signed = fields["SignedHeaders"].split(";")
    date = headers["x-amz-date"]
    if scheme != "AWS4-HMAC-SHA256":
        return f"scheme {scheme}"
    if fields["Credential"] != f"{key}/{date[:8]}/{region}/{service}/aws4_request":
        return f"credential {fields['Credential']}"
    if token != "-" and headers.get("x-amz-security-token") != token:
        return "another session token was sent"
    for name in sorted(MUST_BE_SIGNED & set(headers)):
        if name not in signed:
            return f"{name} is sent, but not signed"

    request = AWSRequest(method=method, url=f"https://{headers['host']}{path}", data=body,
                         headers={name: headers[name] for name in signed})
    request.context["timestamp"] = date
    signer = SigV4Auth(Credentials(key, secret), service, region)
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    if signature != fields["Signature"]:
        return f"{fields['Signature']} is not {signature} of\n{canonical}"
    return None


if __name__ == "__main__":
    WRONG = main()
    print(WRONG or "ok")
    sys.exit(1 if WRONG else 0)
