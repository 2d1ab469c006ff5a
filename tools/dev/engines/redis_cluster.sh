# A Redis Cluster of three servers without replicas: what divides keys by slot. Sourced by engines.sh after
# redis.sh, whose functions it uses.

redis_cluster_packages=redis
redis_cluster_port=26390
redis_cluster_ports=6 # three for clients, three between the servers
redis_cluster_stop=TERM
redis_cluster_crash=KILL

redis_cluster_start() { # DIR PORT
  local dir=$1 port=$2 i
  command -v redis-server >/dev/null || refuse "Redis is not installed (package redis-server)."
  redis_ready "$dir"
  for i in 0 1 2; do
    (umask 077 && { redis_settings "$dir" && cat <<EOF; } >"$dir/redis-$i.conf")
port $((port + i))
cluster-enabled yes
cluster-port $((port + 3 + i))
cluster-config-file nodes-$i-$port.conf
cluster-node-timeout 2000
cluster-require-full-coverage no
EOF
    if am_root; then chown $engine_user: "$dir/redis-$i.conf"; fi
  done
  # One process that the three end with, however it ends.
  launch redis_cluster bash -c 'trap "kill \$(jobs -p) 2>/dev/null; wait; exit" TERM
    for i in 0 1 2; do setpriv --pdeathsig KILL redis-server "$0/redis-$i.conf" & done
    while [ -n "$(jobs -pr)" ]; do wait; done' "$dir"
}

redis_cluster_answers() { # DIR PORT
  local dir=$1 port=$2 i told
  for i in 0 1 2; do redis_answers "$dir" $((port + i)) || return 1; done
  told=$(redis_ask "$dir" "$port" CLUSTER INFO)
  if [[ $told == *cluster_slots_assigned:0* ]]; then
    redis_ask "$dir" "$port" --cluster create --cluster-yes 127.0.0.1:{"$port",$((port + 1)),$((port + 2))}
  fi
  for i in 0 1 2; do
    told=$(redis_ask "$dir" $((port + i)) CLUSTER INFO)
    [[ $told == *cluster_state:ok* && $told == *cluster_slots_assigned:16384* && $told == *cluster_known_nodes:3* ]] || return 1
  done
}

redis_cluster_address() { # DIR PORT
  say "REDIS_CLUSTER=redis://127.0.0.1:$2,redis://127.0.0.1:$(($2 + 1)),redis://127.0.0.1:$(($2 + 2))"
  say "REDIS_CLUSTER_PASSWORD_FILE=$1/password"
}
