# SPDX-License-Identifier: Apache-2.0
"""A forward proxy in the VPC, on the router's side: CONNECT leads to the endpoints, and everything else is refused. It may want a
login.

A request for IMDS that is sent here does not get there, as a proxy on another machine has another IMDS.
"""

import asyncio
import base64
import contextlib

from . import world as w


class Proxy:
    world = None

    async def serve(self, reader, writer):
        first = await reader.readexactly(1)
        if first == b"\x05" and self.world.socks:
            return await self._socks(reader, writer)
        if not first.isalpha():  # a TLS handshake: whoever sent it believes in an https:// proxy
            return await _refuse(writer, "400 Bad Request")
        head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, target, *_ = head.split(" ")
        if method != "CONNECT":
            return await _refuse(writer, "403 Forbidden")
        login = base64.b64encode(self.world.proxy_login.encode()).decode()
        if login and f"\r\nProxy-Authorization: Basic {login}\r\n" not in head:
            shown = head.partition("Basic ")[2].strip() if self.world.proxy_echoes else "Proxy Authentication Required"
            return await _refuse(writer, f"407 {shown}", 'Proxy-Authenticate: Basic realm="proxy"\r\n')
        try:
            far = await self._connect(*target.rsplit(":", 1))
        except (OSError, ValueError, LookupError):
            return await _refuse(writer, "503 Service Unavailable")
        await asyncio.sleep(self.world.proxy_delay_s)
        writer.write(self.world.proxy_head.encode())
        await _join(reader, writer, far)

    async def _socks(self, reader, writer):
        """SOCKS5, RFC 1928: of names alone, without a login."""
        await reader.readexactly((await reader.readexactly(1))[0])
        writer.write(b"\x05\xff" if self.world.socks == "login" else b"\x05\x00")
        if self.world.socks in ("login", "closed"):
            return await writer.drain()
        name = await reader.readexactly((await reader.readexactly(5))[4])
        port = int.from_bytes(await reader.readexactly(2), "big")
        reply = {"forbids": 2, "refuses": 5}.get(self.world.socks, 0)
        writer.write(bytes((5, reply, 0, 1, 0, 0, 0, 0, 0, 0)))
        if not reply:
            await _join(reader, writer, await self._connect(name.decode(), port))

    async def through(self, reader, writer):
        """A handshake that destination NAT led here goes on late, to an address that no fault leads here."""
        service = writer.get_extra_info("sockname")[0].rsplit(".", 1)[1]
        await asyncio.sleep(self.world.handshake_delay_s)
        await _join(reader, writer, await asyncio.open_connection(f"{w.OTHER_VPC}.{service}", 443))

    async def _connect(self, name, port):
        """To the first of the name's addresses that lets us in."""
        for address in self.world.records[name][:-1]:
            with contextlib.suppress(OSError):
                async with asyncio.timeout(2):
                    return await asyncio.open_connection(address, int(port))
        return await asyncio.open_connection(self.world.records[name][-1], int(port))


async def _refuse(writer, status, more=""):
    writer.write(f"HTTP/1.1 {status}\r\nServer: squid/5.7\r\n{more}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
    await writer.drain()


async def _join(reader, writer, far):
    try:
        await asyncio.gather(_copy(reader, far[1]), _copy(far[0], writer))
    finally:
        far[1].close()


async def _copy(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()
