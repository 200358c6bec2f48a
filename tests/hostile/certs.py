# SPDX-License-Identifier: Apache-2.0
"""The odd certificates, made once and kept below build/hostile: about seventy, each a row of `_rows()`.

A row says what is odd, and whether the SSM agent (Go's crypto/x509) would believe it for the services' names: only then may
`ready` be said and a signed request be sent. "either": it is strange and valid, and a client may refuse it.
"""

import datetime
import hashlib
import ipaddress
import os
import ssl
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID, ObjectIdentifier

NAMES = [f"{service}.us-east-1.amazonaws.com" for service in ("ssm", "ssmmessages", "ec2messages")]
EVIL_NAMES = [f"{service}.us-east-1.evil.example" for service in ("ssm", "ssmmessages", "ec2messages")] + ["evil.example"]
FRESH_S = 12 * 3600
DAY = datetime.timedelta(days=1)
YES, NO, EITHER = "yes", "no", "either"
ESC = "\x1b[31mHOSTILE\x07"


def _der(tag, content):
    size = len(content)
    length = bytes([size]) if size < 128 else (b"\x82" + size.to_bytes(2, "big") if size < 65536 else b"\x83" + size.to_bytes(3, "big"))
    return bytes([tag]) + length + content


def _san_raw(*names):
    """Names that no library would write: (tag, bytes)."""
    return x509.UnrecognizedExtension(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, _der(0x30, b"".join(_der(t, b) for t, b in names)))


def _unknown(size=8):
    return x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.99999.1"), _der(0x04, b"\x1b" * size))


def _subject(*attributes):
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in attributes])


def _common(name):
    return _subject((NameOID.COMMON_NAME, name))


def _usage(**changes):
    fields = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign",
         "crl_sign", "encipher_only", "decipher_only"), False)  # fmt: skip
    return x509.KeyUsage(**fields | changes)


class Maker:
    """Certificates with everything about them to be chosen; keys of a kind are made once."""

    def __init__(self):
        self.keys = {}
        self.root_key = ec.generate_private_key(ec.SECP256R1())
        self.root_name = _common("Hostile suite's root")
        self.root = self.authority(self.root_name, self.root_key, self.root_name, self.root_key)

    def key(self, kind="p256"):
        makers = {
            "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
            "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
            "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
            "p224": lambda: ec.generate_private_key(ec.SECP224R1()),
            "k256": lambda: ec.generate_private_key(ec.SECP256K1()),
            "brainpool": lambda: ec.generate_private_key(ec.BrainpoolP256R1()),
            "rsa512": lambda: rsa.generate_private_key(65537, 512),
            "rsa1024": lambda: rsa.generate_private_key(65537, 1024),
            "rsa2048": lambda: rsa.generate_private_key(65537, 2048),
            "rsa4096": lambda: rsa.generate_private_key(65537, 4096),
            "rsa-e3": lambda: rsa.generate_private_key(3, 2048),
            "ed25519": ed25519.Ed25519PrivateKey.generate,
            "ed448": ed448.Ed448PrivateKey.generate,
            "dsa": lambda: dsa.generate_private_key(2048),
        }
        if kind not in self.keys:
            self.keys[kind] = makers[kind]()
        return self.keys[kind]

    def authority(self, name, key, issuer, issuer_key, **rest):
        return self.signed(name, key, issuer, issuer_key, ca=rest.pop("ca", True), names=(), **{"last": 3650, **rest})

    def signed(self, subject, key, issuer=None, issuer_key=None, names=NAMES, first=-30, last=300, ca=False, path_length=None,
               serial=None, usage=None, purposes=(ExtendedKeyUsageOID.SERVER_AUTH,), extra=(), digest=None):  # fmt: skip
        issuer_key = issuer_key or self.root_key
        now = datetime.datetime.utcnow()
        builder = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(issuer or self.root_name).public_key(key.public_key())
            .serial_number(serial or x509.random_serial_number())
            .not_valid_before(now + first * DAY if isinstance(first, int) else first)
            .not_valid_after(now + last * DAY if isinstance(last, int) else last)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
        )  # fmt: skip
        if usage is not False:
            builder = builder.add_extension(usage or _usage(digital_signature=True, key_cert_sign=ca, crl_sign=ca), critical=True)
        if names:
            san = x509.SubjectAlternativeName([n if isinstance(n, x509.GeneralName) else x509.DNSName(n) for n in names])
            builder = builder.add_extension(san, critical=False)
        if purposes and not ca:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        for extension, critical in extra:
            builder = builder.add_extension(extension, critical=critical)
        plain = isinstance(issuer_key, (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey))
        return builder.sign(issuer_key, None if plain else digest or hashes.SHA256())

    def leaf(self, names=NAMES, subject=None, kind="p256", **rest):
        """[the certificate], its key."""
        return [self.signed(subject or _common(NAMES[0]), self.key(kind), names=names, **rest)], self.key(kind)

    def below(self, leaf=None, **about):
        """A leaf below an authority that is below the root, with something `about` that authority."""
        name, key = _common("An authority of the hostile suite"), self.key("p384")
        middle = self.authority(name, key, self.root_name, self.root_key, **about)
        return [self.signed(_common(NAMES[0]), self.key(), name, key, **(leaf or {})), middle], self.key()

    def chain(self, length, path_length=None, without=()):
        certificates, issuer, issuer_key = [], self.root_name, self.root_key
        for number in range(length):
            name, key = _common(f"Authority {number}"), self.key("p384")
            certificates.insert(0, self.authority(name, key, issuer, issuer_key, path_length=path_length))
            issuer, issuer_key = name, key
        leaf = self.signed(_common(NAMES[0]), self.key(), issuer, issuer_key)
        return [c for i, c in enumerate([leaf, *certificates]) if i not in without], self.key()


