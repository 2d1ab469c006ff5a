#!/usr/bin/env bash
# authority.sh DIR: makes DIR/authority.pem once, and DIR/localhost.pem with its key whenever they are
# missing or end within 30 days.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/dev/lib.sh
tools/dev/setup.sh build
dir=$1
umask 077
mkdir -p "$dir"

new_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }

if [ ! -s "$dir/authority.pem" ] || [ ! -s "$dir/authority.key" ]; then
  new_key "$dir/authority.key"
  # The constraint makes it harmless to trust: with this key nobody can speak for any other name.
  openssl req -x509 -new -key "$dir/authority.key" -sha256 -days 3650 -subj "/CN=kith on $(uname -n)" \
    -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' -addext 'keyUsage=critical,keyCertSign,cRLSign' \
    -addext 'nameConstraints=critical,permitted;DNS:localhost,permitted;IP:127.0.0.1/255.255.255.255' \
    -out "$dir/authority.new"
  mv "$dir/authority.new" "$dir/authority.pem"
  rm -f "$dir/localhost.pem"
  say "Made a local certificate authority: $dir/authority.pem"
fi

if ! openssl x509 -in "$dir/localhost.pem" -noout -checkend $((30 * 86400)) >/dev/null 2>&1 || [ ! -s "$dir/localhost.key" ]; then
  new_key "$dir/localhost.key"
  # 397 days: what browsers accept at most.
  openssl req -new -key "$dir/localhost.key" -subj /CN=localhost |
    openssl x509 -req -CA "$dir/authority.pem" -CAkey "$dir/authority.key" -set_serial "0x$(openssl rand -hex 16)" -sha256 -days 397 \
      -extfile <(printf '%s\n' 'subjectAltName=DNS:localhost,IP:127.0.0.1' 'extendedKeyUsage=serverAuth' \
        'basicConstraints=critical,CA:FALSE' 'keyUsage=critical,digitalSignature') -out "$dir/localhost.new" 2>/dev/null
  # The authority rides along, so that clients show a whole chain.
  cat "$dir/localhost.new" "$dir/authority.pem" >"$dir/localhost.pem"
  rm "$dir/localhost.new"
fi
