# SPDX-License-Identifier: Apache-2.0
"""The sets of credentials an instance may have. They are like the examples of AWS's documentation: they open nothing anywhere.

The session tokens carry the canary word, so that a single search proves that no output leaks one.
"""

import base64
from dataclasses import dataclass
from urllib.parse import quote

from . import world as w


@dataclass(frozen=True)
class Credentials:
    access_key: str
    secret_key: str
    token: str
    session: str  # the end of the principal's ARN

    def principal(self, partition):
        return f"arn:{partition}:sts::{w.ACCOUNT}:assumed-role/{self.session}/{w.INSTANCE_ID}"


ROLE = Credentials(
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "IQoJb3JpZ2luX2VjE" + w.CANARY + "RoleSessionToken" + "A" * 300 + "==",
    w.ROLE,
)
IDENTITY = Credentials(
    "AKIAI44QH8DHBEXAMPLE",
    "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
    "IQoJb3JpZ2luX2VjE" + w.CANARY + "IdentitySessionToken" + "B" * 300 + "==",
    "aws:ec2-instance",
)
MANAGED = Credentials(  # what Systems Manager itself hands out, by Default Host Management and to hybrid machines
    "AKIAI55QH8DHBEXAMPLE",
    "ho8NtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
    "IQoJb3JpZ2luX2VjE" + w.CANARY + "ManagedSessionToken" + "C" * 300 + "==",
    "AWSSystemsManagerDefaultEC2InstanceManagementRole",
)
BY_ACCESS_KEY = {who.access_key: who for who in (ROLE, IDENTITY, MANAGED)}
PROXY_LOGIN = "svc-ssm:C@NARY/proxy%Pass:word"
PROXY_TOKEN = "CANARYproxyTokenOfOneWord"  # a user without a password
_WORDS = [PROXY_LOGIN.partition(":")[2], PROXY_TOKEN, "wrong-CANARY-Password"]
_SHOWN = [base64.b64encode(text.encode()).decode() for text in (PROXY_LOGIN, f"{PROXY_TOKEN}:", "svc-ssm:wrong-CANARY-Password")]
# As the proxy is sent them, as they stand in its URL, and as they are meant.
PROXY_SECRETS = [*_WORDS, *_SHOWN, *(quote(word, safe="") for word in _WORDS)]
SECRETS = [text for who in BY_ACCESS_KEY.values() for text in (who.secret_key, who.token)] + [w.CANARY] + PROXY_SECRETS
