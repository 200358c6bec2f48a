# SPDX-License-Identifier: Apache-2.0
"""Root file systems of plain files: three that are fit, and what makes each of them unfit.

A root holds what the audit reads and no more. Programs are ELF headers, kernels are lists of modules. Links are absolute, as
images have them: followed outside of the root they would lead into this machine.
"""
import os
import struct

X86_64, AARCH64 = 62, 183
UNITS, ENABLED = "usr/lib/systemd/system", "etc/systemd/system"
AGENT, SNAP_UNIT = "amazon-ssm-agent.service", "snap.amazon-ssm-agent.amazon-ssm-agent.service"
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"  # of this machine: it has Amazon's roots
VERSION = "3.3.1142.0"


class Root:
    """A folder, and how a file gets into it."""

    def __init__(self, top):
        self.top = os.path.realpath(top)

    def path(self, name):
        """Never through a link of the root: absolute ones lead into this machine."""
        path = os.path.join(self.top, name.lstrip("/"))
        folder = os.path.realpath(os.path.dirname(path))
        assert folder == self.top or folder.startswith(self.top + "/"), f"{name} leads out of the root"
        return path

    def write(self, name, text="", mode=0o644):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.islink(path):
            os.unlink(path)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, mode)

    def add(self, name, text):
        with open(self.path(name), "a", encoding="utf-8") as file:
            file.write(text)

    def edit(self, name, old, new):
        text = self.read(name)
        assert old in text, (name, old)
        self.write(name, text.replace(old, new))

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def link(self, name, target):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.lexists(path):
            os.unlink(path)
        os.symlink(target, path)

    def remove(self, *names):
        for name in names:
            os.unlink(self.path(name))

    def untrust(self):
        """No bundle, and none of the certificates beside it: Go reads the whole folder, which in a real root holds Amazon's too."""
        folder = "etc/ssl/certs"
        self.remove(*(os.path.join(folder, name) for name in os.listdir(self.path(folder))))

    def program(self, name, machine=X86_64, mode=0o755):
        self.write(name, b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HH", 3, machine) + bytes(44), mode)

    def unit(self, name, text="", target="multi-user.target"):
        """A unit that is installed, and enabled where a target is named."""
        self.write(f"{UNITS}/{name}", f"[Unit]\nDescription={name}\n{text}")
        if target:
            self.link(f"{ENABLED}/{target}.wants/{name}", f"/{UNITS}/{name}")

    def mask(self, name):
        self.link(f"{ENABLED}/{name}", "/dev/null")

    def disable(self, name, target="multi-user.target"):
        self.remove(f"{ENABLED}/{target}.wants/{name}")

    def drop_in(self, text, unit=AGENT):
        self.write(f"{ENABLED}/{unit}.d/override.conf", f"[Service]\n{text}\n")


def snap_file(cut=0):
    """A squashfs superblock that says 4,096 bytes."""
    return (b"hsqs" + bytes(36) + struct.pack("<Q", 4096) + bytes(4096 - 48))[:4096 - cut]


def base(root, name):
    """What every image has: systemd, a kernel, a console, a shell, a bundle."""
    for link in ("bin", "sbin", "lib"):
        os.makedirs(root.path(f"usr/{link}"), exist_ok=True)
        root.link(link, f"/usr/{link}")
    for folder in ("dev", "proc", "sys", "run", "tmp", "root", "snap", "var/lib/amazon/ssm", "var/log", "etc/amazon/ssm"):
        os.makedirs(root.path(folder), exist_ok=True)
    root.write("etc/os-release", f'NAME="{name}"\nPRETTY_NAME="{name}"\n')
    root.program("usr/lib/systemd/systemd")
    root.link("usr/sbin/init", "/lib/systemd/systemd")
    root.write("usr/lib/systemd/libsystemd-shared-252.so")
    root.unit("multi-user.target", "Requires=basic.target\n", None)
    root.unit("graphical.target", "Requires=multi-user.target\nWants=display-manager.service\n", None)
    root.link(f"{UNITS}/default.target", "graphical.target")
    for program in ("sh", "useradd"):
        root.program(f"usr/{'s' if program == 'useradd' else ''}bin/{program}")
    root.write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/usr/sbin/nologin\n")
    root.write("etc/machine-id")
    root.write("etc/hosts", "127.0.0.1 localhost\n")
    root.write("etc/nsswitch.conf", "passwd: files\nhosts: files resolve [!UNAVAIL=return] dns\n")
    root.write("etc/fstab", "UUID=0aa8f0b2-1f3e-4d6a-9c87-31b0a5a3cf64 / xfs defaults,noatime 1 1\n"
               "UUID=B0F2-11AA /boot/efi vfat defaults,nofail 0 2\n/dev/xvda2 /home ext4 defaults 0 2\n/dev/sdf /more ext4 nofail 0 2\n")
    root.write("boot/grub/grub.cfg", "menuentry x {\n linux /boot/vmlinuz root=UUID=0aa8f0b2 ro console=tty0 console=ttyS0,115200n8\n}\n")
    root.write("usr/lib/modules/6.1.0/modules.dep", "kernel/drivers/net/ethernet/amazon/ena/ena.ko.xz:\nkernel/drivers/nvme/host/nvme.ko.xz:\n")
    root.write("etc/cloud/cloud.cfg", "datasource_list: [ Ec2, None ]\ndisable_root: true\n")
    root.program("usr/bin/cloud-init")
    root.unit("cloud-init.service", "", "cloud-init.target")
    root.unit("systemd-networkd.service")
    root.write("etc/systemd/network/80-ec2.network", "[Match]\nDriver=ena ixgbevf vif\n[Network]\nDHCP=yes\n")
    root.unit("systemd-resolved.service")
    root.link("etc/resolv.conf", "/run/systemd/resolve/stub-resolv.conf")


def agent(root, folder="usr/bin"):
    for program in ("amazon-ssm-agent", "ssm-agent-worker", "ssm-document-worker", "ssm-session-worker", "ssm-cli"):
        root.program(f"{folder}/{program}")
    root.unit(AGENT, f"[Service]\nType=simple\nExecStart=/{folder}/amazon-ssm-agent\nRestart=always\n")


def chrony(root, unit, path):
    root.unit(unit)
    root.write(path, "server 169.254.169.123 prefer iburst minpoll 4 maxpoll 4\npool 2.pool.ntp.org iburst\n")


def bundle(root, *paths):
    with open(BUNDLE, encoding="ascii") as file:
        text = file.read()
    for path in paths:
        root.write(path, text)


def debian(root):
    """Debian with Amazon's deb."""
    base(root, "Debian GNU/Linux 12 (bookworm)")
    agent(root)
    root.write("var/lib/dpkg/status", "Package: adduser\nStatus: install ok installed\nVersion: 3.134\n\nPackage: amazon-ssm-agent\n"
               f"Status: install ok installed\nVersion: {VERSION}-1\nArchitecture: amd64\n\n")
    bundle(root, "etc/ssl/certs/ca-certificates.crt")
    chrony(root, "chrony.service", "etc/chrony/chrony.conf")
    os.makedirs(root.path("snap/amazon-ssm-agent/current"))  # a leftover: no agent


def ubuntu(root):
    """Ubuntu before its first boot: the agent's snap lies in the seed, and no unit of it exists."""
    base(root, "Ubuntu 24.04 LTS")
    root.write("var/lib/snapd/seed/snaps/amazon-ssm-agent_7993.snap", snap_file())
    os.makedirs(root.path("snap/amazon-ssm-agent/current"))
    for unit in ("snapd.service", "snapd.seeded.service"):
        root.unit(unit)
    root.unit("snapd.socket", "", "sockets.target")
    bundle(root, "etc/ssl/certs/ca-certificates.crt")
    chrony(root, "chrony.service", "etc/chrony/chrony.conf")
    root.program("usr/sbin/netplan")
    root.write("etc/netplan/90-names.yaml", "network:\n  ethernets:\n    ens5:\n      nameservers:\n        addresses: [10.0.0.2]\n")
    root.write("etc/netplan/50-cloud-init.yaml", "network:\n  ethernets:\n    ens5:\n      dhcp4: true\n      match:\n        macaddress: 0a:00:00:00:00:01\n")


def ubuntu_booted(root):
    """The same after a boot in the build: snapd has made the units, the snap's file lies among its snaps."""
    ubuntu(root)
    os.makedirs(root.path("var/lib/snapd/snaps"))
    os.rename(root.path("var/lib/snapd/seed/snaps/amazon-ssm-agent_7993.snap"), root.path("var/lib/snapd/snaps/amazon-ssm-agent_7993.snap"))
    root.write(f"{ENABLED}/{SNAP_UNIT}", "[Service]\nEnvironmentFile=-/etc/environment\nExecStart=/usr/bin/snap run amazon-ssm-agent\n")
    root.link(f"{ENABLED}/multi-user.target.wants/{SNAP_UNIT}", f"/{ENABLED}/{SNAP_UNIT}")


def rpm(root):
    """An rpm distribution: SUSE's package has the agent in /usr/sbin, Amazon's chrony reads a folder."""
    base(root, "Amazon Linux 2023")
    agent(root, "usr/sbin")
    root.write("etc/amazon/ssm/RELEASENOTES.md", f"{VERSION}\n=====\n")
    os.makedirs(root.path("usr/lib/sysimage/rpm"))
    os.makedirs(root.path("etc/pki/tls/certs"))
    bundle(root, "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem")
    root.link("etc/pki/tls/certs/ca-bundle.crt", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem")
    chrony(root, "chronyd.service", "etc/chrony.d/link-local.sources")
    root.write("etc/chrony.conf", "sourcedir /etc/chrony.d\n")
    root.write("usr/lib/systemd/system-preset/90-default.preset", f"enable {AGENT}\n")
    root.write("usr/lib/systemd/system-preset/99-default-disable.preset", "disable *\n")
    root.write("etc/selinux/config", "SELINUX=permissive\n")


GOLDEN = {"debian": debian, "ubuntu": ubuntu, "ubuntu-booted": ubuntu_booted, "rpm": rpm}

BROKEN = {}  # name: (golden, function, code, severity, further arguments)


def broken(of, code, severity="fatal", arguments=()):
    def keep(function):
        BROKEN[function.__name__.replace("_", "-")] = (of, function, code, severity, arguments)
        return function
    return keep


def simple(name, of, code, change, severity="fatal", arguments=()):
    BROKEN[name] = (of, change, code, severity, arguments)


# 1 to 3
simple("no-agent", "debian", "agent-missing", lambda r: r.remove("usr/bin/amazon-ssm-agent", f"{UNITS}/{AGENT}", f"{ENABLED}/multi-user.target.wants/{AGENT}"))
simple("no-agent-and-rpm-is-there", "debian", "agent-missing",
       lambda r: (r.remove("usr/bin/amazon-ssm-agent"), r.write("etc/debian_version", "12.5\n"), r.write("var/lib/rpm/rpmdb.sqlite", "")))
simple("no-agent-rpm", "rpm", "agent-missing", lambda r: r.remove("usr/sbin/amazon-ssm-agent", f"{UNITS}/{AGENT}", f"{ENABLED}/multi-user.target.wants/{AGENT}"))
simple("no-snap", "ubuntu", "agent-missing", lambda r: r.remove("var/lib/snapd/seed/snaps/amazon-ssm-agent_7993.snap"))
simple("unit-without-program", "debian", "agent-missing", lambda r: r.remove("usr/bin/amazon-ssm-agent"))
simple("program-only-in-the-host", "debian", "agent-missing", lambda r: r.link("usr/bin/amazon-ssm-agent", "/usr/bin/python3"))
simple("no-worker", "debian", "agent-half-installed", lambda r: r.remove("usr/bin/ssm-agent-worker"))
simple("no-document-worker", "rpm", "agent-half-installed", lambda r: r.remove("usr/sbin/ssm-document-worker"), "warning")
simple("agent-of-arm", "debian", "agent-half-installed", lambda r: r.program("usr/bin/amazon-ssm-agent", AARCH64))
simple("agent-not-executable", "debian", "agent-half-installed", lambda r: os.chmod(r.path("usr/bin/amazon-ssm-agent"), 0o644))
simple("agent-is-text", "rpm", "agent-half-installed", lambda r: r.write("usr/sbin/amazon-ssm-agent", "<html>404</html>", 0o755))
simple("dpkg-interrupted", "debian", "agent-half-installed",
       lambda r: r.edit("var/lib/dpkg/status", f"install ok installed\nVersion: {VERSION}", f"install ok half-configured\nVersion: {VERSION}"))
simple("snap-cut", "ubuntu-booted", "agent-half-installed", lambda r: r.write("var/lib/snapd/snaps/amazon-ssm-agent_7993.snap", snap_file(cut=100)))
simple("snap-no-squashfs", "ubuntu", "agent-half-installed", lambda r: r.write("var/lib/snapd/seed/snaps/amazon-ssm-agent_7993.snap", "no"))
simple("snap-removed-and-left-in-the-seed", "ubuntu-booted", "agent-missing",
       lambda r: (os.rename(r.path("var/lib/snapd/snaps/amazon-ssm-agent_7993.snap"), r.path("var/lib/snapd/seed/snaps/amazon-ssm-agent_7993.snap")),
                  r.write("var/lib/snapd/state.json", "{}")))
simple("two-agents", "debian", "image-two-agents", lambda r: r.write("var/lib/snapd/snaps/amazon-ssm-agent_7993.snap", snap_file()), "warning")
# 4
simple("disabled", "debian", "agent-disabled", lambda r: r.disable(AGENT))
simple("disabled-rpm", "rpm", "agent-disabled", lambda r: r.disable(AGENT))
simple("disabled-snap", "ubuntu-booted", "agent-disabled", lambda r: r.disable(SNAP_UNIT))
simple("masked", "rpm", "agent-masked", lambda r: r.mask(AGENT))
simple("masked-by-an-empty-file", "debian", "agent-masked", lambda r: r.write(f"{ENABLED}/{AGENT}", ""))
simple("enabled-for-a-target-nobody-reaches", "debian", "agent-disabled",
       lambda r: (r.disable(AGENT), r.link(f"{ENABLED}/rescue.target.wants/{AGENT}", f"/{UNITS}/{AGENT}")))
simple("boots-to-rescue", "debian", "image-default-target", lambda r: r.link(f"{ENABLED}/default.target", "/lib/systemd/system/rescue.target"))


@broken("debian", "image-preset-disables", "warning")
def preset_disables(root):
    root.remove("usr/lib/systemd/libsystemd-shared-252.so")
    root.write("usr/lib/systemd/libsystemd-shared-257.so")
    root.write("etc/machine-id", "uninitialized\n")
    root.write("etc/systemd/system-preset/50-hardening.preset", "disable *\n")


def presets(root, *files):
    preset_disables(root)
    root.remove("etc/systemd/system-preset/50-hardening.preset")
    for name, text in files:
        root.write(name, text)


PRESETS = "usr/lib/systemd/system-preset"
simple("preset-of-usr-comes-first", "debian", "image-preset-disables",
       lambda r: presets(r, (f"{PRESETS}/10-x.preset", "disable *\n"), ("etc/systemd/system-preset/90-x.preset", f"enable {AGENT}\n")), "warning")
simple("preset-of-usr-local", "rpm", "image-preset-disables",
       lambda r: presets(r, ("usr/local/lib/systemd/system-preset/50-x.preset", "disable amazon-ssm-agen?.service\n")), "warning")

# 5
for n, (text, severity) in enumerate([("ExecStart=", "fatal"), ("User=ssm", "fatal"), ("ProtectSystem=strict", "fatal"), ("ReadOnlyPaths=/var", "fatal"),
                                      ("InaccessiblePaths=/etc/amazon", "fatal"), ("PrivateNetwork=yes", "fatal"), ("IPAddressDeny=any", "fatal"),
                                      ("RestrictAddressFamilies=AF_UNIX AF_NETLINK", "fatal"), ("NoNewPrivileges=true", "warning"),
                                      ("MemoryDenyWriteExecute=yes", "warning"), ("PrivateNetwork=T", "fatal"), ("ReadOnlyPaths=-/", "fatal"),
                                      ("IPAddressDeny=0.0.0.0/0", "fatal"), ("NoNewPrivileges=Y", "warning")]):
    simple(f"drop-in-{n}-{text.partition('=')[0]}", ("debian", "rpm")[n % 2], "image-unit-overridden", lambda r, text=text: r.drop_in(text), severity)
simple("drop-in-for-all-services", "debian", "image-unit-overridden",
       lambda r: r.write(f"{ENABLED}/service.d/hardening.conf", "[Service]\nProtectSystem=strict\n"))
# 6
simple("snapd-masked", "ubuntu", "image-snapd-broken", lambda r: r.mask("snapd.service"))
simple("snapd-seeded-off", "ubuntu", "image-snapd-broken", lambda r: r.disable("snapd.seeded.service"))
simple("squashfs-blacklisted", "ubuntu", "image-snapd-broken",
       lambda r: r.write("etc/modprobe.d/squashfs.conf", "install squashfs /bin/false\nblacklist squashfs\n"))
simple("apparmor-masked", "ubuntu", "image-snapd-broken", lambda r: r.mask("apparmor.service"))
simple("snap-not-mounted", "ubuntu-booted", "image-snapd-broken",
       lambda r: r.write(f"{ENABLED}/snap-amazon\\x2dssm\\x2dagent-7993.mount", "[Mount]\nWhat=/var/lib/snapd/snaps/amazon-ssm-agent_7993.snap\n"))
# 7, 8, 9, 30
simple("too-old-for-imdsv2", "debian", "agent-too-old", lambda r: r.edit("var/lib/dpkg/status", VERSION, "2.3.700.0"))
simple("too-old-for-ec2messages", "rpm", "agent-too-old", lambda r: r.write("etc/amazon/ssm/RELEASENOTES.md", "3.2.2303.0\n"), "warning")
simple("hybrid-registration", "debian", "agent-registered-elsewhere",
       lambda r: r.write("var/lib/amazon/ssm/Vault/Store/RegistrationKey", '{"instanceID":"mi-0123456789abcdef0","region":"eu-west-1","privateKey":"x"}'))
simple("hybrid-registration-behind-ec2", "debian", "agent-registered-elsewhere", lambda r: (
    r.write("var/lib/amazon/ssm/Vault/Store/RegistrationKey", '{"instanceID":"mi-0123456789abcdef0","region":"eu-west-1","privateKey":"x"}'),
    r.write("etc/amazon/ssm/amazon-ssm-agent.json", '{"Identity":{"ConsumptionOrder":["EC2","OnPrem"]}}')), "warning")
simple("state-of-an-instance", "debian", "image-agent-state", lambda r: r.write("var/lib/amazon/ssm/i-0123456789abcdef0/document/x"), "warning")
simple("state-vault", "rpm", "image-agent-state", lambda r: r.write("var/lib/amazon/ssm/Vault/EC2Manifest", "{}"), "warning")
simple("state-logs", "rpm", "image-agent-state", lambda r: r.write("var/log/amazon/ssm/audits/amazon-ssm-agent-audit-2026-11-29", "x\n"), "warning")
simple("state-update", "debian", "image-agent-state", lambda r: r.write("var/lib/amazon/ssm/update/amazon-ssm-agent/updateplugin.json", "{}"), "warning")
simple("old-agent", "debian", "image-old", lambda r: os.utime(r.path("usr/bin/amazon-ssm-agent"), (1600000000, 1600000000)), "warning", ("--max-age", "90d"))
# 10, 11
CONFIG = "etc/amazon/ssm/amazon-ssm-agent.json"
simple("config-no-json", "debian", "agent-config-invalid", lambda r: r.write(CONFIG, "{ not json"))
simple("config-other-region", "rpm", "agent-config-invalid", lambda r: r.write(CONFIG, '{"Agent":{"Region":"us-west-2"}}'), arguments=("--region", "eu-central-1"))
simple("config-endpoint-of-other-region", "debian", "agent-config-invalid", lambda r: r.write(CONFIG, '{"Ssm":{"Endpoint":"https://ssm.us-west-2.amazonaws.com"}}'),
       arguments=("--region", "eu-central-1"))
simple("config-vpce", "debian", "agent-config-invalid",
       lambda r: r.write(CONFIG, '{"Mgs":{"Endpoint":"vpce-0a1-b2.ssmmessages.eu-central-1.vpce.amazonaws.com"}}'), "warning", ("--region", "eu-central-1"))
simple("config-without-ec2", "rpm", "agent-config-invalid", lambda r: r.write(CONFIG, '{"Identity":{"ConsumptionOrder":["OnPrem"]}}'))
simple("config-of-a-container", "debian", "agent-config-invalid", lambda r: r.write(CONFIG, '{"Agent":{"ContainerMode":true}}'))
simple("seelog-no-xml", "debian", "image-log-config", lambda r: r.write("etc/amazon/ssm/seelog.xml", "minlevel=info\n"), "warning")
simple("seelog-not-closed", "rpm", "image-log-config", lambda r: r.write("etc/amazon/ssm/seelog.xml", "<seelog><outputs></seelog>"), "warning")
simple("seelog-path", "debian", "image-log-config",
       lambda r: r.write("etc/amazon/ssm/seelog.xml", '<seelog><outputs><file path="/data/x.log"/></outputs></seelog>'), "warning")
simple("seelog-to-nowhere", "rpm", "image-log-config",
       lambda r: r.write("etc/amazon/ssm/seelog.xml", '<seelog><outputs><rollingfile filename="/data/log/ssm.log"/></outputs></seelog>'), "warning")
# 12
simple("proxy-for-imds", "debian", "image-proxy-baked", lambda r: r.drop_in("Environment=http_proxy=http://proxy.build:3128"))
simple("proxy-with-exemption", "rpm", "image-proxy-baked",
       lambda r: r.drop_in('Environment="HTTPS_PROXY=http://user:secret@proxy.build:3128" NO_PROXY=169.254.169.254'), "warning")
simple("proxy-of-the-manager", "debian", "image-proxy-baked",
       lambda r: r.write("etc/systemd/system.conf.d/proxy.conf", "[Manager]\nDefaultEnvironment=HTTP_PROXY=http://proxy.build:3128\n"))
simple("proxy-of-the-snap", "ubuntu-booted", "image-proxy-baked", lambda r: r.write("etc/environment", 'https_proxy="http://proxy.build:3128"\n'), "warning")
simple("sdk-without-imds", "debian", "agent-environment", lambda r: r.drop_in("Environment=AWS_EC2_METADATA_DISABLED=true"))
simple("sdk-with-imds-by-ipv6", "rhel", "agent-environment", lambda r: r.drop_in("Environment=AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv6"), "warning")
simple("environment-file-that-is-missing", "rhel", "agent-environment", lambda r: r.drop_in("EnvironmentFile=/etc/sysconfig/proxy"))
# 13
simple("no-bundle", "debian", "ca-bundle-missing", Root.untrust)
simple("bundle-of-the-sdk", "debian", "ca-bundle-missing", lambda r: (r.drop_in("Environment=AWS_CA_BUNDLE=/etc/corp.pem"), r.write("etc/corp.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")))
simple("bundle-dangling", "rpm", "ca-bundle-missing", lambda r: r.remove("etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"))
simple("bundle-empty", "rpm", "ca-bundle-missing", lambda r: r.write("etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", ""))
simple("bundle-without-amazon", "debian", "ca-bundle-missing",
       lambda r: (r.untrust(), r.write("etc/ssl/certs/ca-certificates.crt", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")))
simple("bundle-for-root-alone", "debian", "ca-bundle-missing", lambda r: os.chmod(r.path("etc/ssl/certs/ca-certificates.crt"), 0o600), "warning")
# 14
simple("no-time-service", "debian", "time-sync-missing", lambda r: r.disable("chrony.service"), "warning")
simple("time-service-masked", "rpm", "time-sync-missing", lambda r: r.mask("chronyd.service"), "warning")
simple("time-of-the-internet", "debian", "image-time-source", lambda r: r.write("etc/chrony/chrony.conf", "pool 2.debian.pool.ntp.org iburst\n"), "warning")
# 15
simple("udev-names", "debian", "image-network-baked",
       lambda r: (r.write("etc/udev/rules.d/70-persistent-net.rules", 'SUBSYSTEM=="net", ATTR{address}=="0a:00:00:00:00:01", NAME="eth0"\n'),
                  r.write("etc/systemd/network/90-eth0.network", "[Match]\nName=eth0\n[Network]\nDHCP=yes\n")))
simple("ifcfg-static", "rpm", "image-network-baked",
       lambda r: r.write("etc/sysconfig/network-scripts/ifcfg-eth0", "DEVICE=eth0\nBOOTPROTO=static\nIPADDR=10.0.0.5\nHWADDR=0a:00:00:00:00:01\n"))
simple("networkd-static", "debian", "image-network-baked", lambda r: r.write("etc/systemd/network/10-static.network", "[Match]\nName=ens5\n[Network]\nAddress=10.0.0.5/24\n"))
simple("keyfile-static", "rpm", "image-network-baked",
       lambda r: r.write("etc/NetworkManager/system-connections/ens5.nmconnection", "[ipv4]\nmethod=manual\n"))
simple("interfaces-static", "debian", "image-network-baked", lambda r: r.write("etc/network/interfaces", "auto lo\niface lo inet loopback\niface eth0 inet static\n"))
simple("netplan-kept", "ubuntu", "image-network-baked", lambda r: r.write("etc/cloud/cloud.cfg.d/99-net.cfg", "network: {config: disabled}\n"))
simple("netplan-static", "rpm", "image-network-baked", lambda r: r.write("etc/netplan/10.yaml", "network:\n  ethernets:\n    ens5:\n      addresses: [10.0.0.5/24]\n"))
simple("nothing-asks-for-an-address", "debian", "image-network-missing", lambda r: r.disable("systemd-networkd.service"))
# 16, 17
simple("resolver-of-the-build", "debian", "image-resolver-baked", lambda r: r.write("etc/resolv.conf", "nameserver 192.168.1.1\n"))
simple("resolved-off", "rpm", "image-resolver-baked", lambda r: r.disable("systemd-resolved.service"))
simple("nsswitch-without-dns", "debian", "image-resolver-baked", lambda r: r.write("etc/nsswitch.conf", "passwd: files\nhosts: files\n"))
simple("resolved-foreign", "rpm", "image-resolver-baked", lambda r: r.write("etc/systemd/resolved.conf", "[Resolve]\nDNS=8.8.8.8\n"), "warning")
simple("dnsmasq-of-the-build", "debian", "image-resolver-baked",
       lambda r: (r.unit("dnsmasq.service"), r.write("etc/dnsmasq.d/build.conf", "no-resolv\nserver=192.168.1.1\n")), "warning")
simple("unbound-of-the-build", "rpm", "image-resolver-baked",
       lambda r: (r.unit("unbound.service"), r.write("etc/unbound/unbound.conf", "forward-zone:\n  name: .\n  forward-addr: 192.168.1.1\n")), "warning")
simple("hosts-pinned", "debian", "dns-hosts-override", lambda r: r.add("etc/hosts", "10.0.1.5 ssm.eu-central-1.amazonaws.com\n"))
simple("hosts-pinned-in-capitals", "rpm", "dns-hosts-override", lambda r: r.add("etc/hosts", "10.0.1.5 SSM.eu-central-1.Amazonaws.com\n"))
simple("hosts-pins-imds", "debian", "dns-hosts-override", lambda r: r.add("etc/hosts", "10.0.0.1 Metadata.ec2.internal instance-data\n"), "warning")
simple("nsswitch-with-mdns", "rpm", "image-resolver-baked", lambda r: r.write("etc/nsswitch.conf", "hosts: files mdns4_minimal\n"))
simple("resolv-link-to-a-file", "debian", "image-resolver-baked",
       lambda r: (r.write("etc/resolv.real", "nameserver 192.168.1.1\n"), r.link("etc/resolv.conf", "/etc/resolv.real")))
simple("resolv-link-to-nowhere", "rpm", "image-resolver-baked", lambda r: r.link("etc/resolv.conf", "/etc/none.conf"))
# 18, 19
NFT = "table inet f {\n chain in {\n type filter hook input priority 0; policy drop;\n }\n chain out {\n type filter hook output priority 0; policy drop;\n%s }\n}\n"
simple("nftables-drops", "debian", "image-egress-dropped",
       lambda r: (r.unit("nftables.service", "", "sysinit.target"), r.write("etc/nftables.conf", NFT % " oif \"lo\" accept\n udp dport 53 accept\n")))
simple("iptables-drops", "rpm", "image-egress-dropped",
       lambda r: (r.unit("iptables.service", "", "basic.target"), r.write("etc/sysconfig/iptables", "*filter\n:OUTPUT DROP [0:0]\n-A OUTPUT -o lo -j ACCEPT\nCOMMIT\n")))
simple("ufw-drops", "debian", "image-egress-dropped",
       lambda r: (r.unit("ufw.service"), r.write("etc/ufw/ufw.conf", "ENABLED=yes\n"), r.write("etc/default/ufw", 'DEFAULT_OUTPUT_POLICY="DROP"\n'),
                  r.write("etc/ufw/user.rules", "*filter\n-A ufw-user-output -o lo -j ACCEPT\nCOMMIT\n")))
simple("only-root-to-imds", "rpm", "image-egress-dropped",
       lambda r: (r.unit("iptables.service", "", "basic.target"),
                  r.write("etc/sysconfig/iptables", "*filter\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -d 169.254.169.254 -m owner ! --uid-owner root -j DROP\nCOMMIT\n")), "warning")
ACCEPTS = "table inet f {\n chain out {\n type filter hook output priority 0; policy accept;\n oif lo accept\n%s }\n}\n"


def nft(text):
    return lambda r: (r.unit("nftables.service", "", "sysinit.target"), r.write("etc/nftables.conf", text))


def iptables(text, policy="ACCEPT"):
    return lambda r: (r.unit("iptables.service", "", "basic.target"), r.write("etc/sysconfig/iptables", f"*filter\n:OUTPUT {policy} [0:0]\n{text}COMMIT\n"))


for n, change in enumerate((
        nft(ACCEPTS % " tcp dport 22 accept\n drop\n"), nft(ACCEPTS % " tcp dport 443 drop\n"), nft(ACCEPTS % " ip daddr 169.254.169.254 reject\n"),
        nft("table inet f {\n chain out {\n type filter hook output priority 0;\n policy drop;\n oif lo accept\n }\n}\n"),
        nft(NFT % " tcp dport { 4430, 80 } accept\n udp dport 53 accept\n"), iptables("-A OUTPUT -d 169.254.169.254 -j DROP\n"),
        iptables("-A OUTPUT -o lo -j ACCEPT\n-A OUTPUT -p tcp --dport 22 -j ACCEPT\n-A OUTPUT -j REJECT\n"),
        iptables("-A OUTPUT -p tcp -m multiport --dports 80,443 -j ACCEPT\n-A OUTPUT -p udp --sport 53 -j ACCEPT\n", "DROP"),
        lambda r: (r.unit("firewalld.service"),
                   r.write("etc/firewalld/direct.xml", '<direct><rule table="filter" ipv="ipv4" chain="OUTPUT" priority="1">-j DROP</rule></direct>')))):
    simple(f"firewall-{n}", ("debian", "rpm")[n % 2], "image-egress-dropped", change)
simple("only-root-is-accepted", "debian", "image-egress-dropped",
       iptables("-A OUTPUT -d 169.254.169.254 -m owner --uid-owner root -j ACCEPT\n-A OUTPUT -d 169.254.169.254 -j REJECT\n"), "warning")
simple("route-of-networkd", "debian", "image-routes",
       lambda r: r.write("etc/systemd/network/90-imds.network", "[Match]\nName=ens5\n[Route]\nType=blackhole\nDestination=169.254.169.254/32\n"))
simple("route-of-a-script", "rpm", "image-routes", lambda r: r.write("etc/rc.local", "#!/bin/sh\nip route add prohibit 169.254.169.254\n"))
for key, value, severity in (("net.ipv4.conf.all.arp_ignore", "8", "fatal"), ("net.ipv4.ip_default_ttl", "1", "fatal"), ("fs.inotify.max_user_watches", "0", "warning"),
                             ("fs.inotify.max_user_instances", "0", "warning"), ("net.ipv6.conf.all.disable_ipv6", "1", "note")):
    simple(f"sysctl-{key}", "rpm", "image-sysctl", lambda r, key=key, value=value: r.write("etc/sysctl.d/60-hardening.conf", f"{key}={value}\n"), severity)
# 20
simple("cloud-init-cuts-imds", "debian", "image-metadata-disabled", lambda r: r.write("etc/cloud/cloud.cfg.d/99-x.cfg", "disable_ec2_metadata: true\n"))
simple("cloud-init-cuts-imds-in-capitals", "rpm", "image-metadata-disabled", lambda r: r.write("etc/cloud/cloud.cfg.d/99-x.cfg", "disable_ec2_metadata: True\n"))
for n, text in enumerate(("datasource_list:\n  - NoCloud\n  - None\n", "datasource_list: NoCloud, None\n", "datasource_list: [NoCloud,\n None]\n")):
    simple(f"cloud-init-without-ec2-{n}", ("debian", "rpm")[n % 2], "image-cloud-init", lambda r, text=text: r.write("etc/cloud/cloud.cfg.d/99.cfg", text), "warning")
for name in ("cloud-final.service", "cloud-init-main.service", "cloud-init.target"):
    simple(f"masked-{name}", "debian", "image-cloud-init", lambda r, name=name: r.mask(name), "warning")
simple("cloud-init-disabled", "rpm", "image-cloud-init", lambda r: r.write("etc/cloud/cloud-init.disabled"), "warning")
simple("cloud-init-by-command-line", "debian", "image-cloud-init", lambda r: r.edit("boot/grub/grub.cfg", " ro ", " ro cloud-init=disabled "), "warning")
simple("cloud-init-masked", "ubuntu", "image-cloud-init", lambda r: r.mask("cloud-init.service"), "warning")
simple("cloud-init-without-ec2", "debian", "image-cloud-init", lambda r: r.write("etc/cloud/cloud.cfg.d/99-datasource.cfg", "datasource_list: [ NoCloud ]\n"), "warning")
simple("cloud-init-seed", "rpm", "image-cloud-init", lambda r: (r.edit("etc/cloud/cloud.cfg", "datasource_list: [ Ec2, None ]\n", ""),
                                                                r.write("var/lib/cloud/seed/nocloud/meta-data", "instance-id: build\n")), "warning")
# 21, 22
simple("machine-id", "debian", "image-identity-baked", lambda r: r.write("etc/machine-id", "0123456789abcdef0123456789abcdef\n"), "warning")
simple("machine-id-of-dbus", "rpm", "image-identity-baked", lambda r: r.write("var/lib/dbus/machine-id", "0123456789abcdef0123456789abcdef\n"), "warning")
simple("host-keys", "rpm", "image-identity-baked", lambda r: r.write("etc/ssh/ssh_host_ed25519_key", "x", 0o600), "warning")
simple("cloud-instance", "ubuntu", "image-identity-baked", lambda r: r.write("var/lib/cloud/instances/i-0123456789abcdef0/user-data.txt"), "warning")
simple("fstab-second-disk", "debian", "image-mounts", lambda r: r.add("etc/fstab", "/dev/xvdf /data ext4 defaults 0 2\n"))
simple("fstab-nvme", "rpm", "image-mounts", lambda r: r.add("etc/fstab", "/dev/nvme1n1 /data xfs noatime 0 2\n"))
simple("fstab-data-disk", "debian", "image-mounts", lambda r: r.add("etc/fstab", "UUID=6e1f-22 /data ext4 defaults 0 2\nLABEL=logs /var/log ext4 defaults 0 2\n"), "warning")
simple("fstab-noexec", "debian", "image-mounts", lambda r: r.add("etc/fstab", "UUID=1 /var ext4 nosuid,noexec,nodev 0 2\n"), "warning")
simple("fstab-tmp-noexec", "debian", "image-mounts", lambda r: r.add("etc/fstab", "tmpfs /tmp tmpfs nosuid,noexec,nodev 0 0\n"), "note")
simple("fstab-read-only", "rpm", "image-mounts", lambda r: r.edit("etc/fstab", "defaults,noatime", "ro,noatime"))
simple("fstab-swap-disk", "rpm", "image-mounts", lambda r: r.add("etc/fstab", "/dev/xvdb none swap sw 0 0\n"), "warning")
simple("fstab-noexec-of-the-agent", "debian", "image-mounts", lambda r: r.add("etc/fstab", "UUID=1 /var/lib/amazon/ssm ext4 noexec,nofail 0 2\n"), "warning")
simple("fstab-read-only-with-var", "debian", "image-mounts",
       lambda r: (r.edit("etc/fstab", "defaults,noatime", "ro,noatime"), r.add("etc/fstab", "UUID=1 /var ext4 defaults 0 2\n")))
# 23 to 25
SUDOERS, SUDO = "etc/sudoers.d/ssm-agent-users", "ssm-user ALL=(ALL) NOPASSWD:ALL\n"


def ssm_user(root, shell="/bin/sh"):
    root.add("etc/passwd", f"ssm-user:x:1001:1001::/home/ssm-user:{shell}\n")


for n, change in enumerate((lambda r: r.write("etc/profile.d/x.sh", "export AWS_ACCESS_KEY_ID=x\n"), lambda r: r.drop_in("Environment=A=b 'AWS_CONFIG_FILE=/x'"),
                            lambda r: (r.drop_in("EnvironmentFile=-/etc/x.env"), r.write("etc/x.env", "AWS_ROLE_ARN=x\n")),
                            lambda r: r.write("etc/systemd/system.conf.d/x.conf", "[Manager]\nDefaultEnvironment=AWS_SESSION_TOKEN=x\n"))):
    simple(f"variables-of-aws-{n}", ("debian", "rpm")[n % 2], "image-credentials", change, "warning")
simple("root-credentials", "debian", "image-credentials", lambda r: r.write("root/.aws/credentials", "[default]\naws_secret_access_key = x\n"), "warning")
simple("root-aws-config", "rpm", "image-credentials", lambda r: r.write("root/.aws/config", "[default]\ncredential_process = /opt/vault\n"), "warning")
simple("credentials-of-the-unit", "rpm", "image-credentials", lambda r: r.drop_in("Environment=AWS_ACCESS_KEY_ID=x"), "warning")
simple("profile-credentials", "debian", "image-credentials", lambda r: r.write("etc/profile.d/aws.sh", "export AWS_SECRET_ACCESS_KEY=x\n"), "warning")
simple("fapolicyd", "debian", "image-access-control", lambda r: (r.unit("fapolicyd.service"), r.write("etc/fapolicyd/fapolicyd.trust", "# trust\n")), "warning")
simple("ssm-user-nologin", "debian", "image-sessions", lambda r: (ssm_user(r, "/usr/sbin/nologin"), r.write(SUDOERS, SUDO, 0o440)), "warning")
simple("ssm-user-without-sudo", "rpm", "image-sessions", ssm_user, "warning")
simple("sudoers-that-all-read", "debian", "image-sessions", lambda r: (ssm_user(r), r.write(SUDOERS, SUDO, 0o644)), "warning")
simple("ssm-user-shut-out", "rpm", "image-sessions", lambda r: r.write("etc/security/access.conf", "- : ALL EXCEPT root : ALL\n"), "warning")
simple("sudoers-for-all", "debian", "image-sessions", lambda r: r.write("etc/sudoers.d/ssm-agent-users", "ssm-user ALL=(ALL) NOPASSWD:ALL\n", 0o666), "warning")
simple("no-useradd", "rpm", "image-sessions", lambda r: r.remove("usr/sbin/useradd"), "warning")
# 26, 27
simple("no-console", "debian", "image-console",
       lambda r: (r.remove("boot/grub/grub.cfg"), r.write("etc/default/grub", 'GRUB_CMDLINE_LINUX="quiet"\n')), "warning")
simple("ena-forbidden", "rpm", "image-drivers", lambda r: r.write("etc/modprobe.d/net.conf", "blacklist ena\n"))
simple("nvme-core-forbidden", "debian", "image-drivers", lambda r: r.write("etc/modprobe.d/x.conf", "install nvme-core /usr/bin/false\n"))
simple("initramfs-omits-nvme", "rpm", "image-drivers", lambda r: r.write("etc/dracut.conf.d/small.conf", 'omit_drivers+=" nvme floppy "\n'))
simple("initramfs-of-the-builder", "debian", "image-drivers", lambda r: r.write("etc/initramfs-tools/initramfs.conf", "MODULES=dep\n"), "warning")
simple("no-initramfs", "debian", "image-drivers", lambda r: (r.write("usr/lib/modules/6.1.0/modules.dep", "ena/ena.ko:\nhost/nvme.ko:\n"), r.write("boot/vmlinuz-6.1.0", "x")))
simple("kernel-without-nvme", "debian", "image-drivers", lambda r: r.write("usr/lib/modules/6.1.0/modules.dep", "kernel/drivers/net/ethernet/amazon/ena/ena.ko.xz:\n"))


# 28, 29
def preflight(root, machine=X86_64):
    root.program("usr/bin/ssm-preflight", machine)
    root.unit("ssm-preflight.service")


simple("preflight-masked", "debian", "image-preflight", lambda r: (preflight(r), r.mask("ssm-preflight.service")), "warning")
for name in ("ssm-preflight-follow.service", "ssm-preflight-fixed.path", "ssm-ready.path", "system-ssmpreflight.slice"):
    simple(f"masked-{name}", "debian", "image-preflight", lambda r, name=name: (preflight(r), r.mask(name)), "warning")
simple("preflight-moved", "debian", "image-preflight", lambda r: (preflight(r), r.write("etc/systemd/system/ssm-preflight.service.d/slice.conf", "[Service]\nSlice=other.slice\n")), "warning")
simple("preflight-of-arm", "rpm", "image-preflight", lambda r: preflight(r, AARCH64), "warning")
simple("preflight-conf", "debian", "image-preflight", lambda r: (preflight(r), r.write("etc/ssm-preflight/preflight.conf", "no-such-key = 1\n")), "warning")
simple("preflight-ca-file", "rpm", "image-preflight", lambda r: (preflight(r), r.write("etc/ssm-preflight/preflight.conf.d/50.conf", "ca-file = /etc/none.pem\n")), "warning")
simple("preflight-namespaces", "rpm", "image-preflight", lambda r: (preflight(r), r.write("etc/sysctl.d/cis.conf", "user.max_user_namespaces = 0\n")), "warning")
simple("apt-pin", "debian", "image-pins", lambda r: r.write("etc/apt/preferences.d/ssm", "Package: amazon-ssm-agent\nPin: version 3.3.1142.0\nPin-Priority: 1001\n"), "note")

simple("yum-exclude", "rpm", "image-pins", lambda r: r.write("etc/yum.conf", "[main]\nexclude=kernel* amazon-ssm-agent\n"), "note")
simple("releasever-pinned", "rpm", "image-pins", lambda r: r.write("etc/dnf/vars/releasever", "2023.6.20250107\n"), "note")

# What looks like a fault, and is none: the root stays fit.
HARMLESS = {
    "nvme-over-tcp-forbidden": ("debian", lambda r: (r.write("etc/modprobe.d/x.conf", "install nvme-tcp /bin/false\nblacklist nvme_tcp\nblacklist ena_x\n"),
                                                     r.write("etc/dracut.conf.d/x.conf", 'omit_drivers+=" nvme-tcp nvme_fc "\n'))),
    "bundle-of-windows": ("debian", lambda r: (bundle(r, BUNDLE), r.edit(BUNDLE, "\n", "\r\n"))),
    "roots-as-files": ("debian", lambda r: os.rename(r.path(BUNDLE), r.path("etc/ssl/certs/Amazon.pem"))),
    "roots-as-files-of-rpm": ("rpm", lambda r: (r.write("etc/ssl/certs/Amazon.pem", r.read("etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem")),
                                                r.write("etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"))),
    "snap-beside-a-deb-that-is-off": ("ubuntu-booted", lambda r: (
        agent(r), r.disable(AGENT), r.write("var/lib/dpkg/status", "Package: amazon-ssm-agent\nStatus: deinstall ok config-files\nVersion: 2.3.0.0-1\n\n"))),
    "seed-beside-a-stray-program": ("ubuntu", lambda r: r.program("usr/bin/amazon-ssm-agent")),
    "workers-in-usr-bin": ("rpm", lambda r: [os.rename(r.path(f"usr/sbin/ssm-{p}-worker"), r.path(f"usr/bin/ssm-{p}-worker")) for p in ("agent", "document", "session")]),
    "read-only-root": ("debian", lambda r: (r.edit("etc/fstab", "defaults,noatime", "ro,noatime"),
                                            r.add("etc/fstab", "UUID=1 /var/lib ext4 defaults 0 2\noverlay /etc overlay rw,lowerdir=/etc 0 0\n"))),
    "preset-that-is-masked": ("debian", lambda r: presets(r, ("etc/systemd/system-preset/10-x.preset", "enable x.service\n"), (f"{PRESETS}/10-x.preset", "disable *\n"))),
    "preset-that-comes-later": ("rpm", lambda r: presets(r, (f"{PRESETS}/10-x.preset", f"enable {AGENT}\n"), ("etc/systemd/system-preset/50-x.preset", "disable *\n"))),
    "drop-in-of-another-boot": ("debian", lambda r: r.write(f"run/systemd/system/{AGENT}.d/x.conf", "[Service]\nUser=nobody\n")),
    "datasources-in-lines": ("debian", lambda r: r.write("etc/cloud/cloud.cfg.d/99.cfg", "datasource_list:\n  - NoCloud\n  - Ec2\nx: y\n")),
    "hosts-pins-imds-rightly": ("debian", lambda r: r.add("etc/hosts", "169.254.169.254 instance-data\n")),
    "nsswitch-with-mdns-and-dns": ("debian", lambda r: r.write("etc/nsswitch.conf", "hosts:\tfiles mdns4_minimal [NOTFOUND=return]\tdns\n")),
    "firewall-that-jumps": ("debian", nft("table inet f {\n chain allowed {\n tcp dport {80,443} accept\n udp dport 53 accept\n }\n chain out {\n"
                                          " type filter hook output priority 0; policy drop;\n oif lo accept\n jump allowed\n }\n}\n")),
    "firewall-with-policies": ("rpm", lambda r: (r.unit("firewalld.service"), r.write("etc/firewalld/policies/out.xml", '<policy target="DROP"/>'))),
    "firewall-that-lets-out": ("debian", nft(NFT % " ct state established accept\n tcp dport { 80, 443 } accept\n udp dport 53 accept\n drop\n")),
    "firewall-that-drops-mail": ("rpm", iptables("-A OUTPUT -p tcp --dport 25 -j DROP\n-A OUTPUT -d 192.0.2.1 -j DROP\n")),
    "region-of-aws": ("debian", lambda r: (r.write("etc/profile.d/x.sh", "export AWS_DEFAULT_REGION=x\n"), r.drop_in("Environment=AWS_REGION=x"))),
    "sudoers-of-the-agent": ("rpm", lambda r: (ssm_user(r), r.write(SUDOERS, SUDO, 0o440))),
    "seelog-of-the-agent": ("debian", lambda r: r.write("etc/amazon/ssm/seelog.xml", '<?xml version="1.0"?>\n<!-- <x> -->\n<seelog type="adaptive"><outputs><rollingfile '
                                                        'filename="/var/log/amazon/ssm/amazon-ssm-agent.log"/></outputs><formats><format format="a > b"/></formats></seelog>')),
    "clock-by-phc2sys": ("debian", lambda r: (r.disable("chrony.service"), r.unit("phc2sys.service"))),
    "fapolicyd-trusts-it-in-trust.d": ("debian", lambda r: (r.unit("fapolicyd.service"), r.write("etc/fapolicyd/trust.d/ssm", "/usr/bin/amazon-ssm-agent 1 2\n"))),
    "seed-that-nobody-reads": ("ubuntu", lambda r: (r.edit("etc/cloud/cloud.cfg", "Ec2, None", "Ec2"), r.write("var/lib/cloud/seed/nocloud/meta-data", "x\n"))),
    "resolver-of-amazon": ("debian", lambda r: r.write("etc/resolv.conf", "nameserver 169.254.169.253\n")),
    "dnsmasq-asks-amazon": ("rpm", lambda r: (r.unit("dnsmasq.service"), r.write("etc/dnsmasq.conf", "server=169.254.169.253\n"))),
    "dnsmasq-that-is-off": ("rpm", lambda r: r.write("etc/dnsmasq.conf", "server=192.168.1.1\n")),
    "releasever-latest": ("rpm", lambda r: r.write("etc/dnf/vars/releasever", "latest\n")),
    "initramfs-there": ("debian", lambda r: (r.write("boot/vmlinuz-6.1.0", "x"), r.write("boot/initrd.img-6.1.0", "x"))),
    "initramfs-of-dracut": ("rpm", lambda r: (r.write("boot/vmlinuz-6.1.0", "x"), r.write("boot/initramfs-6.1.0.img", "x"))),
    "nvme-built-in": ("rpm", lambda r: (r.write("boot/vmlinuz-6.1.0", "x"), r.write("usr/lib/modules/6.1.0/modules.builtin", "kernel/drivers/nvme/host/nvme.ko\n"))),
    "modules-of-the-builder-and-nvme": ("debian", lambda r: (r.write("etc/initramfs-tools/initramfs.conf", "MODULES=dep\n"),
                                                              r.write("etc/initramfs-tools/modules", "nvme\n"))),
    "sysctl-rp-filter": ("rpm", lambda r: r.write("etc/sysctl.d/60.conf", "net.ipv4.conf.all.rp_filter = 1\nnet.ipv4.conf.all.arp_ignore = 1\n")),
    "sysctl-set-back": ("rpm", lambda r: (r.write("usr/lib/sysctl.d/60.conf", "net.ipv4.ip_default_ttl = 1\n"), r.write("etc/sysctl.d/60.conf", "net.ipv4.ip_default_ttl = 64\n"))),
    "machine-id-of-dbus-is-a-link": ("debian", lambda r: r.link("var/lib/dbus/machine-id", "/etc/machine-id")),
    "route-of-networkd": ("debian", lambda r: r.write("etc/systemd/network/90.network", "[Route]\nDestination=169.254.169.254/32\n[Route]\nType=blackhole\nDestination=192.0.2.0/24\n")),
    "snap-mounted": ("ubuntu-booted", lambda r: (r.write(f"{ENABLED}/snap-amazon\\x2dssm\\x2dagent-7993.mount", "[Mount]\n"),
                                                  r.link(f"{ENABLED}/multi-user.target.wants/snap-amazon\\x2dssm\\x2dagent-7993.mount", "/x"))),
    "aws-config-with-a-region": ("debian", lambda r: r.write("root/.aws/config", "[default]\nregion = eu-central-1\n")),
    "config-of-a-container-with-an-order": ("debian", lambda r: r.write(CONFIG, '{"Agent":{"ContainerMode":true},"Identity":{"ConsumptionOrder":["EC2"]}}')),
}

# What the fix of the page cannot do, and why.
WITHOUT_FIX = {
    "kernel-without-nvme": "a kernel without the driver must be replaced",
    "preflight-of-arm": "its package must be installed again, for the image's architecture",
}
