#!/usr/bin/env bash
# run.sh [--tls] [--listen HOST:PORT] [--data DIR] [...]: builds kith and serves the demo community.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/dev/lib.sh

home=${XDG_DATA_HOME:-${HOME:+$HOME/.local/share}}
home=${home:-$PWD/.kith}
listen=127.0.0.1:8080 tls_listen=127.0.0.1:8443 data=$home/kith/demo tls=no options=()
while [ $# -gt 0 ]; do
  case $1 in
    --tls) tls=yes ;;
    --listen | --tls-listen | --data)
      [ $# -ge 2 ] || refuse "$1 wants a value."
      case $1 in --listen) listen=$2 ;; --tls-listen) tls=yes tls_listen=$2 ;; --data) data=$2 ;; esac
      shift
      ;;
    *) options+=("$1") ;;
  esac
  shift
done

tools/dev/setup.sh build
step "build release" tools/dev/build.sh release kith || exit 1
[ -x build/release/kith ] || refuse "the build ended without build/release/kith."

if [ $tls = yes ]; then
  authority=$home/kith/authority
  tools/dev/authority.sh "$authority"
  options+=(--tls-listen "$tls_listen" --tls-certificate "$authority/localhost.pem" --tls-key "$authority/localhost.key")
  # The name that browsers were told to trust; who names another one knows better.
  case " ${options[*]} " in *" --base-url"*) ;; *) options+=(--base-url "https://localhost:${tls_listen##*:}") ;; esac
fi
mkdir -p "$(dirname "$data")"

say ""
say "Serving http://$listen (stop: Ctrl-C). The community is kept in $data."
if [ $tls = yes ]; then
  say "Also    https://localhost:${tls_listen##*:}, which Phanpy and Elk insist on. Its certificate comes from an authority"
  say "of this machine alone, for localhost alone. Trust it once:"
  say "  Debian, curl:  sudo cp $authority/authority.pem /usr/local/share/ca-certificates/kith-local.crt && sudo update-ca-certificates"
  say "  Chromium:      certutil -d sql:\$HOME/.pki/nssdb -A -t C,, -n kith-local -i $authority/authority.pem   (package libnss3-tools)"
  say "  Firefox:       Settings, Certificates, Authorities, Import: $authority/authority.pem"
fi
say ""
exec build/release/kith demo --data "$data" --listen "$listen" "${options[@]}"
