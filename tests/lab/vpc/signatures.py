# SPDX-License-Identifier: Apache-2.0
"""Signature Version 4, verified with botocore: code that is not the program's own.

botocore signs; here it computes the signature of the request as it arrived, from the headers that the client says it signed.
What botocore would take on trust (the body's hash, the scope, the time, the session token) is looked at by hand.
"""

import calendar
import hashlib
import hmac
import re
import sys
import time

# botocore imports these when they are there: 140 ms for what is not used here.
for _unused in ("awscrt", "awscrt.auth", "urllib3.contrib.pyopenssl"):
    sys.modules.setdefault(_unused, None)

from botocore.auth import SigV4Auth  # noqa: E402
from botocore.awsrequest import AWSRequest  # noqa: E402
from botocore.credentials import Credentials as BotoCredentials  # noqa: E402

from .credentials import BY_ACCESS_KEY  # noqa: E402

TOLERANCE_S = 300
MUST_BE_SIGNED = ("host", "x-amz-date")
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64}|[A-Za-z0-9+/]{300,}=*)"
)
_STAMP = "%Y%m%dT%H%M%SZ"


class Refused(Exception):
    """With the service's own error code and message."""

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


def verify(method, target, headers, body, service, region, now_s, machine=None):
    """Who signed. `headers`: names in lower case. Raises Refused in the words of the real services.

    `machine`: a hybrid registration, whose id stands where an access key would and whose RSA key signs; it is then who signed.
    """
    if "authorization" not in headers:
        raise Refused("MissingAuthenticationTokenException", "Missing Authentication Token")
    found = _AUTHORIZATION.fullmatch(headers["authorization"])
    if not found:
        raise Refused("IncompleteSignatureException", "Authorization header is not in the form of AWS4-HMAC-SHA256")
    access_key, *scope = found[1].split("/")
    signed, signature = found[2].split(";"), found[3]
    who = machine if machine and access_key == machine.id else BY_ACCESS_KEY.get(access_key)
    if who is None or headers.get("x-amz-security-token") != who.token:
        raise Refused("UnrecognizedClientException", "The security token included in the request is invalid.")
    if scope[1:] != [region, service, "aws4_request"]:
        wrong = "a valid region" if scope[1:2] != [region] else "correct service"
        raise Refused("InvalidSignatureException", f"Credential should be scoped to {wrong}.")
    if any(name not in signed for name in MUST_BE_SIGNED) or any(name not in headers for name in signed):
        raise Refused("InvalidSignatureException", "The request is missing signed headers.")
    _check_time(headers["x-amz-date"], scope[0], now_s)
    if not _signature_right(who, machine, method, target, headers, signed, signature, body, service, region):
        raise Refused(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details.",
        )
    return who


def _check_time(stamp, date, now_s):
    try:
        signed_s = _unix(stamp)
    except ValueError:
        raise Refused("IncompleteSignatureException", "Date must be in ISO-8601 'basic format'") from None
    now = time.strftime(_STAMP, time.gmtime(now_s))
    if signed_s < now_s - TOLERANCE_S:
        limit = time.strftime(_STAMP, time.gmtime(now_s - TOLERANCE_S))
        raise Refused(
            "InvalidSignatureException", f"Signature expired: {stamp} is now earlier than {limit} ({now} - 5 min.)"
        )
    if signed_s > now_s + TOLERANCE_S:
        limit = time.strftime(_STAMP, time.gmtime(now_s + TOLERANCE_S))
        raise Refused(
            "InvalidSignatureException",
            f"Signature not yet current: {stamp} is still later than {limit} ({now} + 5 min.)",
        )
    if not stamp.startswith(date):
        raise Refused(
            "InvalidSignatureException",
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date",
        )


def _unix(stamp):
    return calendar.timegm(time.strptime(stamp, _STAMP))


def _signature_right(who, machine, method, target, headers, signed, signature, body, service, region):
    digest = hashlib.sha256(body).hexdigest()
    if headers.get("x-amz-content-sha256", digest) != digest:
        return False
    request = AWSRequest(
        method=method,
        url=f"https://{headers['host']}{target}",
        data=body,
        headers={name: headers[name] for name in signed},
    )
    request.context["timestamp"] = headers["x-amz-date"]
    if who is machine:
        signer = SigV4Auth(BotoCredentials(machine.id, ""), service, region)
        return machine.signed(signer.string_to_sign(request, signer.canonical_request(request)), signature)
    signer = SigV4Auth(BotoCredentials(who.access_key, who.secret_key, who.token), service, region)
    expected = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    return hmac.compare_digest(expected, signature)
