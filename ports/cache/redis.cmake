# Cache and bus on Redis servers. Without it the program has those of its own process alone.
option(KITH_REDIS "Build the engines for Redis" ON)
if(KITH_REDIS)
  kith_library(kith_redis
    SOURCES
      redis.cc redis_address.cc redis_cache.cc redis_connection.cc redis_entry.cc redis_node.cc redis_resp.cc
      redis_scripts.cc redis_servers.cc redis_slots.cc redis_stream.cc ../bus/redis_bus.cc
    DEPS kith_cache kith_bus kith_tls kith_metrics)
  kith_test(kith_redis_test
    SOURCES redis_fault_test.cc redis_resp_test.cc redis_start_test.cc
    DEPS kith_redis kith_own_server
    LABELS contract
    TIMEOUT 300)
  kith_fuzzer(redis_resp_fuzz SOURCES redis_resp_fuzz.cc DEPS kith_redis)
endif()
