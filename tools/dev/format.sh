#!/usr/bin/env bash
# format.sh --check|--fix: is the C++ of the tree as clang-format 19 writes it?
set -euo pipefail
cd "$(dirname "$0")/../.."
files=()
while IFS= read -r -d '' file; do [ ! -f "$file" ] || files+=("$file"); done \
  < <(git ls-files -z --cached --others --exclude-standard -- '*.h' '*.cc')
# No file at all means that git could not be asked, not that all is well.
[ ${#files[@]} -gt 0 ] || { echo "format: git lists no C++ here" >&2; exit 1; }
case ${1-} in
  --fix) exec clang-format-19 -i -- "${files[@]}" ;;
  --check)
    if ! told=$(clang-format-19 --dry-run -Werror -- "${files[@]}" 2>&1); then
      grep error: <<<"$told" | cut -d: -f1 | sort | uniq -c |
        awk '{ print $2 " is not as clang-format 19 writes it in " $1 " places; ./dev format mends it." }'
      exit 1
    fi
    ;;
  *)
    echo "format: say --check or --fix" >&2
    exit 2
    ;;
esac
