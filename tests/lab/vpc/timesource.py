# SPDX-License-Identifier: Apache-2.0
"""The Amazon time source: a small SNTP server (RFC 5905, mode 4), whose clock a fault may move."""

import asyncio
import struct
import time

from . import world as w

EPOCH_OFFSET_S = 2208988800  # seconds between 1900 and 1970


class TimeSource(asyncio.DatagramProtocol):
    def __init__(self, record):
        self.record = record
        self.world = None

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, sender):
        if len(data) < 48 or data[0] & 7 != 3:
            return
        self.record.add("time", "question")
        received = _timestamp(time.time() + self.world.clock_offset_s)
        head = struct.pack(">BBbb", 4 << 3 | 4, 3, data[2] if data[2] < 128 else 6, -20)
        body = struct.pack(">II4s", 1 << 8, 1 << 8, bytes((169, 254, 169, 122)))
        sent = _timestamp(time.time() + self.world.clock_offset_s)
        self.transport.sendto(head + body + received + data[40:48] + received + sent, sender)


def _timestamp(unix_s):
    seconds = int(unix_s)
    return struct.pack(">II", (seconds + EPOCH_OFFSET_S) & 0xFFFFFFFF, int((unix_s - seconds) * (1 << 32)))


async def serve(loop, record):
    _, protocol = await loop.create_datagram_endpoint(lambda: TimeSource(record), local_addr=(w.TIME_SOURCE, 123))
    return protocol
