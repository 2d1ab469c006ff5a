#include "ports/cache/memory.h"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>
#include <list>
#include <mutex>
#include <unordered_map>

#include "base/check.h"

namespace kith {
namespace {

// The nodes of list and map, the counted pointer and malloc's own, measured on libstdc++.
constexpr std::size_t entry_overhead = 240;
// lfu: entries of 0, 1, 2-3, 4-7 ... reads lie in lists of their own, so finding the least read one
// costs nothing. Who was not read for this long counts half, so that fame of long ago fades.
constexpr std::size_t read_classes = 8;
constexpr Duration fades_after = std::chrono::minutes{5};
// How long an invalidation is remembered unless memory is short: longer than any request lives that
// read the value it replaced.
constexpr Duration invalidation_kept = std::chrono::minutes{10};

struct Entry {
  std::string key;
  std::shared_ptr<std::string const> value;  // null: only the version that was invalidated
  CacheVersion version = 0;
  Duration ends{0};
  Duration read{0};
  std::uint32_t reads = 0;

  std::size_t bytes() const { return entry_overhead + key.size() + (value ? value->size() : 0); }
};

// Slots of an eighth of the window: eight whole ones and the one that is now.
constexpr std::int64_t slots_of_window = 8;

struct Counter {
  std::string key;
  Duration window{0};
  std::int64_t newest = 0;  // slot, counted since the clock began
  std::array<std::uint32_t, slots_of_window + 1> counts{};
};

Counted add(Counter& counter, std::uint64_t amount, Duration window, Duration now) {
  Duration const width = std::max(window / slots_of_window, Duration{1});
  std::int64_t const slot = now / width;
  constexpr auto size = static_cast<std::int64_t>(std::tuple_size_v<decltype(counter.counts)>);
  if (counter.window != window || slot - counter.newest >= size) {
    counter.counts = {};
    counter.window = window;
    counter.newest = slot;
  }
  while (counter.newest < slot) counter.counts[static_cast<std::size_t>(++counter.newest % size)] = 0;
  auto& current = counter.counts[static_cast<std::size_t>(counter.newest % size)];
  current = static_cast<std::uint32_t>(std::min<std::uint64_t>(current + amount, UINT32_MAX));

  Counted counted;
  for (std::int64_t i = std::max<std::int64_t>(counter.newest - size + 1, 0); i <= counter.newest; ++i) {
    std::uint32_t const count = counter.counts[static_cast<std::size_t>(i % size)];
    if (count == 0) continue;
    Duration const left = (i + size) * width - now;
    if (counted.count == 0) counted.more_in = left;
    counted.resets_in = left;
    counted.count += count;
  }
  return counted;
}

}  // namespace

class MemoryCache::Shard {
 public:
  Shard(Limits const& limits, std::size_t bytes_max, std::size_t counters_max)
      : limits_(limits), bytes_max_(bytes_max), counters_max_(counters_max) {}

  std::optional<Cached> get(std::string_view key, Duration now) {
    std::lock_guard const lock(mutex_);
    auto const found = places_.find(key);
    if (found == places_.end() || !found->second->value) return ++misses_, std::nullopt;
    Entry& entry = *found->second;
    if (over(entry, now)) {
      drop(found->second);
      return ++misses_, std::nullopt;
    }
    ++hits_;
    Entries& from = list_of(entry);
    entry.reads += entry.reads < UINT32_MAX;
    entry.read = now;
    Entries& to = list_of(entry);
    to.splice(to.begin(), from, found->second);
    return Cached{entry.value, entry.version, entry.ends - now};
  }

  bool set(std::string key, std::shared_ptr<std::string const> held, CacheVersion version, Duration ttl, Duration now) {
    if (entry_overhead + key.size() + held->size() > bytes_max_ / 4) return false;  // it would push out all else
    std::lock_guard const lock(mutex_);
    auto place = places_.find(key);
    if (place != places_.end() && version < place->second->version && !forgotten(*place->second, now)) return false;
    put({std::move(key), std::move(held), version, now + ttl, now, 0}, place);
    evict(now);
    return true;
  }

