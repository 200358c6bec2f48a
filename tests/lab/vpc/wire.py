# SPDX-License-Identifier: Apache-2.0
"""A link that takes its time, in user space: this kernel has no netem. Each packet is held for half the round trip, whichever way it goes.

Two packet sockets (packet(7)) stand in a namespace of their own, each at one end of a pair of devices. What one hears the other
sends, header of the offloads and all (PACKET_VNET_HDR): so checksums that a device was to fill in stay right.
"""

import collections
import contextlib
import os
import select
import socket
import subprocess
import sys
import time

from . import kernel

ETH_P_ALL = 3
SOL_PACKET = 263
PACKET_VNET_HDR = 15
PACKET_IGNORE_OUTGOING = 23
PACKET_MAX_BYTES = 70000
ENDS = ("inner", "outer")  # devices of the namespace: the instance's side, the router's


def start(namespace, round_trip_s):
    """The process that carries packets between ENDS; it lives as long as the lab."""
    with kernel.inside_network(namespace):
        sockets = [_listen(end) for end in ENDS]
    subprocess.Popen(
        [sys.executable, "-s", "-m", __name__, str(round_trip_s / 2), *(str(each.fileno()) for each in sockets)],
        pass_fds=[each.fileno() for each in sockets],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    for each in sockets:
        each.close()


def _listen(device):
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    end.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    end.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
    end.bind((device, 0))
    return end


def carry(hold_s, ends):
    held = collections.deque()  # (when it is due, to where, packet): all are held for as long, so it stays sorted
    while True:
        wait_s = max(0, held[0][0] - time.monotonic()) if held else None
        for end in select.select(ends, [], [], wait_s)[0]:
            held.append((time.monotonic() + hold_s, ends[end is ends[0]], end.recv(PACKET_MAX_BYTES)))
        while held and held[0][0] <= time.monotonic():
            _, to, packet = held.popleft()
            with contextlib.suppress(OSError):  # a device that is down loses it
                to.send(packet)


if __name__ == "__main__":
    os.nice(-5) if os.geteuid() == 0 else None
    carry(float(sys.argv[1]), [socket.socket(fileno=int(number)) for number in sys.argv[2:]])
