#pragma once

// Parsed rows in memory, exact: the commit lane, the only writer there is, publishes every change
// here before anybody hears of it. Absence is remembered too. Bounded in bytes; what was not used
// since the hand last passed goes first.
//
// A reader that missed takes a ticket, reads RocksDB, and fills with that ticket: if the row was
// published meanwhile, what it read may be old and is not kept. Any thread.
//
// In a large community nearly every row of a page misses the processor's caches, and these misses are what a
// page costs. So many rows are looked up together: all their slots are fetched into those caches, then all
// that these point to, and only then one lock after another is taken (group prefetching, after Chen, Ailamaki,
// Gibbons and Mowry, "Improving Hash Join Performance through Prefetching", 2007).

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "ports/table/row.h"

namespace kith::rocks {

struct CachedRow {
  RowPtr row = {};  // null: absent; then the version is that of the erase, or zero
  Version version = 0;
  OperationId operation = 0;
  Time expires_at = no_time;
};

class RowCache {
 public:
  struct Counts {
    std::size_t bytes = 0;
    std::size_t rows = 0;
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
  };
  using Ticket = std::uint32_t;

  explicit RowCache(std::size_t bytes_max);
  ~RowCache();
  RowCache(RowCache const&) = delete;
  RowCache& operator=(RowCache const&) = delete;

  bool find(RowKey const& key, CachedRow& found);
  // Just the rows, for reads; the places of those that are not known here.
  void find(std::span<RowKey const> keys, std::vector<RowPtr>& rows, std::vector<std::size_t>& missing);
  Ticket ticket(RowKey const& key) const;
  void fill(RowKey const& key, Ticket ticket, CachedRow row);

  // The lane's. From `announce` on nothing older is filled in; whether the row is here.
  bool announce(RowKey const& key);
  void publish(RowKey const& key, CachedRow row);
  void forget(RowKey const& key);

  Counts counts() const;

 private:
  struct Entry;
  struct Probe {
    std::uint64_t hash;
    std::uint32_t table;
    std::string_view partition;
    std::string_view sort;
  };
  // Where an entry is, and its row, which whoever finds the entry wants next. Open addressing with
  // linear probing; written under the lock, read without it only to say what to fetch.
  struct Slot {
    std::atomic<Entry*> entry = nullptr;
    std::atomic<Row const*> row = nullptr;
  };
  struct Slots {
    explicit Slots(std::size_t size) : mask(size - 1), slots(std::make_unique<Slot[]>(size)) {}
    std::size_t mask;
    std::unique_ptr<Slot[]> slots;
  };
  struct alignas(64) Shard {
    mutable std::mutex mutex;
    std::atomic<Slots const*> slots = nullptr;
    std::size_t entries = 0;
    Entry* hand = nullptr;  // a ring of all entries
    std::size_t bytes = 0;
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    // The last is in use. The others, no larger than it together, stay for those who still look at them.
    std::vector<std::unique_ptr<Slots const>> all_slots;
  };
  static constexpr std::size_t shards_count = 64;
  static constexpr std::size_t epochs_count = 4096;

  static Probe probe(RowKey const& key);
  // The highest bits; slots and epochs use the lowest.
  Shard& shard(Probe const& probe) { return shards_[probe.hash >> 58]; }
  static bool matches(Probe const& probe, Entry const& entry);
  static Slot* place(Shard& shard, Probe const& probe);
  static Entry* lookup(Shard& shard, Probe const& probe);
  static void hold(Slot& slot, Entry& entry, CachedRow row);
  static void grow(Shard& shard);
  void insert(Shard& shard, Probe const& probe, CachedRow row);
  void remove(Shard& shard, Entry* entry);
  void shrink(Shard& shard);

  std::size_t const shard_bytes_max_;
  std::array<Shard, shards_count> shards_;
  // How often the rows of a slot were published: what tickets are compared with.
  std::array<std::atomic<std::uint32_t>, epochs_count> epochs_{};
};

}  // namespace kith::rocks
