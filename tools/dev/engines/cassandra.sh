# Apache Cassandra, one node, plain and TLS on the same port, from Maven Central. Sourced by engines.sh.

. tools/dev/engines/maven.sh

cassandra_packages=cassandra
cassandra_port=29042
cassandra_ports=2 # for clients, and for other nodes, of which there are none
cassandra_stop=TERM
cassandra_crash=KILL

cassandra_version=5.0.9 # runs on Java 11 and 17 only
cassandra_jars=$PWD/build/engines/cassandra-$cassandra_version

cassandra_start() { # DIR PORT
  local dir=$1 port=$2 package opens=()
  maven_fetch cassandra $cassandra_version org.apache.cassandra:cassandra-all:$cassandra_version
  own "$dir"
  own "$dir/data"
  own "$dir/data/tmp"
  mkdir -p "$dir/triggers"
  java_identity "$dir"
  [ -f "$dir/password" ] || (umask 077 && head -c 18 /dev/urandom | base64 >"$dir/password")
  # Every write is in the commit log on disk before it is answered, so a killed node loses nothing. What only a
  # cluster needs is left out, and it takes as little memory as it can.
  cat >"$dir/cassandra.yaml" <<YAML
cluster_name: kith
num_tokens: 1
initial_token: 0
auto_bootstrap: false
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters:
      - seeds: "127.0.0.1:$((port + 1))"
listen_address: 127.0.0.1
storage_port: $((port + 1))
rpc_address: 127.0.0.1
start_native_transport: true
native_transport_port: $port
authenticator: PasswordAuthenticator
authorizer: CassandraAuthorizer
role_manager: CassandraRoleManager
client_encryption_options:
  enabled: true
  optional: true
  ssl_context_factory:
    class_name: org.apache.cassandra.security.PEMBasedSslContextFactory
  keystore: $dir/tls/identity.pem
data_file_directories: ["$dir/data/tables"]
commitlog_directory: $dir/data/commitlog
saved_caches_directory: $dir/data/saved_caches
hints_directory: $dir/data/hints
cdc_raw_directory: $dir/data/cdc_raw
commitlog_sync: batch
commitlog_segment_size: 8MiB
commitlog_total_space: 64MiB
concurrent_reads: 8
concurrent_writes: 32
concurrent_compactors: 1
memtable_heap_space: 128MiB
memtable_offheap_space: 64MiB
file_cache_size: 32MiB
key_cache_size: 8MiB
counter_cache_size: 0MiB
auto_snapshot: false
hinted_handoff_enabled: false
disk_optimization_strategy: ssd
materialized_views_enabled: false
user_defined_functions_enabled: false
read_request_timeout: 20s
range_request_timeout: 20s
write_request_timeout: 20s
request_timeout: 20s
YAML
  cat >"$dir/logback.xml" <<'XML'
<configuration><appender name="out" class="ch.qos.logback.core.ConsoleAppender"><encoder><pattern>%d %level %logger{0} %msg%n</pattern></encoder></appender>
<root level="WARN"><appender-ref ref="out"/></root></configuration>
XML
  # What Cassandra reaches of Java's inside, as its own start script says.
  for package in java.base/{java.io,java.lang,java.lang.module,java.lang.reflect,java.math,java.net,java.nio,java.util} \
    java.base/{java.util.concurrent,java.util.concurrent.atomic,sun.nio.ch,sun.security.util,jdk.internal.loader} \
    java.base/jdk.internal.{math,misc,module,ref,reflect,util.jar} jdk.management/com.sun.management.internal; do
    opens+=("--add-opens=$package=ALL-UNNAMED")
  done
  for package in java.base/{java.lang.ref,jdk.internal.misc,jdk.internal.ref,sun.nio.ch} java.sql/java.sql \
    java.management.rmi/com.sun.jmx.remote.internal.rmi java.rmi/sun.rmi.{registry,server,transport.tcp} \
    jdk.unsupported/sun.misc; do
    opens+=("--add-exports=$package=ALL-UNNAMED")
  done
  # Small heap, the quick compiler alone, no waiting for other nodes: it starts in seconds and serves tests.
  launch cassandra /usr/lib/jvm/java-17-openjdk-*/bin/java -Xms256m -Xmx768m -Xss512k -XX:MaxDirectMemorySize=256m \
    -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Djava.awt.headless=true -Djava.net.preferIPv4Stack=true \
    "-Djava.io.tmpdir=$dir/data/tmp" "-Djna.tmpdir=$dir/data/tmp" "${opens[@]}" -Djdk.attach.allowAttachSelf=true \
    "-javaagent:$(echo "$cassandra_jars"/jamm-*.jar)" "-Dcassandra.config=file://$dir/cassandra.yaml" \
    "-Dlogback.configurationFile=$dir/logback.xml" "-Dcassandra.storagedir=$dir/data" "-Dcassandra.logdir=$dir/data" \
    "-Dcassandra.triggers_dir=$dir/triggers" -Dcassandra-foreground=yes -Dcassandra.ring_delay_ms=100 \
    -Dcassandra.skip_wait_for_gossip_to_settle=0 -Dcassandra.load_ring_state=false \
    -Dcassandra.superuser_setup_delay_ms=0 -Dcassandra.auth_bcrypt_gensalt_log2_rounds=4 \
    -Dcassandra.disable_tcactive_openssl=true -Dio.netty.tryReflectionSetAccessible=true \
    -Dsun.nio.PageAlignDirectMemory=true -cp "$dir:$cassandra_jars/*" org.apache.cassandra.service.CassandraDaemon
}

# A new node knows the user cassandra alone, whose password is everybody's: kith takes its place.
cassandra_answers() { # DIR PORT
  local ask=(python3 tools/dev/engines/cassandra_ask.py "$2")
  "${ask[@]}" kith "$(cat "$1/password")" "SELECT release_version FROM system.local" && return
  "${ask[@]}" cassandra cassandra \
    "CREATE ROLE IF NOT EXISTS kith WITH SUPERUSER = true AND LOGIN = true AND PASSWORD = '$(cat "$1/password")'" &&
    "${ask[@]}" kith "$(cat "$1/password")" "ALTER ROLE cassandra WITH SUPERUSER = false AND LOGIN = false"
}

cassandra_address() { # DIR PORT
  say "CASSANDRA=127.0.0.1:$2"
  say "CASSANDRA_TLS_AUTHORITY=$1/tls/authority.pem"
  say "CASSANDRA_USER=kith"
  say "CASSANDRA_PASSWORD_FILE=$1/password"
}
