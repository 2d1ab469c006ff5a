#include "app/caches.h"

#include <optional>

#include "app/gauges.h"
#include "app/memory.h"
#include "base/error.h"
#include "ports/bus/memory.h"
#include "ports/cache/memory.h"
#ifdef KITH_REDIS
#include "ports/cache/redis/redis.h"
#endif

namespace kith {
namespace {

MemoryCache::Limits cache_limits(Settings const& settings) {
  MemoryCache::Limits limits{.bytes_max = cache_memory(settings) / 16};
  switch (settings.cache_eviction) {
    case CacheEviction::lru: limits.eviction = Eviction::lru; break;
    case CacheEviction::lfu: limits.eviction = Eviction::lfu; break;
    case CacheEviction::sliding_window: limits.eviction = Eviction::sliding_window; break;
  }
  return limits;
}

bool cache_is_shared(Settings const& settings) { return settings.engines_cache == SharedEngine::redis; }
bool bus_is_shared(Settings const& settings) { return settings.engines_bus == SharedEngine::redis; }

#ifdef KITH_REDIS
RedisOptions redis_options(Settings const& settings) {
  RedisOptions options{.servers = settings.redis_servers, .password_file = settings.redis_password_file};
  options.tls_authority = settings.redis_tls_authority;
  options.tls_certificate = settings.redis_tls_certificate;
  options.tls_key = settings.redis_tls_key;
  options.prefix = settings.redis_prefix;
  options.deadline = std::chrono::duration_cast<std::chrono::milliseconds>(settings.redis_deadline);
  options.near = cache_limits(settings);
  return options;
}

void report_redis(RedisStats const& stats, Metrics& metrics) {
  Gauges const gauge{metrics};
  gauge("kith_redis_reads", "Keys the servers were asked for since the start", stats.reads);
  gauge("kith_redis_found", "Keys they had", stats.found);
  gauge("kith_redis_near_found", "Keys found among the copies in this process", stats.near_found);
  gauge("kith_redis_near_bytes", "Memory of these copies", stats.near_bytes);
  gauge("kith_redis_writes", "Values set and invalidated", stats.writes);
  gauge("kith_redis_refused_older", "Values not set, because newer ones were there", stats.refused_older);
  gauge("kith_redis_counts", "Counters asked", stats.counts);
  gauge("kith_redis_messages_out", "Messages said on the bus", stats.messages_out);
  gauge("kith_redis_messages_in", "Messages heard on the bus", stats.messages_in);
  gauge("kith_redis_invalidations", "Times that the servers told of changed keys", stats.invalidations);
  gauge("kith_redis_invalidations_owed", "Invalidations that the servers could not yet be told",
        stats.invalidations_owed);
  gauge("kith_redis_invalidations_lost", "Invalidations they will not be told", stats.invalidations_lost);
  gauge("kith_redis_unanswered", "Commands given up, as if nothing was there", stats.unanswered);
  gauge("kith_redis_retries", "Calls tried once more", stats.retries);
  gauge("kith_redis_redirects", "Commands that another server of the Cluster had to be asked", stats.redirects);
  gauge("kith_redis_lost", "Connections lost or given up", stats.lost);
  gauge("kith_redis_refused", "Calls refused while a server was given a pause", stats.refused);
  gauge("kith_redis_connections", "Open connections", stats.connections);
  gauge("kith_redis_under_way", "Calls that wait for an answer", stats.under_way);
}
#endif

}  // namespace

struct Caches::Parts {
  Parts(Clock const& clock, Settings const& settings) {
    if (cache_is_shared(settings) || bus_is_shared(settings)) {
#ifdef KITH_REDIS
      redis.emplace(clock, redis_options(settings));
      if (cache_is_shared(settings)) cache = &redis->cache();
      if (bus_is_shared(settings)) bus = &redis->bus();
#else
      throw Error{Code::invalid,
                  "engines_cache or engines_bus is redis, but this kith was built without it (KITH_REDIS)"};
#endif
    }
    if (cache == nullptr) cache = &own_cache.emplace(clock, cache_limits(settings));
  }

  std::optional<MemoryCache> own_cache;
  MemoryBus own_bus;
#ifdef KITH_REDIS
  std::optional<RedisStore> redis;
#endif
  Cache* cache = nullptr;
  Bus* bus = &own_bus;
};

Caches::Caches(Clock const& clock, Settings const& settings) : parts_(std::make_unique<Parts>(clock, settings)) {}
Caches::~Caches() = default;

Cache& Caches::cache() { return *parts_->cache; }
Cache* Caches::shared_cache() { return parts_->own_cache ? nullptr : parts_->cache; }
Bus& Caches::bus() { return *parts_->bus; }

void Caches::observe(Metrics& metrics) {
#ifdef KITH_REDIS
  if (parts_->redis) parts_->redis->observe(metrics);
#else
  (void)metrics;
#endif
}

void Caches::report(Metrics& metrics) const {
#ifdef KITH_REDIS
  if (parts_->redis) report_redis(parts_->redis->stats(), metrics);
#else
  (void)metrics;
#endif
}

}  // namespace kith
