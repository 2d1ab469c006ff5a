# Reading the list of steps, and what a step says of itself. Sourced by gate.sh and its tests.

trimmed() {
  local text=$1
  text=${text#"${text%%[![:space:]]*}"}
  printf '%s' "${text%"${text##*[![:space:]]}"}"
}

# read_steps FILE WHEN: fills names, commands, afters and besides with the steps due in this tree.
read_steps() {
  local when due after name command
  names=() commands=() afters=() besides=()
  while IFS='|' read -r when due after name command; do
    case $(trimmed "$when") in '' | '#'*) continue ;; esac
    [ -n "$(trimmed "$command")" ] || refuse "a line of $1 has fewer than five fields: $when|$due|$after|$name"
    [[ " $when " == *" $2 "* ]] || continue
    due=$(trimmed "$due")
    [ "$due" = - ] || [ -e "$due" ] || continue
    names+=("$(trimmed "$name")") commands+=("$(trimmed "$command")") afters+=("$(trimmed "$after")")
    if [[ " $when " == *" beside "* ]]; then besides+=(yes); else besides+=(no); fi
  done <"$1"
}

# counts_of LOG STATUS: "PASSED FAILED". The last line of the log that counts, pytest's wording included;
# a step that failed has at least one failure, whatever it counted.
counts_of() {
  local line passed failed errors
  line=$(grep -E '[0-9]+ (passed|failed|errors?)\b' "$1" 2>/dev/null | tail -n 1 || true)
  number() { grep -oE "[0-9]+ $1\b" <<<"$line" | grep -oE '[0-9]+' | tail -n 1 || true; }
  passed=$(number passed) failed=$(number failed) errors=$(number 'errors?')
  if [ "$2" -eq 0 ]; then
    [ -n "$passed" ] || passed=1
  fi
  passed=${passed:-0} failed=$((${failed:-0} + ${errors:-0}))
  [ "$2" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
  printf '%d %d' "$passed" "$failed"
}
