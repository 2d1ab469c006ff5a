#pragma once

// What is spread, on the disk. A journal record is one call: its entries with all their partitions,
// so that 1,000 followers cost one row. A chunk is what a flush puts into one partition: whole
// entries, sorted. Marks name the tables that are spread.
//
//   j number                    record: entries, each with its partitions
//   c table partition flush     chunk: entries
//   m table                     mark

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ports/table/rocksdb/db.h"
#include "ports/table/rocksdb/ring.h"

namespace kith::rocks {

struct JournalEntry {
  std::string sort;
  RowState state;
  std::vector<std::string> partitions;
};
struct JournalRecord {
  std::uint32_t table = 0;
  std::vector<JournalEntry> entries;
};

std::string journal_key(std::uint64_t number);
std::string encode_record(JournalRecord const& record);
JournalRecord decode_record(std::string_view bytes);
std::string mark_key(std::uint32_t table);

std::string chunk_prefix(std::uint32_t table, std::string_view partition);
std::string chunk_key(std::uint32_t table, std::string_view partition, std::uint64_t flush, std::uint32_t part);

// Of one partition, what is on the disk: chunks, and rows from before the table was spread. Sorted, each
// sort key once.
struct OnDisk {
  std::vector<EntryView> entries;
  std::vector<std::string> chunks;  // the keys of those that were read
  std::deque<std::string> bytes;    // where the entries lie
  bool whole = true;                // nothing lies behind the entries
};
// All of it; `more` (outliving the answer) is merged with it.
OnDisk read_partition(Db& db, std::uint32_t table, std::string_view partition, std::vector<OwnEntry> const& more = {});
// Its first entries, so many. Of a flush, the parts behind those are not read.
OnDisk read_first(Db& db, std::uint32_t table, std::string_view partition, std::size_t count);

std::size_t flushes_of(Db& db, std::uint32_t table, std::string_view partition);

// The first partition of the table after this one (empty: the first at all); empty: there is none.
std::string next_partition(Db& db, std::uint32_t table, std::string_view partition);

}  // namespace kith::rocks
