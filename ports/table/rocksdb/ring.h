#pragma once

// The rings of one table that is spread: each entry is held once, wherever it came from, and each
// partition lists the indexes of its entries, 4 bytes each. `fresh` are those no chunk on the disk holds yet; `kept` is
// what reads are served from: the first entries of the partition in sort order (a feed sorts its newest first),
// complete up to its last one. Only memory: who reads and writes chunks is Rings.

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ports/table/rocksdb/codec.h"

namespace kith::rocks {

// A row without its partition, its state encoded: it lies in somebody else's bytes, or holds its own.
struct EntryView {
  std::string_view sort;
  std::string_view state;
};
struct OwnEntry {
  std::string sort;
  std::string state;
  operator EntryView() const { return {sort, state}; }
};
// Of equal sort keys, which stand side by side, keeps the one that wins.
void keep_winners(std::vector<EntryView>& sorted);
// A chunk on the disk is entries one after another, sorted, at most so many.
void append_entry(std::string& chunk, EntryView entry);
inline constexpr std::size_t chunk_entries = 256;

class RingTable {
 public:
  // unloaded: install `Query::wanted` entries and ask again; beyond: of what is never kept.
  enum class Found { yes, unloaded, beyond };

  // What of a partition is asked for, and the living rows that were found, their bytes one after
  // another: sort key, value.
  struct Hit {
    RowHeader header;
    std::uint32_t sort_size = 0;
    std::uint32_t value_size = 0;
  };
  struct Query {
    Range const& range;
    Time now;
    std::vector<Hit> hits = {};
    std::string bytes = {};
    bool more = false;
    std::size_t wanted = 0;

    // Takes it, if it lives, or says that there is more.
    void hit(EntryView entry);
  };

  RingTable() = default;
  ~RingTable();
  RingTable(RingTable const&) = delete;
  RingTable& operator=(RingTable const&) = delete;

  void insert(std::string_view sort, RowState const& state, std::vector<std::string> const& partitions);
  Found query(Query& query);
  // How often fresh entries were taken away so far. What was read from the disk before is only
  // installed if none were since.
  std::uint64_t cleanings() const;
  struct FromDisk {
    std::vector<EntryView> const& entries;  // the first of the partition
    bool whole = false;                     // all it has
    bool fragmented = false;
  };
  // False: read again.
  bool install(std::string const& partition, FromDisk disk, std::uint64_t cleanings);
  std::vector<OwnEntry> fresh(std::string const& partition) const;

  // Flushing: partitions with fresh entries, since the last call; their entries; that these are now
  // in chunks, which may then be forgotten.
  struct Dirty {
    std::string partition;
    std::vector<std::string> chunks = {};  // encoded; or, of a fragmented one,
    std::vector<OwnEntry> entries = {};    // what is to be put together with its old chunks
    std::size_t count = 0;                 // of the fresh ones, doubles counted
    bool fragmented = false;
  };
  std::vector<std::string> take_dirty();
  void give_back(std::vector<std::string> partitions);
  std::vector<Dirty> dirty(std::vector<std::string> const& partitions, std::size_t begin, std::size_t end);
  void clean(std::vector<Dirty> const& flushed);

  // Forgets rings that the disk holds until so many bytes are left; who was not used since the last
  // call goes first.
  void evict(std::size_t bytes);

  struct Counts {
    std::size_t rings = 0;
    std::size_t bytes = 0;
    std::size_t dirty = 0;
  };
  Counts counts() const;

 private:
  using Index = std::uint32_t;
  struct Entry : OwnEntry {
    std::uint32_t references = 0;
    // With its place in the set.
    std::size_t bytes() const { return sizeof(Entry) + sort.capacity() + state.capacity() + 8; }
  };
  struct Ring {
    std::vector<Index> kept;   // the largest sort key first, so that the newest entry is pushed back
    std::vector<Index> fresh;  // in the order they came
    bool loaded = false;
    bool whole = false;  // kept is all there is
    bool used = false;
    bool fragmented = false;  // many small chunks on the disk
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  // An entry by what it says.
  struct EntryHash {
    using is_transparent = void;
    std::vector<Entry> const* entries;
    std::size_t operator()(Index index) const { return std::hash<std::string_view>()((*entries)[index].sort); }
    std::size_t operator()(EntryView entry) const { return std::hash<std::string_view>()(entry.sort); }
  };
  struct EntryEqual {
    using is_transparent = void;
    std::vector<Entry> const* entries;
    bool operator()(Index one, Index other) const { return one == other; }
    bool operator()(EntryView entry, Index index) const {
      return entry.sort == (*entries)[index].sort && entry.state == (*entries)[index].state;
    }
    bool operator()(Index index, EntryView entry) const { return (*this)(entry, index); }
  };

  Index add(EntryView entry);
  bool wins(Index one, Index over) const;
  void release(Index index);
  void put(Ring& ring, std::string const& partition, Index index);
  bool keep(Ring& ring, Index index);
  void trim(Ring& ring);
  void unload(Ring& ring);
  Found missing(Ring const* ring, Query& query) const;
  std::size_t bytes() const;
  std::vector<std::string> encoded(std::vector<Index>& fresh) const;
  bool bounded(Ring const& ring, Query const& query) const;
  // The place in kept behind all entries with a larger sort key.
  std::size_t place(Ring const& ring, std::string_view sort) const;

  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
  boost::unordered_flat_set<Index, EntryHash, EntryEqual> known_{0, EntryHash{&entries_}, EntryEqual{&entries_}};
  std::vector<Index> free_;
  boost::unordered_flat_map<std::string, Ring, Hash, std::equal_to<>> rings_;
  std::vector<std::string> dirty_;  // partitions whose fresh entries are not being flushed yet
  std::uint64_t cleanings_ = 0;
  std::size_t entry_bytes_ = 0;
  std::size_t indexes_ = 0;
  std::size_t fresh_ = 0;
  std::vector<Index> sorted_;  // for dirty()
};

}  // namespace kith::rocks