  void invalidate(std::string key, CacheVersion version, Duration now) {
    std::lock_guard const lock(mutex_);
    auto place = places_.find(key);
    if (place != places_.end() && version <= place->second->version && !forgotten(*place->second, now)) return;
    put({std::move(key), nullptr, version, now + invalidation_kept, now, 0}, place);
    evict(now);
  }

  bool outdated(std::string_view key, CacheVersion version, Duration now) const {
    std::lock_guard const lock(mutex_);
    auto const place = places_.find(key);
    return place != places_.end() && version < place->second->version && !forgotten(*place->second, now);
  }

  void forget(std::string_view key) {
    std::lock_guard const lock(mutex_);
    auto const place = places_.find(key);
    if (place != places_.end() && place->second->value) drop(place->second);
  }

  void forget_values() {
    std::lock_guard const lock(mutex_);
    for (Entries& list : lists_)
      for (auto at = list.begin(); at != list.end();) {
        auto const entry = at++;
        if (entry->value) drop(entry);
      }
  }

  Counted count(std::string key, std::uint64_t amount, Duration window, Duration now) {
    std::lock_guard const lock(mutex_);
    auto place = counted_.find(key);
    if (place == counted_.end()) {
      if (amount == 0) return {};
      counters_.push_front({std::move(key), window});
      place = counted_.emplace(counters_.front().key, counters_.begin()).first;
      if (counters_.size() > counters_max_) {
        counted_.erase(counters_.back().key);
        counters_.pop_back();
      }
    } else {
      counters_.splice(counters_.begin(), counters_, place->second);
    }
    return add(counters_.front(), amount, window, now);
  }

  void reset_count(std::string const& key) {
    std::lock_guard const lock(mutex_);
    auto const found = counted_.find(key);
    if (found == counted_.end()) return;
    auto const place = found->second;
    counted_.erase(found);
    counters_.erase(place);
  }

  void add_to(Usage& usage) const {
    std::lock_guard const lock(mutex_);
    usage.bytes += bytes_;
    usage.entries += places_.size();
    usage.counters += counters_.size();
    usage.hits += hits_;
    usage.misses += misses_;
    usage.evicted += evicted_;
  }

 private:
  using Entries = std::list<Entry>;
  using Places = std::unordered_map<std::string_view, Entries::iterator>;  // keys lie in the entries

  bool over(Entry const& entry, Duration now) const {
    return entry.ends <= now || (limits_.eviction == Eviction::sliding_window && entry.value != nullptr &&
                                 entry.read + limits_.window <= now);
  }
  // An invalidation, or the version of a value, need not be remembered any more.
  static bool forgotten(Entry const& entry, Duration now) { return !entry.value && entry.ends <= now; }

  Entries& list_of(Entry const& entry) {
    if (limits_.eviction != Eviction::lfu) return lists_[0];
    return lists_[std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(entry.reads)), read_classes - 1)];
  }

  void put(Entry entry, Places::iterator place) {
    if (place != places_.end()) {
      entry.reads = place->second->reads;
      drop(place->second);
    }
    bytes_ += entry.bytes();
    Entries& list = list_of(entry);
    list.push_front(std::move(entry));
    places_.emplace(list.front().key, list.begin());
  }

  void drop(Entries::iterator entry) {
    bytes_ -= entry->bytes();
    places_.erase(entry->key);
    list_of(*entry).erase(entry);
  }

  // After a put; what was just put stays.
  void evict(Duration now) {
    // What is over lies mostly at the ends; a few steps a put keep pace with what is put.
    for (Entries& list : lists_)
      for (int steps = 0; steps < 2 && !list.empty() && over(list.back(), now); ++steps) drop(std::prev(list.end()));
    while (bytes_ > bytes_max_ && places_.size() > 1) {
      fade(now);
      for (Entries& list : lists_) {
        if (list.empty() || (list.size() == 1 && list.front().read == now && &list == &lists_[0])) continue;
        drop(std::prev(list.end()));
        ++evicted_;
        break;
      }
    }
  }

  void fade(Duration now) {
    for (std::size_t reads = 1; reads < read_classes; ++reads) {
      if (lists_[reads].empty() || lists_[reads].back().read + fades_after > now) continue;
      auto const faded = std::prev(lists_[reads].end());
      faded->reads /= 2;
      faded->read = now;
      Entries& list = list_of(*faded);
      list.splice(list.begin(), lists_[reads], faded);
    }
  }

  Limits const limits_;
  std::size_t const bytes_max_;
  std::size_t const counters_max_;
  mutable std::mutex mutex_;
  std::array<Entries, read_classes> lists_;  // last read first; only lfu uses more than the first
  Places places_;
  std::size_t bytes_ = 0;
  std::uint64_t hits_ = 0, misses_ = 0, evicted_ = 0;
  std::list<Counter> counters_;  // last used first
  std::unordered_map<std::string_view, std::list<Counter>::iterator> counted_;
};

