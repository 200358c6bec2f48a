# SPDX-License-Identifier: Apache-2.0
"""Which cases there are: the tables of breakers.py, tls.py and certs.py on everything that speaks, and every byte of every answer.

The named cases run always, over IPv4 and IPv6 in turn, or over both. Of the cases that are made of bytes, every n-th.
"""

import itertools

import breakers
import tls
from breakers import NOISE, TEXT_NOISE, parts, with_body, with_lines, with_status
from case import Case
from servers import IMDS_NEEDED, Cut, Say
from vpc import metadata, timesource, world as w

TOKEN, DOCUMENT, CREDENTIALS = IMDS_NEEDED
ROLE_LIST = "/latest/meta-data/iam/security-credentials/"
EVIL_DOMAIN = "evil.example"


def chosen(sizes, leaf, certificates, every, only):
    """`sizes`: of the normal answers, by family. `every`: 1 for all."""
    families = itertools.cycle((4, 6))
    named = []
    for make in (imds_breakers, imds_bodies, imds_values, service_breakers, service_bodies, echoes, dns_breakers, tls_breakers, clocks):
        named += make(leaf)
    named += odd_certificates(certificates)
    for case in named:
        case.family = next(families)
    if every == 1:
        named += [case.over(10 - case.family) for case in named]
    bytewise = [case for family in (4, 6) for case in every_byte(sizes[family], family, leaf)]
    found = named + bytewise[::every]
    return [case for case in found if only in case.name]


def at(targets, make):
    """The hook of IMDS that changes the answers at these paths."""
    return lambda target, normal: make(normal) if target in targets else None


def imds_breakers(_):
    for where, targets in {"the token": (TOKEN,), "the document": (DOCUMENT,), "the credentials": (CREDENTIALS,)}.items():
        for name, (make, harmless) in breakers.HTTP.items():
            yield Case(f"imds: {where}: {name}", imds=at(targets, make), harmless=harmless, all_outputs="noise" in name)
    for name, (make, harmless) in breakers.HTTP.items():
        yield Case(f"imds: all: {name}", imds=lambda _, normal, make=make: make(normal), harmless=harmless)
    yield Case("imds: an answer before the question", greeting=b"HTTP/1.1 200 OK\r\nContent-Length: 56\r\n\r\n" + b"A" * 56)
    yield Case("imds: noise before the question", greeting=NOISE * 10)


def imds_bodies(_):
    for name, body in breakers.BODIES.items():
        for where, target in {"token": TOKEN, "document": DOCUMENT, "credentials": CREDENTIALS, "roles": ROLE_LIST}.items():
            yield Case(f"imds: {where} is {name}", imds=at((target,), lambda n, body=body: Say(with_body(n, body), "close")),
                       harmless=target == ROLE_LIST, all_outputs=True)  # fmt: skip
        yield Case(f"imds: all else is {name}", harmless=True, all_outputs=True,
                   imds=lambda target, n, body=body: None if target in IMDS_NEEDED else Say(with_body(n, body), "close"))  # fmt: skip
        yield Case(f"imds: error 500 with {name}", all_outputs=True,
                   imds=lambda _, n, body=body: Say(with_body(n, body, b"text/html", b"HTTP/1.1 500 X"), "close"))  # fmt: skip


