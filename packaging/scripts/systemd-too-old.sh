# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# systemd_too_old ROOT: is the systemd below ROOT older than 239? There the units would fail at every boot (217/USER: no dynamic
# users), so they are not enabled. Told by the name of systemd's own library: nothing is run, so it works for a root of another
# machine too. Where there is no systemd, the answer is no.
systemd_too_old() {
    [ -x "$1/usr/lib/systemd/systemd" ] || [ -x "$1/lib/systemd/systemd" ] || return 1
    # RHEL 8: /usr/lib; RHEL 9, Amazon Linux 2023, SLES 15 SP6: /usr/lib64; Debian 11: /lib; Debian 12: /usr/lib/x86_64-linux-gnu.
    for library in "$1"/usr/lib*/systemd/libsystemd-shared-*.so "$1"/lib*/systemd/libsystemd-shared-*.so \
        "$1"/usr/lib/*/systemd/libsystemd-shared-*.so; do
        [ -e "$library" ] || continue
        version=${library##*/libsystemd-shared-}
        [ "${version%%[!0-9]*}" -lt 239 ] || return 1
    done
    echo "ssm-preflight: this systemd is older than 239 (Amazon Linux 2 has 219), the units would fail: they are not enabled." >&2
    echo "ssm-preflight: the program itself works: ssm-preflight check" >&2
}
