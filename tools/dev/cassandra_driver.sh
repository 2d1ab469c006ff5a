#!/usr/bin/env bash
# cassandra_driver.sh CARGO TO: builds the driver of Cassandra, which is Rust, and puts the library there. The crates
# it stands on take minutes, so they are compiled once for all clones, below the user's cache.
set -euo pipefail
cargo=$1 to=$2
cd "$(dirname "${BASH_SOURCE[0]}")/../../ports/table/cassandra/driver"
kept=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/kith
target=$kept/cargo-$({ "$cargo" --version && cat Cargo.lock Cargo.toml; } | sha256sum | head -c 16)
mkdir -p "${to%/*}"
if mkdir -p "$target" 2>/dev/null && [ -w "$target" ]; then
  touch "$target"
  find "$kept" -maxdepth 1 -name 'cargo-*' -mtime +30 -exec rm -rf {} + # of versions that nobody builds any more
else
  target=${to%/*}
fi
# Another clone's driver comes out under the same name.
exec 8>"$target/lock"
flock 8
CARGO_TARGET_DIR=$target "$cargo" build --quiet --release --locked
install -m 644 "$target/release/libkith_cassandra.a" "$to.new"
mv "$to.new" "$to"
