# SPDX-License-Identifier: Apache-2.0
"""The instance metadata service, version 2 only, on raw asyncio: it costs little, so that a bench measures the program.

As on EC2: `Server: EC2ws`, one request a connection, small XHTML pages as error bodies, 401 without a token, 405 for GET on the
token path, 403 for a token request that was forwarded or that names a dated version, 400 for a lifetime out of 1..21600 s.
"""

import asyncio
import base64
import re
import secrets
import socket
import time
from collections import Counter
from email.utils import formatdate

from . import metadata
from .reasons import reason

REQUEST_MAX_BYTES = 16 * 1024
HUGE_BYTES = 4 * 1024 * 1024
_VERSION = re.compile(r"/(latest|1\.0|\d{4}-\d{2}-\d{2})/(.*)", re.S)
_PORTAL = "<html><head><title>Sign in</title></head><body><h1>Welcome to the guest network</h1></body></html>"
_ERROR_PAGE = """<?xml version="1.0" encoding="iso-8859-1"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
	"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
 <head>
  <title>{0} - {1}</title>
 </head>
 <body>
  <h1>{0} - {1}</h1>
 </body>
</html>
"""


def _of_path(table, target, otherwise):
    return next((value for path, value in table.items() if target.rstrip("/").endswith("/" + path.strip("/"))), otherwise)


class Metadata:
    """What all connections share: the world, the tokens given out, and how many answers a fault still owes."""

    def __init__(self, record):
        self.record = record
        self.tokens = {}  # token -> when it ends
        self.apply(None)

    def apply(self, world):
        self.world = world
        self.tree = metadata.tree(world) if world else {}
        self.throttle_left = world.imds.throttled if world else 0
        self.not_yet_left = dict(world.imds.not_yet) if world else {}
        self.statuses_given = Counter()

    def answer(self, method, target, headers):
        """(status, body, extra headers), by the rules of IMDSv2."""
        manner = self.world.imds
        self.record.add("imds", f"{method} {target}")
        if manner.manner == "disabled":
            return 403, None, {}
        if self.throttle_left:
            self.throttle_left -= 1 if self.throttle_left > 0 else 0
            return manner.throttle_status, None, {}
        status, count = _of_path(manner.statuses, target, (0, 0))
        if status and (count < 0 or self.statuses_given[target] < count):
            self.statuses_given[target] += 1
            return status, None, {}
        versioned = _VERSION.fullmatch(target)
        if versioned and versioned[2] == "api/token":
            return self._token(method, versioned[1], headers)
        if method not in ("GET", "HEAD"):
            return 405, None, {"Allow": "GET, HEAD"}
        if not self._authorized(headers):
            return 401, None, {}
        if not versioned:
            return (200, "1.0\nlatest", {}) if target == "/" else (404, None, {})
        return self._value(versioned[2])

    def _token(self, method, version, headers):
        form = self.world.imds.token
        if form == "missing":
            return 404, None, {}
        if method != "PUT":
            return 405, None, {"Allow": "OPTIONS, PUT"}
        if version != "latest" or "x-forwarded-for" in headers:
            return 403, None, {}
        lifetime = headers.get("x-aws-ec2-metadata-token-ttl-seconds", "")
        if not lifetime.isdigit() or not 1 <= int(lifetime) <= 21600:
            return 400, None, {}
        if form == "bad-form":
            return 200, "not a token\x1b[31m at all\n", {}
        if form == "huge":
            return 200, "A" * HUGE_BYTES, {}
        token = base64.urlsafe_b64encode(b"\x01\x00\x04" + secrets.token_bytes(39)).decode()
        self.record.secret(token)
        self.tokens[token] = time.monotonic() + int(lifetime)
        if form == "line":
            token += "\n"
        if form == "no-lifetime":
            return 200, token, {}
        return 200, token, {"X-Aws-Ec2-Metadata-Token-Ttl-Seconds": lifetime}

    def _authorized(self, headers):
        if self.world.imds.token == "missing":
            return True  # only version 1 is spoken
        return self.tokens.get(headers.get("x-aws-ec2-metadata-token", ""), 0) > time.monotonic()

    def _value(self, path):
        if self.not_yet_left.get(path, 0) > 0:
            self.not_yet_left[path] -= 1
            return 404, None, {}
        value = self.tree.get(path, self.tree.get(path.rstrip("/")))
        if value is not None:
            return (*value, {}) if isinstance(value, tuple) else (200, value, {})
        folder = path if not path or path.endswith("/") else path + "/"
        rest = [known[len(folder) :] for known in self.tree if known.startswith(folder)]
        if not rest:
            return 404, None, {}
        names = {name.partition("/")[0] + ("/" if "/" in name else "") for name in rest}
        return 200, "\n".join(sorted(names)), {}


