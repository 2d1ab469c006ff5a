#!/usr/bin/env bash
# in_own_folder.sh BUILD NAME COMMAND...: one test program, in an empty folder of its own that is also its
# TMPDIR. It lies below the build folder, not in /tmp, because there fsync is often free and proves nothing.
# What a failed test leaves behind stays until the next run.
set -uo pipefail
build=$1 name=$2
shift 2
# Short, because the path of a unix socket may have 107 bytes.
own=$build/t/$name
rm -rf "$own" && mkdir -p "$own" "$build/results" && rm -f "$build/results/$name.xml" && cd "$own" || exit 1
TMPDIR=$own TEST_TMPDIR=$own GTEST_OUTPUT=xml:$build/results/$name.xml "$@"
status=$?
[ $status -ne 0 ] || { cd / && rm -rf "$own"; }
exit $status
