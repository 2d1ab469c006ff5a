#include "ports/table/rocksdb_cache.h"

#include <cstring>
#include <new>

namespace kith::rocks {
namespace {

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  auto const product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed) {
  std::uint64_t hash = seed ^ bytes.size();
  std::uint64_t word;
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    std::memcpy(&word, bytes.data(), 8);
    hash = mix(hash ^ word, 0x9E3779B97F4A7C15u);
  }
  word = 0;
  std::memcpy(&word, bytes.data(), bytes.size());
  return mix(hash ^ word, 0xD6E8FEB86659FD93u);
}

// The place in the set and the two words malloc puts before a block.
constexpr std::size_t overhead = 40;

}  // namespace

struct RowCache::Entry {
  Entry* previous;
  Entry* next;
  CachedRow row;
  std::uint64_t hash;
  std::uint32_t table;
  std::uint32_t bytes;
  std::uint16_t partition_size;
  std::uint16_t sort_size;
  bool used;

  char const* text() const { return reinterpret_cast<char const*>(this + 1); }
  std::string_view partition() const { return {text(), partition_size}; }
  std::string_view sort() const { return {text() + partition_size, sort_size}; }
  void hold(CachedRow now) {
    row = std::move(now);
    bytes = static_cast<std::uint32_t>(sizeof(Entry) + partition_size + sort_size + overhead +
                                       (row.row ? row.row->bytes : 0));
  }
  static Entry* make(Probe const& probe) {
    void* const place = ::operator new(sizeof(Entry) + probe.partition.size() + probe.sort.size());
    auto* const entry = new (place) Entry{};
    entry->hash = probe.hash;
    entry->table = probe.table;
    entry->partition_size = static_cast<std::uint16_t>(probe.partition.size());
    entry->sort_size = static_cast<std::uint16_t>(probe.sort.size());
    auto* const text = reinterpret_cast<char*>(entry + 1);
    std::memcpy(text, probe.partition.data(), probe.partition.size());
    std::memcpy(text + probe.partition.size(), probe.sort.data(), probe.sort.size());
    return entry;
  }
  static void destroy(Entry* entry) {
    entry->~Entry();
    ::operator delete(entry);
  }
};

std::size_t RowCache::Hash::operator()(Entry const* entry) const { return entry->hash; }

bool RowCache::Equal::operator()(Probe const& probe, Entry const* entry) const {
  return entry->hash == probe.hash && entry->table == probe.table && entry->partition() == probe.partition &&
         entry->sort() == probe.sort;
}

RowCache::Probe RowCache::probe(RowKey const& key) {
  std::uint64_t const seed = mix(key.table->number + 1, 0xA0761D6478BD642Fu);
  return {hash_bytes(key.sort, hash_bytes(key.partition, seed)), key.table->number, key.partition, key.sort};
}

RowCache::RowCache(std::size_t bytes_max) : shard_bytes_max_(bytes_max / shards_count) {}

RowCache::~RowCache() {
  for (Shard& shard : shards_)
    for (Entry* entry : shard.entries) Entry::destroy(entry);
}

RowCache::Entry* RowCache::lookup(Shard& shard, Probe const& probe) {
  auto const found = shard.entries.find(probe);
  return found == shard.entries.end() ? nullptr : *found;
}

bool RowCache::find(RowKey const& key, CachedRow& found) {
  Probe const at = probe(key);
  Shard& part = shard(at);
  std::lock_guard const lock(part.mutex);
  Entry* const entry = lookup(part, at);
  if (entry == nullptr) return false;
  entry->used = true;
  found = entry->row;
  return true;
}

bool RowCache::find(RowKey const& key, RowPtr& row) {
  Probe const at = probe(key);
  Shard& part = shard(at);
  std::lock_guard const lock(part.mutex);
  Entry* const entry = lookup(part, at);
  if (entry == nullptr) {
    ++part.misses;
    return false;
  }
  ++part.hits;
  entry->used = true;
  row = entry->row.row;
  return true;
}

RowCache::Ticket RowCache::ticket(RowKey const& key) const {
  return epochs_[probe(key).hash % epochs_count].load(std::memory_order_acquire);
}

void RowCache::fill(RowKey const& key, Ticket ticket, CachedRow row) {
  Probe const at = probe(key);
  Shard& part = shard(at);
  std::lock_guard const lock(part.mutex);
  // Publishing happens under this lock, so nothing newer can slip in behind the comparison.
  if (epochs_[at.hash % epochs_count].load(std::memory_order_relaxed) != ticket) return;
  if (lookup(part, at) == nullptr) insert(part, at, std::move(row));
}

bool RowCache::announce(RowKey const& key) {
  Probe const at = probe(key);
  Shard& part = shard(at);
  std::lock_guard const lock(part.mutex);
  epochs_[at.hash % epochs_count].fetch_add(1, std::memory_order_release);
  return lookup(part, at) != nullptr;
}

void RowCache::publish(RowKey const& key, CachedRow row) {
  Probe const at = probe(key);
  Shard& part = shard(at);
  std::lock_guard const lock(part.mutex);
  epochs_[at.hash % epochs_count].fetch_add(1, std::memory_order_release);
  if (Entry* const entry = lookup(part, at)) {
    part.bytes -= entry->bytes;
    entry->hold(std::move(row));
    part.bytes += entry->bytes;
    shrink(part);
  } else {
    insert(part, at, std::move(row));
  }
}

void RowCache::forget(RowKey const& key) {
  Probe const at = probe(key);
  Shard& part = shard(at);
  std::lock_guard const lock(part.mutex);
  epochs_[at.hash % epochs_count].fetch_add(1, std::memory_order_release);
  if (Entry* const entry = lookup(part, at)) remove(part, entry);
}

void RowCache::insert(Shard& shard, Probe const& probe, CachedRow row) {
  // One large row shall not sweep out all others.
  if (row.row && row.row->bytes > shard_bytes_max_ / 4) return;
  Entry* const entry = Entry::make(probe);
  entry->hold(std::move(row));
  if (shard.hand == nullptr) {
    entry->previous = entry->next = shard.hand = entry;
  } else {  // just behind the hand: the last that it will meet
    entry->next = shard.hand;
    entry->previous = shard.hand->previous;
    entry->previous->next = entry->next->previous = entry;
  }
  shard.bytes += entry->bytes;
  shard.entries.insert(entry);
  shrink(shard);
}

void RowCache::remove(Shard& shard, Entry* entry) {
  shard.bytes -= entry->bytes;
  shard.entries.erase(entry);
  if (entry->next == entry) {
    shard.hand = nullptr;
  } else {
    entry->previous->next = entry->next;
    entry->next->previous = entry->previous;
    if (shard.hand == entry) shard.hand = entry->next;
  }
  Entry::destroy(entry);
}

void RowCache::shrink(Shard& shard) {
  while (shard.bytes > shard_bytes_max_ && shard.hand != nullptr) {
    Entry* const entry = shard.hand;
    if (entry->used) {
      entry->used = false;
      shard.hand = entry->next;
    } else {
      remove(shard, entry);
    }
  }
}

RowCache::Counts RowCache::counts() const {
  Counts counts;
  for (Shard const& shard : shards_) {
    std::lock_guard const lock(shard.mutex);
    counts.bytes += shard.bytes;
    counts.rows += shard.entries.size();
    counts.hits += shard.hits;
    counts.misses += shard.misses;
  }
  return counts;
}

}  // namespace kith::rocks
