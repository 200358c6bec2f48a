# SPDX-License-Identifier: Apache-2.0
"""The process inside the VPC: builds it from a world, runs the stand-ins, and obeys the control socket.

It is the first process of its process namespace, so when it ends everything in the VPC ends; and it ends when the control
socket is closed, so nothing outlives the one who asked for the lab, however that one died.
"""

import asyncio
import json
import os
import signal
import socket
import sys
import traceback

from . import (
    certificates,
    dns,
    elsewhere,
    faults,
    firewall,
    imds,
    instance,
    kernel,
    listeners,
    proxy,
    timesource,
    tls,
    topology,
    traps,
    world as w,
)
from .machine import Machine
from .programs import Program, under_limits
from .record import Record

WORK = "/run/lab-work"
MESSAGE_MAX_BYTES = 256 * 1024
HOSTNAME = "ip-" + w.INSTANCE_ADDRESS.replace(".", "-")


class Controller:
    def __init__(self, options):
        self.options = options
        self.settings = options["settings"]
        self.active = list(options["faults"])
        self.commands = []  # of elsewhere.py
        self.record = Record()

    async def build(self):
        loop = asyncio.get_running_loop()
        kernel.mount("tmpfs", "/run", "tmpfs", 0, "mode=755")
        folder = self.options.get("logs") or WORK
        os.makedirs(WORK)
        os.makedirs(folder, exist_ok=True)
        world = faults.world(self.settings, self.active)
        self.region = world.region
        self.namespaces = topology.Topology()
        self.namespaces.build(world.delay_s)
        self.resolvers = dns.Resolvers(folder, self.namespaces)
        self.resolvers.apply(world)
        made = certificates.folder(world.region, self.options["cache"])
        backend_path = os.path.join(WORK, "services")
        nginx = tls.nginx_start(world, made, folder, backend_path, self.namespaces.endpoints)
        self._read_authorities(made)
        rules = firewall.start(world, self.namespaces)
        self.namespaces.instance_configure(world)
        self.console = listeners.Console(self.record)
        self.console.serve(loop)
        self.machine = Machine(self.namespaces.instance, WORK, HOSTNAME, self.console.device)
        self.machine.build(self._files(world), later=self._files(w.World()))
        await self._serve(loop, backend_path)
        firewall.finish(rules)
        self.machine.apply(self._files(world), world.read_only, world.state_directory)
        self._show(world)
        self.resolvers.ready()
        tls.nginx_ready(nginx, self.namespaces.endpoints, folder)

    async def _serve(self, loop, backend_path):
        self.imds = await imds.serve(loop, self.record, (w.IMDS, w.IMDS6))
        self.time = await timesource.serve(loop, self.record)
        await dns.rcode_servers(loop)
        self.habits = await dns.habits_serve(loop)
        self.proxy = proxy.Proxy()
        with kernel.inside_network(self.namespaces.endpoints):
            sockets = traps.sockets_open()
        await traps.serve(self.record, sockets, self.proxy)
        listeners.journal_serve(loop, self.machine.outside(listeners.JOURNAL), self.record)
        listeners.notify_serve(loop, self.machine.outside(listeners.NOTIFY), self.record)
        await listeners.manager_serve(self.machine.outside(listeners.MANAGER), lambda: self.proxy.world.agent_unit)
        await asyncio.start_unix_server(self._serve_instance, os.path.join(self.machine.shared, "control"))
        from . import backend, service  # botocore takes a tenth of a second, in which the others get ready

        self.services = service.Services(self.record, self.machine.outside)
        await backend.serve(backend_path, self.services)

    def _read_authorities(self, made):
        def text(path):
            with open(path, encoding="utf-8") as file:
                return file.read()

        self.authorities = {name: text(os.path.join(made, f"{name}-ca.crt")) for name in certificates.AUTHORITIES}
        self.host_bundle = text(instance.BUNDLE) if os.path.exists(instance.BUNDLE) else ""

    def _files(self, world):
        files = instance.files(world, self.authorities, self.host_bundle)
        files["/usr/local/bin/lab-fault"] = w.Link(
            os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lab-fault")
        )
        if self.options.get("binary"):
            files["/usr/bin/ssm-preflight"] = w.Link(self.options["binary"])
        return files

    def _show(self, world):
        """Gives the stand-ins the world: from now on they answer by it."""
        self.imds.apply(world)
        self.services.apply(world)
        self.time.world = self.habits.world = self.proxy.world = world

    def change(self, active, commands=()):
        """Other faults than before, or more commands. Raises ValueError when there is no such, and then nothing has changed."""
        world = faults.world(self.settings, active)
        said = elsewhere.run(world, [*self.commands, *commands])
        if world.region != self.region:
            raise ValueError("the Region is the one that the lab started with")
        firewall.apply(world, self.namespaces)
        self.resolvers.apply(world)
        self.resolvers.ready()
        self.machine.apply(self._files(world), world.read_only, world.state_directory)
        self._show(world)
        self.namespaces.instance_configure(world)
        self.active = active
        self.commands += commands
        return said

    async def obey(self, message, files=()):
        """One question, one answer."""
        what = message["do"]
        if what == "fault-add":
            self.change(self.active + [message["fault"]])
        elif what == "fault-fix":
            left = [active for active in self.active if message["fault"] not in (active, active.partition(":")[0])]
            if left == self.active:
                raise ValueError(f"not active: {message['fault']}")
            self.change(left)
        elif what == "command":
            return self.change(self.active, [message["words"]])
        elif what == "stats":
            return self._stats(message.get("reset", False))
        elif what == "secrets":
            return sorted(self.record.secrets)
        elif what == "list":
            return self.record.list(message["kind"])
        elif what == "console":
            return self.console.text
        elif what == "until":
            return await self.record.until(
                message["kind"], message["at_least"], message.get("name"), message["within_s"]
            )
        elif what != "faults":
            raise ValueError(f"no such request: {what}")
        return self.active

    def _stats(self, reset):
        stats = {
            "imds": self.record.counted("imds"),
            "dns": self.resolvers.questions(reset),
            "time": self.record.counted("time"),
            "signed": self.record.counted("signed"),
            "services": self.record.counted("service"),
            "traps": self.record.counted("trap"),
            "channels": self.record.counted("channel"),
            "calls": self.record.list("service"),
            **firewall.counters_read(self.namespaces, reset),
        }
        if reset:
            self.record.reset()
        return stats

    async def converse(self, message, connection, files):
        """Answers on a connection of its own, which the asker has sent along."""
        reader, writer = await asyncio.open_connection(sock=connection, limit=MESSAGE_MAX_BYTES)
        try:
            if message["do"] == "run":
                await self._run(message, files, reader, writer)
            else:
                _say(writer, {"answer": await self.obey(message)})
            await writer.drain()
        except (ValueError, RuntimeError, OSError) as error:
            _say(writer, {"error": f"{error}"})
        finally:
            for descriptor in files:
                os.close(descriptor)
            writer.close()

    async def _run(self, message, files, reader, writer):
        try:
            command = under_limits(message["command"], self.proxy.world.inotify)
            program = Program(
                self.machine, command, message["environment"], message["folder"], files, message["terminal"]
            )
        except OSError as error:
            _say(
                writer,
                {
                    "status": 126 if isinstance(error, PermissionError) else 127,
                    "error": f"{message['command'][0]}: {error.strerror}",
                },
            )
            return
        while files:
            os.close(files.pop())  # else the asker would never see the end of the output
        _say(writer, {"pid": program.pid})

        async def signals():
            while line := await reader.readline():
                program.signal(json.loads(line)["signal"])
            program.signal(signal.SIGKILL)  # the asker is gone

        listening = asyncio.create_task(signals())
        _say(writer, await program.ended())
        listening.cancel()

    async def _serve_instance(self, reader, writer):
        """lab-fault on the instance: lines of JSON."""
        while line := await reader.readline():
            try:
                _say(writer, {"answer": await self.obey(json.loads(line))})
            except (ValueError, RuntimeError) as error:
                _say(writer, {"error": f"{error}"})
            await writer.drain()
        writer.close()


def _say(writer, message):
    writer.write(json.dumps(message).encode() + b"\n")


async def _main(control):
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    options = json.loads(control.recv(MESSAGE_MAX_BYTES))
    controller = Controller(options)
    try:
        await controller.build()
    except Exception as error:  # whatever it is, the asker must hear of it
        control.send(json.dumps({"error": f"{error}", "detail": traceback.format_exc()}).encode())
        return
    control.send(json.dumps({"ready": True}).encode())
    control.setblocking(False)

    def read():
        try:
            data, descriptors, _, _ = socket.recv_fds(control, MESSAGE_MAX_BYTES, 8)
        except BlockingIOError:
            return
        if not data:
            over.set()
            return
        connection = socket.socket(fileno=descriptors[0])
        task = loop.create_task(controller.converse(json.loads(data), connection, list(descriptors[1:])))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    tasks = set()
    loop.add_reader(control.fileno(), read)
    await over.wait()


def main(descriptor):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    asyncio.run(_main(socket.socket(fileno=descriptor)))
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
