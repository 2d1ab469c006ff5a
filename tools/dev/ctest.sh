#!/usr/bin/env bash
# ctest.sh PRESET [ctest option...]: the tests of a built preset, and their counts as the last line.
set -euo pipefail
cd "$(dirname "$0")/../.."
preset=$1
shift
build=$PWD/build/$preset
[ -f "$build/CTestTestfile.cmake" ] || { echo "build/$preset is not built" >&2; exit 1; }
status=0
ctest --test-dir "$build" -j "${KITH_JOBS:-$(nproc)}" --output-on-failure --no-tests=error \
  --output-junit "$build/ctest.xml" "$@" || status=$?
python3 tools/dev/count_tests.py "$build/ctest.xml" "$build/results" || status=1
exit $status
