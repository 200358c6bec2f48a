# SPDX-License-Identifier: Apache-2.0
"""Port 443 that speaks TLS by hand, and wrongly: records and handshakes made of bytes (RFC 5246, RFC 8446)."""

import struct

from servers import Say

ALERT, HANDSHAKE, CHANGE, DATA, HEARTBEAT = 21, 22, 20, 23, 24


def record(kind, body, version=b"\x03\x03"):
    return b"".join(
        bytes([kind]) + version + struct.pack(">H", len(body[at : at + 16384])) + body[at : at + 16384]
        for at in range(0, len(body) or 1, 16384)
    )


def message(kind, body, size=None):
    return bytes([kind]) + (len(body) if size is None else size).to_bytes(3, "big") + body


def server_hello(cipher=b"\xc0\x2b", version=b"\x03\x03", session=b"", extensions=b"\xff\x01\x00\x01\x00", random=b"R" * 32):
    body = version + random + bytes([len(session)]) + session + cipher + b"\0" + struct.pack(">H", len(extensions)) + extensions
    return message(2, body)


def certificates(*chain, listed=None):
    entries = b"".join(len(der).to_bytes(3, "big") + der for der in chain)
    return message(11, (len(entries) if listed is None else listed).to_bytes(3, "big") + entries)


def _hello_then(*messages, end="close"):
    return Say(record(HANDSHAKE, server_hello() + b"".join(messages)), end)


def with_leaf(der):
    """TLS 1.2 up to the end of the server's first flight, with any bytes as the certificate."""
    return lambda *_: _hello_then(certificates(der), message(12, b"\x03\x00\x17\x41" + b"\x04" + b"A" * 64 + b"\x04\x03\x00\x08" + b"S" * 8), message(14, b""), end="stall")


def table(leaf):
    """name -> (service, bytes heard) -> Say."""
    retry = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
    answers = {
        "plain HTTP": Say(b"HTTP/1.1 400 Bad Request\r\nServer: \x1b[31mHOSTILE\r\nContent-Length: 0\r\n\r\n", "close"),
        "an HTTP page without end": Say(b"HTTP/1.1 200 OK\r\n\r\n", endless=b"<script>HOSTILE</script>" * 100),
        "SSH": Say(b"SSH-2.0-\x1b[31mHOSTILE\r\n", "stall"),
        "nothing": Say(b"", "stall"),
        "closed": Say(b"", "close"),
        "reset": Say(b"", "reset"),
        "NULs without end": Say(b"", endless=b"\0" * 4096),
        "a record of 65535 bytes": Say(b"\x16\x03\x03\xff\xff" + b"A" * 65535, "stall"),
        "empty records without end": Say(b"", endless=b"\x16\x03\x03\x00\x00" * 500),
        "empty data without end": Say(record(HANDSHAKE, server_hello()), endless=b"\x17\x03\x03\x00\x00" * 500),
        "a record of an unknown kind": Say(record(99, b"A" * 100), "stall"),
        "a record of SSL 2": Say(b"\x80\x2e\x04\x00\x00\x00\x02" + b"A" * 40, "stall"),
        "a record of TLS 9": Say(b"\x16\x09\x09\x00\x05hello", "stall"),
        **{f"alert {number}": Say(record(ALERT, bytes([2, number])), "close") for number in (0, 10, 20, 40, 42, 48, 50, 70, 80, 112, 120, 255)},
        "warnings without end": Say(b"", endless=record(ALERT, b"\x01\x5a") * 500),
        "an alert of 100 bytes": Say(record(ALERT, b"\x02" * 100), "stall"),
        "changes without end": Say(record(HANDSHAKE, server_hello()), endless=record(CHANGE, b"\x01") * 500),
        "hello requests without end": Say(b"", endless=record(HANDSHAKE, message(0, b"")) * 500),
        "heartbeats without end": Say(record(HANDSHAKE, server_hello()), endless=record(HEARTBEAT, b"\x01\xff\xff") * 500),
        "hello of 16 MB": Say(record(HANDSHAKE, message(2, b"A" * 1000, 0xFFFFFF)), endless=record(HANDSHAKE, b"A" * 16384)),
        "hello cut": Say(record(HANDSHAKE, server_hello()[:20]), "close"),
        "hello twice": _hello_then(server_hello(), end="stall"),
        "a cipher that was not offered": Say(record(HANDSHAKE, server_hello(b"\x00\x00")), "stall"),
        "a session of 255 bytes": Say(record(HANDSHAKE, server_hello(session=b"S" * 255)), "stall"),
        "version 1.0": Say(record(HANDSHAKE, server_hello(version=b"\x03\x01")), "stall"),
        "version 0": Say(record(HANDSHAKE, server_hello(version=b"\x00\x00")), "stall"),
        "extensions beyond the end": Say(record(HANDSHAKE, server_hello(extensions=b"\x00\x10\xff\xff")), "stall"),
        "extensions that nobody asked for": Say(record(HANDSHAKE, server_hello(extensions=b"".join(struct.pack(">HH", i, 0) for i in range(100, 200)))), "stall"),
        "retry of what was offered": Say(record(HANDSHAKE, server_hello(b"\x13\x01", random=retry, extensions=b"\x00\x2b\x00\x02\x03\x04\x00\x33\x00\x02\x00\x1d")) * 5, "stall"),
        "retry with a cookie of 60 KB": Say(record(HANDSHAKE, server_hello(b"\x13\x01", random=retry, extensions=b"\x00\x2b\x00\x02\x03\x04\x00\x2c\xea\x62\xea\x60" + b"C" * 60000)), "stall"),
        "no certificate": _hello_then(certificates(), end="stall"),
        "an empty certificate": _hello_then(certificates(b""), end="stall"),
        "certificates beyond the end": _hello_then(certificates(leaf, listed=0xFFFFFF), end="stall"),
        "a list that ends within": _hello_then(certificates(leaf, listed=10), end="stall"),
        "100 certificates": _hello_then(certificates(*[leaf] * 100), end="stall"),
        "1000 certificates": _hello_then(certificates(*[leaf] * 1000), end="stall"),
        "certificates of 16 MB promised": _hello_then(message(11, b"A" * 100, 0xFFFFFF), end="stall"),
        "a certificate of 90 KB": _hello_then(certificates(b"\x30\x83\x01\x5f\x90" + b"\0" * 90000), end="stall"),
        "a certificate of NULs": _hello_then(certificates(bytes(5000)), end="stall"),
        "DER 5000 deep": _hello_then(certificates(b"\x30\x80" * 5000), end="stall"),
        "no certificate at all": _hello_then(message(14, b""), end="stall"),
        "a finished before its time": _hello_then(message(20, b"F" * 12), end="stall"),
        "data before its time": Say(record(HANDSHAKE, server_hello()) + record(DATA, b"HTTP/1.1 200 OK\r\n\r\n"), "stall"),
        "a byte each 20 ms": Say(record(HANDSHAKE, server_hello() + certificates(leaf)), "stall", pace=(1, 0.02)),
        "a byte a record": Say(b"".join(record(HANDSHAKE, bytes([byte])) for byte in server_hello() + certificates(leaf)), "stall"),
    }  # fmt: skip
    return {name: (lambda *_, what=what: what) for name, what in answers.items()}
