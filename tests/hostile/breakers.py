# SPDX-License-Identifier: Apache-2.0
"""What breaks parsers: HTTP answers and DNS answers, each made from a normal one. Plain functions; nothing here opens a socket."""

import struct

from servers import Say, address_record, name_of, with_records
from vpc import dns

NOISE = b"\x1b[31m\x1b]0;HOSTILE\x07\x9b31m\xc2\x9b\x00\r\x08\x7f\xe2\x80\xae\xff\xfe\xc0\x80\xed\xa0\x80<script>HOSTILE</script>]]>&\"'`$(HOSTILE);HOSTILE>HOSTILE"
LINE_NOISE = NOISE.replace(b"\r", b"").replace(b"\x00", b"")
TEXT_NOISE = LINE_NOISE.decode("utf-8", "replace")
ELSEWHERE = b"10.64.99.99"  # nobody may go there


def parts(normal):
    head, _, body = normal.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    return status, lines, body


def put(status, lines, body):
    return b"\r\n".join([status, *lines]) + b"\r\n\r\n" + body


def without(lines, *names):
    return [line for line in lines if line.partition(b":")[0].lower() not in names]


def with_body(normal, body, kind=None, status=None):
    """The same answer with another body, its length right."""
    first, lines, _ = parts(normal)
    lines = without(lines, b"content-length", *([b"content-type"] if kind else []))
    return put(status or first, lines + [b"Content-Length: %d" % len(body)] + ([b"Content-Type: " + kind] if kind else []), body)


def with_lines(normal, *more, drop=()):
    status, lines, body = parts(normal)
    return put(status, [*without(lines, *drop), *more], body)


def with_status(normal, status):
    _, lines, body = parts(normal)
    return put(status, lines, body)


def _chunked(normal, chunks, *more):
    return with_lines(normal, b"Transfer-Encoding: chunked", *more, drop=(b"content-length",)).partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + chunks


def _length(value):
    return lambda n: Say(with_lines(n, b"Content-Length: " + value, drop=(b"content-length",)), "close")


def _redirect(code):
    return lambda n: Say(with_lines(with_status(n, b"HTTP/1.1 %d Moved" % code), b"Location: http://" + ELSEWHERE + b"/latest/"), "close")


def _early(normal, status):
    return Say(status + b"\r\n\r\n" + normal, "close")


