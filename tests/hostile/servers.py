# SPDX-License-Identifier: Apache-2.0
"""The servers of all cases: the lab's stand-ins make each answer, and the case may put anything in its place.

A case is asked with the normal bytes, and gives a `Say`, or None for the normal ones. What was delivered whole and untouched
is noted in `case.delivered`: without all of NEEDED no verdict may be `ready`.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
import struct
from dataclasses import dataclass

from vpc import backend, dns, imds, service, timesource, world as w
from vpc.record import Record

import place

NEEDED = {
    "token", "document", "credentials", "name ssm", "name ssmmessages", "signed ssm", "signed ssmmessages",
}  # fmt: skip
IMDS_NEEDED = {
    "/latest/api/token": "token",
    "/latest/dynamic/instance-identity/document": "document",
    f"/latest/meta-data/iam/security-credentials/{w.ROLE}": "credentials",
}
TYPE_A, TYPE_CNAME, TYPE_AAAA = 1, 5, 28
PKTINFO6 = (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO)
IP_PKTINFO, IPV6_FREEBIND = 8, 78  # which Python has no names for


@dataclass
class Say:
    """Bytes instead of the normal ones, and what follows: "keep" the connection open, "close", "reset" or "stall" it, or
    `endless` bytes until the other side has had enough. `pace`: (bytes, seconds) between pieces."""

    data: bytes
    end: str = "keep"
    endless: bytes = b""
    pace: tuple = ()


@dataclass
class Cut:
    """What happens to the raw bytes of a TLS connection at byte `at`: "stall", "close", "reset" or "flip"."""

    at: int
    how: str


class World:
    """What all cases share. `cases`: slot -> the case that has it."""

    def __init__(self, contexts):
        self.contexts = contexts  # label of a certificate -> (ssl.SSLContext, what hosts it is good for, or None)
        self.record = Record()
        self.services = service.Services(self.record)
        self.services.apply(w.World())
        self.cases = {}
        self.stray = []

    def case_at(self, transport):
        slot, host = place.slot_and_host(transport.get_extra_info("sockname")[0])
        return self.cases.get(slot), host


async def say(transport, what, write=None):
    """Writes it, and ends the connection as it says. `write`: through TLS."""
    write = write or transport.write
    with contextlib.suppress(ConnectionError):
        size, delay_s = what.pace or (len(what.data) or 1, 0)
        for at in range(0, len(what.data), size):
            if transport.is_closing():
                return
            write(what.data[at : at + size])
            if delay_s:
                await asyncio.sleep(delay_s)
        while what.endless and not transport.is_closing():
            if transport.get_write_buffer_size() < 1 << 16:
                write(what.endless)
            await asyncio.sleep(0)
    if what.end == "close":
        transport.close()
    elif what.end == "reset":
        held = transport.get_extra_info("socket")
        if held is not None and not transport.is_closing():
            held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()


# --- IMDS -------------------------------------------------------------------------------------------------------------


class Collector:
    """Stands for a transport while the lab's stand-in writes its answer."""

    def __init__(self, transport):
        self.transport, self.data = transport, b""

    def write(self, data):
        self.data += data

    def close(self):
        pass

    def is_closing(self):
        return self.transport.is_closing()

    def get_extra_info(self, name):
        return self.transport.get_extra_info(name)


class Imds(imds.Connection):
    def __init__(self, shared):
        super().__init__(None)
        self.shared, self.case = shared, None

    def connection_made(self, transport):
        super().connection_made(transport)
        self.case, host = self.shared.case_at(transport)
        if self.case is None or host != place.IMDS:
            self.shared.stray.append(f"port 80 of {transport.get_extra_info('sockname')[0]}")
            transport.abort()
        else:
            self.service = self.case.metadata
            if self.case.greeting:
                transport.write(self.case.greeting)

    def data_received(self, data):
        if self.case is not None:
            self.case.heard("imds", data)
            super().data_received(data)

    def reply(self, method, target, headers):
        collector, transport = Collector(self.transport), self.transport
        if transport.is_closing():
            return
        self.transport = collector
        super().reply(method, target, headers)
        self.transport = transport
        normal = collector.data
        self.case.sizes.setdefault(("imds", target), len(normal))
        self.case.sizes.setdefault(("value", target), len(normal.partition(b"\r\n\r\n")[2]))
        instead = self.case.imds and self.case.imds(target, normal)
        if instead is None:
            if normal.startswith(b"HTTP/1.1 200") and target in IMDS_NEEDED:
                self.case.delivered.add(IMDS_NEEDED[target])
            instead = Say(normal, "close")
        self.case.spawn(say(transport, instead))


