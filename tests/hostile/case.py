# SPDX-License-Identifier: Apache-2.0
"""One case: what is hostile, and what was seen while the program ran into it."""

import asyncio
from dataclasses import dataclass, field, replace

from vpc import imds, world as w

import place

DEADLINE_MS = 2000


@dataclass
class Case:
    name: str
    family: int = 4
    imds: object = None  # (target, normal answer) -> Say or None
    dns: object = None  # (question, normal answer, over TCP) -> datagrams, a Say over TCP, or None
    http: object = None  # (key, normal answer, request's head) -> Say or None
    raw: object = None  # (service, bytes heard) -> Say or None: a port 443 that speaks no proper TLS
    cut: object = None  # of the TLS connections' bytes
    certificate: str = "good"
    instead: dict = field(default_factory=dict)  # values of IMDS, as world.Imds.instead
    greeting: bytes = b""  # sent by IMDS before any request
    harmless: bool = False  # `ready` may be true all the same
    all_outputs: bool = False
    arguments: tuple = ()  # of check
    time_source: object = None  # (question) -> datagrams; such cases run one kind at a time

    def over(self, family):
        return replace(self, family=family)

    def begin(self, shared, slot):
        """Forgets what an earlier run of this case saw."""
        self.shared, self.slot = shared, slot
        self.delivered, self.signed, self.signatures, self.plain, self.sizes, self.tasks = set(), [], [], [], {}, set()
        world = w.World(vpc_blocks=[f"10.64.{slot}.0/24", w.VPC_CIDR], ipv6=self.family == 6)
        world.imds.instead = {
            path: text.replace("SLOT", str(slot)) if text else text for path, text in self.instead.items()
        }
        self.metadata = imds.Metadata(shared.record)
        self.metadata.apply(world)
        if self.family == 6:
            self._ipv6_blocks()
        place.resolv_conf(slot, self.family)
        shared.cases[slot] = self

    def end(self):
        del self.shared.cases[self.slot]
        for task in self.tasks:
            task.cancel()

    def handed_out(self):
        """What this run's servers gave or got that nobody may see."""
        return [*self.metadata.tokens, *self.signatures]

    def heard(self, where, data):
        """What came in, where no signed request belongs: in the clear, or before TLS."""
        self.plain.append((where, data))

    def spawn(self, coroutine):
        task = asyncio.get_running_loop().create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _ipv6_blocks(self):
        for path in list(self.metadata.tree):
            if path.endswith("vpc-ipv6-cidr-blocks"):
                self.metadata.tree[path] = "2001:db8:64::/56"