def imds_values(_):
    """Values in their right form that say what is dangerous."""
    odd = {
        "noise": TEXT_NOISE, "a path": "../../../../latest/api/token", "another host": f"x.{EVIL_DOMAIN}/", "a fragment": "us-east-1#",
        "a login": f"us-east-1@{EVIL_DOMAIN}", "a port": "us-east-1:80", "a new line": "us-east-1\r\nHost: evil.example",
        "a shell": "`HOSTILE`$(HOSTILE);HOSTILE|HOSTILE>HOSTILE", "an option": "--HOSTILE", "quotes": "'HOSTILE\"'$(HOSTILE)'",
        "60 KB": "a" * 60_000, "dots": "..", "nothing": "", "a percent sign": "%2e%2e%2f%00%n%s", "UTF-8": "\u00fc\u4e2d\U0001f600\u202e\u200b",
    }  # fmt: skip
    world = w.World()
    mac = f"meta-data/network/interfaces/macs/{w.MAC}"
    paths = ["meta-data/mac", "meta-data/services/domain", "meta-data/services/partition", "meta-data/instance-id",
             f"{mac}/vpc-id", f"{mac}/vpc-ipv4-cidr-blocks", f"{mac}/subnet-id", f"{mac}/subnet-ipv4-cidr-block",
             f"{mac}/security-group-ids", f"{mac}/interface-id"]  # fmt: skip
    for what, text in odd.items():
        for path in paths:
            yield Case(f"imds: {path.rpartition('/')[2]} is {what}", instead={path: text}, harmless=path != "meta-data/instance-id", all_outputs=True)
        for field in ("region", "instanceId", "accountId", "availabilityZone", "imageId", "instanceType", "privateIp"):
            document = metadata.identity_document(world, **{field: text})
            yield Case(f"imds: {field} is {what}", instead={"dynamic/instance-identity/document": document},
                       harmless=True, certificate="evil" if field == "region" else "good", all_outputs=True)  # fmt: skip
        for field in ("AccessKeyId", "SecretAccessKey", "Token", "Code", "Message", "Expiration", "Type"):
            yield Case(f"imds: {field} is {what}", harmless=True, all_outputs=True,
                       imds=at((CREDENTIALS,), lambda n, field=field, text=text: Say(_credential(n, field, text), "close")))  # fmt: skip
        yield Case(f"imds: the role is {what}", imds=at((ROLE_LIST,), lambda n, text=text: Say(with_body(n, text.encode()), "close")),
                   harmless=True, all_outputs=True)  # fmt: skip
        info = metadata.iam_info(world, InstanceProfileArn=text, Code=text)
        yield Case(f"imds: the profile is {what}", instead={"meta-data/iam/info": info}, harmless=True, all_outputs=True)
    blocks = {"the world": "0.0.0.0/0", "wrong": "10.0.0.0/33", "many": "\n".join(f"10.{i}.0.0/16" for i in range(200)), "negative": "10.0.0.0/-1"}
    for what, text in blocks.items():
        yield Case(f"imds: the VPC is {what}", instead={f"{mac}/vpc-ipv4-cidr-blocks": text}, harmless=True)
    for evil in (EVIL_DOMAIN, "amazonaws.com.evil.example", "evil.example/amazonaws.com", "evil.example#.amazonaws.com"):
        yield Case(f"imds: the domain is {evil}", instead={"meta-data/services/domain": evil}, certificate="evil", harmless=True)


def _credential(normal, field, text):
    import json

    document = json.loads(parts(normal)[2])
    return with_body(normal, json.dumps(document | {field: text}).encode())


def service_breakers(_):
    for name, (make, harmless) in breakers.HTTP.items():
        yield Case(f"http: all: {name}", http=lambda _, n, __, make=make: make(n), harmless=harmless, all_outputs="noise" in name)
        yield Case(f"http: signed: {name}", http=_signed_only(make), harmless=harmless, all_outputs="noise" in name)


def _signed_only(make):
    return lambda key, normal, _: make(normal) if key[3] == "signed" else None


def service_bodies(_):
    statuses = {"200": b"HTTP/1.1 200 OK", "400": b"HTTP/1.1 400 Bad Request", "403": b"HTTP/1.1 403 Forbidden",
                "503": b"HTTP/1.1 503 Unavailable"}  # fmt: skip
    for name, body in breakers.BODIES.items():
        for status, line in statuses.items():
            kind = b"text/html" if "page" in name or "title" in name else b"application/x-amz-json-1.1"
            yield Case(f"http: {status} with {name}", all_outputs=True, harmless=status == "200",
                       http=lambda _, n, __, body=body, line=line, kind=kind: Say(with_body(n, body, kind, line)))  # fmt: skip
    for number, where in enumerate(("X-Amzn-ErrorType", "x-amzn-RequestId", "Server", "Via", "Date", "X-Amz-Id-2")):
        yield Case(f"http: noise in {where}", harmless=True, all_outputs=True,
                   http=lambda _, n, __, where=where: Say(with_lines(n, where.encode() + b": " + breakers.LINE_NOISE, drop=(where.lower().encode(),))))  # fmt: skip
        yield Case(f"http: 60 KB in {where}", harmless=True,
                   http=lambda _, n, __, where=where: Say(with_lines(n, where.encode() + b": " + b"A" * 60_000, drop=(where.lower().encode(),))))  # fmt: skip


