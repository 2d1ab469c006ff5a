#include "ports/table/rocksdb/cache.h"

#include <algorithm>
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

// The slots and the two words malloc puts before a block.
constexpr std::size_t overhead = 64;
constexpr std::size_t slots_min = 64;
// What is looked up together: as many lines as a core can have on their way, some times over.
constexpr std::size_t group = 32;

// A row, and its owners, who are counted right before it. It may be gone, or none: what is computed is only fetched.
void prefetch_around(Row const* row) {
  auto const at = reinterpret_cast<std::uintptr_t>(row);
  __builtin_prefetch(reinterpret_cast<void const*>(at - 16), 1);  // NOLINT(performance-no-int-to-ptr)
  __builtin_prefetch(reinterpret_cast<void const*>(at + 64));     // NOLINT(performance-no-int-to-ptr)
}

}  // namespace

// What a look-up reads comes first and lies in one line of the processor's caches.
struct alignas(64) RowCache::Entry {
  std::uint64_t hash;
  RowPtr row;
  std::uint32_t table;
  std::uint16_t partition_size;
  std::uint16_t sort_size;
  bool used;
  std::array<char, 16> head;  // of the key; the rest lies behind the entry

  Version version;
  OperationId operation;
  Time expires_at;
  Entry* previous;
  Entry* next;
  std::uint32_t bytes;

  std::size_t key_size() const { return std::size_t{partition_size} + sort_size; }
  bool is(std::string_view partition, std::string_view sort) const {
    if (partition_size != partition.size() || sort_size != sort.size()) return false;
    char const* const key = key_size() <= head.size() ? head.data() : reinterpret_cast<char const*>(this + 1);
    return std::memcmp(key, partition.data(), partition.size()) == 0 &&
           std::memcmp(key + partition.size(), sort.data(), sort.size()) == 0;
  }
  CachedRow known() const { return {row, version, operation, expires_at}; }
  void hold(CachedRow now) {
    row = std::move(now.row);
    version = now.version;
    operation = now.operation;
    expires_at = now.expires_at;
    bytes = static_cast<std::uint32_t>(sizeof(Entry) + (key_size() <= head.size() ? 0 : key_size()) + overhead +
                                       (row ? row->bytes : 0));
  }
  static Entry* make(Probe const& probe) {
    std::size_t const size = probe.partition.size() + probe.sort.size();
    std::size_t const behind = size <= sizeof(Entry::head) ? 0 : size;
    void* const place = ::operator new(sizeof(Entry) + behind, std::align_val_t{alignof(Entry)});
    auto* const entry = new (place) Entry{};
    entry->hash = probe.hash;
    entry->table = probe.table;
    entry->partition_size = static_cast<std::uint16_t>(probe.partition.size());
    entry->sort_size = static_cast<std::uint16_t>(probe.sort.size());
    char* const key = behind == 0 ? entry->head.data() : reinterpret_cast<char*>(entry + 1);
    std::memcpy(key, probe.partition.data(), probe.partition.size());
    std::memcpy(key + probe.partition.size(), probe.sort.data(), probe.sort.size());
    return entry;
  }
  static void destroy(Entry* entry) {
    entry->~Entry();
    ::operator delete(entry, std::align_val_t{alignof(Entry)});
  }
};

RowCache::Probe RowCache::probe(RowKey const& key) {
  std::uint64_t const seed = mix(key.table->number + 1, 0xA0761D6478BD642Fu);
  return {hash_bytes(key.sort, hash_bytes(key.partition, seed)), key.table->number, key.partition, key.sort};
}

RowCache::RowCache(std::size_t bytes_max) : shard_bytes_max_(bytes_max / shards_count) {
  for (Shard& shard : shards_) grow(shard);
}

RowCache::~RowCache() {
  for (Shard& shard : shards_) {
    Slots const& slots = *shard.slots.load();
    for (std::size_t i = 0; i <= slots.mask; ++i)
      if (Entry* const entry = slots.slots[i].entry.load()) Entry::destroy(entry);
  }
}

bool RowCache::matches(Probe const& probe, Entry const& entry) {
  return entry.hash == probe.hash && entry.table == probe.table && entry.is(probe.partition, probe.sort);
}

// Its slot, or the empty one where it belongs.
RowCache::Slot* RowCache::place(Shard& shard, Probe const& probe) {
  Slots const& slots = *shard.slots.load(std::memory_order_relaxed);
  for (std::size_t at = probe.hash & slots.mask;; at = (at + 1) & slots.mask) {
    Entry const* const entry = slots.slots[at].entry.load(std::memory_order_relaxed);
    if (entry == nullptr || matches(probe, *entry)) return &slots.slots[at];
  }
}

RowCache::Entry* RowCache::lookup(Shard& shard, Probe const& probe) {
  return place(shard, probe)->entry.load(std::memory_order_relaxed);
}

void RowCache::hold(Slot& slot, Entry& entry, CachedRow row) {
  entry.hold(std::move(row));
  slot.row.store(entry.row.get(), std::memory_order_relaxed);
  slot.entry.store(&entry, std::memory_order_relaxed);
}

