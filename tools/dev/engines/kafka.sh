# Apache Kafka, one server that is its own controller (KRaft), plain and TLS, from Maven Central. Sourced by engines.sh.

. tools/dev/engines/maven.sh

kafka_packages=kafka
kafka_port=29092
kafka_ports=2 # PORT and, with TLS, the one after it
kafka_stop=TERM
kafka_crash=KILL

kafka_version=4.3.1
kafka_log4j_version=2.25.4 # only writes what the server logs
kafka_jars=$PWD/build/engines/kafka-$kafka_version # of every server that this tree starts

# Few threads, small heap, the quick compiler alone: it starts in seconds and serves tests.
kafka_java() { # DIR HEAP CLASS...
  local dir=$1 heap=$2
  shift 2
  java_command=(/usr/lib/jvm/java-17-openjdk-*/bin/java "-Xmx$heap" -XX:+UseSerialGC -XX:TieredStopAtLevel=1
    -XX:-UsePerfData -Djava.awt.headless=true -Djava.net.preferIPv4Stack=true "-Djava.io.tmpdir=$dir/data"
    "-Dlog4j2.configurationFile=$dir/log4j2.properties" "-Dkafka.logs.dir=$dir" -cp "$kafka_jars/*" "$@")
}

kafka_start() { # DIR PORT
  local dir=$1 port=$2 controller password users java_command
  maven_fetch kafka $kafka_version "org.apache.kafka:kafka_2.13:$kafka_version" \
    "org.apache.logging.log4j:log4j-slf4j-impl:$kafka_log4j_version"
  own "$dir"
  own "$dir/data"
  java_identity "$dir"
  [ -f "$dir/password" ] || head -c 18 /dev/urandom | base64 >"$dir/password"
  password=$(cat "$dir/password")
  users="org.apache.kafka.common.security.plain.PlainLoginModule required username=\"kith\" password=\"$password\" user_kith=\"$password\";"
  [ -s "$dir/controller" ] || free_port 1 >"$dir/controller"
  controller=$(cat "$dir/controller")
  # Without the pauses that let a large cluster come together; sessions end soon, so that a killed server is
  # back in seconds.
  cat >"$dir/server.properties" <<E
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
controller.listener.names=CONTROLLER
listeners=CLIENT://127.0.0.1:$port,TLS://127.0.0.1:$((port + 1)),CONTROLLER://127.0.0.1:$controller
advertised.listeners=CLIENT://127.0.0.1:$port,TLS://127.0.0.1:$((port + 1))
listener.security.protocol.map=CLIENT:SASL_PLAINTEXT,TLS:SASL_SSL,CONTROLLER:PLAINTEXT
ssl.keystore.type=PEM
ssl.keystore.location=$dir/tls/identity.pem
inter.broker.listener.name=CLIENT
sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.client.plain.sasl.jaas.config=$users
listener.name.tls.plain.sasl.jaas.config=$users
log.dirs=$dir/data
default.replication.factor=1
min.insync.replicas=1
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
auto.create.topics.enable=false
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
E
  cat >"$dir/log4j2.properties" <<'E'
status=error
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d %p %c{1} %m%n
rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
E
  cat >"$dir/client.properties" <<E
bootstrap.servers=127.0.0.1:$port
security.protocol=sasl_plaintext
sasl.mechanisms=PLAIN
sasl.username=kith
sasl.password=$password
E
  chmod 600 "$dir/password" "$dir/server.properties" "$dir/client.properties"
  if am_root; then chown $engine_user: "$dir"/{password,server.properties}; fi
  if [ ! -f "$dir/data/meta.properties" ]; then
    kafka_java "$dir" 128m kafka.tools.StorageTool format -t "$(head -c 16 /dev/urandom | base64 | tr '+/' 'Aa' | tr -d =)" \
      -c "$dir/server.properties"
    unprivileged "${java_command[@]}" >>"$dir/log" 2>&1
  fi
  kafka_java "$dir" 512m kafka.Kafka "$dir/server.properties"
  launch kafka "${java_command[@]}"
}

kafka_answers() { # DIR PORT
  kcat -F "$1/client.properties" -L -m 2 2>/dev/null | grep -q "broker 1 at"
}

kafka_address() { # DIR PORT
  say "KAFKA=127.0.0.1:$2"
  say "KAFKA_TLS=127.0.0.1:$(($2 + 1))"
  say "KAFKA_TLS_AUTHORITY=$1/tls/authority.pem"
  say "KAFKA_USER=kith"
  say "KAFKA_PASSWORD_FILE=$1/password"
}
