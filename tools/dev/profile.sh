#!/usr/bin/env bash
# profile.sh: writes down what the program does most, from the benches run on the `profile` preset, for the compiler
# of the release preset to read (docs/decisions/0016-release-by-profile.md). Their figures here mean nothing.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=build/profile/runs
rm -rf "$work" && mkdir -p "$work"
LLVM_PROFILE_FILE=$PWD/$work/%p.profraw KITH_PROGRAM=$PWD/build/profile/kith bench/run
llvm-profdata-19 merge -sparse "$work"/*.profraw -o cmake/release.profdata
echo "Written: cmake/release.profdata, $(wc -c <cmake/release.profdata) bytes. Measure the release build, then commit it."
