# SPDX-License-Identifier: Apache-2.0
"""Resolvers: dnsmasq for every resolver that answers, a small one that answers with an error code only, and one with habits,
which asks dnsmasq and is slow, or cannot stand a kind of question.

Amazon's resolver is at 10.0.0.2, 169.254.169.253 and fd00:ec2::253. A custom one (10.0.1.53) and systemd-resolved's stub
(127.0.0.53 on the instance) are started when the world has them. Names have A records of every zone with a TTL of 60, no AAAA
(an empty answer, not NXDOMAIN) unless the world has IPv6; every other name is NXDOMAIN.
"""

import asyncio
import ipaddress
import os
import re
import signal
import socket
import struct
from collections import Counter

from . import world as w
from .processes import start, wait_for_text

TTL_S = 60
FORMERR, SERVFAIL, REFUSED = 1, 2, 5
_RCODES = {"servfail": SERVFAIL, "nxdomain": 3, "refused": REFUSED}
RCODE_PORT = {SERVFAIL: 5302, REFUSED: 5305}  # a fault leads questions here by a detour
HABITS_PORT = 5310  # and here, by UDP only
TYPE_AAAA = 28
_QUESTION = re.compile(r"query\[(\S+)\] (\S+) from (\S+)")
_READ = re.compile(r"read \S+ - \d+ names")


class Resolver:
    """One dnsmasq in one namespace."""

    def __init__(self, label, addresses, folder, namespace=None):
        self.label, self.addresses, self.namespace = label, addresses, namespace
        self.hosts = os.path.join(folder, f"{label}.hosts")
        self.log = os.path.join(folder, f"{label}.log")
        self.process = None
        self._read_to = 0

    def start(self, records, upstream=None):
        """Does not wait; ready() does."""
        self._write(records)
        listen = [f"--listen-address={address}" for address in self.addresses]
        source = [f"--server={upstream}"] if upstream else [f"--addn-hosts={self.hosts}", "--address=/#/"]
        self.process = start(
            [
                "dnsmasq",
                "-d",
                "--conf-file=/dev/null",
                "--no-resolv",
                "--no-hosts",
                "--no-poll",
                "--bind-interfaces",
                "--log-queries",
                f"--local-ttl={TTL_S}",
                "--pid-file=",
                "--cache-size=0",
                *listen,
                *source,
            ],
            log=self.log,
            namespace=self.namespace,
        )

    def ready(self, until=_READ):
        wait_for_text(self.log, until, self.process)

    def change(self, records):
        """Other answers from the next question on."""
        before = os.path.getsize(self.log)
        self._write(records)
        self.process.send_signal(signal.SIGHUP)
        wait_for_text(self.log, _READ, self.process, start_at=before)

    def stop(self):
        self.process.kill()

    def questions(self, reset=False):
        """How often each 'NAME TYPE' was asked since the last reset."""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            file.seek(self._read_to)
            text = file.read()
            if reset:
                self._read_to = file.tell()
        return Counter(f"{name} {kind}" for kind, name, _ in _QUESTION.findall(text))

    def _write(self, records):
        with open(self.hosts, "w", encoding="utf-8") as file:
            for name, addresses in records.items():
                file.writelines(f"{address} {name}\n" for address in addresses)


class Resolvers:
    """Every resolver of the lab, kept in step with the world."""

    def __init__(self, folder, namespaces):
        self.folder = folder
        self.amazon = Resolver("amazon", (w.RESOLVER, w.RESOLVER_LINK_LOCAL, w.RESOLVER6, "127.0.0.1"), folder)
        self.custom = Resolver("custom", (w.CUSTOM_RESOLVER,), folder)
        self.stub = Resolver("stub", (w.STUB_RESOLVER,), folder, namespaces.instance)
        self._shown = {}

    def apply(self, world):
        for resolver, records in ((self.amazon, world.records), (self.custom, world.custom_records)):
            if records is None or records == self._shown.get(resolver.label):
                continue
            if resolver.process is None:
                resolver.start(records)
            else:
                resolver.change(records)
            self._shown[resolver.label] = {name: list(addresses) for name, addresses in records.items()}
        if world.stub and world.stub_answers and self.stub.process is None:
            self.stub.start({}, upstream=w.RESOLVER)
        elif self.stub.process is not None and not world.stub_answers:
            self.stub.stop()
            self.stub.process = None

    def ready(self):
        for resolver in (self.amazon, self.custom):
            if resolver.process is not None:
                resolver.ready()
        if self.stub.process is not None:
            self.stub.ready(re.compile("using nameserver"))

    def questions(self, reset=False):
        total = Counter()
        for resolver in (self.amazon, self.custom):
            if resolver.process is not None:
                total += resolver.questions(reset)
        return dict(total)