# --- DNS --------------------------------------------------------------------------------------------------------------


def name_of(question):
    labels, at = [], 12
    while at < len(question) and question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]].decode("latin-1"))
        at += question[at] + 1
    return ".".join(labels), int.from_bytes(question[at + 1 : at + 3], "big")


def with_records(question, records, rcode=0):
    """An answer with these records, each bytes from its name on."""
    head = dns.answer_with(question, rcode)
    return head[:6] + struct.pack(">H", len(records)) + head[8:] + b"".join(records)


def address_record(text):
    packed = socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)
    return struct.pack(">HHHIH", 0xC00C, TYPE_A if len(packed) == 4 else TYPE_AAAA, 1, 60, len(packed)) + packed


def resolve(shared, case, slot, question, over_tcp):
    """The datagrams to send back, or a Say over TCP."""
    name, kind = name_of(question)
    case.heard("dns", question)
    label = name.lower().partition(".")[0]
    host = next((host for host, known in place.SERVICE_AT.items() if known == label), None)
    if host is None:
        normal = dns.answer_with(question, 3)
    else:
        wanted = kind == (TYPE_A if case.family == 4 else TYPE_AAAA)
        normal = with_records(question, [address_record(place.address(slot, host, case.family))] if wanted else [])
    case.sizes.setdefault(("dns", label, kind), len(normal))
    instead = case.dns and case.dns(question, normal, over_tcp)
    if instead is None:
        case.delivered.add(f"name {label}")
        return Say(struct.pack(">H", len(normal)) + normal, "close") if over_tcp else [normal]
    return instead


def _datagrams(shared, family):
    held = socket.socket(family, socket.SOCK_DGRAM)
    held.setblocking(False)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    if family == socket.AF_INET6:
        held.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        held.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        held.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)  # answers come from addresses that are a route, and no more
        held.bind(("::", 53))
    else:
        held.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        held.bind(("0.0.0.0", 53))

    def read():
        while True:
            try:
                data, ancillary, _, sender = held.recvmsg(4096, 256)
            except BlockingIOError:
                return
            info = ancillary[0][2]
            own = info[:16] if family == socket.AF_INET6 else info[8:12]
            slot, _ = place.slot_and_host(socket.inet_ntop(family, own))
            back = info[:16] + bytes(4) if family == socket.AF_INET6 else bytes(4) + own + bytes(4)
            case = shared.cases.get(slot)
            if case is None or len(data) < 17:
                answers = [dns.answer_with(data, 3)] if len(data) > 16 else []  # Amazon's resolver knows no names
            else:
                answers = resolve(shared, case, slot, data, False)
            level = PKTINFO6 if family == socket.AF_INET6 else (socket.IPPROTO_IP, IP_PKTINFO)
            for answer in answers:
                with contextlib.suppress(OSError):
                    held.sendmsg([answer], [(*level, back)], 0, sender)

    asyncio.get_running_loop().add_reader(held.fileno(), read)
    return held


async def _dns_over_tcp(shared, reader, writer):
    transport = writer.transport
    slot, _ = place.slot_and_host(transport.get_extra_info("sockname")[0])
    case = shared.cases.get(slot)
    if case is None:
        transport.abort()
        return
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        size = struct.unpack(">H", await reader.readexactly(2))[0]
        what = resolve(shared, case, slot, await reader.readexactly(size), True)
        await say(transport, what)
        if what.end in ("stall", "keep"):
            await reader.read()
    writer.close()


# --- TLS and the services -----------------------------------------------------------------------------------------------


class Clock(timesource.TimeSource):
    say = None  # (question) -> datagrams

    def datagram_received(self, data, sender):
        if self.say is None:
            super().datagram_received(data, sender)
        for answer in self.say(data) if self.say else ():
            self.transport.sendto(answer, sender)


