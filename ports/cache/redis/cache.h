#pragma once

// The cache on Redis servers, with copies of what was read near.
//
// A copy is handed out only while the servers are known to have told everything up to a second ago: they push
// the keys that change to whoever has read them, on the connection on which they were read, so that whatever
// answers there has told it. When such a connection is lost all copies are dropped.

#include <map>

#include "ports/cache/cache.h"
#include "ports/cache/memory.h"
#include "ports/cache/redis/servers.h"
#include "ports/clock/clock.h"

namespace kith::redis {

class RedisCache final : public Cache {
 public:
  // What another process has replaced may be handed out for so long, should the servers' word of it be lost.
  static constexpr std::chrono::milliseconds near_trusted{1'000};
  // Invalidations that the servers could not be told; beyond that some are forgotten, and counted.
  static constexpr std::size_t owed_max = 10'000;
  static constexpr std::size_t settled_at_once = 500;
  static constexpr Duration invalidation_kept = std::chrono::minutes{10};

  // Before anything is asked of the servers.
  RedisCache(Clock const& clock, Servers& servers);

  Task<std::vector<std::optional<Cached>>> get_many(std::vector<std::string> keys) override;
  bool get_now(std::string_view key, std::optional<Cached>& found) override;
  Task<bool> set(std::string key, std::string value, CacheVersion version, Duration ttl) override;
  Task<void> invalidate(std::string key, CacheVersion version) override;
  Task<Counted> count(std::string key, std::uint64_t amount, Duration window) override;
  Task<void> reset_count(std::string key) override;

  std::size_t near_bytes() const { return near_.usage().bytes; }

 private:
  struct Fetch;

  bool near(std::string_view key, std::optional<Cached>& found);
  void take(Fetch& fetch, std::size_t i, Value&& value);
  void pushed(Value&& value);
  Task<bool> invalidate_there(std::vector<std::pair<std::string, CacheVersion>> keys);
  Task<void> settle();
  void owe(std::string const& key, CacheVersion version);

  Clock const& clock_;
  Servers& servers_;
  std::string const prefix_, counter_prefix_;
  bool const copies_;
  MemoryCache near_;
  std::atomic<Deadline::rep> trusted_until_{0};

  // On the loop.
  std::map<std::string, CacheVersion> owed_;
  bool settling_ = false;
};

}  // namespace kith::redis
