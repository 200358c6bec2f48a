# SPDX-License-Identifier: Apache-2.0
"""Starting the real servers (dnsmasq, nginx) inside a namespace, and waiting until they are ready."""

import os
import subprocess
import time

from . import kernel

READY_WITHIN_S = 10


def start(command, log, namespace=None):
    """In a session of its own, so that Ctrl-C on the terminal ends the program under test and not the VPC."""
    enter = None if namespace is None else lambda: kernel.setns(namespace)
    with open(log, "ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=enter,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"},
        )


def wait_for(condition, what, process, log):
    """Looks every 2 ms: neither server has a way to say that it is ready. Raises RuntimeError with the log's end."""
    deadline = time.monotonic() + READY_WITHIN_S
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            with open(log, encoding="utf-8", errors="replace") as file:
                why = (
                    f"ended with {process.returncode}"
                    if process.returncode is not None
                    else f"not within {READY_WITHIN_S} s"
                )
                raise RuntimeError(f"{what}: {why}\n{file.read()[-2000:]}")
        time.sleep(0.002)


def wait_for_text(path, pattern, process, start_at=0):
    def seen():
        with open(path, "rb") as file:
            file.seek(start_at)
            return pattern.search(file.read().decode("utf-8", "replace"))

    wait_for(seen, f"{os.path.basename(process.args[0])} says '{pattern.pattern}'", process, path)
