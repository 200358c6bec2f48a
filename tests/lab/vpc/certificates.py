# SPDX-License-Identifier: Apache-2.0
"""The lab's certificate authorities and server certificates, made once and kept under build/lab/.

"amazon" stands for Amazon's public roots: the instance's preflight.conf names it, and the system's bundle holds it.
"corporate" is a TLS inspecting proxy's authority (only in the system's bundle, and only with that fault). "stranger" is
another such proxy's, in no bundle. The keys guard nothing and may be read by everybody, so that an ordinary user can run
the lab of a checkout that root has used.
"""

import contextlib
import datetime
import fcntl
import hashlib
import os
import shutil
import tempfile
import time

from . import world as w

FRESH_S = 12 * 3600  # dates are relative to when a set was made
DAY = datetime.timedelta(days=1)

AUTHORITIES = {
    "amazon": "Lab stand-in for Amazon Root CA",
    "corporate": "Example Corp TLS Inspection CA",
    "stranger": "Unknown Inspection CA",
    "branch": "Example Corp Branch Office CA",  # signed by "corporate", and not sent along
    "lapsed": "Example Corp Former CA",  # the same, sent along, and it has expired
}
# variant -> (authority, first day, last day; days from now)
VARIANTS = {
    "good": ("amazon", -30, 365),
    "good-all": ("amazon", -30, 365),
    "wrong-name": ("amazon", -30, 365),
    "expired": ("amazon", -400, -5),
    "not-yet-valid": ("amazon", 10, 400),
    "expires-soon": ("amazon", -390, 2),
    "intercepted": ("corporate", -30, 365),
    "minted": ("stranger", -30, 365),
    "self-signed": (None, -30, 365),
    "wildcard": ("amazon", -30, 365),
    "wildcard-short": ("amazon", -30, 365),
    "rsa": ("amazon", -30, 365),
    "no-names": ("corporate", -30, 365),
    "half-chain": ("branch", -30, 365),
    "for-clients": ("corporate", -30, 365),
    "for-all": ("corporate", -30, 365),  # anyExtendedKeyUsage
    "issuer-ended": ("lapsed", -30, 365),
    "issuer-renewed": ("corporate", -30, 365),  # names its issuer's former key
    "issuer-respelled": ("corporate", -30, 365),  # in capitals
}
CLOCK_BEHIND_S = 20 * 86400  # a server's clock this far ahead makes "not-yet-valid" right
CLOCK_AHEAD_S = -20 * 86400  # and this far behind makes "expired" right


def folder(region, root):
    """Where this region's set is; makes it first when it is missing or old. `root`: build/lab, or a private place."""
    try:
        os.makedirs(root, exist_ok=True)
        lock = open(os.path.join(root, "lock"), "a")
    except OSError:
        found = os.path.join(root, _name(region))
        return found if os.path.isdir(found) else _make(region, tempfile.mkdtemp(prefix="certificates-"))
    with lock:
        with contextlib.suppress(OSError):
            os.chmod(lock.name, 0o666)
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = os.path.join(root, _name(region))
        return found if os.path.isdir(found) else _make(region, root)


def path(base, variant, service=None, part="crt"):
    """The good certificate is one a service; a variant's covers all names."""
    return os.path.join(base, f"{variant}-{service}.{part}" if service else f"{variant}.{part}")


def _name(region):
    """Another one every half day and after every change of the recipe, so that a set in use is never replaced."""
    names = [_names(w.World(region=region), service) for service in w.SERVICES]
    recipe = hashlib.sha256(repr((AUTHORITIES, VARIANTS, names)).encode()).hexdigest()[:8]
    return f"certificates-{region}-{recipe}-{int(time.time()) // FRESH_S}"


def _make(region, root):
    world = w.World(region=region)
    final = os.path.join(root, _name(region))
    work = tempfile.mkdtemp(prefix=f"{region}-", dir=root)
    os.chmod(work, 0o755)
    authorities = {}
    for label, name in AUTHORITIES.items():
        above = authorities.get("corporate") if label in ("branch", "lapsed") else None
        authorities[label] = _authority(work, label, name, above)
    everything = [name for service in w.SERVICES for name in _names(world, service)]
    for variant, (authority, first, last) in VARIANTS.items():
        if variant == "good":
            for service in w.SERVICES:
                _server(path(work, variant, service), authorities[authority], _names(world, service), first, last)
        else:
            names = {
                "wrong-name": ["internal-app.example.com"],
                "wildcard": [f"*.{region}.{world.domain}"],
                "wildcard-short": [f"*.{world.domain}"],
                "no-names": [],
            }.get(variant, everything)
            _server(path(work, variant), authorities.get(authority), names, first, last, variant)
    for old in os.listdir(root):
        if old.startswith("certificates-") and time.time() - os.path.getmtime(os.path.join(root, old)) > 4 * FRESH_S:
            shutil.rmtree(os.path.join(root, old), ignore_errors=True)
    os.rename(work, final)
    return final


def _names(world, service):
    """The names that the real endpoints' certificates carry, as far as they are known."""
    return [
        world.name(service),
        world.name(f"{service}-fips"),
        world.dual_stack_name(service),
        f"*.{service}.{world.region}.vpce.{world.domain}",
    ]


def _authority(work, label, name, above):
    key, subject = _key(), _subject(name)
    issuer, signing_key = (above[0].subject, above[1]) if above else (subject, key)
    certificate = _signed(subject, issuer, key.public_key(), signing_key, -3650, -5 if label == "lapsed" else 3650, authority=True)
    _write(os.path.join(work, f"{label}-ca"), certificate, key)
    return certificate, key


def _server(target, authority, names, first, last, variant="good"):
    key, subject = _key(variant), _subject(names[0] if names else "ssm.us-east-1.amazonaws.com")
    issuer, issuer_key = (authority[0].subject, authority[1]) if authority else (subject, key)
    if variant == "issuer-respelled":
        issuer = _subject(AUTHORITIES["corporate"].upper())
    certificate = _signed(subject, issuer, key.public_key(), issuer_key, first, last, names=names, variant=variant)
    _write(target.removesuffix(".crt"), certificate, key, authority[0] if variant == "issuer-ended" else None)


def _key(variant="good"):
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if variant == "rsa":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1())


def _subject(name):
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _signed(subject, issuer, public_key, signing_key, first, last, names=(), authority=False, variant="good"):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID

    now = datetime.datetime.utcnow()
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key())
    if variant == "issuer-renewed":
        identifier = x509.AuthorityKeyIdentifier(b"former key", None, None)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + first * DAY)
        .not_valid_after(now + last * DAY)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=False,
                key_encipherment=not authority,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=authority,
                crl_sign=authority,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
        )
        usage = {"for-clients": ExtendedKeyUsageOID.CLIENT_AUTH, "for-all": ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}.get(
            variant, ExtendedKeyUsageOID.SERVER_AUTH
        )
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return builder.sign(signing_key, hashes.SHA256())


def _write(base, certificate, key, issuer=None):
    from cryptography.hazmat.primitives import serialization

    with open(base + ".crt", "wb") as file:
        for each in (certificate, issuer) if issuer else (certificate,):
            file.write(each.public_bytes(serialization.Encoding.PEM))
    with open(base + ".key", "wb") as file:
        file.write(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
