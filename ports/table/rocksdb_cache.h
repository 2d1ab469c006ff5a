#pragma once

// Parsed rows in memory, exact: the commit lane, the only writer there is, publishes every change
// here before anybody hears of it. Absence is remembered too. Bounded in bytes; what was not used
// since the hand last passed goes first.
//
// A reader that missed takes a ticket, reads RocksDB, and fills with that ticket: if the row was
// published meanwhile, what it read may be old and is not kept. Any thread.

#include <array>
#include <atomic>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>

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
  // Just the row, for reads; false: not known here.
  bool find(RowKey const& key, RowPtr& row);
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
  struct Hash {
    using is_transparent = void;
    using is_avalanching = void;
    std::size_t operator()(Entry const* entry) const;
    std::size_t operator()(Probe const& probe) const { return probe.hash; }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(Entry const* one, Entry const* other) const { return one == other; }
    bool operator()(Probe const& probe, Entry const* entry) const;
    bool operator()(Entry const* entry, Probe const& probe) const { return (*this)(probe, entry); }
  };
  struct alignas(64) Shard {
    mutable std::mutex mutex;
    boost::unordered_flat_set<Entry*, Hash, Equal> entries;
    Entry* hand = nullptr;  // a ring of all entries
    std::size_t bytes = 0;
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
  };
  static constexpr std::size_t shards_count = 64;
  static constexpr std::size_t epochs_count = 4096;

  static Probe probe(RowKey const& key);
  // Bits that the flat set, which takes the highest, and the epochs, the lowest, do not use.
  Shard& shard(Probe const& probe) { return shards_[probe.hash >> 20 & (shards_count - 1)]; }
  Entry* lookup(Shard& shard, Probe const& probe);
  void insert(Shard& shard, Probe const& probe, CachedRow row);
  void remove(Shard& shard, Entry* entry);
  void shrink(Shard& shard);

  std::size_t const shard_bytes_max_;
  std::array<Shard, shards_count> shards_;
  // How often the rows of a slot were published: what tickets are compared with.
  std::array<std::atomic<std::uint32_t>, epochs_count> epochs_{};
};

}  // namespace kith::rocks
