# Servers that come from Maven Central. Sourced by the engines that use it.

maven_plugin=3.8.1

# What such a server shows to callers: a file with its key, as Java reads it, and its certificate and chain.
java_identity() { # DIR
  tools/dev/authority.sh "$1/tls" >&2
  (umask 077 && openssl pkcs8 -topk8 -nocrypt -in "$1/tls/localhost.key" && cat "$1/tls/localhost.pem") >"$1/tls/identity.pem"
  chmod 600 "$1/tls/identity.pem"
  if am_root; then chown -R $engine_user: "$1/tls"; fi
}

# The jars of NAME and of all it needs, in build/engines/NAME-VERSION, for every server that this tree starts:
# whole or not at all.
maven_fetch() { # NAME VERSION GROUP:ARTIFACT:VERSION...
  local name=$1 version=$2 jars=build/engines/$1-$2 pom=build/engines/$1.xml fresh=build/engines/$1.new part group artifact number
  shift 2
  mkdir -p build/engines
  exec 8>"build/engines/$name.lock"
  flock 8
  if [ ! -d "$jars" ]; then
    rm -rf "$fresh"
    {
      echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
      echo "<groupId>kith</groupId><artifactId>$name</artifactId><version>1</version><dependencies>"
      for part in "$@"; do
        IFS=: read -r group artifact number <<<"$part"
        echo "<dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$number</version></dependency>"
      done
      echo '</dependencies></project>'
    } >"$pom"
    say "$name: fetching $version from Maven Central" >&2
    mvn -B -q -f "$pom" "org.apache.maven.plugins:maven-dependency-plugin:$maven_plugin:copy-dependencies" \
      -DoutputDirectory="$PWD/$fresh" -DincludeScope=runtime >&2 </dev/null || refuse "Maven could not fetch $name."
    chmod -R a+rX "$fresh"
    mv "$fresh" "$jars"
  fi
  exec 8>&-
}
