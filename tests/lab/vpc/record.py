# SPDX-License-Identifier: Apache-2.0
"""What the stand-ins saw: counted by kind, and waited for by tests instead of sleeping."""

import asyncio
from collections import Counter, deque

KEPT = 2000  # of the newest calls, lines and messages of each kind


class Record:
    def __init__(self):
        self.counts = {}
        self.kept = {}
        self.secrets = set()  # everything handed out or received that no output may ever contain
        self._news = asyncio.Event()

    def add(self, kind, name, detail=None):
        self.counts.setdefault(kind, Counter())[name] += 1
        if detail is not None:
            self.kept.setdefault(kind, deque(maxlen=KEPT)).append(detail)
        self._news.set()

    def secret(self, text):
        if text:
            self.secrets.add(text)

    def counted(self, kind):
        return dict(self.counts.get(kind, {}))

    def list(self, kind):
        return list(self.kept.get(kind, ()))

    def reset(self):
        """Forgets what was counted, never the secrets."""
        self.counts.clear()
        self.kept.clear()

    async def until(self, kind, at_least, name=None, within_s=10.0):
        """Whether so many of a kind (and name) were counted in time."""

        def enough():
            counter = self.counts.get(kind, Counter())
            return (counter[name] if name else sum(counter.values())) >= at_least

        try:
            async with asyncio.timeout(within_s):
                while not enough():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return False
        return True