class RcodeOnly(asyncio.DatagramProtocol):
    """Answers every question with one response code and no records."""

    def __init__(self, rcode):
        self.rcode = rcode

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, sender):
        if len(data) >= 12:
            self.transport.sendto(answer_with(data, self.rcode), sender)


def answer_with(question, rcode):
    identifier, flags, count = struct.unpack(">HHH", question[:6])
    end = 12
    while end < len(question) and question[end] != 0:
        end += question[end] + 1
    flags = 0x8080 | (flags & 0x0100) | rcode  # an answer, recursion available
    return struct.pack(">HHHHHH", identifier, flags, count, 0, 0, 0) + question[12 : end + 5]


def _encoded(target):
    return b"".join(bytes([len(label)]) + label.encode() for label in target.split(".")) + b"\0"


def answer_chain(question, length, addresses):
    """Aliases, then the addresses of the last one; length -1: the name is an alias of itself."""
    end = question.index(0, 12) + 1
    kind, owner, records = int.from_bytes(question[end : end + 2], "big"), b"\xc0\x0c", []
    for number in range(abs(length)):
        target = owner if length < 0 else _encoded(f"alias{number}.example.com")
        records.append(owner + struct.pack(">HHIH", 5, 1, 60, len(target)) + target)
        owner = target
    for address in addresses if length > 0 else []:
        packed = ipaddress.ip_address(address).packed
        if kind == (1 if len(packed) == 4 else TYPE_AAAA):
            records.append(owner + struct.pack(">HHIH", kind, 1, 60, len(packed)) + packed)
    answer = answer_with(question, 0)
    return answer[:6] + struct.pack(">H", len(records)) + answer[8:] + b"".join(records)


def answer_malformed(question, how, address):
    """short: an A record of three bytes; cut: the record is announced and not there; tail: one that is well, then one that is cut."""
    packed = ipaddress.ip_address(address).packed
    whole = struct.pack(">HHHIH", 0xC00C, 1, 1, 60, 4) + packed
    records = {"short": struct.pack(">HHHIH", 0xC00C, 1, 1, 60, 3) + packed[:3], "cut": whole[:8], "tail": whole + whole[:8]}[how]
    answer = answer_with(question, 0)
    return answer[:6] + struct.pack(">H", 2 if how == "tail" else 1) + answer[8:] + records


def answer_of(question, owner, addresses):
    """Addresses, but of another name."""
    records = [_encoded(owner) + struct.pack(">HHIH", 1, 1, 60, 4) + ipaddress.ip_address(each).packed for each in addresses]
    answer = answer_with(question, 0)
    return answer[:6] + struct.pack(">H", len(records)) + answer[8:] + b"".join(records)


def answer_referral(question):
    """Of a server that does not recurse: ask the root."""
    answer = answer_with(question, 0)
    root = b"\0" + struct.pack(">HHIH", 2, 1, 60, 20) + _encoded("a.root-servers.net")
    return answer[:3] + b"\0" + answer[4:8] + struct.pack(">H", 1) + answer[10:] + root


def answer_alias(question, target):
    name = b"".join(bytes([len(label)]) + label.encode() for label in target.split(".")) + b"\0"
    answer = answer_with(question, 0)
    return answer[:6] + struct.pack(">H", 1) + answer[8:] + struct.pack(">HHHIH", 0xC00C, 5, 1, 0, len(name)) + name


