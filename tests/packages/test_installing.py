# SPDX-License-Identifier: Apache-2.0
"""deb, rpm, tarball and `make install` in root file systems: what they leave, keep and remove."""
import os
import shutil
import subprocess

import pytest
from conftest import OWED, REPOSITORY, UNITS, enabled, sections

SUITES = ("bullseye", "bookworm", "trixie", "jammy", "noble")
ALL = sorted(UNITS)
ALL_BUT_READY = [unit for unit in ALL if unit != "ssm-ready.path"]

# What the administrator does between two installations.
ADMINISTRATOR = """
echo '# mine' >>"$root/etc/ssm-preflight/preflight.conf"; echo 'strict = yes' >"$root/etc/ssm-preflight/preflight.conf.d/50-mine.conf"
run systemctl --quiet disable ssm-ready.path
"""
SHOW = """
echo "== $1 links"; links; echo "== $1 configuration"; tail -qn 1 "$root"/etc/ssm-preflight/preflight.conf "$root"/etc/ssm-preflight/preflight.conf.d/*
"""
# The packages and install.sh know systemd's version by the name of its library, which 219 has not got. Version, folder, whether the units work there:
# as on Amazon Linux 2, SLES 15 SP1, and then RHEL 8, 9.1, 9.6, Amazon Linux 2023, SLES 15 SP6; Debian 11, 12.
OF_RPMS = (("219", "none", False), ("234", "usr/lib/systemd", False), ("238", "usr/lib64/systemd", False), ("239", "usr/lib/systemd", True),
           ("250", "usr/lib/systemd", True), ("252", "usr/lib64/systemd", True), ("252.23-6.amzn2023", "usr/lib64/systemd", True),
           ("254.27-150600.4.71.2", "usr/lib64/systemd", True))
OF_DEBS = (("219", "none", False), ("239", "lib/systemd", True), ("252", "usr/lib/x86_64-linux-gnu/systemd", True))
OF_SYSTEMD = """
of_systemd() {
    rm -f "$root"/usr/lib*/systemd/libsystemd-shared-*.so "$root"/lib*/systemd/libsystemd-shared-*.so "$root"/usr/lib/*/systemd/libsystemd-shared-*.so
    [ "$1" = 219 ] || { mkdir -p "$root/$2"; touch "$root/$2/libsystemd-shared-$1.so"; }
}
"""


def each(layouts):
    """What a script's loop reads: a line a layout."""
    return "\n".join(" ".join(layout[:2]) for layout in layouts)


needs_rpm = pytest.mark.skipif(not shutil.which("rpmbuild"), reason="rpm is not installed")


def assert_kept(found, *moments):
    for moment in moments:
        assert found[f"{moment} configuration"] == ["# mine", "strict = yes"], moment
        assert enabled(found[f"{moment} links"]) == ALL_BUT_READY, moment


@pytest.mark.parametrize("suite", SUITES)
def test_deb_from_installation_to_purge(suite, packages, in_root):
    done = in_root(suite, f"""
        cp "$2" "$root/old.deb"; cp "$3" "$root/new.deb"
        show() {{ {SHOW} }}
        install() {{ run dpkg -i "$1" >&2; }}
        install /old.deb; echo "== installed links"; links
        {ADMINISTRATOR}
        install /new.deb; show upgraded
        install /old.deb; show downgraded
        install /new.deb; run dpkg --remove ssm-preflight >&2
        echo "== removed links"; links; echo "== removed"; ours
        install /new.deb; show again
        run dpkg --purge ssm-preflight >&2; echo "== purged"; ours""", *packages["deb"])
    found = sections(done.stdout)
    assert enabled(found["installed links"]) == ALL
    assert_kept(found, "upgraded", "downgraded", "again")
    assert found["removed links"] == []
    assert [path for path in found["removed"] if path.startswith(("etc", "usr"))] == [
        "etc/ssm-preflight", "etc/ssm-preflight/preflight.conf", "etc/ssm-preflight/preflight.conf.d", "etc/ssm-preflight/preflight.conf.d/50-mine.conf"]
    assert found["purged"] == []


def test_deb_enables_no_unit_that_would_fail(packages, in_root):
    done = in_root("bookworm", OF_SYSTEMD + """cp "$2" "$root/new.deb"
        while read -r version folder; do
            of_systemd $version $folder; echo "== $version"; run dpkg -i /new.deb 2>"$layer/said" >&2; grep -o 'older than 239' "$layer/said" || :; links
            run ssm-preflight version >/dev/null; run dpkg --purge ssm-preflight >&2
        done <<<"$3"
        echo "== none"; rm "$root/usr/lib/systemd/systemd" "$root/usr/bin/systemctl"; run dpkg -i /new.deb >&2; links""", packages["deb"][1], each(OF_DEBS))
    found = sections(done.stdout)
    assert enabled(found["none"]) == ALL
    for version, _, works in OF_DEBS:
        assert enabled(found[version]) == ALL if works else found[version] == ["older than 239"], version


