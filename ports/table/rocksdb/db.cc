#include "ports/table/rocksdb/db.h"

#include <algorithm>
#include <memory>

namespace kith::rocks {
namespace {

using rocksdb::PinnableSlice;
using rocksdb::ReadOptions;
using rocksdb::Slice;
using rocksdb::Status;

// Reads the keys at `places`; those that could not be read without waiting (NoWait) are left in `places`.
void read_some(Db& db, std::vector<std::string> const& keys, std::vector<std::size_t>& places,
               std::vector<RowState>& states) {
  if (places.empty()) return;
  std::vector<Slice> slices;
  slices.reserve(places.size());
  for (std::size_t const place : places) slices.emplace_back(keys[place]);
  std::vector<PinnableSlice> values(places.size());
  std::vector<Status> statuses(places.size());
  if (places.size() == 1)
    statuses[0] = db.db->Get({}, db.rows, slices[0], &values[0]);
  else
    db.db->MultiGet({}, db.rows, places.size(), slices.data(), values.data(), statuses.data());
  std::size_t left = 0;
  for (std::size_t i = 0; i < statuses.size(); ++i) {
    if (statuses[i].IsIncomplete())
      places[left++] = places[i];
    else if (statuses[i].ok())
      states[places[i]] = decode_state({values[i].data(), values[i].size()});
    else if (!statuses[i].IsNotFound())
      throw failed("read", statuses[i]);
  }
  places.resize(left);
}

// A cursor is the last row's key behind the table's number.
std::string key_at(Table table, std::string const& cursor) {
  if (cursor.size() < 2 || static_cast<unsigned char>(cursor.front()) + 2u > cursor.size())
    throw Error{Code::invalid, "This cursor is not valid", "a walk goes on with the cursor it was given"};
  return table_prefix(table->number) + cursor;
}

}  // namespace

Error failed(char const* verb, Status const& status) {
  return {Code::unavailable, "Storage is not available", std::string(verb) + ": " + status.ToString()};
}

std::string beyond(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xFF) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

Task<std::vector<RowState>> read_states(Db& db, std::vector<std::string> keys) {
  std::vector<RowState> states(keys.size());
  std::vector<std::size_t> places(keys.size());
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = i;
  if (places.empty()) co_return states;
  co_await db.read([&] { read_some(db, keys, places, states); });
  co_return states;
}

Scanned scan_rows_now(Db& db, Range const& range) {
  Scanned page;
  if (range.limit == 0 || (!range.to.empty() && range.to <= range.from)) return page;
  std::string const prefix = partition_prefix(range.table->number, range.partition);
  std::string const lower = prefix + range.from;
  std::string const upper = range.to.empty() ? beyond(prefix) : prefix + range.to;
  Slice const lower_bound(lower), upper_bound(upper);
  ReadOptions options;
  options.iterate_lower_bound = &lower_bound;
  options.iterate_upper_bound = &upper_bound;
  std::unique_ptr<rocksdb::Iterator> const at(db.db->NewIterator(options, db.rows));
  Time const now = db.clock.now();
  if (range.backwards)
    at->SeekToLast();
  else
    at->Seek(lower_bound);
  for (; at->Valid(); range.backwards ? at->Prev() : at->Next()) {
    RowState const state = decode_state({at->value().data(), at->value().size()});
    if (!state.lives(now)) continue;
    if (page.rows.size() == range.limit) {
      page.more = true;
      return page;
    }
    RowKey key{range.table, range.partition, {at->key().data() + prefix.size(), at->key().size() - prefix.size()}};
    RowPtr row = range.table->parse(key, state.header(), state.value);
    page.rows.push_back({std::move(key), std::move(row)});
  }
  if (!at->status().ok()) throw failed("scan", at->status());
  return page;
}

Task<Scanned> scan_rows(Db& db, Range range) {
  Scanned page;
  co_await db.read([&] { page = scan_rows_now(db, range); });
  co_return page;
}

RawPage walk_rows(Db& db, Table table, std::string const& cursor, std::size_t limit) {
  std::string const prefix = table_prefix(table->number);
  std::string const upper = beyond(prefix);
  Slice const upper_bound(upper);
  ReadOptions options;
  options.iterate_upper_bound = &upper_bound;
  options.fill_cache = false;  // a walk shall not sweep out what people read
  std::unique_ptr<rocksdb::Iterator> const at(db.db->NewIterator(options, db.rows));
  if (cursor.empty()) {
    at->Seek(prefix);
  } else {
    std::string const last = key_at(table, cursor);
    at->Seek(last);
    if (at->Valid() && at->key() == Slice(last)) at->Next();
  }
  RawPage page;
  Time const now = db.clock.now();
  for (std::size_t seen = 0; at->Valid() && seen < std::max<std::size_t>(limit, 1); at->Next(), ++seen) {
    std::string_view const key{at->key().data(), at->key().size()};
    page.cursor = key.substr(prefix.size());
    RowState state = decode_state({at->value().data(), at->value().size()});
    if (!state.lives(now)) continue;
    RawRow row{.key = {.table = table}, .header = state.header(), .value = std::move(state.value)};
    split_key(key, row.key.partition, row.key.sort);
    page.rows.push_back(std::move(row));
  }
  if (!at->status().ok()) throw failed("walk", at->status());
  if (!at->Valid()) page.cursor.clear();
  return page;
}

void check_class(Table table, TableClass table_class) {
  if (table == nullptr || table->table_class != table_class)
    throw Error{Code::internal, "Stored data cannot be read", "a table was given to an engine of the other class"};
}

void check_count(std::size_t count, std::size_t most, char const* what) {
  if (count > most)
    throw Error{Code::invalid, "This is too much at once", std::string(what) + ": at most " + std::to_string(most)};
}

}  // namespace kith::rocks
