# SPDX-License-Identifier: Apache-2.0
"""What takes no byte more and is never read, for scripts that spoil a program's streams on the instance: text to begin them with."""

FULL = """
import os, pty, socket, tempfile
kept = []  # open, and never read
def fill(descriptor, write=os.write):
    os.set_blocking(descriptor, False)
    for size in (4096, 64, 1):
        try:
            while True:
                write(descriptor, b"x" * size)
        except BlockingIOError:
            pass
    os.set_blocking(descriptor, True)
    return descriptor
def full_stream(is_terminal):
    kept.extend(pty.openpty() if is_terminal else os.pipe())
    return fill(kept[-1])
def full_fifo(path):
    if not os.path.exists(path):
        os.mkfifo(path)
    kept.append(fill(os.open(path, os.O_RDWR)))
def full_manager(environment):
    manager, sender = (socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2))
    kept.extend((manager, sender))
    environment["NOTIFY_SOCKET"] = tempfile.mkdtemp() + "/notify"
    manager.bind(environment["NOTIFY_SOCKET"])
    sender.connect(environment["NOTIFY_SOCKET"])
    fill(sender.fileno(), lambda _, text: sender.send(text))
"""