def test_deb_reloads_systemd_where_it_runs(packages, in_root):
    done = in_root("bookworm", """cp "$2" "$root/new.deb"; mkdir -p "$root/run/systemd/system"
        printf '#!/bin/sh\\necho "$@" >>/asked\\n' >"$root/usr/bin/systemctl"
        for did in "-i /new.deb" "--remove ssm-preflight" "--purge ssm-preflight"; do
            rm -f "$root/asked"; run dpkg $did 2>"$layer/said" >/dev/null; echo "== $did"; grep -v '^dpkg: ' "$layer/said" || :; grep reload "$root/asked" || :
        done""", packages["deb"][1])
    assert {did: lines for did, lines in sections(done.stdout).items() if lines != ["--system daemon-reload"]} == {}


# A tree as those of RHEL 9, Amazon Linux 2023 and SLES 15 SP6 where it matters: presets that disable all else, and systemd's own library in lib64.
RPM = """
rpm() { command rpm --root "$root" --define '_dbpath /var/lib/rpm' --nodeps "$@" >&2; }
echo 'disable *' >"$root/usr/lib/systemd/system-preset/99-default-disable.preset"
mkdir -p "$root/usr/lib64/systemd"; mv "$root"/usr/lib/*/systemd/libsystemd-*.so "$root/usr/lib64/systemd/"
echo /usr/lib64/systemd >"$root/etc/ld.so.conf.d/systemd.conf"; run ldconfig
"""


@needs_rpm
def test_rpm_from_installation_to_removal(packages, in_root):
    done = in_root("bookworm", f"""{RPM}
        show() {{ {SHOW} }}
        rpm -i "$2"; echo "== installed links"; links
        {ADMINISTRATOR}
        rpm -U "$3"; show upgraded
        rpm -U --oldpackage "$2"; show downgraded
        rpm -V ssm-preflight || :
        rpm -e ssm-preflight; echo "== removed"; ours""", *packages["rpm"])
    found = sections(done.stdout)
    assert enabled(found["installed links"]) == ALL
    assert_kept(found, "upgraded", "downgraded")
    assert found["removed"] == ["etc/ssm-preflight", "etc/ssm-preflight/preflight.conf.d", "etc/ssm-preflight/preflight.conf.d/50-mine.conf",
                                "etc/ssm-preflight/preflight.conf.rpmsave"]


@needs_rpm
def test_rpm_where_there_is_no_systemd(packages, in_root):
    done = in_root("bookworm", f"""{RPM}
        rm -rf "$root/usr/bin/systemctl" "$root/usr/bin/journalctl" "$root/usr/lib/systemd/systemd"
        rpm -i "$2"; rpm -U "$3"; run ssm-preflight version >/dev/null; echo "== links"; links; rpm -e ssm-preflight; echo "== removed"; ours""", *packages["rpm"])
    assert sections(done.stdout) == {"links": [], "removed": []}


@needs_rpm
def test_rpm_enables_no_unit_that_would_fail(packages, in_root):
    done = in_root("bookworm", RPM + OF_SYSTEMD + """
        printf '#!/bin/sh\\necho "$@" >>/asked\\n' >"$root/usr/bin/systemctl"
        while read -r version folder; do
            of_systemd $version $folder; rm -f "$root/asked"; echo "== $version"; command rpm --root "$root" --define '_dbpath /var/lib/rpm' --nodeps -i "$2" 2>"$layer/said" >&2
            grep -o 'older than 239' "$layer/said" || :; cat "$root/asked" 2>/dev/null || :; rpm -e ssm-preflight
        done <<<"$3" """, packages["rpm"][1], each(OF_RPMS))
    found = sections(done.stdout)
    for version, _, works in OF_RPMS:
        assert found[version] == (["--no-reload preset " + " ".join(UNITS)] if works else ["older than 239"]), version


