# SPDX-License-Identifier: Apache-2.0
"""Running programs on the instance: with the caller's own files as stdin, stdout and stderr, and their resources measured."""

import asyncio
import fcntl
import os
import signal
import subprocess
import termios
import time

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "USER": "root",
    "SHELL": "/bin/bash",
}


def under_limits(command, inotify):
    """The command in a user namespace of its own: the limits of this machine are everybody's."""
    if not inotify:
        return command
    limits = "".join(f"echo {n} >/proc/sys/user/max_inotify_{what} && " for what, n in inotify.items())
    return ["/usr/bin/unshare", "--map-root-user", "/bin/sh", "-c", f'{limits}exec "$@"', "sh", *command]


class Program:
    def __init__(self, machine, command, environment, folder, files, terminal):
        """`terminal`: "own" (stdin becomes the controlling terminal), "caller's" (stay in the caller's group), or None."""

        def enter():
            machine.enter(folder)
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            if terminal == "own":
                fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self._process = subprocess.Popen(
            command,
            env=ENVIRONMENT | environment,
            stdin=files[0],
            stdout=files[1],
            stderr=files[2],
            start_new_session=terminal != "caller's",
            preexec_fn=enter,
        )
        self._group = terminal != "caller's"
        self.pid = self._process.pid
        self._started = time.perf_counter()

    def signal(self, number):
        try:
            (os.killpg if self._group and number == signal.SIGKILL else os.kill)(self.pid, number)
        except ProcessLookupError:
            pass

    async def ended(self):
        """{"status": as a shell gives it, ...}; the process descriptor becomes readable when it ends."""
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        descriptor = os.pidfd_open(self.pid)
        loop.add_reader(descriptor, over.set)
        await over.wait()
        wall_s = time.perf_counter() - self._started
        loop.remove_reader(descriptor)
        os.close(descriptor)
        _, status, used = os.wait4(self.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        self._process.returncode = code
        return {
            "status": code,
            "wall_ms": wall_s * 1000,
            "cpu_ms": (used.ru_utime + used.ru_stime) * 1000,
            "max_rss_kib": used.ru_maxrss,
        }