def echoes(_):
    """Servers that show what they were sent, as debugging pages do: the token and the signature come back."""

    def flat(head):
        return b" ".join(head.split())

    forms = {
        "a message": lambda n, head: with_body(n, b'{"__type":"AccessDeniedException","Message":"' + flat(head).replace(b'"', b"'") + b'"}', None, b"HTTP/1.1 400 X"),
        "a code": lambda n, head: with_body(n, b'{"__type":"' + flat(head)[-400:].replace(b'"', b"'") + b'","message":"x"}', None, b"HTTP/1.1 400 X"),
        "XML": lambda n, head: with_body(n, b"<AccessDeniedException><Message>" + flat(head) + b"</Message></AccessDeniedException>", b"application/xml", b"HTTP/1.1 403 X"),
        "a page": lambda n, head: with_body(n, b"<html><title>" + flat(head) + b"</title>" + head + b"</html>", b"text/html", b"HTTP/1.1 403 X"),
        "a header": lambda n, head: with_lines(n, b"Server: " + flat(head), b"X-Amzn-ErrorType: " + flat(head), b"Via: " + flat(head), drop=(b"server",)),
        "the reason": lambda n, head: with_status(n, b"HTTP/1.1 500 " + flat(head)),
        "the request itself": lambda n, head: head + b"\r\n\r\n",
        "a redirect": lambda n, head: with_lines(with_status(n, b"HTTP/1.1 307 X"), b"Location: https://10.64.99.99/?" + flat(head).replace(b" ", b"+")),
    }  # fmt: skip
    for name, make in forms.items():
        for skipped in (0, 60, 200):  # what is cut at the start may let a secret's middle through
            yield Case(f"http: the request comes back in {name} without {skipped}", harmless=True, all_outputs=True,
                       http=lambda _, n, head, make=make, skipped=skipped: Say(make(n, _tail(head, skipped))))  # fmt: skip


def _tail(head, skipped):
    at_token = head.lower().find(b"x-amz-security-token")
    return head if not skipped or at_token < 0 else head[at_token + skipped :]


def dns_breakers(_):
    for name, (make, harmless) in breakers.DNS.items():
        yield Case(f"dns: {name}", harmless=harmless, all_outputs="noise" in name or "alias" in name,
                   dns=lambda q, n, tcp, make=make: Say(b"", "close") if tcp else make(q, n))  # fmt: skip
    for name, (make, harmless) in breakers.DNS_OVER_TCP.items():
        yield Case(f"dns over TCP: {name}", dns=breakers.over_tcp(make), harmless=harmless)


def tls_breakers(leaf):
    for name, raw in tls.table(leaf).items():
        yield Case(f"tls: {name}", raw=raw, all_outputs="HTTP" in name or "SSH" in name)


def odd_certificates(labels):
    for label, believed in labels.items():
        yield Case(f"certificate: {label}", certificate=label, harmless=believed == "either", all_outputs=True)


