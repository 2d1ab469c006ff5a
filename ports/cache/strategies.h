#pragma once

// How a cache and what it spares work with are kept together. Each is a small class over one cache
// and one pair of functions of its owner; keys carry their own prefix ("card:17").

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "ports/cache/cache.h"
#include "ports/clock/clock.h"

namespace kith {

struct Loaded {
  std::string value;
  CacheVersion version = 0;
};
// From where it really is; nothing: there is none (which is not cached).
using CacheLoad = std::function<Task<std::optional<Loaded>>(std::string key)>;

// Cache-aside: looked for in the cache, else loaded and kept.
class CacheAside {
 public:
  CacheAside(Cache& cache, Duration ttl, CacheLoad load) : cache_(cache), ttl_(ttl), load_(std::move(load)) {}

  Task<std::optional<Cached>> get(std::string key);

 private:
  Cache& cache_;
  Duration ttl_;
  CacheLoad load_;
};

// Refresh-ahead: the same, and a value that is asked for in the last quarter of its time is loaded
// again beside the answer, so that what is asked for often never makes anybody wait.
class RefreshAhead {
 public:
  // So many loads beside answers at once; what comes on top is simply not refreshed ahead.
  static constexpr std::size_t refreshes_max = 32;

  RefreshAhead(Cache& cache, Duration ttl, CacheLoad load);
  ~RefreshAhead();  // after `finish`

  Task<std::optional<Cached>> get(std::string key);
  // Begins no further refreshes and returns when those under way have ended.
  Task<void> finish();

 private:
  struct Running;
  Task<void> refresh(std::string key);

  Cache& cache_;
  Duration ttl_;
  CacheLoad load_;
  std::shared_ptr<Running> running_;
};

// Write-through: stored first, then cached with the version that storing gave it.
class WriteThrough {
 public:
  using Store = std::function<Task<CacheVersion>(std::string key, std::string value)>;
  WriteThrough(Cache& cache, Duration ttl, Store store) : cache_(cache), ttl_(ttl), store_(std::move(store)) {}

  Task<CacheVersion> put(std::string key, std::string value);

 private:
  Cache& cache_;
  Duration ttl_;
  Store store_;
};

// Write-behind: cached at once, stored some time later together with others. Only for values whose
// loss breaks no promise (last access, hits, closeness): a crash loses what waits.
class WriteBehind {
 public:
  struct Waiting {
    std::string key;
    std::string value;
    CacheVersion version = 0;
  };
  using Store = std::function<Task<void>(std::vector<Waiting>)>;
  // What waits under a key and what comes on top become one; by default the newer one.
  using Merge = std::function<std::string(std::string waiting, std::string fresh)>;
  struct Limits {
    std::size_t waiting_max = 10'000;  // further keys are lost, and counted
    std::size_t batch_max = 100;       // as many rows as one batch of the table port
  };
  WriteBehind(Cache& cache, Duration ttl, Store store, Limits limits, Merge merge = {})
      : cache_(cache), ttl_(ttl), store_(std::move(store)), merge_(std::move(merge)), limits_(limits) {}

  Task<void> put(std::string key, std::string value, CacheVersion version);
  // Stores what waits; what could not be stored waits on. Call it once more at the end.
  Task<void> flush();
  // Flushes every so often until it is cancelled.
  Task<void> keep(Clock& clock, Duration every);

  std::size_t waiting() const;
  std::uint64_t lost() const;

 private:
  void wait(Waiting waiting);
  std::vector<Waiting> take();

  Cache& cache_;
  Duration ttl_;
  Store store_;
  Merge merge_;
  Limits limits_;
  mutable std::mutex mutex_;
  std::map<std::string, Waiting> waiting_;
  std::uint64_t lost_ = 0;
};

}  // namespace kith
