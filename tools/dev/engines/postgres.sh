# PostgreSQL of Debian, plain and TLS on the same port. Sourced by engines.sh.

postgres_packages=postgres
postgres_port=25432
postgres_stop=INT   # ends sessions, not only waits for them
postgres_crash=QUIT # at once, all its processes, nothing put in order

postgres_programs() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }

postgres_start() { # DIR PORT
  local dir=$1 port=$2 bin old
  bin=$(postgres_programs)
  [ -n "$bin" ] || refuse "PostgreSQL is not installed (package postgresql-15)."
  own "$dir"
  if [ ! -f "$dir/data/PG_VERSION" ]; then
    rm -rf "$dir/data"
    own "$dir/data"
    head -c 18 /dev/urandom | base64 >"$dir/password"
    if am_root; then chown $engine_user: "$dir/password"; fi
    chmod 600 "$dir/password"
    unprivileged "$bin/initdb" -D "$dir/data" -U kith --pwfile="$dir/password" --auth=scram-sha-256 --locale=C.UTF-8 \
      --encoding=UTF8 --no-sync >>"$dir/log" 2>&1
  fi
  tools/dev/authority.sh "$dir/tls" >&2
  if am_root; then chown -R $engine_user: "$dir/tls"; fi
  # A server that was killed and not yet waited for by its parent still holds the lock by its number.
  if old=$(head -n 1 "$dir/data/postmaster.pid" 2>/dev/null) && [ -z "$(began "$old")" ]; then
    rm -f "$dir/data/postmaster.pid"
  fi
  # Not synced: what it holds is for trying out. A killed server still loses nothing, a machine without power may.
  launch postgres "$bin/postgres" -D "$dir/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
    -c ssl=on -c ssl_cert_file="$dir/tls/localhost.pem" -c ssl_key_file="$dir/tls/localhost.key" \
    -c fsync=off -c max_connections=200 -c shared_buffers=64MB -c log_min_messages=warning -c lc_messages=C
}

postgres_answers() { # DIR PORT
  local bin
  bin=$(postgres_programs)
  "$bin/pg_isready" -q -h 127.0.0.1 -p "$2" &&
    PGPASSWORD=$(cat "$1/password") "$bin/psql" -qAt -h 127.0.0.1 -p "$2" -U kith postgres \
      <<<"SELECT 'CREATE DATABASE kith' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'kith') \gexec"
}

postgres_address() { # DIR PORT
  say "POSTGRES=postgresql://kith@127.0.0.1:$2/kith?sslmode=disable"
  say "POSTGRES_TLS_AUTHORITY=$1/tls/authority.pem"
  say "POSTGRES_PASSWORD_FILE=$1/password"
}
