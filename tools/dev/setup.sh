#!/usr/bin/env bash
# setup.sh GROUP...: installs the Debian packages of these groups of packages.txt that are missing.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/dev/lib.sh

packages_of() { # packages_of GROUP...
  awk -v groups=" $* " '/^#/ || !NF { next } /^\[/ { wanted = index(groups, " " substr($1, 2, length($1) - 2) " "); next } wanted { print $1 }' \
    tools/dev/packages.txt
}

command -v dpkg-query >/dev/null || {
  say "This is no Debian, so nothing is installed; what is needed stands in tools/dev/packages.txt."
  exit 0
}
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')
missing=()
for package in $(packages_of "$@"); do
  grep -qxF "$package" <<<"$installed" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

become=()
if [ "$(id -u)" -ne 0 ]; then
  # Without a terminal nobody can type a password, so sudo counts only when it asks for none.
  if command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    become=(sudo)
    sudo -v || refuse "sudo refused; install by hand: apt-get install --no-install-recommends ${missing[*]}"
  else
    refuse "packages are missing, and you are not root. Type as root: apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
  fi
fi

# A machine that was just started often holds the lock for its own updates: wait, do not fail.
apt() {
  "${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 \
    -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "$@"
}
# Servers come for tests, which start their own: a package does not start one.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  printf '#!/bin/sh\nexit 101\n' | "${become[@]}" tee $policy >/dev/null
  "${become[@]}" chmod 755 $policy
  trap '"${become[@]}" rm -f $policy' EXIT
fi
step "fetch the list of packages" apt update || exit 1
step "install ${#missing[@]} packages" apt install -y --no-install-recommends "${missing[@]}" || exit 1