MemoryCache::MemoryCache(Clock const& clock, Limits limits) : clock_(clock) {
  check(limits.shards > 0 && limits.window > Duration{0}, "a cache has a shard and a window");
  for (unsigned i = 0; i < limits.shards; ++i)
    shards_.push_back(std::make_unique<Shard>(limits, limits.bytes_max / limits.shards,
                                              std::max<std::size_t>(limits.counters_max / limits.shards, 1)));
}
MemoryCache::~MemoryCache() = default;

MemoryCache::Shard& MemoryCache::shard_of(std::string_view key) const {
  // The map inside takes the low bits of the same hash.
  std::size_t const hash = std::hash<std::string_view>{}(key);
  return *shards_[(hash >> 40) % shards_.size()];
}

bool MemoryCache::get_now(std::string_view key, std::optional<Cached>& found) {
  found = shard_of(key).get(key, clock_.monotonic_coarse());
  return true;
}

Task<std::vector<std::optional<Cached>>> MemoryCache::get_many(std::vector<std::string> keys) {
  check(keys.size() <= cache_keys_max, "a batch of keys has a limit");
  std::vector<std::optional<Cached>> found(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) get_now(keys[i], found[i]);
  co_return found;
}

bool MemoryCache::keep(std::string key, std::shared_ptr<std::string const> value, CacheVersion version, Duration ttl) {
  if (key.size() > cache_key_bytes_max || value->size() > cache_value_bytes_max || ttl <= Duration{0}) return false;
  Shard& shard = shard_of(key);
  return shard.set(std::move(key), std::move(value), version, std::min(ttl, cache_ttl_max), clock_.monotonic_coarse());
}

void MemoryCache::invalidate_now(std::string key, CacheVersion version) {
  if (key.size() > cache_key_bytes_max) return;
  Shard& shard = shard_of(key);
  shard.invalidate(std::move(key), version, clock_.monotonic_coarse());
}

Counted MemoryCache::count_now(std::string key, std::uint64_t amount, Duration window) {
  check(window > Duration{0}, "a window has a length");
  if (key.size() > cache_key_bytes_max) key.resize(cache_key_bytes_max);
  Shard& shard = shard_of(key);
  return shard.count(std::move(key), amount, window, clock_.monotonic());
}

void MemoryCache::reset_count_now(std::string const& key) { shard_of(key).reset_count(key); }

bool MemoryCache::outdated(std::string_view key, CacheVersion version) const {
  return shard_of(key).outdated(key, version, clock_.monotonic_coarse());
}
void MemoryCache::forget(std::string_view key) { shard_of(key).forget(key); }
void MemoryCache::forget_values() {
  for (auto& shard : shards_) shard->forget_values();
}

Task<bool> MemoryCache::set(std::string key, std::string value, CacheVersion version, Duration ttl) {
  auto held = std::make_shared<std::string const>(std::move(value));
  co_return keep(std::move(key), std::move(held), version, ttl);
}

Task<void> MemoryCache::invalidate(std::string key, CacheVersion version) {
  invalidate_now(std::move(key), version);
  co_return;
}

Task<Counted> MemoryCache::count(std::string key, std::uint64_t amount, Duration window) {
  co_return count_now(std::move(key), amount, window);
}

Task<void> MemoryCache::reset_count(std::string key) {
  reset_count_now(key);
  co_return;
}

MemoryCache::Usage MemoryCache::usage() const {
  Usage usage;
  for (auto const& shard : shards_) shard->add_to(usage);
  return usage;
}

}  // namespace kith
