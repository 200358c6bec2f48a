# SPDX-License-Identifier: Apache-2.0
"""Small servers that answer on an endpoint's address in nginx's place: what a port is when it does not speak proper TLS.

A fault leads a service's connections here (firewall.py, endpoint_detour).
"""

import asyncio
import collections
import contextlib
import socket
import struct

HELD_S = 120  # no trap keeps a connection for longer, but those that lead on

_ALERT_PROTOCOL_VERSION = bytes((21, 3, 1, 0, 2, 2, 70))  # record: alert, TLS 1.0, two bytes: fatal, protocol_version
_PLAIN = (
    b"HTTP/1.1 400 Bad Request\r\nServer: Apache\r\nContent-Type: text/html\r\nContent-Length: 24\r\nConnection: close\r\n\r\n"
    b"<h1>400 Bad Request</h1>"
)


async def _reset(reader, writer):
    """What a filter that looks at the server name does: lets TCP through and kills the ClientHello."""
    await reader.read(1)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _closed(reader, writer):
    await reader.read(1)


async def _alert(reader, writer):
    """A server that knows no version that the client offers. OpenSSL 3 would not speak TLS 1.1 if it were asked to."""
    await reader.read(4096)
    writer.write(_ALERT_PROTOCOL_VERSION)
    await writer.drain()


async def _plain(reader, writer):
    await reader.read(4096)
    writer.write(_PLAIN)
    await writer.drain()


async def _mute(reader, writer):
    while await reader.read(4096):
        pass


async def _forbid(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 403 Forbidden\r\nServer: squid/5.7\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()


def _only_first(trap, proxy):
    """Of each address the first handshakes alone."""
    n_met = collections.Counter()

    async def serve_in_turn(reader, writer):
        address = writer.get_extra_info("sockname")[0]
        n_met[address] += 1
        await (trap if n_met[address] <= proxy.world.handshakes_cut else proxy.through)(reader, writer)

    return serve_in_turn


TRAPS = {"reset": _reset, "closed": _closed, "alert": _alert, "plain": _plain, "mute": _mute, "forbid": _forbid}
TRAP_PORT = {name: 9001 + number for number, name in enumerate((*TRAPS, "tunnel", "through", "reset-first", "closed-first"))}


def sockets_open():
    """To be called inside the endpoints' namespace, to which the sockets then belong."""
    return {name: socket.create_server(("0.0.0.0", port)) for name, port in TRAP_PORT.items()}


async def serve(record, sockets, proxy):
    """`proxy` serves the connections to the ports that lead on (proxy.py)."""
    traps = TRAPS | {"tunnel": proxy.serve, "through": proxy.through}
    traps |= {f"{name}-first": _only_first(TRAPS[name], proxy) for name in ("reset", "closed")}
    for name, listening in sockets.items():

        async def handle(reader, writer, name=name):
            record.add("trap", name)
            with contextlib.suppress(ConnectionError, TimeoutError, asyncio.IncompleteReadError):
                async with asyncio.timeout(HELD_S if name in TRAPS else None):
                    await traps[name](reader, writer)
            writer.close()

        await asyncio.start_server(handle, sock=listening)
