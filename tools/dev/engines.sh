#!/usr/bin/env bash
# engines.sh VERB [NAME...]: real engines on this machine for tests and trying out, without containers, on
# 127.0.0.1 only. What one engine needs stands in tools/dev/engines/NAME.sh:
#
#   NAME_packages         its group in packages.txt
#   NAME_port             where it listens unless KITH_ENGINE_PORT_NAME (in capitals) says otherwise
#   NAME_ports            how many it needs from there on, if more than one
#   NAME_fetch            gets what no package brings, if it takes so long that `fetch` does it beforehand
#   NAME_stop, NAME_crash the signals that end it cleanly, and as if it failed
#   NAME_start DIR PORT   readies DIR, then `launch`es the server
#   NAME_answers DIR PORT whether it answers a real question
#   NAME_address DIR PORT lines of NAME=VALUE that say how to reach it
#
# Each engine keeps everything in build/engines/NAME (KITH_ENGINES moves it). As root the servers run as the
# user kith-engines, who owns their data and nothing else. Where this tree lies behind a folder that user may not enter,
# build/engines/NAME leads to a folder of its own in /var/tmp, and the servers may read their programs here.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."
. tools/dev/lib.sh
# A server keeps open whatever it inherits: the sockets of a test that started it, for one. 255 is this script.
for inherited in /proc/$$/fd/*; do
  [ "${inherited##*/}" -le 2 ] || [ "${inherited##*/}" -eq 255 ] || eval "exec ${inherited##*/}>&-"
done
known=(postgres cassandra kafka redis redis_cluster consul)
for name in "${known[@]}"; do . "tools/dev/engines/$name.sh"; done

root=$(realpath -m "${KITH_ENGINES:-build/engines}")
engine_user=kith-engines
wait_seconds=120
passes=() # what lets that user read through folders it may not enter

am_root() { [ "$(id -u)" -eq 0 ]; }
port_of() { # the port that is in use, or will be
  local wish="KITH_ENGINE_PORT_${1^^}" fixed="${1}_port"
  if [ -n "${!wish:-}" ]; then echo "${!wish}"; elif [ -f "$root/$1/port" ]; then cat "$root/$1/port"; else echo "${!fixed}"; fi
}

# As whoever may run a server: never root.
unprivileged() { (exec_unprivileged "$@"); }
exec_unprivileged() {
  if am_root; then
    exec setpriv --reuid=$engine_user --regid=$engine_user --clear-groups "${passes[@]}" -- "$@"
  else
    exec "$@"
  fi
}
# A folder of the engine's own, which the server may write.
own() {
  mkdir -p "$1"
  if am_root; then chown $engine_user: "$1"; fi
}
reached() { unprivileged sh -c 'cd "$1"' sh "$root" 2>/dev/null; }
ready_user() {
  am_root || return 0
  id -u $engine_user >/dev/null 2>&1 ||
    useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin $engine_user
  ! reached || return 0
  # Root's home folder, where newcomers clone to, is closed to everybody else.
  passes=(--inh-caps=+dac_read_search --ambient-caps=+dac_read_search)
  reached ||
    refuse "the user $engine_user cannot reach $root: set KITH_ENGINES to a folder that everybody may enter."
}

# Where an engine keeps its data: Java's look first whether they may read a file, and are told no behind such a folder.
place() { # place NAME
  local dir=$root/$1
  mkdir -p "$dir"
  if [ ${#passes[@]} -gt 0 ] && rmdir "$dir" 2>/dev/null; then
    ln -s "$(mktemp -d "/var/tmp/kith-$1.XXXXXX")" "$dir"
    chmod 711 "$dir/"
  fi
  realpath "$dir"
}
forget() { # forget NAME
  rm -rf "$(realpath "$root/$1")"
  rm -rf "${root:?}/$1"
}

# A process is the one we started if it also began when it did: numbers are used again.
began() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f1,20 | grep -v '^[ZX]' | cut -d' ' -f2; }
pid_of() {
  local pid since
  read -r pid since 2>/dev/null <"$root/$1/pid" || return 1
  [ "$(began "$pid")" = "$since" ] && echo "$pid"
}
launch() { # launch NAME COMMAND...: the server, with its output in a log
  local name=$1 pid
  shift
  (exec_unprivileged "$@") >>"$root/$name/log" 2>&1 </dev/null 9>&- &
  pid=$!
  echo "$pid $(began $pid)" >"$root/$name/pid"
}

taken() { # taken PORT: somebody listens there
  (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

up() { # up NAME [PORT]
  local name=$1 dir port packages="${1}_packages" tries
  port=${2:-$(port_of "$name")}
  tools/dev/setup.sh "${!packages}" >&2
  mkdir -p "$root"
  ready_user
  dir=$(place "$name")
  exec 9>"$dir/lock"
  flock 9
  if pid_of "$name" >/dev/null; then
    port=$(port_of "$name")
  else
    ! taken "$port" ||
      refuse "port $port is taken by another process: set KITH_ENGINE_PORT_${name^^} to a free one."
    echo "$port" >"$dir/port"
    "${name}_start" "$dir" "$port"
  fi
  for ((tries = wait_seconds * 10; tries > 0; tries--)); do
    if "${name}_answers" "$dir" "$port" >/dev/null 2>&1; then break; fi
    pid_of "$name" >/dev/null || { tail -n 20 "$dir/log" >&2; refuse "$name ended at once; the end of $dir/log is above."; }
    sleep 0.1
  done
  exec 9>&-
  [ $tries -gt 0 ] || refuse "$name does not answer on port $port; see $dir/log."
}

down() {
  local name=$1 stop="${1}_stop" pid tries
  if ! pid=$(pid_of "$name"); then return 0; fi
  kill -s "${!stop}" "$pid"
  for ((tries = 300; tries > 0; tries--)); do
    pid_of "$name" >/dev/null || break
    sleep 0.1
  done
  if pid_of "$name" >/dev/null; then kill -s KILL "$pid"; fi
  rm -f "$root/$name/pid"
}

status() {
  local name=$1 pid port
  port=$(port_of "$name")
  if ! pid=$(pid_of "$name"); then
    say "$name: down"
  elif "${name}_answers" "$root/$name" "$port" >/dev/null 2>&1; then
    say "$name: up on 127.0.0.1:$port, process $pid"
    "${name}_address" "$root/$name" "$port" | sed 's/^/  /'
  else
    say "$name: process $pid runs, but does not answer on port $port; see $root/$name/log"
  fi
}

# The first of N free ports in a row, below those that the system gives to whoever asks for any.
free_port() { # N
  local first port
  for (( ; ; )); do
    first=$((20000 + RANDOM % 12000))
    for ((port = first; port < first + $1; port++)); do
      ! taken "$port" || continue 2
    done
    echo $first
    return
  done
}

# hold NAME DIR: for a test. A server of its own on a free port, in DIR; says its address and an empty line,
# then ends it when its own input ends, however the test ended.
hold() {
  root=$(realpath -m "$2")
  mkdir -p "$root"
  local name=$1 ports="${1}_ports"
  # In words of now: at the exit this function's variables are gone.
  trap "down $name; [ ! -L '$root/$name' ] || forget $name" EXIT
  # Between finding a port and taking it somebody else may take it: then once more, with another one.
  local tries
  for ((tries = 3; tries > 0; tries--)); do
    if env "KITH_ENGINES=$root" "KITH_ENGINE_PORT_${name^^}=$(free_port "${!ports:-1}")" tools/dev/engines.sh up "$name" >&2; then
      break
    fi
    down "$name"
    forget "$name"
  done
  [ "$tries" -gt 0 ] || refuse "$name did not start three times."
  "${name}_address" "$root/$name" "$(port_of "$name")"
  echo
  cat >/dev/null
}

# crash NAME DIR: for a test. Kills what hold started, and starts it again where it was.
crash() {
  root=$(realpath -m "$2")
  local pid
  pid=$(pid_of "$1") || refuse "$1 does not run in $2."
  kill -s "$(v="${1}_crash"; echo "${!v}")" "$pid"
  while pid_of "$1" >/dev/null; do sleep 0.05; done
  # The first of its threads may end some time before the last, which closes what all have opened.
  local tries
  for ((tries = wait_seconds * 20; tries > 0; tries--)); do
    taken "$(port_of "$1")" || break
    sleep 0.05
  done
  up "$1" "$(port_of "$1")"
}

verb=${1:-status}
[ $# -eq 0 ] || shift
if [ "$verb" = hold ]; then
  [ $# -eq 2 ] || refuse "hold wants a name and a folder."
  hold "$@"
  exit
fi
if [ "$verb" = crash ]; then
  crash "$@"
  exit
fi
names=("$@")
[ $# -gt 0 ] || names=("${known[@]}")
for name in "${names[@]}"; do
  [[ " ${known[*]} " == *" $name "* ]] || refuse "there is no engine \`$name\`: say ${known[*]}."
done
case $verb in
  up) for name in "${names[@]}"; do up "$name" && status "$name"; done ;;
  fetch)
    for name in "${names[@]}"; do
      packages=${name}_packages
      tools/dev/setup.sh "${!packages}" >&2
      ! declare -F "${name}_fetch" >/dev/null || "${name}_fetch"
    done
    ;;
  down) for name in "${names[@]}"; do down "$name" && status "$name"; done ;;
  status) for name in "${names[@]}"; do status "$name"; done ;;
  *) refuse "engines can be told up, down, status or fetch, not \`$verb\`." ;;
esac
