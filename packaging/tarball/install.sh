#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# install.sh: verifies what was unpacked beside it, then installs it and enables the units; the next boot starts them. For machines
# and images whose package manager knows neither deb nor rpm. Needs a shell, sed and the usual tools of coreutils; no network.
#
#   DESTDIR     the root file system to install into; empty: this machine's
#   PREFIX      /usr
#   UNITDIR     $PREFIX/lib/systemd/system
#   ENABLE=no   leave the units as they are
#
# packaging/scripts/install does the work. uninstall.sh takes the same variables.
set -eu
cd "$(dirname "$0")"
DESTDIR=${DESTDIR:-} PREFIX=${PREFIX:-/usr}
die() { echo "install.sh: $*" >&2; exit 1; }

sha256sum --check --quiet --strict SHA256SUMS || die "what was unpacked is not what was packed: nothing is installed"
# And nothing is there that was not packed.
find . -type f ! -name SHA256SUMS | sed 's|^\./||' | LC_ALL=C sort >"${TMPDIR:-/tmp}/ssm-preflight.$$"
trap 'rm -f "${TMPDIR:-/tmp}/ssm-preflight.$$"' EXIT
sed 's/^[0-9a-f]*  //' SHA256SUMS | LC_ALL=C sort | cmp -s - "${TMPDIR:-/tmp}/ssm-preflight.$$" || die "files are here that were not packed: nothing is installed"
arch=$(cat build/arch)
[ -n "$DESTDIR" ] || [ "$(uname -m)" = "$arch" ] || die "this is for $arch, and the machine is $(uname -m)"

manifest=$DESTDIR$PREFIX/share/ssm-preflight/manifest
install -d "${manifest%/*}"
before=$(cat "$manifest" 2>/dev/null || :)
: >"$manifest"
export DESTDIR PREFIX
MANIFEST=$manifest packaging/scripts/install build/ssm-preflight build/completions build/deps
echo "$PREFIX/share/ssm-preflight/manifest" >>"$manifest"
# What another version installed and this one does not have.
printf '%s\n' "$before" | grep -vxF -f "$manifest" | while IFS= read -r file; do
    [ -z "$file" ] || rm -f "$DESTDIR$file"
done
echo "installed: $DESTDIR$PREFIX/bin/ssm-preflight"
