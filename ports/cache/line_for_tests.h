#pragma once

// A cache that several share, as one of them reaches it: the line can be cut.

#include <string>
#include <utility>
#include <vector>

#include "ports/cache/cache.h"

namespace kith {

class CacheLine final : public Cache {
 public:
  explicit CacheLine(Cache& shared) : shared_(shared) {}

  bool cut = false;
  int counts = 0;  // asked for

  Task<std::vector<std::optional<Cached>>> get_many(std::vector<std::string> keys) override {
    if (cut) co_return std::vector<std::optional<Cached>>(keys.size());
    co_return co_await shared_.get_many(std::move(keys));
  }
  Task<bool> set(std::string key, std::string value, CacheVersion version, Duration ttl) override {
    if (cut) co_return false;
    co_return co_await shared_.set(std::move(key), std::move(value), version, ttl);
  }
  Task<void> invalidate(std::string key, CacheVersion version) override {
    return shared_.invalidate(std::move(key), version);
  }
  Task<Counted> count(std::string key, std::uint64_t amount, Duration window) override {
    ++counts;
    if (cut) co_return Counted{.count = amount, .alone = true};
    co_return co_await shared_.count(std::move(key), amount, window);
  }
  Task<void> reset_count(std::string key) override { return shared_.reset_count(std::move(key)); }

 private:
  Cache& shared_;
};

}  // namespace kith
