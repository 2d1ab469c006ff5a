#!/usr/bin/env bash
# fuzz.sh NAME|all RUNS [SEED|random]: the fuzzers that the asan preset built; the counts are the last line.
# The gate takes a fixed seed, so that it fails for what a change did and not for its luck.
set -euo pipefail
cd "$(dirname "$0")/../.."
wanted=$1 runs=$2 seed=${3:-1}
[ "$seed" != random ] || seed=0
list=build/asan/fuzzers.txt
[ -s "$list" ] || { echo "no fuzzer is built: $list is missing or empty" >&2; exit 1; }

# One fuzzer: NAME PROGRAM SEEDS (a folder, or -) WORDS (a file, or -), as CMake wrote them down.
fuzz_one() {
  local name=$1 program=$2 seeds=$3 words=$4 work=$PWD/build/fuzz/$1
  [ "$seed" = 0 ] || rm -rf "$work/corpus" # what an earlier run found would change a fixed seed's way
  mkdir -p "$work/corpus" "$work/found" "$work/t"
  [ "$seeds" != - ] || seeds=
  if [ "$words" = - ]; then words=; else words=-dict=$words; fi
  # A slow input is a finding too: 10 s and 1 GiB are a thousand times what any of them needs.
  # Without a fake stack, which is searched at every refusal that is thrown: three quarters of all time, and the
  # tests look for what it finds.
  TMPDIR=$work/t ASAN_OPTIONS=external_symbolizer_path=/usr/bin/llvm-symbolizer-19:detect_stack_use_after_return=0 \
    "$program" -runs="$runs" -seed="$seed" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
    -artifact_prefix="$work/found/" ${words:+"$words"} "$work/corpus" $seeds >"$work/log" 2>&1
}

passed=0 failed=0 known=
while read -r name program seeds words; do
  known="$known $name"
  [ "$wanted" = all ] || [ "$wanted" = "$name" ] || continue
  began=$SECONDS
  if fuzz_one "$name" "$program" "$seeds" "$words"; then
    passed=$((passed + 1))
    echo "$name: $(grep -oE 'number_of_executed_units: *[0-9]+' "build/fuzz/$name/log" | grep -oE '[0-9]+') runs in $((SECONDS - began)) s"
  else
    failed=$((failed + 1))
    echo "$name: FOUND something; the inputs are in build/fuzz/$name/found, the log ends with:"
    tail -n 30 "build/fuzz/$name/log"
  fi
done <"$list"
[ $((passed + failed)) -gt 0 ] || { echo "there is no fuzzer \`$wanted\`; there are:$known" >&2; exit 1; }
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
