# Redis of Debian: one server, plain and TLS. Sourced by engines.sh.

redis_packages=redis
redis_port=26379
redis_ports=2 # PORT and, with TLS, the one after it
redis_stop=TERM
redis_crash=KILL

# What every server has, in a file that only it may read: a password on the command line is seen by everybody.
redis_settings() { # DIR
  cat <<EOF
bind 127.0.0.1
requirepass $(cat "$1/password")
masterauth $(cat "$1/password")
dir $1/data
save ""
appendonly no
maxmemory 128mb
maxmemory-policy allkeys-lru
EOF
}

redis_ready() { # DIR
  own "$1"
  own "$1/data"
  [ -s "$1/password" ] || (umask 077 && head -c 18 /dev/urandom | base64 | tr '+/' 'xy' >"$1/password")
}

redis_start() { # DIR PORT
  local dir=$1
  command -v redis-server >/dev/null || refuse "Redis is not installed (package redis-server)."
  redis_ready "$dir"
  tools/dev/authority.sh "$dir/tls" >&2
  (umask 077 && { redis_settings "$dir" && cat <<EOF; } >"$dir/redis.conf")
port $2
tls-port $(($2 + 1))
tls-cert-file $dir/tls/localhost.pem
tls-key-file $dir/tls/localhost.key
tls-ca-cert-file $dir/tls/authority.pem
tls-auth-clients no
EOF
  if am_root; then chown -R $engine_user: "$dir/redis.conf" "$dir/tls"; fi
  launch redis redis-server "$dir/redis.conf"
}

redis_ask() { # DIR PORT WORD...
  local dir=$1 port=$2
  shift 2
  REDISCLI_AUTH=$(cat "$dir/password") redis-cli -h 127.0.0.1 -p "$port" "$@" </dev/null
}

redis_answers() { [ "$(redis_ask "$1" "$2" PING)" = PONG ]; } # DIR PORT

redis_address() { # DIR PORT
  say "REDIS=redis://127.0.0.1:$2"
  say "REDIS_TLS=rediss://localhost:$(($2 + 1))"
  say "REDIS_TLS_AUTHORITY=$1/tls/authority.pem"
  say "REDIS_PASSWORD_FILE=$1/password"
}