def test_tarball_installs_what_it_verified_and_nothing_else(packages, in_root):
    done = in_root("trixie", """
        mkdir "$layer/un packed"; tar -C "$layer/un packed" --strip-components=1 -xf "$2"; cd "$layer/un packed"; export DESTDIR="$root"
        echo >>units/ssm-ready.path; ! ./install.sh >&2; sed -i '$d' units/ssm-ready.path
        touch extra; ! ./install.sh >&2; rm extra
        echo "== refused"; ours
        ./install.sh >&2; echo "== links"; links; run ssm-preflight version >/dev/null
        echo '# mine' >>"$root/etc/ssm-preflight/preflight.conf"
        touch "$root/usr/bin/ssm-of-old"; echo /usr/bin/ssm-of-old >>"$root/usr/share/ssm-preflight/manifest"
        # An installation that fails keeps the list of the one before it.
        man=$root/usr/share/man; mv "$man" "$man.away"; echo >"$man"; cp "$root/usr/share/ssm-preflight/manifest" "$layer/list"
        ! ./install.sh >&2; cmp "$layer/list" "$root/usr/share/ssm-preflight/manifest"; rm "$man"; mv "$man.away" "$man"
        run systemctl --quiet disable ssm-ready.path
        mkdir "$layer/tmp"; TMPDIR=$layer/tmp ./install.sh >&2; rmdir "$layer/tmp"; echo "== again"; links
        echo "== configuration"; tail -n 1 "$root/etc/ssm-preflight/preflight.conf"
        ENABLE=yes ./install.sh >&2; echo "== told"; links
        ./uninstall.sh >&2; echo "== uninstalled"; ours
        ./install.sh >&2; ./uninstall.sh --purge >&2; echo "== purged"; ours""", packages["tarball"])
    found = sections(done.stdout)
    assert enabled(found["links"]) == enabled(found["told"]) == ALL and enabled(found["again"]) == ALL_BUT_READY
    assert (found["refused"], found["configuration"], found["purged"]) == ([], ["# mine"], [])
    assert [path for path in found["uninstalled"] if not path.startswith("etc/ssm-preflight")] == []
    assert "etc/ssm-preflight/preflight.conf" in found["uninstalled"]


def install(destination, program, **settings):
    """`make install` of a program that is none: whatever is asked of it fails. Without a network, and without apt."""
    parts = [str(program), *[os.path.join(REPOSITORY, path) for path in (f"build/gen/{os.uname().machine}/completions", f"build/deps/{os.uname().machine}")]]
    return subprocess.run(["unshare", "--net", os.path.join(REPOSITORY, "packaging/scripts/install"), *parts], capture_output=True, text=True, check=False,
                          env={"PATH": "/usr/bin:/bin", "DESTDIR": str(destination), **settings})


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_install_takes_other_places_and_runs_nothing(tmp_path):
    destination, program = tmp_path / "with a space", tmp_path / "program"
    program.write_text("#!/bin/false /opt/etc/ssm-preflight/preflight.conf")
    done = install(destination, program, PREFIX="/opt/x", SYSCONFDIR="/opt/etc", UNITDIR="/usr/lib/systemd/system", ENABLE="no")
    assert (done.returncode, done.stderr) == (0, "")
    unit = (destination / "usr/lib/systemd/system/ssm-preflight.service").read_text()
    assert "ExecStart=/opt/x/bin/ssm-preflight " in unit
    assert (destination / "usr/lib/systemd/system-preset/85-ssm-preflight.preset").exists() and (destination / "usr/lib/systemd/catalog").is_dir()
    assert (destination / "opt/etc/ssm-preflight/preflight.conf").exists() and not (destination / "etc").exists()
    man = (destination / "opt/x/share/man/man8/ssm-preflight.8").read_text()
    assert "/opt/x/share/ssm-preflight/report.schema.json" in man and "/etc/ssm-preflight" not in man.replace("/opt/etc", "")
    licences = {path.stem: path.read_text(errors="replace") for path in (destination / "opt/x/share/licenses/ssm-preflight").iterdir()}
    assert sorted(licences) == OWED and all(licences.values()) and "LESSER GENERAL PUBLIC LICENSE" in licences["glibc"]
    # A program that looks elsewhere for its configuration is refused.
    done = install(tmp_path / "other", program)
    assert done.returncode == 1 and "SYSCONFDIR" in done.stderr and not (tmp_path / "other").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_install_enables_unless_told_not_to(tmp_path):
    program = tmp_path / "program"
    program.write_text("#!/bin/false /etc/ssm-preflight/preflight.conf")
    assert install(tmp_path / "root", program).returncode == 0
    wants = tmp_path / "root/etc/systemd/system/multi-user.target.wants"
    assert sorted(os.listdir(wants)) == ["ssm-preflight-fixed.path", "ssm-preflight.service", "ssm-ready.path"]
    # What the administrator disabled since stays so.
    (wants / "ssm-ready.path").unlink()
    assert install(tmp_path / "root", program).returncode == 0 and len(os.listdir(wants)) == 2
    assert install(tmp_path / "root", program, ENABLE="yes").returncode == 0 and len(os.listdir(wants)) == 3
    # Where the units would fail they are not enabled.
    for number, (version, folder, enables) in enumerate(OF_RPMS + OF_DEBS):
        root = tmp_path / str(number)
        systemd = root / "usr/lib/systemd/systemd"
        systemd.parent.mkdir(parents=True)
        systemd.write_text("")
        systemd.chmod(0o755)
        if version != "219":
            (root / folder).mkdir(parents=True, exist_ok=True)
            (root / folder / f"libsystemd-shared-{version}.so").touch()
        done = install(root, program)
        assert done.returncode == 0 and ("older than 239" not in done.stderr, (root / "etc/systemd").exists()) == (enables, enables)
