#pragma once

// Rendered pieces, kept by what they show: a piece is found only under exactly the stamp (versions)
// it was rendered for, so a stale one is never shown, and losing all of them changes no answer.
// Bounded in bytes; the longest unused half of a shard's chances goes first (CLOCK). Any thread.

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace kith {

using Fragment = std::shared_ptr<std::string const>;

template <class Stamp>
class Fragments {
 public:
  explicit Fragments(std::size_t bytes_max) : shard_bytes_max_(bytes_max / shards) {}

  // Null when there is none for this stamp.
  Fragment find(std::uint64_t id, Stamp const& stamp) {
    Shard& shard = shard_of(id);
    std::lock_guard const lock(shard.mutex);
    auto const place = shard.places.find(id);
    if (place == shard.places.end()) return nullptr;
    Entry& entry = shard.entries[place->second];
    if (!(entry.stamp == stamp)) return nullptr;
    if (!entry.used) entry.used = true;
    fetch(*entry.text);
    return entry.text;
  }

  void keep(std::uint64_t id, Stamp stamp, Fragment text) {
    Shard& shard = shard_of(id);
    std::size_t const size = text->size() + sizeof(Entry) + 64;
    std::lock_guard const lock(shard.mutex);
    if (auto const place = shard.places.find(id); place != shard.places.end()) {
      Entry& entry = shard.entries[place->second];
      shard.bytes += size - entry.size;
      entry = {id, std::move(stamp), std::move(text), size, true};
    } else {
      shard.places.emplace(id, static_cast<std::uint32_t>(shard.entries.size()));
      shard.entries.push_back({id, std::move(stamp), std::move(text), size, true});
      shard.bytes += size;
    }
    while (shard.bytes > shard_bytes_max_ && !shard.entries.empty()) drop_one(shard);
  }

 private:
  static constexpr std::size_t shards = 64;
  struct Entry {
    std::uint64_t id;
    Stamp stamp;
    Fragment text;
    std::size_t size;
    bool used;
  };
  struct Shard {
    std::mutex mutex;
    boost::unordered_flat_map<std::uint64_t, std::uint32_t> places;
    std::vector<Entry> entries;
    std::size_t hand = 0;
    std::size_t bytes = 0;
  };

  // The ids' low bits are a sequence within a millisecond and mostly zero, so they are mixed first.
  Shard& shard_of(std::uint64_t id) { return shards_[(id * 0x9E3779B97F4A7C15u) >> 58]; }

  // Where a page's pieces are found one after another and then copied, the beginning of each comes into the
  // processor's caches while the next is looked for; the rest follows as it is read.
  static void fetch(std::string const& text) {
    constexpr std::size_t line = 64, lines_max = 8;
    for (std::size_t at = 0; at < std::min(text.size(), line * lines_max); at += line)
      __builtin_prefetch(text.data() + at);
  }

  static void drop_one(Shard& shard) {
    for (;;) {
      if (shard.hand >= shard.entries.size()) shard.hand = 0;
      Entry& entry = shard.entries[shard.hand];
      if (!entry.used) break;
      entry.used = false;
      ++shard.hand;
    }
    Entry& gone = shard.entries[shard.hand];
    shard.bytes -= gone.size;
    shard.places.erase(gone.id);
    if (&gone != &shard.entries.back()) {
      gone = std::move(shard.entries.back());
      shard.places[gone.id] = static_cast<std::uint32_t>(shard.hand);
    }
    shard.entries.pop_back();
  }

  std::size_t shard_bytes_max_;
  std::array<Shard, shards> shards_;
};

}  // namespace kith
