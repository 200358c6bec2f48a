"""What the first start of a boot reads of the binary: from a file system of its own on a loop device, with the kernel's usual read-ahead
of 128 KB, nothing of it in memory."""

import contextlib
import os
import shutil
import subprocess
import tempfile

READ_AHEAD_KB = 128
SECTOR = 512


def _do(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout.strip()


@contextlib.contextmanager
def cold_copy(binary, read_ahead_kb=READ_AHEAD_KB):
    """Yields the path of a copy that nobody has read yet, and a function that says how many bytes were read from its device. None
    where there are no loop devices. The lab must be started within: it sees what is mounted by then."""
    with tempfile.TemporaryDirectory() as folder:
        image, mount, content = (os.path.join(folder, name) for name in ("image", "mount", "content"))
        os.mkdir(mount)
        os.mkdir(content)
        shutil.copy(binary, os.path.join(content, "program"))
        _do("truncate", "--size", f"{24 + (os.path.getsize(binary) >> 20)}M", image)
        try:
            _do("mkfs.ext4", "-q", "-O", "^has_journal", "-d", content, image)
            device = _do("losetup", "--find", "--show", image)
        except (OSError, subprocess.CalledProcessError):
            yield None
            return
        block = f"/sys/block/{os.path.basename(device)}"
        try:
            with open(f"{block}/queue/read_ahead_kb", "w", encoding="ascii") as file:
                file.write(str(read_ahead_kb))
            _do("mount", "-o", "ro,noatime", device, mount)
            path = os.path.join(mount, "program")
            os.stat(path)  # what the file system needs to find it does not count

            def bytes_read():
                with open(f"{block}/stat", encoding="ascii") as file:
                    return int(file.read().split()[2]) * SECTOR

            yield path, bytes_read
        finally:
            subprocess.run(["umount", mount], check=False, stderr=subprocess.DEVNULL)
            _do("losetup", "--detach", device)
