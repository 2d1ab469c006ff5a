#!/usr/bin/env bash
# build.sh PRESET [TARGET...]: configures the preset when it is new, and builds it or some targets of it.
set -euo pipefail
cd "$(dirname "$0")/../.."
preset=$1
shift
export NINJA_STATUS='[%f/%t] ' CCACHE_MAXSIZE="${CCACHE_MAXSIZE:-5G}"
cmake --preset "$preset"
ninja -C "build/$preset" -j "${KITH_JOBS:-$(nproc)}" "$@"
# A source that includes a generated header without saying so in its DEPS builds today by luck.
[ $# -gt 0 ] || ninja -C "build/$preset" -t missingdeps