# name -> (what a normal answer becomes, whether it may still be understood)
HTTP = {
    "header of 1 MB": (lambda n: Say(with_lines(n, b"X: " + b"A" * 1_000_000), "close"), False),
    "header name of 1 MB": (lambda n: Say(with_lines(n, b"X" * 1_000_000 + b": 1"), "close"), False),
    "5000 headers": (lambda n: Say(with_lines(n, *[b"X-%d: 1" % i for i in range(5000)]), "close"), False),
    "500 headers": (lambda n: Say(with_lines(n, *[b"X-%d: 1" % i for i in range(500)]), "close"), True),
    "headers without end": (lambda n: Say(parts(n)[0] + b"\r\n", endless=b"X: y\r\n" * 500), False),
    "a line without end": (lambda n: Say(b"HTTP/1.1 200 ", endless=b"A" * 4096), False),
    "a header without end": (lambda n: Say(parts(n)[0] + b"\r\nX: ", endless=b"A" * 4096), False),
    "nothing but line ends": (lambda n: Say(b"", endless=b"\r\n" * 2048), False),
    "NULs without end": (lambda n: Say(b"", endless=b"\0" * 4096), False),
    "a body without end": (lambda n: Say(parts(n)[0] + b"\r\n\r\n", endless=b"A" * 4096), False),
    "header without a colon": (lambda n: Say(with_lines(n, b"no colon here"), "close"), True),
    "header without a name": (lambda n: Say(with_lines(n, b": 1"), "close"), True),
    "space before the colon": (lambda n: Say(with_lines(n, b"Content-Length : 1"), "close"), True),
    "folded header": (lambda n: Say(with_lines(n, b"X: 1\r\n 2\r\n\t3"), "close"), True),
    "NUL in a header": (lambda n: Say(with_lines(n, b"Server: a\0b"), "close"), True),
    "NUL in a name": (lambda n: Say(with_lines(n, b"Ser\0ver: a"), "close"), True),
    "noise in headers": (lambda n: Say(with_lines(n, b"Server: " + LINE_NOISE, b"Via: " + LINE_NOISE, b"X-Cache: " + LINE_NOISE,
                                             b"Date: " + LINE_NOISE, b"Content-Type: " + LINE_NOISE, drop=(b"server", b"date", b"content-type")), "close"), True),
    "noise in the reason": (lambda n: Say(with_status(n, b"HTTP/1.1 500 " + LINE_NOISE), "close"), False),
    "a reason of 1 MB": (lambda n: Say(with_status(n, b"HTTP/1.1 200 " + b"A" * 1_000_000), "close"), False),
    "no reason": (lambda n: Say(with_status(n, parts(n)[0][:12]), "close"), True),
    "status 99999": (lambda n: Say(with_status(n, b"HTTP/1.1 99999 OK"), "close"), False),
    "status 000": (lambda n: Say(with_status(n, b"HTTP/1.1 000 OK"), "close"), False),
    "status -1": (lambda n: Say(with_status(n, b"HTTP/1.1 -1 OK"), "close"), False),
    "status 2147483648": (lambda n: Say(with_status(n, b"HTTP/1.1 2147483648 OK"), "close"), False),
    "status 999": (lambda n: Say(with_status(n, b"HTTP/1.1 999 OK"), "close"), False),
    "version 9.9": (lambda n: Say(with_status(n, b"HTTP/9.9 200 OK"), "close"), False),
    "version 2": (lambda n: Say(with_status(n, b"HTTP/2 200"), "close"), True),
    "no version": (lambda n: Say(b"200 OK\r\n\r\n" + parts(n)[2], "close"), False),
    "HTTP/0.9": (lambda n: Say(parts(n)[2], "close"), False),
    "ICY": (lambda n: Say(with_status(n, b"ICY 200 OK"), "close"), False),
    "lower case": (lambda n: Say(with_status(n, b"http/1.1 200 ok"), "close"), False),
    "space before": (lambda n: Say(b" " + n, "close"), False),
    "line ends before": (lambda n: Say(b"\r\n\r\n" + n, "close"), False),
    "no carriage returns": (lambda n: Say(parts(n)[0] + b"\n" + b"\n".join(parts(n)[1]) + b"\n\n" + parts(n)[2], "close"), True),
    "carriage returns only": (lambda n: Say(n.replace(b"\r\n", b"\r"), "close"), False),
    "UTF-16": (lambda n: Say(n.decode("latin-1").encode("utf-16"), "close"), False),
    "bytes of TLS": (lambda n: Say(b"\x16\x03\x01\x02\x00\x01" + b"\0" * 500, "close"), False),
    "SSH": (lambda n: Say(b"SSH-2.0-OpenSSH_9.2p1 " + LINE_NOISE + b"\r\n", "close"), False),
    "SMTP": (lambda n: Say(b"220 mail ESMTP\r\n", "stall"), False),
    "HTTP/2 frames": (lambda n: Say(bytes.fromhex("00001204000000000000030000006400040000ffff000500004000") * 20, "close"), False),
    "bytes at random": (lambda n: Say(bytes((i * 167 + i // 7) & 255 for i in range(65536)), "close"), False),
    "100 Continue before": (lambda n: _early(n, b"HTTP/1.1 100 Continue"), True),
    "100 Continue without end": (lambda n: Say(b"", endless=b"HTTP/1.1 100 Continue\r\n\r\n" * 100), False),
    "103 ten thousand times": (lambda n: Say(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 10_000 + n, "close"), True),
    "101 Switching Protocols": (lambda n: Say(with_lines(with_status(n, b"HTTP/1.1 101 Switching Protocols"), b"Upgrade: h2c", b"Connection: Upgrade"), "stall"), False),
    "204 with a body": (lambda n: Say(with_status(n, b"HTTP/1.1 204 No Content"), "close"), True),
    "304": (lambda n: Say(with_status(n, b"HTTP/1.1 304 Not Modified"), "close"), False),
    "206 of more": (lambda n: Say(with_lines(with_status(n, b"HTTP/1.1 206 Partial"), b"Content-Range: bytes 0-1/99999999999999999999"), "close"), True),
    **{f"{code} elsewhere": (_redirect(code), False) for code in (301, 302, 303, 307, 308)},
    "refresh elsewhere": (lambda n: Say(with_lines(n, b"Refresh: 0; url=http://" + ELSEWHERE, b"Alt-Svc: h2=\"10.64.99.99:443\"", b"Content-Location: http://" + ELSEWHERE), "close"), True),
    "401 Basic": (lambda n: Say(with_lines(with_status(n, b"HTTP/1.1 401 Unauthorized"), b'WWW-Authenticate: Basic realm="x"', b"WWW-Authenticate: Negotiate", b"WWW-Authenticate: NTLM"), "close"), False),
    "407": (lambda n: Say(with_lines(with_status(n, b"HTTP/1.1 407 Proxy Authentication Required"), b'Proxy-Authenticate: Digest realm="' + LINE_NOISE + b'"'), "close"), False),
    "2000 cookies": (lambda n: Say(with_lines(n, *[b"Set-Cookie: a%d=b; Domain=.amazonaws.com" % i for i in range(300)]), "close"), True),
    "length negative": (_length(b"-1"), False),
    "length no number": (_length(b"abc"), False),
    "length empty": (_length(b""), False),
    "length of 2^64": (_length(b"18446744073709551616"), False),
    "length of 2^63": (_length(b"9223372036854775808"), False),
    "length of 4 GB": (_length(b"4294967297"), False),
    "length with a plus": (_length(b"+5"), False),
    "length with NUL": (_length(b"5\0"), False),
    "length as hex": (_length(b"0x10"), False),
    "length as a list": (_length(b"5, 5"), False),
    "length one too much": (lambda n: Say(with_lines(n, b"Content-Length: %d" % (len(parts(n)[2]) + 1), drop=(b"content-length",)), "close"), False),
    "length one too much, stalled": (lambda n: Say(with_lines(n, b"Content-Length: %d" % (len(parts(n)[2]) + 1), drop=(b"content-length",)), "stall"), False),
    "length one too little": (lambda n: Say(with_lines(n, b"Content-Length: %d" % max(0, len(parts(n)[2]) - 1), drop=(b"content-length",)), "close"), False),
    "length nought": (lambda n: Say(with_lines(n, b"Content-Length: 0", drop=(b"content-length",)), "close"), True),
    "two lengths": (lambda n: Say(with_lines(n, b"Content-Length: 3"), "close"), False),
    "chunked": (lambda n: Say(_chunked(n, b"%x\r\n%b\r\n0\r\n\r\n" % (len(parts(n)[2]), parts(n)[2]) if parts(n)[2] else b"0\r\n\r\n"), "close"), True),
    "chunk by chunk": (lambda n: Say(_chunked(n, b"".join(b"1\r\n%c\r\n" % byte for byte in parts(n)[2]) + b"0\r\n\r\n"), "close"), True),
    "chunked and a length": (lambda n: Say(_chunked(n, b"%x\r\n%b\r\n0\r\n\r\n" % (len(parts(n)[2]), parts(n)[2]) if parts(n)[2] else b"0\r\n\r\n", b"Content-Length: 3"), "close"), True),
    "chunks without end": (lambda n: Say(_chunked(n, b""), endless=b"1000\r\n" + b"A" * 4096 + b"\r\n"), False),
    "empty chunks without end": (lambda n: Say(_chunked(n, b""), endless=b"00000000\r\n" * 400), False),
    "chunk size zz": (lambda n: Say(_chunked(n, b"zz\r\nabc\r\n0\r\n\r\n"), "close"), False),
    "chunk size negative": (lambda n: Say(_chunked(n, b"-5\r\nabcde\r\n0\r\n\r\n"), "close"), False),
    "chunk size of 17 digits": (lambda n: Say(_chunked(n, b"FFFFFFFFFFFFFFFFF\r\nabc"), "close"), False),
    "chunk size of 16 digits": (lambda n: Say(_chunked(n, b"FFFFFFFFFFFFFFFF\r\nabc"), "close"), False),
    "chunk size empty": (lambda n: Say(_chunked(n, b"\r\nabc\r\n"), "close"), False),
    "chunk size without end": (lambda n: Say(_chunked(n, b""), endless=b"0" * 4096), False),
    "chunk extension without end": (lambda n: Say(_chunked(n, b"5;x="), endless=b"A" * 4096), False),
    "chunk without a line end": (lambda n: Say(_chunked(n, b"3\r\nabcdef\r\n0\r\n\r\n"), "close"), False),
    "no last chunk": (lambda n: Say(_chunked(n, b"%x\r\n%b\r\n" % (len(parts(n)[2]), parts(n)[2])), "close"), False),
    "trailers without end": (lambda n: Say(_chunked(n, b"3\r\nabc\r\n0\r\n"), endless=b"X: y\r\n" * 500), False),
    "noise in a trailer": (lambda n: Say(_chunked(n, b"3\r\nabc\r\n0\r\nServer: " + LINE_NOISE + b"\r\n\r\n"), "close"), False),
    "encoding gzip": (lambda n: Say(with_lines(n, b"Content-Encoding: gzip"), "close"), True),
    "encoding unknown": (lambda n: Say(with_lines(n, b"Transfer-Encoding: brotli, chunked", drop=(b"content-length",)), "close"), False),
    "encoding twice": (lambda n: Say(_chunked(n, b"0\r\n\r\n", b"Transfer-Encoding: chunked"), "close"), True),
    "two answers at once": (lambda n: Say(n + n, "close"), True),
    "noise after the answer": (lambda n: Say(n + NOISE * 100, "close"), True),
    "a byte each 20 ms": (lambda n: Say(n, "close", pace=(1, 0.02)), True),
    "ten bytes each ms": (lambda n: Say(n, "close", pace=(10, 0.001)), True),
    "reset after the head": (lambda n: Say(n.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", "reset"), False),
    "reset after the answer": (lambda n: Say(n, "reset"), True),
}  # fmt: skip

BODIES = {
    "noise": NOISE,
    "nothing": b"",
    "a space": b" ",
    "a NUL": b"\0",
    "NULs": b"\0" * 3000,
    "60 KB": b"A" * 60_000,
    "65536 bytes": b"A" * 65536,
    "70 KB": b"A" * 70_000,
    "4 MB": b"A" * 4_000_000,
    "60 KB of a line each": b"a\n" * 30_000,
    "brackets 30000 deep": b"[" * 30_000,
    "braces 10000 deep": b'{"a":' * 10_000,
    "JSON, null": b"null",
    "JSON, a list": b"[1,2,3]",
    "JSON, large numbers": b'{"Code":1e999,"Expiration":-1e999,"region":99999999999999999999999,"instanceId":0.1}',
    "JSON, wrong types": b'{"Code":{"a":1},"AccessKeyId":[],"SecretAccessKey":true,"Token":null,"region":[""],"message":{"a":"b"},"__type":7}',
    "JSON, noise": b'{"__type":"' + b"\\u001b[31mHOSTILE\\u0000\\ud800\\u202e" + b'","message":"\\u001b]0;HOSTILE\\u0007<script>HOSTILE</script>$(HOSTILE)","Message":"`HOSTILE`"}',
    "JSON, a key twice": b'{"region":"us-east-1","region":"evil","Code":"Success","Code":"Failed"}',
    "JSON, not UTF-8": b'{"message":"\xff\xfe\xc0\x80\xed\xa0\x80","region":"\xff"}',
    "JSON, half an escape": b'{"message":"\\u00',
    "JSON, 60 KB of text": b'{"__type":"X","message":"' + b"A" * 60_000 + b'"}',
    "JSON, 60 KB of keys": b"{" + b",".join(b'"%d":1' % i for i in range(6000)) + b"}",
    "XML, entities": b'<!DOCTYPE x [<!ENTITY a "HOSTILE"><!ENTITY b "&a;&a;&a;&a;">]><AccessDeniedException><Message>&b;</Message></AccessDeniedException>',
    "XML, never closed": b"<AccessDeniedException><Message>" * 1000,
    "XML, noise": b"<" + LINE_NOISE + b"><Message>" + LINE_NOISE + b"</Message>",
    "a page": b"<html><head><title>" + LINE_NOISE + b"</title></head><body>HOSTILE</body></html>",
    "a title without end": b"<html><title>" + b"A" * 50_000,
}  # fmt: skip


# --- DNS --------------------------------------------------------------------------------------------------------------


def _flags(question, flags, counts=None, rest=b""):
    head = dns.answer_with(question, 0)
    return head[:2] + struct.pack(">H", flags) + (struct.pack(">HHHH", *counts) if counts else head[4:12]) + head[12:] + rest


def _record(name=b"\xc0\x0c", kind=1, data=b"\x0a\x40\x00\x15", size=None, cls=1, ttl=60):
    return name + struct.pack(">HHIH", kind, cls, ttl, len(data) if size is None else size) + data


def _label(text):
    return b"".join(bytes([len(part)]) + part for part in text.split(b".")) + b"\0"


def _alias(name, target):
    return _record(name, 5, target)


def _answers(*records):
    return lambda q, n: [with_records(q, list(records))]


def _chain(length, loop):
    names = [b"\xc0\x0c"] + [_label(b"c%d.example" % i) for i in range(length)]
    records = [_alias(names[i], names[i + 1]) for i in range(length)] + ([_alias(names[-1], names[1])] if loop else [])
    return lambda q, n: [with_records(q, records)]


def _addresses(*texts):
    return lambda q, n: [with_records(q, [address_record(t) for t in texts if (":" in t) == (name_of(q)[1] == 28)])]


def _own(make):
    """Only for the wanted family: a normal answer without addresses stays."""
    return lambda q, n: make(q, n)


# name -> (what the datagrams become, whether it may still be understood)
DNS = {
    "nothing": (lambda q, n: [], False),
    "an empty datagram": (lambda q, n: [b""], False),
    "one byte": (lambda q, n: [b"\0"], False),
    "a head only": (lambda q, n: [n[:12]], False),
    "another id": (lambda q, n: [bytes([n[0] ^ 255]) + n[1:]], False),
    "another id a thousand times": (lambda q, n: [struct.pack(">H", i) + n[2:] for i in range(1000) if struct.pack(">H", i) != n[:2]], False),
    "another id, then the right one": (lambda q, n: [bytes([n[0] ^ 255]) + n[1:], n], True),
    "another question": (lambda q, n: [n[:12] + _label(b"evil.example") + n[12 + len(name_of(q)[0]) + 2 :]], False),
    "no question": (lambda q, n: [n[:4] + b"\0\0" + n[6:12]], False),
    "two questions": (lambda q, n: [n[:4] + b"\0\2" + n[6:12] + q[12:] + n[12:]], False),
    "the question itself": (lambda q, n: [q], False),
    "an update": (lambda q, n: [_flags(q, 0xA880)], False),
    "cut by TC, silent over TCP": (lambda q, n: [_flags(q, 0x8380)], False),
    **{f"rcode {rcode}": (lambda q, n, rcode=rcode: [dns.answer_with(q, rcode)], False) for rcode in range(1, 16)},
    "65535 answers promised": (lambda q, n: [_flags(q, 0x8180, (1, 65535, 0, 0))], False),
    "65535 of all promised": (lambda q, n: [_flags(q, 0x8180, (65535, 65535, 65535, 65535))], False),
    "pointer to itself": (_answers(_record(b"\xc0\x0c", 5, b"\xc0\x0c")), False),
    "name that points to itself": (lambda q, n: [with_records(q, [struct.pack(">H", 0xC000 | (len(dns.answer_with(q, 0)))) + _record(b"")])], False),
    "two pointers in a circle": (lambda q, n: [with_records(q, [_alias(b"\xc0\x0c", struct.pack(">HH", 0xC000 | (len(dns.answer_with(q, 0)) + 14), 0xC000 | (len(dns.answer_with(q, 0)) + 12)))])], False),
    "pointer forward": (_answers(_alias(b"\xc0\x0c", b"\xc1\xff")), False),
    "pointer beyond the end": (_answers(_record(b"\xff\xff")), False),
    "half a pointer": (lambda q, n: [with_records(q, [b"\xc0"])], False),
    "pointers 100 deep": (lambda q, n: [with_records(q, [_alias(b"\xc0\x0c", b"".join(struct.pack(">H", 0xC000 | (len(dns.answer_with(q, 0)) + 12 + 2 * (i + 1))) for i in range(100)))])], False),
    "label of 64": (_answers(_alias(b"\xc0\x0c", b"\x40" + b"a" * 64 + b"\0")), False),
    "label of a type to come": (_answers(_alias(b"\xc0\x0c", b"\x80" + b"a" * 64 + b"\0")), False),
    "name of 300 bytes": (_answers(_alias(b"\xc0\x0c", _label(b".".join([b"a" * 60] * 5)))), False),
    "noise in an alias": (_answers(_alias(b"\xc0\x0c", bytes([len(NOISE[:60])]) + NOISE[:60] + bytes([len(NOISE[60:120])]) + NOISE[60:120] + b"\0")), False),
    "dots in a label": (_answers(_alias(b"\xc0\x0c", b"\x05a.b.c\x03com\0")), False),
    "NUL in a label": (_answers(_alias(b"\xc0\x0c", b"\x03a\0b\x03com\0")), False),
    "empty alias": (_answers(_alias(b"\xc0\x0c", b"\0")), False),
    "alias of itself": (_answers(_alias(b"\xc0\x0c", b"\xc0\x0c")), False),
    "aliases in a circle": (_chain(5, True), False),
    "20 aliases": (_chain(20, False), False),
    "aliases in a large circle": (_chain(60, True), False),
    "address of 3 bytes": (_answers(_record(data=b"abc")), False),
    "address of 5 bytes": (_answers(_record(data=b"abcde")), False),
    "address of no bytes": (_answers(_record(data=b"")), False),
    "data of 65535 bytes": (_answers(_record(size=65535)), False),
    "another class": (_answers(_record(cls=3)), False),
    "texts only": (_answers(*[_record(kind=16, data=b"\x20" + LINE_NOISE[:32])] * 10), False),
    "unknown types": (_answers(*[_record(kind=65280 + i, data=bytes(i)) for i in range(40)]), False),
    "others' addresses": (_answers(_record(_label(b"evil.example"))), False),
    "80 addresses": (lambda q, n: [with_records(q, [address_record(f"10.64.98.{i}") for i in range(80)])] if name_of(q)[1] == 1 else [with_records(q, [address_record(f"2001:db8:98::{i:x}") for i in range(40)])], False),
    "nobody's address": (_addresses("0.0.0.0", "::"), False),
    "own address": (_addresses("127.0.0.1", "::1"), False),
    "everybody's address": (_addresses("255.255.255.255", "224.0.0.1", "ff02::1"), False),
    "address of IMDS": (_addresses("169.254.169.254", "fd00:ec2::254"), False),
    "mapped address": (_addresses("::ffff:10.0.1.1", "64:ff9b::a00:101", "fe80::1"), False),
    "additional without end": (lambda q, n: [n[:10] + b"\xff\xff" + n[12:] + b"\0\0\x29\x04\xd0" * 20], True),
    "two OPTs": (lambda q, n: [n[:10] + b"\0\2" + n[12:] + (b"\0\0\x29\x04\xd0\0\0\0\0\0\0") * 2], True),
    "OPT of a version to come": (lambda q, n: [n[:10] + b"\0\1" + n[12:] + b"\0\0\x29\x04\xd0\0\xff\0\0\0\0"], True),
    "OPT with 400 bytes": (lambda q, n: [n[:10] + b"\0\1" + n[12:] + b"\0\0\x29\x04\xd0\0\0\0\0\x01\x90" + b"\xff" * 400], True),
    "noise after the answer": (lambda q, n: [n + NOISE], True),
    "noise only": (lambda q, n: [NOISE * 4], False),
    "the answer a hundred times": (lambda q, n: [n] * 100, True),
    "two answers that differ": (lambda q, n: [dns.answer_with(q, 3), n], False),
}  # fmt: skip


def over_tcp(make):
    """A datagram that is cut, and what comes over TCP then: make(question, normal) -> Say."""
    return lambda q, n, tcp: make(q, n) if tcp else [_flags(q, 0x8380)]


def framed(message, promised=None):
    return struct.pack(">H", len(message) if promised is None else promised) + message


DNS_OVER_TCP = {
    "the answer": (lambda q, n: Say(framed(n), "close"), True),
    "nothing, closed": (lambda q, n: Say(b"", "close"), False),
    "nothing, reset": (lambda q, n: Say(b"", "reset"), False),
    "length nought": (lambda q, n: Say(framed(b""), "stall"), False),
    "lengths of nought without end": (lambda q, n: Say(b"", endless=b"\0\0" * 2048), False),
    "length of 65535, stalled": (lambda q, n: Say(framed(n, 65535), "stall"), False),
    "length of 65535, closed": (lambda q, n: Say(framed(n, 65535), "close"), False),
    "length one too little": (lambda q, n: Say(framed(n, len(n) - 1), "close"), False),
    "4000 addresses": (lambda q, n: Say(framed(with_records(q, [address_record("10.64.98.7" if name_of(q)[1] == 1 else "2001:db8:98::7")] * (4000 if name_of(q)[1] == 1 else 2000))), "close"), False),
    "1500 aliases in a circle": (lambda q, n: Say(framed(_chain(1500, True)(q, n)[0]), "close"), False),
    "cut again": (lambda q, n: Say(framed(_flags(q, 0x8380)), "close"), False),
    "another id": (lambda q, n: Say(framed(bytes([n[0] ^ 255]) + n[1:]), "stall"), False),
    "noise without end": (lambda q, n: Say(b"", endless=b"\x00\x0c" + NOISE[:12]), False),
    "a byte each 50 ms": (lambda q, n: Say(framed(n), "close", pace=(1, 0.02)), True),
}  # fmt: skip