def _rows(m):
    """(label, believed, a function that gives the chain and the key)."""
    good, odd = NAMES[0], "1.2.3.4"
    utc, general = datetime.datetime(1950, 1, 1), datetime.datetime(9999, 12, 31, 23, 59, 59)
    many = [f"x{number}.example" for number in range(1000)]
    signature = {"usage": _usage(digital_signature=True)}
    yield "good", YES, lambda: m.leaf()
    yield "evil", NO, lambda: m.leaf(EVIL_NAMES)
    yield "expired", NO, lambda: m.leaf(first=-30, last=-1)
    yield "not-yet-valid", NO, lambda: m.leaf(first=2)
    yield "inverted-dates", NO, lambda: m.leaf_inverted()
    yield "from-1950", YES, lambda: m.leaf(first=utc)
    yield "until-9999", YES, lambda: m.leaf(last=general)
    yield "self-signed", NO, lambda: m.self_signed()
    yield "stranger", NO, lambda: m.stranger()
    yield "root-as-leaf", NO, lambda: ([m.root], m.root_key)
    yield "names-of-others", NO, lambda: m.leaf(["www.example.com"])
    yield "no-names", NO, lambda: m.leaf([], _subject((NameOID.ORGANIZATION_NAME, "Nobody")))
    yield "common-name-only", NO, lambda: m.leaf([])
    yield "common-name-right-names-wrong", NO, lambda: m.leaf(["www.example.com"], _common(good))
    yield "empty-subject", YES, lambda: m.leaf(subject=x509.Name([]))
    yield "wildcard", YES, lambda: m.leaf(["*.us-east-1.amazonaws.com"])
    yield "wildcard-too-high", NO, lambda: m.leaf(["*.amazonaws.com"])
    yield "wildcard-top", NO, lambda: m.leaf(["*", "*.com", "*.*.*.*"])
    yield "wildcard-inner", NO, lambda: m.leaf(["ssm.*.amazonaws.com", "ssmmessages.*.amazonaws.com"])
    yield "wildcard-twice", NO, lambda: m.leaf(["*.*.amazonaws.com"])
    yield "wildcard-partial", NO, lambda: m.leaf(["s*.us-east-1.amazonaws.com", "ec*.us-east-1.amazonaws.com"])
    yield "wildcard-partial-end", NO, lambda: m.leaf(["*m.us-east-1.amazonaws.com", "*s.us-east-1.amazonaws.com"])
    yield "wildcard-in-common-name", NO, lambda: m.leaf([], _common("*.us-east-1.amazonaws.com"))
    yield "upper-case", YES, lambda: m.leaf([name.upper() for name in NAMES])
    yield "trailing-dot", EITHER, lambda: m.leaf([name + "." for name in NAMES])
    yield "leading-dot", NO, lambda: m.leaf(["." + good, ".us-east-1.amazonaws.com", ".amazonaws.com"])
    yield "leading-space", NO, lambda: m.leaf([" " + name for name in NAMES])
    yield "suffix", NO, lambda: m.leaf([name + ".evil.example" for name in NAMES])
    yield "prefix", NO, lambda: m.leaf(["x" + name for name in NAMES])
    yield "address-only", NO, lambda: m.leaf([x509.IPAddress(ipaddress.ip_address(odd))])
    yield "address-as-name", NO, lambda: m.leaf([odd, "10.64.0.21"])
    yield "address-ranges", NO, lambda: m.raw_names((0x87, bytes(8)), (0x87, b"\x0a"), (0x87, bytes(300)))
    yield "uri-and-mail", NO, lambda: m.leaf([x509.UniformResourceIdentifier(f"https://{good}/"), x509.RFC822Name(f"a@{good}")])
    yield "nul-in-name", NO, lambda: m.raw_names(*((0x82, n.encode() + b"\0.evil.example") for n in NAMES))
    yield "nul-before-name", NO, lambda: m.raw_names(*((0x82, b"evil.example\0" + n.encode()) for n in NAMES))
    yield "nul-only", NO, lambda: m.raw_names((0x82, b"\0"), (0x82, b""))
    yield "nul-in-common-name", NO, lambda: m.leaf(["x.example"], _common(good + "\0.evil.example"))
    yield "escapes-in-name", NO, lambda: m.raw_names((0x82, ESC.encode() + b"\x9b\xc2\x9b\r\n<script>HOSTILE</script>"))
    yield "escapes-in-subject", NO, lambda: m.leaf(["x.example"], _subject((NameOID.COMMON_NAME, ESC), (NameOID.ORGANIZATION_NAME, "\u202e<img src=HOSTILE>\r\n")))
    yield "escapes-in-issuer", NO, lambda: m.odd_issuer(_common(ESC + "\u202e<script>HOSTILE"))
    yield "not-utf8-in-name", NO, lambda: m.raw_names((0x82, b"\xff\xfe\xc0\x80\xed\xa0\x80"))
    yield "long-name", NO, lambda: m.raw_names((0x82, b"a" * 60000))
    yield "long-labels", NO, lambda: m.leaf([".".join(["a" * 63] * 30)])
    yield "thousand-names", EITHER, lambda: m.leaf(many + NAMES)
    yield "thousand-others", NO, lambda: m.leaf(many)
    yield "names-not-der", NO, lambda: m.leaf([], extra=[(x509.UnrecognizedExtension(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, b"\x30\x84\xff\xff\xff\xff"), False)])
    yield "names-empty", NO, lambda: m.raw_names()
    yield "names-critical", YES, lambda: m.leaf([], subject=x509.Name([]), extra=[(x509.SubjectAlternativeName([x509.DNSName(n) for n in NAMES]), True)])
    yield "other-name", NO, lambda: m.leaf([x509.OtherName(ObjectIdentifier("1.2.3.4"), _der(0x0C, good.encode()))])
    yield "long-subject", EITHER, lambda: m.leaf(subject=_subject(*[(NameOID.ORGANIZATIONAL_UNIT_NAME, "x" * 60)] * 200))
    yield "serial-large", EITHER, lambda: m.leaf(serial=(1 << 159) - 1)
    yield "serial-one", YES, lambda: m.leaf(serial=1)
    yield "serial-negative", EITHER, lambda: m.negative_serial()
    for kind, believed in {"p384": YES, "p521": YES, "p224": EITHER, "k256": NO, "brainpool": NO, "rsa512": NO, "rsa1024": EITHER,
                           "rsa2048": YES, "rsa4096": YES, "rsa-e3": EITHER, "ed25519": YES, "ed448": NO, "dsa": NO}.items():  # fmt: skip
        yield f"key-{kind}", believed, lambda kind=kind: m.leaf(kind=kind)
    yield "signed-by-sha1", NO, lambda: m.leaf(digest=hashes.SHA1())
    yield "signed-by-md5", NO, lambda: m.leaf(digest=hashes.MD5())
    yield "critical-unknown", NO, lambda: m.leaf(extra=[(_unknown(), True)])
    yield "unknown-long", EITHER, lambda: m.leaf(extra=[(_unknown(30000), False)])
    yield "for-clients", NO, lambda: m.leaf(purposes=[ExtendedKeyUsageOID.CLIENT_AUTH])
    yield "for-code", NO, lambda: m.leaf(purposes=[ExtendedKeyUsageOID.CODE_SIGNING])
    yield "for-anything", YES, lambda: m.leaf(purposes=[ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])
    yield "no-purpose", YES, lambda: m.leaf(purposes=())
    yield "no-usage", YES, lambda: m.leaf(usage=False)
    yield "usage-without-signature", EITHER, lambda: m.leaf(usage=_usage(key_encipherment=True))
    yield "leaf-may-sign", EITHER, lambda: m.leaf(ca=True)
    yield "must-staple", EITHER, lambda: m.leaf(extra=[(x509.TLSFeature([x509.TLSFeatureType.status_request]), False)])
    yield "points-elsewhere", YES, lambda: m.leaf(extra=[(_points_elsewhere(), False)])
    yield "below-an-authority", YES, lambda: m.below()
    yield "below-no-authority", NO, lambda: m.below(ca=False)
    yield "below-one-that-may-not-sign", NO, lambda: m.below(**signature)
    yield "below-an-expired-one", NO, lambda: m.below(first=-30, last=-1)
    yield "below-one-not-yet-valid", NO, lambda: m.below(first=2)
    yield "below-a-critical-unknown", NO, lambda: m.below(extra=[(_unknown(), True)])
    yield "below-one-for-others", NO, lambda: m.below(extra=[(_constraint(["example.com"], None), True)])
    yield "below-one-not-for-amazon", NO, lambda: m.below(extra=[(_constraint(None, ["amazonaws.com"]), True)])
    yield "below-one-for-amazon", YES, lambda: m.below(extra=[(_constraint(["amazonaws.com"], None), True)])
    yield "below-a-leaf", NO, lambda: m.below_a_leaf()
    yield "chain-of-8", YES, lambda: m.chain(8)
    yield "chain-of-90", EITHER, lambda: m.chain(90)
    yield "chain-too-long-for-its-path", NO, lambda: m.chain(3, path_length=0)
    yield "chain-with-a-gap", NO, lambda: m.chain(3, without=(2,))
    yield "chain-with-others", YES, lambda: (m.leaf()[0] + m.chain(5)[0] + [m.root] * 3, m.key())
    yield "chain-of-itself", NO, lambda: (m.self_signed()[0] * 50, m.key())


