#!/usr/bin/env bash
# tidy.sh [FILE...]: clang-tidy over our sources as the preset `single` compiles them. Not over generated ones,
# which are the plug-in's affair, and not over tests, which take thrice as long (gtest's macros) and are
# run under three sanitizers anyway.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools/dev/build.sh single kith_generated >/dev/null || { echo "what the sources include cannot be generated: build the dev preset" >&2; exit 1; }
if [ $# -eq 0 ]; then
  mapfile -t compiled < <(sed -n 's/^ *"file": "\(.*\)",\{0,1\}$/\1/p' build/single/compile_commands.json | grep -vE "^$PWD/build/|_(test|fuzz|bench)\.cc$" | sort -u)
else
  compiled=("$@")
fi
status=0
one() {
  clang-tidy-19 -p build/single --quiet --warnings-as-errors='*' "$1" 2>/dev/null && found=0 || found=1
  [ $found -eq 0 ] || echo "FAILED $1"
  echo "read $1"
  return $found
}
export -f one
printf '%s\0' "${compiled[@]}" | xargs -0 -P "${KITH_JOBS:-$(nproc)}" -I{} bash -c 'one "$@"' _ {} | { done=0; while IFS= read -r line; do
  case $line in
    "read "*) done=$((done + 1)); printf '[%d/%d] %s\n' $done ${#compiled[@]} "${line#read }" ;;
    *) printf '%s\n' "$line" ;;
  esac
done; } || status=1
exit $status
