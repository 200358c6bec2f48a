# SPDX-License-Identifier: Apache-2.0
"""A virtual machine under qemu, without KVM, in the place of the lab's instance: its own kernel, clock and serial console.

    with Machine("bookworm", faults=["imds-disabled"]) as boot:
        boot.until(agent_says("started"))

Its network card is plugged into the port where the instance's was, under the same name, so security groups and ACLs hold for it.
DHCP says what it says on EC2. The journal comes live over a second serial port.
"""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import time

from boot import REPOSITORY, RUNS, Boot, descendants, inner_process_id
from vpc import world as w

UUID = "ec2a1b2c-3d4e-5f60-7182-93a4b5c6d7e8"


class Machine(Boot):
    def __init__(self, suite="bookworm", cloud_init=False, rtc="utc", **options):
        super().__init__(suite, kind="vm", **options)
        self.rtc = rtc
        if not cloud_init:
            self.files.setdefault("/etc/cloud/cloud-init.disabled", "\n")
        self.processes = []

    def __enter__(self):
        self.slot = _slot()
        self.lab.__enter__()
        try:
            self.lay()
            self._make_disk()
            self._plug()
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _make_disk(self):
        """A copy of the image's disk with the files of this boot written into it."""
        made = os.path.dirname(self.layers[0])
        self.kernel = os.path.join(made, "kernel")
        self.disk = os.path.join(self.folder, "disk")
        subprocess.run(["cp", "--sparse=always", "--reflink=auto", os.path.join(made, "disk"), self.disk], check=True)
        script, folders = [], set()
        for folder, _, names in os.walk(self.upper):
            inside = folder[len(self.upper):] or "/"
            for name in names:
                path = os.path.join(inside, name)
                parts = inside.strip("/").split("/")
                for depth in range(1, len(parts) + 1):
                    parent = "/" + "/".join(parts[:depth])
                    if parent not in folders:
                        folders.add(parent)
                        script.append(f"mkdir {parent}")
                source = os.path.join(folder, name)
                script.append(f"rm {path}")
                if os.path.isfile(source):
                    mode = os.stat(source).st_mode
                    script += [f"write {source} {path}", f"sif {path} mode 0{mode:o}", f"sif {path} uid 0", f"sif {path} gid 0"]
        with open(os.path.join(self.folder, "debugfs"), "w", encoding="utf-8") as file:
            file.write("\n".join(script) + "\n")
        subprocess.run(["debugfs", "-w", "-f", file.name, self.disk], check=True, capture_output=True)

    def _in_router(self, *command):
        return ["nsenter", "--target", str(self.router), "--net", *command]

    def _plug(self):
        self.router = next(child for child in descendants(self.lab.process_id) if inner_process_id(child) == 1)
        port = "port-instance"
        subprocess.run(self._in_router("ip", "-batch", "-"), check=True, text=True, input="\n".join([
            f"link set {port} down nomaster", f"link set {port} name port-unused",
            f"tuntap add {port} mode tap", f"link set {port} master subnet-a up"]) + "\n")
        self._dhcp()

    def _dhcp(self):
        options = ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--interface=subnet-a", "--bind-interfaces",
                   "--dhcp-range=10.0.1.10,static,255.255.255.0", f"--dhcp-host={w.MAC},{w.INSTANCE_ADDRESS},3600",
                   "--dhcp-option=3,10.0.1.1", f"--dhcp-option=6,{w.RESOLVER}", "--dhcp-option=15,ec2.internal",
                   "--dhcp-authoritative", f"--dhcp-leasefile={self.folder}/leases", f"--pid-file={self.folder}/dnsmasq.pid",
                   "--user=root"]
        self._keep(self._in_router(*options), "dnsmasq")

    def _keep(self, command, name):
        with open(os.path.join(self.folder, name + ".log"), "wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def _start(self):
        self.console_path = os.path.join(self.folder, "console")
        self.journal_path = os.path.join(self.folder, "journal")
        self.started_s = time.monotonic()
        self.qemu = self._keep(self._in_router(
            "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-smp", "2", "-m", "512", "-display", "none", "-no-reboot",
            "-nodefaults", "-no-user-config", "-kernel", self.kernel,
            "-append", "root=/dev/nvme0n1 rw console=tty0 console=ttyS0,115200n8 mitigations=off systemd.show_status=yes "
            # What udev would load and nothing here needs: seconds of emulated time.
            "module_blacklist=ata_piix,ata_generic,libata,psmouse,kvm,kvm_amd,powernow_k8,i2c_piix4,floppy,pcspkr,sha512_ssse3,aesni_intel",
            "-drive", f"file={self.disk},if=none,id=disk,format=raw,cache=unsafe", "-device", "nvme,drive=disk,serial=vol0123456789abcdef0",
            "-netdev", "tap,id=net,ifname=port-instance,script=no,downscript=no",
            "-device", f"virtio-net-pci,netdev=net,mac={w.MAC}",
            "-smbios", f"type=1,manufacturer=Amazon EC2,product=t3.micro,uuid={UUID},serial={UUID}",
            "-smbios", f"type=2,manufacturer=Amazon EC2,asset={w.INSTANCE_ID}",
            "-rtc", f"base={self.rtc}",
            "-serial", f"file:{self.console_path}", "-serial", f"file:{self.journal_path}"), "qemu")

    def journal(self):
        entries = []
        with contextlib.suppress(FileNotFoundError), open(self.journal_path, "rb") as file:
            for line in file:
                with contextlib.suppress(ValueError, KeyError):  # a line that is not whole yet
                    entry = json.loads(line[line.index(b"{"):])
                    entry["at_s"] = int(entry.get("_SOURCE_MONOTONIC_TIMESTAMP", entry["__MONOTONIC_TIMESTAMP"])) / 1e6
                    entries.append(entry)
        return sorted(entries, key=lambda entry: entry["at_s"])

    def console(self):
        with open(self.console_path, encoding="utf-8", errors="replace") as file:
            return file.read().replace("\r", "")

    def __exit__(self, *_):
        for process in reversed(self.processes):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.lab.stop()
        if not os.environ.get("KEEP_BOOTS"):
            with contextlib.suppress(OSError):
                os.unlink(self.disk)
        self.slot.close()
        super().__exit__()


def _slot():
    """One of as many places as there are processors: more virtual machines than that only slow each other down."""
    files = [open(os.path.join(RUNS, f"slot-{number}"), "w", encoding="ascii") for number in range(max(1, os.cpu_count() or 1))]
    while True:
        for file in files:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return file
        time.sleep(0.5)


def why_not():
    """Why no virtual machine can be had here, or None."""
    if not shutil.which("qemu-system-x86_64"):
        return "qemu-system-x86_64 is not installed"
    if not os.path.exists("/dev/net/tun"):
        return "/dev/net/tun is missing"
    if os.uname().machine != "x86_64":
        return "the virtual machine's kernel is for x86_64"
    return None if os.path.isdir(REPOSITORY) else "no repository"