def _points_elsewhere():
    there = [
        x509.AccessDescription(x509.oid.AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier("http://10.64.99.99/")),
        x509.AccessDescription(x509.oid.AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier("http://10.64.99.99/")),
    ]
    return x509.AuthorityInformationAccess(there)


def _constraint(permitted, excluded):
    def names(domains):
        return [x509.DNSName(domain) for domain in domains] if domains else None

    return x509.NameConstraints(names(permitted), names(excluded))


class OddMaker(Maker):
    """What takes more than arguments."""

    def self_signed(self):
        return [self.signed(_common(NAMES[0]), self.key(), _common(NAMES[0]), self.key())], self.key()

    def stranger(self):
        return [self.signed(_common(NAMES[0]), self.key(), self.root_name, self.key("p384"))], self.key()

    def odd_issuer(self, name):
        return [self.signed(_common(NAMES[0]), self.key(), name, self.key("p384"))], self.key()

    def raw_names(self, *names):
        return self.leaf([], extra=[(_san_raw(*names), False)])

    def below_a_leaf(self):
        (above,), key = self.leaf(kind="p384")
        return [self.signed(_common(NAMES[0]), self.key(), above.subject, key), above], self.key()

    def leaf_inverted(self):
        """The library refuses such dates, so they are changed places in its bytes, and signed anew."""
        return self._patched(lambda tbs: _swap_dates(tbs))

    def negative_serial(self):
        return self._patched(lambda tbs: tbs.replace(b"\x02\x04\x7f\xff\xff\x01", b"\x02\x04\x80\x00\x00\x01"), serial=0x7FFFFF01)

    def _patched(self, change, **about):
        (made,), key = self.leaf(**about)
        tbs = change(made.tbs_certificate_bytes)
        signature = self.root_key.sign(tbs, ec.ECDSA(hashes.SHA256()))
        algorithm = bytes.fromhex("300a06082a8648ce3d040302")
        return [_der(0x30, tbs + algorithm + _der(0x03, b"\0" + signature))], key


