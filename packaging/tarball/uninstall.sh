#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# uninstall.sh [--purge]: removes what install.sh installed, by the list that it left, with the links that enable the units. The
# configuration stays unless --purge is said. Takes DESTDIR, PREFIX and SYSCONFDIR as install.sh does.
set -eu
DESTDIR=${DESTDIR:-} PREFIX=${PREFIX:-/usr} SYSCONFDIR=${SYSCONFDIR:-/etc}
manifest=$DESTDIR$PREFIX/share/ssm-preflight/manifest
[ -r "$manifest" ] || { echo "uninstall.sh: $manifest is not there: was it installed by install.sh, and with this PREFIX?" >&2; exit 1; }

if [ -z "$DESTDIR" ] && [ -d /run/systemd/system ]; then
    systemctl stop ssm-preflight-follow.service ssm-preflight-fixed.path ssm-ready.path ssm-preflight.service || :
fi
for unit in ssm-preflight.service ssm-preflight-follow.service ssm-preflight-fixed.path ssm-ready.path; do
    rm -f "$DESTDIR"/etc/systemd/system/*.wants/$unit
done
rmdir "$DESTDIR/etc/systemd/system/ssm-preflight.service.wants" 2>/dev/null || :

list=$(mktemp)
trap 'rm -f "$list"' EXIT
cp "$manifest" "$list"
while IFS= read -r file; do
    rm -f "$DESTDIR$file"
    # Folders that are empty now and were ours.
    case ${file%/*} in
    */ssm-preflight | */ssm-preflight/examples | *amazon-ssm-agent.service.d) rmdir "$DESTDIR${file%/*}" 2>/dev/null || : ;;
    esac
done <"$list"
rmdir "$DESTDIR$PREFIX/share/doc/ssm-preflight" 2>/dev/null || :
[ "${1:-}" != --purge ] || rm -rf "$DESTDIR$SYSCONFDIR/ssm-preflight"
if [ -z "$DESTDIR" ] && [ -d /run/systemd/system ]; then
    systemctl daemon-reload || :
fi
