#include "ports/table/rocksdb_chunks.h"

#include <algorithm>
#include <iterator>
#include <span>

namespace kith::rocks {
namespace {

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

void decode_chunk(std::string_view bytes, std::vector<EntryView>& entries) {
  while (!bytes.empty()) {
    auto const sort = take_sized(bytes);
    entries.push_back({sort, take_sized(bytes)});
  }
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
  found.entries.reserve(4 * chunk_entries);  // more than an ordinary feed has
  std::size_t middle = 0;
  {
    Bounded walk(db, db.feeds, chunk_prefix(table, partition));
    for (walk.at->Seek(chunk_prefix(table, partition)); walk.at->Valid(); walk.at->Next()) {
      found.chunks.push_back(walk.at->key().ToString());
      decode_chunk(found.bytes.emplace_back(view(walk.at->value())), found.entries);
      merge_from(found.entries, middle);
      middle = found.entries.size();
    }
    walk.end();
  }
  std::string const prefix = partition_prefix(table, partition);
  Bounded walk(db, db.rows, prefix);
  for (walk.at->Seek(prefix); walk.at->Valid(); walk.at->Next()) {
    std::string const& sort = found.bytes.emplace_back(view(walk.at->key()).substr(prefix.size()));
    found.entries.push_back({sort, found.bytes.emplace_back(view(walk.at->value()))});
  }
  walk.end();
  merge_from(found.entries, middle);
  middle = found.entries.size();
  found.entries.insert(found.entries.end(), more.begin(), more.end());
  std::ranges::sort(found.entries.begin() + static_cast<std::ptrdiff_t>(middle), found.entries.end(), {},
                    &EntryView::sort);
  merge_from(found.entries, middle);
  keep_winners(found.entries);
  return found;
}

std::string next_partition(Db& db, std::uint32_t table, std::string_view partition) {
  std::string const chunk = first_behind(db, db.feeds, "c", table, partition);
  std::string const row = first_behind(db, db.rows, "", table, partition);
  if (chunk.empty() || row.empty()) return chunk.empty() ? row : chunk;
  // As the keys lie: shorter partitions first.
  return std::pair(chunk.size(), chunk) < std::pair(row.size(), row) ? chunk : row;
}

}  // namespace kith::rocks