def clocks(_):
    """The time source answers wrongly."""

    def normal(question):
        now = timesource._timestamp(1_700_000_000)
        return bytes((0x24, 3, 6, 0xEC)) + bytes(8) + b"LAB\0" + now + question[40:48] + now + now

    answers = {
        "nothing": lambda q: [], "a short one": lambda q: [normal(q)[:20]], "one byte": lambda q: [b"\x24"],
        "zeros": lambda q: [bytes(48)], "ones": lambda q: [b"\xff" * 48], "the question": lambda q: [q],
        "a kiss of death": lambda q: [bytes((0x24, 0, 6, 0xEC)) + bytes(8) + b"\x1b[31" + normal(q)[16:]],
        "another question's": lambda q: [normal(q)[:24] + b"12345678" + normal(q)[32:]],
        "years ago": lambda q: [normal(q)], "the year 2036": lambda q: [normal(q)[:32] + b"\0\0\0\1\0\0\0\0" * 2],
        "9000 bytes": lambda q: [normal(q) + NOISE * 80], "a thousand": lambda q: [normal(q)] * 1000,
        "from the future and back": lambda q: [normal(q)[:32] + b"\xff" * 8 + b"\0" * 8],
    }  # fmt: skip
    for name, make in answers.items():
        yield Case(f"clock: {name}", time_source=make, harmless=True)


def every_byte(sizes, family, leaf):
    """Every answer stalled and closed at every byte, every value of IMDS cut at every length."""
    for key, size in sizes.items():
        if key[0] == "imds":
            for n, end in itertools.product(range(size), ("stall", "close")):
                yield Case(f"{end} at byte {n} of {key[1]}, IPv{family}", family, harmless=key[1] not in (*IMDS_NEEDED, ROLE_LIST),
                           imds=at((key[1],), lambda normal, n=n, end=end: Say(normal[:n], end)))  # fmt: skip
        elif key[0] == "value":
            for n in range(size):
                yield Case(f"value of {key[1]} cut to {n}, IPv{family}", family, harmless=key[1] not in (*IMDS_NEEDED, ROLE_LIST),
                           imds=at((key[1],), lambda normal, n=n: Say(with_body(normal, parts(normal)[2][:n]), "close")))  # fmt: skip
        elif key[0] == "dns":
            for n in range(size):
                yield Case(f"datagram of {key[1]} cut to {n}, IPv{family}", family, dns=_cut_name(key, n), harmless=True)
                yield Case(f"byte {n} of the datagram of {key[1]} turned, IPv{family}", family, dns=_turned(key, n), harmless=True)
            for n, end in itertools.product(range(size + 2), ("stall", "close")):
                yield Case(f"{end} at byte {n} of {key[1]} over TCP, IPv{family}", family, harmless=True,
                           dns=breakers.over_tcp(lambda q, normal, n=n, end=end: Say(breakers.framed(normal)[:n], end)))  # fmt: skip
        elif key[0] == "http":
            for n, end in itertools.product(range(size), ("stall", "close")):
                yield Case(f"{end} at byte {n} of {' '.join(key[1:])}, IPv{family}", family, harmless=True,
                           http=lambda k, normal, _, key=key, n=n, end=end: Say(normal[:n], end) if k == key else None)  # fmt: skip
    for n, how in itertools.product(range(max(size for key, size in sizes.items() if key[0] == "tls")), ("stall", "close", "reset", "flip")):
        # RFC 8446 section 5.1: the version of a record, whose last byte this is, is ignored.
        yield Case(f"{how} at byte {n} of TLS, IPv{family}", family, cut=Cut(n, how), harmless=(n, how) == (2, "flip"))
    for n in range(len(leaf)):
        yield Case(f"certificate cut to {n}, IPv{family}", family, raw=tls.with_leaf(leaf[:n]))
        turned = leaf[:n] + bytes([leaf[n] ^ 0xFF]) + leaf[n + 1 :]
        yield Case(f"byte {n} of the certificate turned, IPv{family}", family, raw=tls.with_leaf(turned))


def _cut_name(key, n):
    return lambda q, normal, tcp: [normal[:n]] if _is(key, q) and not tcp else None


def _turned(key, n):
    return lambda q, normal, tcp: [normal[:n] + bytes([normal[n] ^ 0xFF]) + normal[n + 1 :]] if _is(key, q) and not tcp else None


def _is(key, question):
    name, kind = breakers.name_of(question)
    return (name.partition(".")[0], kind) == key[1:]
