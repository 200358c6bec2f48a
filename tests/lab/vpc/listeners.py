# SPDX-License-Identifier: Apache-2.0
"""Who listens on the instance: the serial console, the journal and the service manager, each recorded instead of shown.

The console is a pseudo terminal, so the program sees a terminal device as on EC2, and nothing reaches this machine's own.
"""

import asyncio
import contextlib
import os
import pty
import socket
import struct
import termios

JOURNAL = "/run/systemd/journal/socket"
NOTIFY = "/run/systemd/notify"
MANAGER = "/run/systemd/private"
MESSAGE_MAX_BYTES = 1024 * 1024


class Console:
    def __init__(self, record):
        self.record = record
        self.text = ""
        self._master, self._slave = pty.openpty()
        self.device = os.ttyname(self._slave)
        mode = termios.tcgetattr(self._slave)
        mode[1] &= ~termios.OPOST
        mode[3] &= ~termios.ECHO
        termios.tcsetattr(self._slave, termios.TCSANOW, mode)
        os.set_blocking(self._master, False)

    def serve(self, loop):
        loop.add_reader(self._master, self._read)

    def _read(self):
        with contextlib.suppress(BlockingIOError, OSError):
            text = os.read(self._master, 65536).decode("utf-8", "replace")
            self.text += text
            for line in text.splitlines():
                self.record.add("console", line[:80])


def journal_serve(loop, path, record):
    """systemd's native journal protocol: one entry a datagram, or in the file that comes with it."""

    def take(data, descriptors):
        for descriptor in descriptors:
            with os.fdopen(descriptor, "rb") as file:
                file.seek(0)
                data = file.read(MESSAGE_MAX_BYTES)
        entry = journal_entry(data)
        record.add("journal", entry.get("SSM_PREFLIGHT_CODE", entry.get("SSM_PREFLIGHT_VERDICT", "")), entry)

    _datagrams(loop, path, take)


def notify_serve(loop, path, record):
    """sd_notify: kept as text."""

    def take(data, descriptors):
        for descriptor in descriptors:
            os.close(descriptor)
        text = data.decode("utf-8", "replace")
        record.add("notify", text.partition("\n")[0][:80], text)

    _datagrams(loop, path, take)


def journal_entry(data):
    entry = {}
    while data:
        line, _, rest = data.partition(b"\n")
        if b"=" in line:
            name, _, value = line.partition(b"=")
        else:
            size = struct.unpack("<Q", rest[:8])[0]
            name, value, rest = line, rest[8 : 8 + size], rest[9 + size :]
        entry[name.decode("ascii", "replace")] = value.decode("utf-8", "replace")
        data = rest
    return entry


async def manager_serve(path, unit):
    """systemd, asked for properties of the agent's unit: `unit` gives them by name, {}: it hangs up. A signal comes first."""

    def message(kind, serial, body):
        fields = struct.pack("<BBBBIBBBB3s", 5, 1, ord("u"), 0, serial, 8, 1, ord("g"), 0, b"\1v\0")
        return struct.pack("<4sIII", bytes([ord("l"), kind, 1, 1]), len(body), 1, len(fields)) + fields + bytes(-len(fields) % 8) + body

    def variant(value):
        if isinstance(value, int):
            return b"\1u\0\0" + struct.pack("<I", value)
        return b"\1s\0\0" + struct.pack("<I", len(value)) + value.encode() + b"\0"

    async def take(reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"BEGIN\r\n")
            writer.write(b"OK " + b"0" * 32 + b"\r\n" + message(4, 0, b""))
            while unit():
                n_body, serial, n_fields = struct.unpack("<4xIII", await reader.readexactly(16))
                asked = await reader.readexactly(-(-n_fields // 8) * 8 + n_body)
                writer.write(message(2, serial, variant(unit()[asked[:-1].rpartition(b"\0")[2].decode()])))
        writer.close()

    await asyncio.start_unix_server(take, path)


def _datagrams(loop, path, take):
    held = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    held.bind(path)
    os.chmod(path, 0o666)

    def read():
        with contextlib.suppress(BlockingIOError):
            data, descriptors, _, _ = socket.recv_fds(held, MESSAGE_MAX_BYTES, 4)
            take(data, descriptors)

    loop.add_reader(held.fileno(), read)
