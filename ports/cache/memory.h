#pragma once

// The cache inside the process: sharded, bounded in bytes, without a thread of its own.

#include <memory>

#include "ports/cache/cache.h"
#include "ports/clock/clock.h"

namespace kith {

// What leaves first when memory is short.
enum class Eviction : std::uint8_t {
  lru,             // what was not read for the longest time
  lfu,             // what was read least often lately
  sliding_window,  // like lru, and what was not read for `window` leaves in any case
};

class MemoryCache final : public Cache {
 public:
  struct Limits {
    std::size_t bytes_max = 32 << 20;   // keys, values and what it costs to keep them
    std::size_t counters_max = 50'000;  // some 10 MB when all are used; the longest idle leaves first
    Eviction eviction = Eviction::lru;
    Duration window = std::chrono::minutes{10};  // of sliding_window
    unsigned shards = 16;
  };
  MemoryCache(Clock const& clock, Limits limits);
  ~MemoryCache() override;

  Task<std::vector<std::optional<Cached>>> get_many(std::vector<std::string> keys) override;
  bool get_now(std::string_view key, std::optional<Cached>& found) override;
  Task<bool> set(std::string key, std::string value, CacheVersion version, Duration ttl) override;
  Task<void> invalidate(std::string key, CacheVersion version) override;
  Task<Counted> count(std::string key, std::uint64_t amount, Duration window) override;
  Task<void> reset_count(std::string key) override;

  // The same without a task, and what an engine needs that keeps copies near it.
  bool keep(std::string key, std::shared_ptr<std::string const> value, CacheVersion version, Duration ttl);
  void invalidate_now(std::string key, CacheVersion version);
  Counted count_now(std::string key, std::uint64_t amount, Duration window);
  void reset_count_now(std::string const& key);
  // Whether something newer was invalidated or is there.
  bool outdated(std::string_view key, CacheVersion version) const;
  // Drops the value, or every value; what was invalidated stays so.
  void forget(std::string_view key);
  void forget_values();

  struct Usage {
    std::size_t bytes = 0;
    std::size_t entries = 0;
    std::size_t counters = 0;
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::uint64_t evicted = 0;
  };
  Usage usage() const;

 private:
  class Shard;
  Shard& shard_of(std::string_view key) const;

  Clock const& clock_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace kith
