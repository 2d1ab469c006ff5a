# The words that every script of ./dev speaks with. Sourced at the top of the tree.

logs=build/logs

say() { printf '%s\n' "$*"; }

refuse() {
  printf 'dev: %s\n' "$*" >&2
  exit 1
}

elapsed() { # elapsed SECONDS: as people say it
  if [ "$1" -lt 60 ]; then printf '%d s' "$1"; else printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); fi
}

log_of() { printf '%s/%s.log' "$logs" "$(printf '%s' "$1" | tr -c 'A-Za-z0-9' '-')"; }

# The last thing a running step said that a waiting person can use: ninja's [7/90], ctest's 3/41.
progress_of() { tail -n 40 "$1" 2>/dev/null | tr '\r' '\n' | grep -oE '^\[[0-9]+/[0-9]+\]|^ *[0-9]+/[0-9]+ (Test|seeds|rounds)|[0-9]+ %|[0-9]+%' | tail -n 1; }

# On a terminal one line that changes every second; in a log one line a minute.
tick() {
  local title=$1 log=$2 began=$SECONDS parent=$$ pause=1
  [ -t 1 ] || pause=60
  # Waits by reading from a pipe that nobody writes: a `sleep` would outlive this and hold our output open.
  exec {idle}<> <(:)
  while kill -0 $parent 2>/dev/null; do
    read -rt $pause -u $idle || true
    if [ -t 1 ]; then
      printf '\r\033[K%s ... %s  %s' "$title" "$(elapsed $((SECONDS - began)))" "$(progress_of "$log")"
    else
      printf '  ... %s: %s  %s\n' "$title" "$(elapsed $((SECONDS - began)))" "$(progress_of "$log")"
    fi
  done
}

# step TITLE COMMAND...: runs it with its output in a log file, shows that it lives, and says how long
# it took. When it fails, the end of the log follows. The status is the command's. STEP_NUMBER, if set,
# stands before the title.
step() {
  local title="${STEP_NUMBER:-}$1" log began=$SECONDS status=0 ticker
  log=$(log_of "$1")
  shift
  mkdir -p "$logs"
  if [ -t 1 ]; then printf '%s ...' "$title"; else say "$title ..."; fi
  tick "$title" "$log" &
  ticker=$!
  "$@" >"$log" 2>&1 </dev/null || status=$?
  { kill $ticker && wait $ticker; } 2>/dev/null || true
  [ ! -t 1 ] || printf '\r\033[K'
  if [ $status -eq 0 ]; then
    say "$title: done in $(elapsed $((SECONDS - began)))"
  else
    say "$title: FAILED after $(elapsed $((SECONDS - began))) (status $status). The end of $log:"
    # Not what ninja built before: in a big build the error would be out of sight.
    grep -vE '^\[[0-9]+/[0-9]+\] ' "$log" | tail -n 40 | cut -c1-500 | sed 's/^/  | /'
  fi
  return $status
}
