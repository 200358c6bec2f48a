# SPDX-License-Identifier: Apache-2.0
"""The instance's own view of the file system: a mount namespace that a small holder process keeps.

/etc, /usr and /var are overlays, so the host's programs are there and nothing is ever written to the host. The folders that the
lab fills are made in the upper layer before mounting, since an ordinary user may not change the host's folders even in an
overlay. /run, /sys and a few folders in /etc are empty file systems of their own. /dev/console and /dev/ttyS0 are the lab's
(listeners.py): what the program prints to the console must not reach the machine's real one.
"""

import contextlib
import glob
import os
import signal
import socket

from . import kernel
from .instance import private_folders
from .world import Link, Program

OVERLAID = ("/etc", "/usr", "/var")
EMPTY = ("/run", "/sys")
CONSOLES = ("/dev/console", "/dev/ttyS0")
SHARED = "/run/lab"  # on the instance: where lab-fault finds the lab
STATE = "/var/lib/amazon"  # the SSM agent's, a file system of its own
FILLER = f"{STATE}/core"
LIMITS = "size=16m,nr_inodes=4096"


class Machine:
    """The instance. A program gets there by enter(), between fork and exec."""

    def __init__(self, network, folder, hostname, console):
        self.network, self.folder, self.hostname, self.console = network, folder, hostname, console
        self.shared = os.path.join(folder, "shared")
        self._mounted = (False, "writable")
        self._shown = {}
        self.holder = None

    def build(self, files, later):
        """`later`: paths that fixing a fault may bring; their folders must be in the upper layer from the start."""
        folders = {os.path.dirname(path) for path in [*files, *later]} | set(private_folders())
        os.mkdir(self.shared)
        ready, tell = os.pipe()
        self.holder = os.fork()
        if self.holder == 0:
            self._hold(folders, tell)
        os.close(tell)
        with os.fdopen(ready, "rb") as pipe:
            said = pipe.read().decode()
        if said != "ready":
            raise RuntimeError(f"the instance's file system: {said or 'failed'}")
        self._files, self._name = [os.open(f"/proc/{self.holder}/ns/{kind}", os.O_RDONLY) for kind in ("mnt", "uts")]
        self._root = os.open(f"/proc/{self.holder}/root", os.O_PATH | os.O_DIRECTORY)
        self.apply(files)

    def apply(self, files, read_only=False, state="writable"):
        """Writes what changed, removes what is no longer there. `state`: World.state_directory."""
        self._remount(False, "writable")
        for path in self._shown.keys() - files.keys():
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.outside(path))
        for path, text in files.items():
            if self._shown.get(path) != text or type(self._shown.get(path)) is not type(text):
                self._write(path, text)
        self._shown = dict(files)
        self._remount(read_only, state)

    def enter(self, folder="/"):
        kernel.setns(self.network)
        kernel.setns(self._name)
        self._enter_files()
        try:
            os.chdir(folder)
        except OSError:
            os.chdir("/")

    def _enter_files(self):
        """Entering a mount namespace leads to its root, which is another one than ours when the lab runs in a chroot: there
        the host's real disk would be in reach."""
        kernel.setns(self._files)
        os.fchdir(self._root)
        os.chroot(".")

    def outside(self, path):
        """The instance's path as this process can open it."""
        return f"/proc/{self.holder}/root{path}"

    def _write(self, path, text):
        if not path.startswith(tuple(f"{top}/" for top in OVERLAID + EMPTY)):
            raise ValueError(f"{path} is not the instance's own: it would be written to the host")
        target = self.outside(path)
        os.makedirs(os.path.dirname(target), mode=0o755, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(target)
        if isinstance(text, Link):
            os.symlink(text, target)
            return
        with open(target, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(target, 0o755 if isinstance(text, Program) else 0o644)

    def _remount(self, read_only, state):
        """In a child of its own: a process cannot come back from another mount namespace easily."""
        if (read_only, state) == self._mounted:
            return
        self._mounted = (read_only, state)
        child = os.fork()
        if child == 0:
            status = 1
            with contextlib.suppress(OSError):
                self._enter_files()
                _all_remount(0)
                _state_remount(state)
                if read_only:
                    _state_remount("read-only")
                    _all_remount(kernel.MS_RDONLY)
                status = 0
            os._exit(status)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
            raise RuntimeError("the instance's disk could not be remounted")

    def _hold(self, folders, tell):
        """The holder: arranges the mounts, says so, and waits to be killed."""
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            kernel.unshare(kernel.CLONE_NEWNS | kernel.CLONE_NEWUTS)
            kernel.setns(self.network)
            socket.sethostname(self.hostname)
            self._mount(folders)
            os.write(tell, b"ready")
        except BaseException as error:  # whatever it is, the parent must hear of it
            os.write(tell, str(error).encode())
            os._exit(1)
        os.close(tell)
        while True:
            signal.pause()

    def _mount(self, folders):
        for top in OVERLAID:
            upper, work = (os.path.join(self.folder, "disk", part + top) for part in ("upper", "work"))
            for folder in [top, *sorted(folders)]:
                if (folder + "/").startswith(top + "/"):
                    _make_folders(upper, folder[len(top) :])
            os.makedirs(work)
            try:
                kernel.mount("overlay", top, "overlay", 0, f"lowerdir={top},upperdir={upper},workdir={work},userxattr")
            except OSError:
                kernel.mount("overlay", top, "overlay", 0, f"lowerdir={top},upperdir={upper},workdir={work}")
        for path in private_folders():
            kernel.mount("tmpfs", path, "tmpfs", 0, f"mode=755,{LIMITS}")
        for device in CONSOLES:
            if os.path.exists(device):
                kernel.bind(self.console, device)
        shared = os.open(self.shared, os.O_PATH)
        for path in EMPTY:
            kernel.mount("tmpfs", path, "tmpfs", 0, "mode=755,size=64m")
        os.makedirs(SHARED)
        kernel.bind(f"/proc/self/fd/{shared}", SHARED)
        os.close(shared)


def _all_remount(flag):
    for path in OVERLAID + ("/run",) + tuple(private_folders()):
        kernel.mount(None, path, None, kernel.MS_REMOUNT | kernel.MS_BIND | flag)


def _state_remount(state):
    if state == "read-only":  # the file system, not only its mount, as after an error of the disk
        kernel.mount(None, STATE, None, kernel.MS_REMOUNT | kernel.MS_RDONLY, LIMITS)
        return
    if state == "noexec":
        kernel.mount(None, STATE, None, kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_NOEXEC)
        return
    kernel.mount(None, STATE, None, kernel.MS_REMOUNT, LIMITS)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(FILLER)
    for path in filter(os.path.ismount, glob.glob(f"{STATE}/ssm/*")):
        kernel.mount(None, path, None, kernel.MS_REMOUNT)
    if state == "writable":
        return
    if state not in ("full", "inodes"):  # a disk of its own for one of the directories
        os.makedirs(f"{STATE}/ssm/{state}")
        kernel.mount("tmpfs", f"{STATE}/ssm/{state}", "tmpfs", kernel.MS_RDONLY)
        return
    if state == "full":
        with open(FILLER, "wb") as file:  # a tmpfs of no blocks would be one without a limit
            file.write(bytes(4096))
    used = os.statvfs(STATE)
    limits = {
        "full": f"size={(used.f_blocks - used.f_bfree) * used.f_frsize}",
        "inodes": f"nr_inodes={used.f_files - used.f_ffree}",
    }
    kernel.mount(None, STATE, None, kernel.MS_REMOUNT, limits[state])


def _make_folders(upper, below):
    path = upper
    os.makedirs(path, mode=0o755, exist_ok=True)
    for part in below.strip("/").split("/"):
        if part:
            path = os.path.join(path, part)
            os.makedirs(path, mode=0o755, exist_ok=True)
