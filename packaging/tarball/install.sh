#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# install.sh: verifies what was unpacked beside it, then installs it and enables the units; the next boot starts them. Where it is
# installed already the units stay as the administrator left them. For machines and images whose package manager knows neither deb
# nor rpm. Needs a shell, sed and the usual tools of coreutils; no network.
#
#   DESTDIR     the root file system to install into; empty: this machine's
#   PREFIX      /usr
#   UNITDIR     $PREFIX/lib/systemd/system
#   ENABLE=no   leave the units as they are; yes: enable them, the second time too
#
# packaging/scripts/install does the work. uninstall.sh takes the same variables.
set -eu
cd "$(dirname "$0")"
DESTDIR=${DESTDIR:-} PREFIX=${PREFIX:-/usr}
die() { echo "install.sh: $*" >&2; exit 1; }

sha256sum --check --quiet --strict SHA256SUMS || die "what was unpacked is not what was packed: nothing is installed"
# And nothing is there that was not packed.
list=$(mktemp)
trap 'rm -f "$list"' EXIT
find . -type f ! -name SHA256SUMS | sed 's|^\./||' | LC_ALL=C sort >"$list"
sed 's/^[0-9a-f]*  //' SHA256SUMS | LC_ALL=C sort | cmp -s - "$list" || die "files are here that were not packed: nothing is installed"
arch=$(cat build/arch)
[ -n "$DESTDIR" ] || [ "$(uname -m)" = "$arch" ] || die "this is for $arch, and the machine is $(uname -m)"

manifest=$DESTDIR$PREFIX/share/ssm-preflight/manifest
export DESTDIR PREFIX
: >"$list"
MANIFEST=$list packaging/scripts/install build/ssm-preflight build/completions build/deps
echo "$PREFIX/share/ssm-preflight/manifest" >>"$list"
# What another version installed and this one does not have.
[ ! -e "$manifest" ] || { grep -vxF -f "$list" "$manifest" || :; } | while IFS= read -r file; do rm -f "$DESTDIR$file"; done
install -m 0644 "$list" "$manifest.new"
mv "$manifest.new" "$manifest"
echo "installed: $DESTDIR$PREFIX/bin/ssm-preflight"