void RowCache::grow(Shard& shard) {
  Slots const* const old = shard.slots.load(std::memory_order_relaxed);
  auto slots = std::make_unique<Slots const>(old == nullptr ? slots_min : (old->mask + 1) * 2);
  for (std::size_t i = 0; old != nullptr && i <= old->mask; ++i) {
    Entry* const entry = old->slots[i].entry.load(std::memory_order_relaxed);
    if (entry == nullptr) continue;
    std::size_t at = entry->hash & slots->mask;
    while (slots->slots[at].entry.load(std::memory_order_relaxed) != nullptr) at = (at + 1) & slots->mask;
    slots->slots[at].row.store(entry->row.get(), std::memory_order_relaxed);
    slots->slots[at].entry.store(entry, std::memory_order_relaxed);
  }
  shard.slots.store(slots.get(), std::memory_order_release);
  shard.all_slots.push_back(std::move(slots));
}

bool RowCache::find(RowKey const& key, CachedRow& found) {
  Probe const at = probe(key);
  Shard& part = shard(at);
  std::lock_guard const lock(part.mutex);
  Entry* const entry = lookup(part, at);
  if (entry == nullptr) return false;
  entry->used = true;
  found = entry->known();
  return true;
}

void RowCache::find(std::span<RowKey const> keys, std::vector<RowPtr>& rows, std::vector<std::size_t>& missing) {
  rows.resize(keys.size());
  std::array<Probe, group> probes;
  std::array<Slot const*, group> slots;
  for (std::size_t begin = 0; begin < keys.size(); begin += group) {
    std::size_t const count = std::min(group, keys.size() - begin);
    for (std::size_t i = 0; i < count; ++i) {
      probes[i] = probe(keys[begin + i]);
      Slots const& all = *shard(probes[i]).slots.load(std::memory_order_acquire);
      slots[i] = &all.slots[probes[i].hash & all.mask];
      __builtin_prefetch(slots[i]);
    }
    // What stands there may be another row's, or gone: then the wrong line is fetched, and nothing else happens.
    for (std::size_t i = 0; i < count; ++i) {
      __builtin_prefetch(slots[i]->entry.load(std::memory_order_relaxed), 1);
      prefetch_around(slots[i]->row.load(std::memory_order_relaxed));
    }
    for (std::size_t i = 0; i < count; ++i) {
      Shard& part = shard(probes[i]);
      std::lock_guard const lock(part.mutex);
      Entry* const entry = lookup(part, probes[i]);
      if (entry == nullptr) {
        ++part.misses;
        missing.push_back(begin + i);
        continue;
      }
      ++part.hits;
      entry->used = true;
      rows[begin + i] = entry->row;
    }
  }
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
  Slot& slot = *place(part, at);
  if (Entry* const entry = slot.entry.load(std::memory_order_relaxed)) {
    part.bytes -= entry->bytes;
    hold(slot, *entry, std::move(row));
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
  // Half full, so that a look-up ends in the line where it began.
  if ((shard.entries + 1) * 2 > shard.slots.load(std::memory_order_relaxed)->mask) grow(shard);
  Entry* const entry = Entry::make(probe);
  hold(*place(shard, probe), *entry, std::move(row));
  ++shard.entries;
  if (shard.hand == nullptr) {
    entry->previous = entry->next = shard.hand = entry;
  } else {  // just behind the hand: the last that it will meet
    entry->next = shard.hand;
    entry->previous = shard.hand->previous;
    entry->previous->next = entry->next->previous = entry;
  }
  shard.bytes += entry->bytes;
  shrink(shard);
}

void RowCache::remove(Shard& shard, Entry* entry) {
  shard.bytes -= entry->bytes;
  --shard.entries;
  // Those behind it move up, so that no look-up meets a hole.
  Slots const& slots = *shard.slots.load(std::memory_order_relaxed);
  std::size_t hole = entry->hash & slots.mask;
  while (slots.slots[hole].entry.load(std::memory_order_relaxed) != entry) hole = (hole + 1) & slots.mask;
  for (std::size_t at = hole;;) {
    at = (at + 1) & slots.mask;
    Entry* const behind = slots.slots[at].entry.load(std::memory_order_relaxed);
    if (behind == nullptr) break;
    std::size_t const home = behind->hash & slots.mask;
    if (((at - home) & slots.mask) < ((at - hole) & slots.mask)) continue;  // it would come before its home
    slots.slots[hole].row.store(behind->row.get(), std::memory_order_relaxed);
    slots.slots[hole].entry.store(behind, std::memory_order_relaxed);
    hole = at;
  }
  slots.slots[hole].row.store(nullptr, std::memory_order_relaxed);
  slots.slots[hole].entry.store(nullptr, std::memory_order_relaxed);
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
    counts.rows += shard.entries;
    counts.hits += shard.hits;
    counts.misses += shard.misses;
  }
  return counts;
}

}  // namespace kith::rocks