class Connection(asyncio.Protocol):
    def __init__(self, service):
        self.service = service
        self.received = b""
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.received += data
        head, end, _ = self.received.partition(b"\r\n\r\n")
        if not end:
            if len(self.received) > REQUEST_MAX_BYTES:
                self.transport.abort()
            return
        self.received = b""
        lines = head.decode("latin-1").split("\r\n")
        method, _, rest = lines[0].partition(" ")
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
        }
        delay_s = self.service.world.imds.delay_s + _of_path(self.service.world.imds.delays_s, rest.partition(" ")[0], 0.0)
        if delay_s:
            asyncio.get_running_loop().call_later(delay_s, self.reply, method, rest.partition(" ")[0], headers)
        else:
            self.reply(method, rest.partition(" ")[0], headers)

    def reply(self, method, target, headers):
        if self.transport.is_closing():
            return
        manner = self.service.world.imds
        status, body, extra = self.service.answer(method, target, headers)
        if manner.manner == "silent":
            return
        if manner.manner == "garbage":
            self.transport.write(b"\x16\x03\x01\x02\x00 this is not HTTP\r\n\r\n")
            self.transport.close()
            return
        kind = "text/plain"
        if manner.manner == "portal":
            status, body, kind, extra = 200, _PORTAL, "text/html", {}
        elif manner.manner == "redirect":
            status, body, extra = 302, "", {"Location": "http://10.0.1.10/latest/"}
        elif manner.manner == "huge":
            status, body = 200, "A" * HUGE_BYTES
        if body is None:
            kind, body = "text/html", _ERROR_PAGE.format(status, reason(status))
        if method == "PUT" and manner.put_ttl != 64:
            self._set_ttl(manner.put_ttl)
        data = body.encode()
        shown = data[: len(data) // 2] if manner.manner == "truncated" else data
        size = len(data)
        for path, (left_out, how) in manner.cut.items():
            if target.rstrip("/").endswith("/" + path.strip("/")):
                shown = data[: max(0, len(data) - left_out)]
                size = None if how == "close" else size
        self.transport.write(self._head(status, kind, size, extra) + (b"" if method == "HEAD" else shown))
        self.transport.close()

    def _head(self, status, kind, size, extra):
        """Without a size it is HTTP/1.0, whose body ends where the connection does."""
        now = formatdate(time.time() + self.service.world.clock_offset_s, usegmt=True)
        lines = [
            f"HTTP/1.{0 if size is None else 1} {status} {reason(status)}",
            f"Content-Type: {kind}",
            "Accept-Ranges: none",
            f"Last-Modified: {now}",
            *([] if size is None else [f"Content-Length: {size}"]),
            f"Date: {now}",
            f"Server: {self.service.world.imds.server}",
            "Connection: close",
        ]
        lines += [f"{name}: {value}" for name, value in extra.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def _set_ttl(self, ttl):
        held = self.transport.get_extra_info("socket")
        if held.family == socket.AF_INET6:
            held.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, ttl)
        else:
            held.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)


async def serve(loop, record, addresses):
    """One service on several addresses; returns it, for apply()."""
    service = Metadata(record)
    for address in addresses:
        await loop.create_server(lambda: Connection(service), address, 80, backlog=256)
    return service