class Endpoint(asyncio.Protocol):
    """TLS by memory, so that every byte that leaves can be counted, cut or turned."""

    def __init__(self, shared):
        self.shared, self.received, self.n_out, self.over = shared, b"", 0, False
        self.case = self.transport = self.tls = self.label = None
        self.shaken, self.queue = False, None

    def connection_made(self, transport):
        self.transport = transport
        self.case, host = self.shared.case_at(transport)
        self.label = place.SERVICE_AT.get(host)
        if self.case is None or self.label is None:
            self.shared.stray.append(f"port 443 of {transport.get_extra_info('sockname')[0]}")
            transport.abort()
            return
        if self.case.raw:
            self.answered = False
            return
        context, self.good_for = self.shared.contexts[self.case.certificate]
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)

    def connection_lost(self, _):
        self.over = True
        if self.case:
            size = self.case.sizes.setdefault(("tls", self.label), self.n_out)
            self.case.sizes["tls", self.label] = max(size, self.n_out)

    def data_received(self, data):
        if self.case is None or self.over:
            return
        self.case.heard("wire", data)
        if self.case.raw:
            if not self.answered:
                self.answered = True
                self.case.spawn(say(self.transport, self.case.raw(self.label, data)))
            return
        self.incoming.write(data)
        try:
            if not self.shaken:
                self.tls.do_handshake()
                self.shaken = True
            while piece := self.tls.read(65536):  # nothing: the other side has said goodbye
                self.received += piece
                self._requests()
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError:
            self._flush()
            self.transport.close()

    def _requests(self):
        while b"\r\n\r\n" in self.received:
            head, _, rest = self.received.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            headers = {
                name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
            }
            size = int(headers.get("content-length", "0"))
            if len(rest) < size:
                return
            self.received = rest[size:]
            self._answer(lines[0].split(" "), headers, rest[:size], head)

    def _answer(self, line, headers, body, head):
        signed = "authorization" in headers or "x-amz-security-token" in headers
        if signed:
            self.case.signed.append((headers.get("host", ""), self.good_for))
            self.case.signatures.append(headers.get("authorization", "").rpartition("Signature=")[2] or "no signature")
        answer = self.shared.services.answer(self.label, line[0], line[1], headers, body, True)
        normal = backend._encode(answer)
        key = ("http", self.label, headers.get("x-amz-target", line[0]).rpartition(".")[2], "signed" if signed else "plain")
        self.case.sizes.setdefault(key, len(normal))
        instead = self.case.http and self.case.http(key, normal, head)
        if instead is None:
            if self._write(normal) and signed and self.good_for:
                self.case.delivered.add(f"signed {self.label}")
            return
        self.case.spawn(say(self.transport, instead, self._write))

    def _write(self, data):
        if self.transport.is_closing():
            return False
        self.tls.write(data)
        return self._flush()

    def _flush(self):
        """Whether everything left untouched."""
        data = self.outgoing.read()
        cut, begins = self.case.cut, self.n_out
        self.n_out += len(data)
        if cut is None or self.n_out <= cut.at:
            self.transport.write(data)
            return True
        if self.over:
            return False
        at = max(0, cut.at - begins)
        if cut.how == "flip":
            if cut.at >= begins:
                data = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
            self.transport.write(data)
            return False
        self.transport.write(data[:at])
        self.over = True
        self.case.spawn(say(self.transport, Say(b"", cut.how)))
        return False


async def serve(shared):
    """Listens at every address of the world, in the network namespace where it is called."""
    loop = asyncio.get_running_loop()
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # that a client has gone is no news here
    for any_address in ("0.0.0.0", "::"):
        await loop.create_server(lambda: Imds(shared), any_address, 80, backlog=512)
        await loop.create_server(lambda: Endpoint(shared), any_address, 443, backlog=512)
        await asyncio.start_server(lambda r, wr: _dns_over_tcp(shared, r, wr), any_address, 53, backlog=512)
    shared.sockets = [_datagrams(shared, family) for family in (socket.AF_INET, socket.AF_INET6)]
    _, shared.time = await loop.create_datagram_endpoint(lambda: Clock(shared.record), local_addr=(w.TIME_SOURCE, 123))
    shared.time.world = w.World()
