# SPDX-License-Identifier: Apache-2.0
"""The RSA keys with which a registered machine proves itself: RSA-PSS with SHA-256, in base64.

An EC2 instance registers its public key with RegisterManagedInstance and signs the request for Default Host Management's token
with it, besides the identity role's signature. A hybrid machine has nothing else: its id stands where an access key would.
"""

import base64
import functools

from . import world as w

HYBRID_ID = "mi-0a1b2c3d4e5f60718"


class MachineKey:
    """Somebody's public key (base64 of its DER form), and the id under which it is registered."""

    token = None  # of a session; such a signature has none

    def __init__(self, machine_id, public_key):
        self.id, self.public_key = machine_id, public_key

    def signed(self, text, signature):
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import serialization

        key = serialization.load_der_public_key(base64.b64decode(self.public_key))
        try:
            key.verify(base64.b64decode(signature), text.encode(), *_scheme())
        except (InvalidSignature, ValueError):
            return False
        return True

    def principal(self, partition):
        return f"arn:{partition}:ssm:{w.World.region}:{w.ACCOUNT}:managed-instance/{self.id}"


def _scheme():
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    return padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH), hashes.SHA256()


@functools.cache
def pair():
    """(private, public), each as base64 of its DER form, as the agent keeps them; made once a lab."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(private).decode(), base64.b64encode(public).decode()


def sign(private, text):
    """What the agent would sign; for the lab's own tests."""
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_der_private_key(base64.b64decode(private), None)
    return base64.b64encode(key.sign(text.encode(), *_scheme())).decode()
