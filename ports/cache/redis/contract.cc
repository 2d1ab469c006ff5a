#include "ports/cache/contract.h"
#include "ports/cache/redis/test_world.h"

namespace kith::contract {

std::vector<CacheEngine> redis_caches() {
  if (!redis_is_here()) return {};
  auto const fresh = [](RedisOptions options, Clock const& clock) {
    auto const store = std::make_shared<RedisStore>(clock, std::move(options));
    return std::shared_ptr<Cache>(store, &store->cache());
  };
  return {{"redis", [fresh](Clock const& clock) { return fresh(redis_options(), clock); }},
          {"redis_without_copies",
           [fresh](Clock const& clock) {
             RedisOptions options = redis_options();
             options.near.bytes_max = 0;
             return fresh(options, clock);
           }},
          {"redis_cluster", [fresh](Clock const& clock) { return fresh(redis_cluster_options(), clock); }}};
}

}  // namespace kith::contract
