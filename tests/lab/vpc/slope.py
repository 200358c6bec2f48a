# SPDX-License-Identifier: Apache-2.0
"""How many round trips a command takes: its time against the link's delay, of which the slope is fitted. No stopwatch is in it: what
a slow machine adds is the same at each delay, and the least of several runs is taken."""

from .client import Lab

DELAYS_MS = (20, 60, 120, 200)


class Slope:
    """`round_trips` and `rest_ms`: a run takes round_trips x delay + rest_ms. `stats`: what the stand-ins saw of one run."""

    def __init__(self, times_ms, stats):
        self.times_ms, self.stats = times_ms, stats  # delay -> the least of its runs
        n = len(times_ms)
        middle, mean = sum(times_ms) / n, sum(times_ms.values()) / n
        spread = sum((delay - middle) ** 2 for delay in times_ms)
        self.round_trips = sum((delay - middle) * (time - mean) for delay, time in times_ms.items()) / spread
        self.rest_ms = mean - self.round_trips * middle


def fit(arguments=("check",), settings=None, faults=(), binary=None, delays_ms=DELAYS_MS, runs=3):
    """A lab for each delay; the first run there is not counted: neighbours are looked up once a link, not once a run."""
    times_ms = {}
    for delay_ms in delays_ms:
        with Lab(faults, binary, (settings or {}) | {"delay": delay_ms}) as lab:
            lab.run(arguments)
            lab.stats(reset=True)
            times_ms[delay_ms] = lab.run(arguments).resources["wall_ms"]
            stats = lab.stats(reset=True)
            for _ in range(runs - 1):
                times_ms[delay_ms] = min(times_ms[delay_ms], lab.run(arguments).resources["wall_ms"])
    return Slope(times_ms, stats)


def show(slope):
    for delay_ms, time_ms in slope.times_ms.items():
        print(f"{delay_ms:6g} ms a round trip {time_ms:10.1f} ms")
    print(f"{slope.round_trips:6.2f} round trips and {slope.rest_ms:.0f} ms")
    counted = {name: sum(slope.stats[name].values()) for name in ("imds", "dns", "connections", "signed")}
    for name, n in (counted | {"link-local packets": slope.stats["link_local_packets"]}).items():
        print(f"{n:6} {name}")
