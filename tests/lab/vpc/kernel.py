# SPDX-License-Identifier: Apache-2.0
"""Namespaces and mounts, called through libc: Python 3.11 has no os.unshare, os.setns or mount."""

import contextlib
import ctypes
import os

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 1
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


def unshare(flags):
    _check(_libc.unshare(flags), "unshare")


def setns(fd, kind=0):
    _check(_libc.setns(fd, kind), "setns")


def mount(source, target, kind=None, flags=0, options=None):
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    data = None if options is None else os.fsencode(options)
    _check(_libc.mount(*encoded, ctypes.c_ulong(flags), data), f"mount {kind or 'bind'} on {target}")


def bind(source, target):
    mount(source, target, flags=MS_BIND)


def network_namespace_new():
    """A new network namespace, kept alive by the descriptor that is returned. The caller stays where it is."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    try:
        unshare(CLONE_NEWNET)
        made = os.open("/proc/self/ns/net", os.O_RDONLY)
        setns(home)
    finally:
        os.close(home)
    return made


@contextlib.contextmanager
def inside_network(fd):
    """Sockets opened within belong to that network namespace for as long as they live."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    setns(fd)
    try:
        yield
    finally:
        setns(home)
        os.close(home)
