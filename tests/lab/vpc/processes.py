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
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                                preexec_fn=enter, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"})


def wait_for(condition, what, process=None, within_s=READY_WITHIN_S):
    """Looks every 2 ms: neither server has a way to say that it is ready."""
    deadline = time.monotonic() + within_s
    while not condition():
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"{what}: ended with {process.returncode}")
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what}: not within {within_s} s")
        time.sleep(0.002)


def wait_for_text(path, pattern, process, start_at=0):
    def seen():
        with open(path, "rb") as file:
            file.seek(start_at)
            return pattern.search(file.read().decode("utf-8", "replace"))
    try:
        wait_for(seen, f"{os.path.basename(process.args[0])} says '{pattern.pattern}'", process)
    except RuntimeError as error:
        with open(path, encoding="utf-8", errors="replace") as file:
            raise RuntimeError(f"{error}\n{file.read()[-2000:]}") from None
