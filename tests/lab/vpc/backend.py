# SPDX-License-Identifier: Apache-2.0
"""HTTP between nginx and the services: a Unix socket, persistent connections, one request after the other.

A connection that becomes a websocket goes to channel.py.
"""

import asyncio

from . import channel
from .service import Answer
from .reasons import reason

HEAD_MAX_BYTES = 64 * 1024
BODY_MAX_BYTES = 1024 * 1024
IDLE_S = 75


class Connection:
    """nginx adds which service and which address of the endpoint a request came in for, and takes both away from clients."""

    def __init__(self, services):
        self.services = services

    async def serve(self, reader, writer):
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, TimeoutError):
            pass
        finally:
            writer.close()

    async def _one(self, reader, writer):
        async with asyncio.timeout(IDLE_S):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {
                name.strip().lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head[1:])
                if name
            }
            size = int(headers.get("content-length", "0"))
            if size > BODY_MAX_BYTES:
                return False
            body = await reader.readexactly(size)
        method, target, _ = head[0].split(" ")
        service, endpoint = headers.pop("x-lab-service"), headers.pop("x-lab-address")
        answer = self.services.answer(service, method, target, headers, body, not endpoint.startswith("203.0.113."))
        if answer.delay_s is None:
            await reader.read()  # until the client has had enough
            return False
        if answer.delay_s:
            await asyncio.sleep(answer.delay_s)
        encoded = _encode(answer)
        if answer.drip_s and answer.body:
            writer.write(encoded[:-1])
            await writer.drain()
            await asyncio.sleep(answer.drip_s)
            encoded = encoded[-1:]
        writer.write(encoded)
        await writer.drain()
        if answer.open_channel:
            await channel.converse(reader, writer, answer.open_channel)
            return False
        return True


def _encode(answer: Answer):
    lines = [f"HTTP/1.1 {answer.status} {reason(answer.status)}"]
    if answer.status != 101:
        lines += [f"Content-Type: {answer.kind}", f"Content-Length: {len(answer.body)}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + answer.body


async def serve(path, services):
    return await asyncio.start_unix_server(Connection(services).serve, path, limit=HEAD_MAX_BYTES)
