#include "ports/table/rocksdb/chunks.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <span>

namespace kith::rocks {
namespace {

constexpr auto all = std::numeric_limits<std::size_t>::max();

std::string_view view(rocksdb::Slice slice) { return {slice.data(), slice.size()}; }

struct Bounded {
  std::string upper;
  rocksdb::Slice bound;
  std::unique_ptr<rocksdb::Iterator> at;

  Bounded(Db& db, rocksdb::ColumnFamilyHandle* family, std::string const& prefix)
      : upper(beyond(prefix)), bound(upper) {
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &bound;
    at.reset(db.db->NewIterator(options, family));
  }
  void end() const {
    if (!at->status().ok()) throw failed("read a feed", at->status());
  }
};

// Its first entries, so many; whether these are all.
bool decode_chunk(std::string_view bytes, std::size_t count, std::vector<EntryView>& entries) {
  for (; !bytes.empty() && count > 0; --count) {
    auto const sort = take_sized(bytes);
    entries.push_back({sort, take_sized(bytes)});
  }
  return bytes.empty();
}

// What lies behind `middle`, sorted as what lies before it is, to its place.
void merge_from(std::vector<EntryView>& entries, std::size_t middle) {
  if (middle == 0 || middle == entries.size() || entries[middle - 1].sort < entries[middle].sort) return;
  std::span const all(entries);
  std::vector<EntryView> merged;
  merged.reserve(entries.capacity());
  std::ranges::merge(all.first(middle), all.subspan(middle), std::back_inserter(merged), {}, &EntryView::sort,
                     &EntryView::sort);
  entries = std::move(merged);
}

std::uint64_t flush_in(std::string const& prefix, std::string_view key) { return read_u64(key.data() + prefix.size()); }

// Where the chunks of the flush behind this key's would begin.
std::string behind_flush(std::string const& prefix, rocksdb::Slice key) {
  std::string next = prefix;
  append_u64(next, flush_in(prefix, view(key)) + 1);
  return next;
}

// The chunks of each flush, whose parts are sorted as their entries are, up to `count` entries of it.
void read_chunks(Db& db, std::string const& prefix, std::size_t count, OnDisk& found) {
  Bounded walk(db, db.feeds, prefix);
  std::uint64_t flush = 0;
  std::size_t begin = 0;  // of this flush's entries
  for (walk.at->Seek(prefix); walk.at->Valid();) {
    std::string_view const key = view(walk.at->key());
    if (std::uint64_t const here = flush_in(prefix, key); here != flush) {
      merge_from(found.entries, begin);
      begin = found.entries.size();
      flush = here;
    }
    found.chunks.emplace_back(key);
    std::size_t const left = count - (found.entries.size() - begin);
    bool const ended = decode_chunk(found.bytes.emplace_back(view(walk.at->value())), left, found.entries);
    if (ended && found.entries.size() - begin < count) {
      walk.at->Next();
    } else {
      found.whole = false;
      walk.at->Seek(behind_flush(prefix, walk.at->key()));
    }
  }
  walk.end();
  merge_from(found.entries, begin);
}

// Rows from before the table was spread, up to `count`.
void read_rows(Db& db, std::string const& prefix, std::size_t count, OnDisk& found) {
  std::size_t const middle = found.entries.size();
  Bounded walk(db, db.rows, prefix);
  for (walk.at->Seek(prefix); walk.at->Valid() && found.entries.size() - middle < count; walk.at->Next()) {
    std::string const& sort = found.bytes.emplace_back(view(walk.at->key()).substr(prefix.size()));
    found.entries.push_back({sort, found.bytes.emplace_back(view(walk.at->value()))});
  }
  walk.end();
  found.whole = found.whole && !walk.at->Valid();
  merge_from(found.entries, middle);
}

// The partition behind the table's number and its size byte.
std::string partition_in(std::string_view key, std::size_t at) {
  auto const size = static_cast<unsigned char>(key[at]) + 1u;
  return std::string(key.substr(at + 1, size));
}

std::string first_behind(Db& db, rocksdb::ColumnFamilyHandle* family, std::string const& letter, std::uint32_t table,
                         std::string_view partition) {
  std::string const prefix = letter + table_prefix(table);
  Bounded walk(db, family, prefix);
  walk.at->Seek(partition.empty() ? prefix : beyond(letter + partition_prefix(table, partition)));
  walk.end();
  return walk.at->Valid() ? partition_in(view(walk.at->key()), prefix.size()) : std::string();
}

}  // namespace

std::string journal_key(std::uint64_t number) {
  std::string key = "j";
  append_u64(key, number);
  return key;
}

std::string mark_key(std::uint32_t table) { return "m" + table_prefix(table); }

std::string encode_record(JournalRecord const& record) {
  std::string bytes;
  std::size_t size = 16;
  for (JournalEntry const& entry : record.entries)
    size += 64 + entry.sort.size() + entry.state.value.size() + entry.partitions.size() * 10;
  bytes.reserve(size);
  append_varint(bytes, record.table);
  for (JournalEntry const& entry : record.entries) {
    append_sized(bytes, entry.sort);
    append_sized(bytes, encode_state(entry.state));
    append_varint(bytes, entry.partitions.size());
    for (std::string const& partition : entry.partitions) append_sized(bytes, partition);
  }
  return bytes;
}

JournalRecord decode_record(std::string_view bytes) {
  JournalRecord record{.table = static_cast<std::uint32_t>(take_varint(bytes)), .entries = {}};
  while (!bytes.empty()) {
    JournalEntry& entry = record.entries.emplace_back();
    entry.sort = take_sized(bytes);
    entry.state = decode_state(take_sized(bytes));
    for (auto left = take_varint(bytes); left > 0; --left) entry.partitions.emplace_back(take_sized(bytes));
  }
  return record;
}

std::string chunk_prefix(std::uint32_t table, std::string_view partition) {
  return "c" + partition_prefix(table, partition);
}

std::string chunk_key(std::uint32_t table, std::string_view partition, std::uint64_t flush, std::uint32_t part) {
  std::string key = chunk_prefix(table, partition);
  append_u64(key, flush);
  append_u32(key, part);
  return key;
}

OnDisk read_partition(Db& db, std::uint32_t table, std::string_view partition, std::vector<OwnEntry> const& more) {
  OnDisk found;
  read_chunks(db, chunk_prefix(table, partition), all, found);
  read_rows(db, partition_prefix(table, partition), all, found);
  std::size_t const middle = found.entries.size();
  found.entries.insert(found.entries.end(), more.begin(), more.end());
  std::ranges::sort(found.entries.begin() + static_cast<std::ptrdiff_t>(middle), found.entries.end(), {},
                    &EntryView::sort);
  merge_from(found.entries, middle);
  keep_winners(found.entries);
  return found;
}

// If a flush was cut, it alone gave so many different sort keys: no smaller one is missing.
OnDisk read_first(Db& db, std::uint32_t table, std::string_view partition, std::size_t count) {
  OnDisk found;
  read_chunks(db, chunk_prefix(table, partition), count, found);
  read_rows(db, partition_prefix(table, partition), count, found);
  keep_winners(found.entries);
  if (found.entries.size() > count) {
    found.entries.resize(count);
    found.whole = false;
  }
  return found;
}

std::size_t flushes_of(Db& db, std::uint32_t table, std::string_view partition) {
  std::string const prefix = chunk_prefix(table, partition);
  Bounded walk(db, db.feeds, prefix);
  std::size_t flushes = 0;
  for (walk.at->Seek(prefix); walk.at->Valid(); walk.at->Seek(behind_flush(prefix, walk.at->key()))) ++flushes;
  walk.end();
  return flushes;
}

std::string next_partition(Db& db, std::uint32_t table, std::string_view partition) {
  std::string const chunk = first_behind(db, db.feeds, "c", table, partition);
  std::string const row = first_behind(db, db.rows, "", table, partition);
  if (chunk.empty() || row.empty()) return chunk.empty() ? row : chunk;
  // As the keys lie: shorter partitions first.
  return std::pair(chunk.size(), chunk) < std::pair(row.size(), row) ? chunk : row;
}

}  // namespace kith::rocks