class Habits(asyncio.DatagramProtocol):
    """Passes questions on to Amazon's resolver as the world's `resolver` says; all its listeners share one world."""

    class Shared:
        world = None

        def __init__(self):
            self.n_asked = Counter()  # by name and type

    def __init__(self, shared, loop):
        self.shared, self.loop = shared, loop

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, sender):
        habits, has_edns = self.shared.world.resolver, data[10:12] != b"\0\0"  # the only additional record of a question
        end = data.index(0, 12) + 1
        if habits.edns == "formerr" and has_edns:
            return self.transport.sendto(answer_with(data, FORMERR), sender)
        if _name_of(data) in habits.silent_names:
            return None
        if habits.edns == "dropped" and has_edns or int.from_bytes(data[end : end + 2], "big") in habits.silent_types:
            return None
        return self.loop.call_later(habits.delay_s, lambda: self.loop.create_task(self._answer(data, sender)))

    async def _answer(self, data, sender):
        habits = self.shared.world.resolver
        end = data.index(0, 12) + 1
        kind = int.from_bytes(data[end : end + 2], "big")
        handed_back = habits.handed_back and _name_of(data).endswith(f".{habits.handed_back}")
        self.shared.n_asked[data[12:]] += 1
        in_turn = habits.turns if self.shared.n_asked[data[12:]] % 2 else ""
        addresses = self.shared.world.records.get(_name_of(data), [])
        if kind == 1 and addresses and (habits.malformed or in_turn == "malformed"):
            self.transport.sendto(answer_malformed(data, habits.malformed or "short", addresses[0]), sender)
        elif in_turn in _RCODES:
            self.transport.sendto(answer_with(data, _RCODES[in_turn]), sender)
        elif habits.rcode and not handed_back or kind in habits.rcodes:
            self.transport.sendto(answer_with(data, habits.rcodes.get(kind, habits.rcode)), sender)
        elif habits.truncates:
            answer = answer_with(data, 0)
            self.transport.sendto(answer[:2] + bytes([answer[2] | 2]) + answer[3:], sender)
        elif habits.chain:
            self.transport.sendto(answer_chain(data, habits.chain, addresses), sender)
        elif habits.owner and kind == 1:
            self.transport.sendto(answer_of(data, habits.owner, addresses), sender)
        elif habits.refers:
            self.transport.sendto(answer_referral(data), sender)
        elif habits.alias:
            self.transport.sendto(answer_alias(data, habits.alias), sender)
        else:
            await self._pass_on(data, sender)

    async def _pass_on(self, data, sender):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.setblocking(False)
            asking.connect(("127.0.0.1", 53))
            await self.loop.sock_sendall(asking, data)
            async with asyncio.timeout(5):
                self.transport.sendto(await self.loop.sock_recv(asking, 4096), sender)


def _name_of(question):
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]].decode("latin-1").lower())
        at += question[at] + 1
    return ".".join(labels)


async def habits_serve(loop):
    """What the listeners share; its `world` is to be set."""
    shared = Habits.Shared()
    for address in (w.RESOLVER, w.RESOLVER_LINK_LOCAL):
        await loop.create_datagram_endpoint(lambda: Habits(shared, loop), local_addr=(address, HABITS_PORT))
        await asyncio.start_server(lambda reader, writer: _habits_over_tcp(shared, reader, writer), address, HABITS_PORT)
    return shared


async def _habits_over_tcp(shared, reader, writer):
    try:
        async with asyncio.timeout(20):
            delay_s, truncates = shared.world.resolver.by_tcp
            size = await reader.readexactly(2)
            question = size + await reader.readexactly(struct.unpack(">H", size)[0])
            await asyncio.sleep(delay_s)
            answering, asking = await asyncio.open_connection("127.0.0.1", 53)
            asking.write(question)
            answer = bytearray(await answering.readexactly(2))
            answer += await answering.readexactly(struct.unpack(">H", answer)[0])
            asking.close()
            answer[4] |= 2 if truncates else 0
            writer.write(answer)
            await writer.drain()
    except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def rcode_servers(loop):
    for address in (
        w.RESOLVER,
        w.RESOLVER_LINK_LOCAL,
    ):  # each its own: an answer must come from the address that was asked
        for rcode, port in RCODE_PORT.items():
            await loop.create_datagram_endpoint(lambda rcode=rcode: RcodeOnly(rcode), local_addr=(address, port))
            await asyncio.start_server(
                lambda reader, writer, rcode=rcode: _over_tcp(reader, writer, rcode), address, port
            )


async def _over_tcp(reader, writer, rcode):
    try:
        async with asyncio.timeout(5):
            size = struct.unpack(">H", await reader.readexactly(2))[0]
            answer = answer_with(await reader.readexactly(size), rcode)
            writer.write(struct.pack(">H", len(answer)) + answer)
            await writer.drain()
    except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()
