#!/usr/bin/env bash
# gate.sh test|check: runs the steps of tools/dev/steps, all of them whatever fails before, and ends with
# one line: N passed, N failed.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/dev/lib.sh
. tools/dev/gate_lib.sh
gate=$1

groups="build test bench postgres cassandra cassandra_driver kafka redis consul"
[ "$gate" = test ] || groups="$groups check"
tools/dev/setup.sh $groups

# Real engines are there now: a test that finds none fails, instead of saying so and going on.
export KITH_GATE=1
# pip brings its own list of authorities; a machine behind a proxy of its company has more.
[ -n "${PIP_CERT:-}" ] || [ ! -f /etc/ssl/certs/ca-certificates.crt ] || export PIP_CERT=/etc/ssl/certs/ca-certificates.crt
ccache -M "${CCACHE_MAXSIZE:-5G}" >/dev/null

read_steps tools/dev/steps "$gate" # fills names, commands, afters
[ ${#names[@]} -gt 0 ] || refuse "tools/dev/steps names no step for \`$gate\`."

began=$SECONDS passed=0 failed=0 broken=" " table=()

# Runs step I and leaves in a file how that went.
run_step() { # I
  local i=$1 name=${names[$1]} step_began=$SECONDS status=0 counts
  STEP_NUMBER="[$((i + 1))/${#names[@]}] "
  if [[ $broken == *" ${afters[i]} "* ]]; then
    say "$STEP_NUMBER$name: not run, because the preset ${afters[i]} did not build"
    status=1 counts="0 1"
  else
    step "$name" bash -euo pipefail -c "${commands[i]}" || status=$?
    counts=$(counts_of "$(log_of "$name")" $status)
  fi
  echo "$status $counts $((SECONDS - step_began))" >"$logs/step-$i"
}
read_result() { # I
  local name=${names[$1]} status good bad seconds
  read -r status good bad seconds <"$logs/step-$1"
  if [ "$status" -ne 0 ] && [[ $name == "build "* ]]; then broken="$broken${name#build } "; fi
  passed=$((passed + good)) failed=$((failed + bad))
  table+=("$(printf '%-24s %14s %9d passed %5d failed' "$name" "$(elapsed "$seconds")" "$good" "$bad")")
}

mkdir -p "$logs"
rm -f "$logs"/step-*
for ((i = 0, last = 0; i < ${#names[@]}; i = last + 1)); do
  # Those beside it speak through a pipe: a terminal has one line for what is under way.
  for ((last = i; last + 1 < ${#names[@]}; ++last)); do
    [ "${besides[last + 1]}" = yes ] || break
    run_step $((last + 1)) > >(cat) &
  done
  run_step $i
  wait
  for ((; i <= last; ++i)); do read_result $i; done
done

say ""
printf '%s\n' "${table[@]}"
printf '%-24s %14s\n' "all of it" "$(elapsed $((SECONDS - began)))"
say ""
say "$passed passed, $failed failed"
[ $failed -eq 0 ]
