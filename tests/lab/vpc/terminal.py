# SPDX-License-Identifier: Apache-2.0
"""`lab shell`: a shell on the instance with job control, on a pseudo terminal between it and the caller's."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import sys
import termios
import threading
import tty

from . import world as w


def shell(lab):
    print(_banner(lab), file=sys.stderr)
    environment = {
        "TERM": os.environ.get("TERM", "dumb"),
        "LANG": os.environ.get("LANG", "C.UTF-8"),
        "PS1": f"[instance {w.INSTANCE_ADDRESS} \\w]\\$ ",
    }
    command = ["--norc", "-i"]
    if not os.isatty(0):
        return _status(lab.start(["--norc"], "bash", environment, 0, 1, 2, terminal="caller's").wait())
    master, slave = pty.openpty()
    _copy_size(master)
    running = lab.start(command, "bash", environment, slave, slave, slave, terminal="own")
    os.close(slave)
    signal.signal(signal.SIGWINCH, lambda *_: _copy_size(master))
    before = termios.tcgetattr(0)
    try:
        tty.setraw(0)
        ended = []
        waiting = threading.Thread(target=lambda: ended.append(running.wait()), daemon=True)
        waiting.start()
        _copy(master)
        waiting.join()
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)
    return _status(ended[0])


def _status(done):
    return done.returncode if done.returncode >= 0 else 128 - done.returncode


def _copy(master):
    """Between the two terminals, until the shell's is closed."""
    with contextlib.suppress(OSError):
        while True:
            readable, _, _ = select.select([0, master], [], [])
            if master in readable:
                os.write(1, os.read(master, 65536) or _closed())
            if 0 in readable:
                os.write(master, os.read(0, 65536) or b"\x04")


def _closed():
    raise OSError("the shell has ended")


def _copy_size(master):
    with contextlib.suppress(OSError):
        fcntl.ioctl(master, termios.TIOCSWINSZ, fcntl.ioctl(0, termios.TIOCGWINSZ, b"\0" * 8))


def _banner(lab):
    active = ", ".join(lab.faults()) or "none"
    numbers = ", ".join(f"{service} .{number}" for service, number in w.HOST_NUMBER.items())
    return f"""A private VPC without a way out. You are root on the instance {w.INSTANCE_ID} ({w.INSTANCE_ADDRESS}, {w.INTERFACE}).
  IMDS {w.IMDS} and {w.IMDS6}; resolver {w.RESOLVER} and {w.RESOLVER_LINK_LOCAL}; time source {w.TIME_SOURCE}
  endpoints 10.0.1.N in this subnet and 10.0.2.N in the other: {numbers}
  active faults: {active}
  lab-fault add NAME, lab-fault fix NAME, lab-fault list; ssm-preflight is on PATH when it is built; exit ends the VPC."""