def _swap_dates(tbs):
    at = tbs.index(b"\x30\x1e\x17\x0d")
    first, last = tbs[at + 2 : at + 17], tbs[at + 17 : at + 32]
    return tbs[: at + 2] + last + first + tbs[at + 32 :]


def _pem(certificate):
    if isinstance(certificate, bytes):
        return ssl.DER_cert_to_PEM_cert(certificate)
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def make(root):
    """The folder with this half day's certificates; makes it when it is missing."""
    with open(__file__, "rb") as file:
        recipe = hashlib.sha256(file.read()).hexdigest()[:8]
    folder = os.path.join(root, f"certificates-{recipe}-{int(time.time()) // FRESH_S}")
    if os.path.exists(os.path.join(folder, "rows")):
        return folder
    os.makedirs(folder, exist_ok=True)
    maker = OddMaker()
    lines = []
    for label, believed, row in _rows(maker):
        try:
            chain, key = row()
        except (ValueError, TypeError, x509.UnsupportedGeneralNameType) as error:
            lines.append(f"{label} not-made {error}\n")
            continue
        with open(os.path.join(folder, f"{label}.pem"), "w", encoding="ascii") as file:
            file.write("".join(map(_pem, chain)) + _key_pem(key))
        lines.append(f"{label} {believed}\n")
    for name, text in (("root.pem", _pem(maker.root)), ("rows", "".join(lines))):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    return folder


def rows(folder):
    """{label: believed} of what could be made."""
    with open(os.path.join(folder, "rows"), encoding="utf-8") as file:
        return {label: rest for label, rest in (line.rstrip("\n").split(" ", 1) for line in file) if not rest.startswith("not-made")}


def contexts(folder):
    """({label: (context, whether it is good for the services' names, or None)}, the authority's PEM, the good leaf's DER)."""
    found = {}
    for label, believed in rows(folder).items():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("ALL:@SECLEVEL=0")
        try:
            context.load_cert_chain(os.path.join(folder, f"{label}.pem"))
        except ssl.SSLError:
            continue  # this machine's OpenSSL does not serve it
        found[label] = (context, None if believed == NO else believed)
    with open(os.path.join(folder, "root.pem"), encoding="ascii") as file:
        authority = file.read()
    with open(os.path.join(folder, "good.pem"), encoding="ascii") as file:
        leaf = ssl.PEM_cert_to_DER_cert(file.read().split("-----BEGIN PRIVATE")[0].split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n")
    return found, authority, leaf
