#include "ports/table/rocksdb/wide.h"

#include <algorithm>

#include "ports/table/rocksdb/get.h"

namespace kith::rocks {

Task<std::vector<RowPtr>> RocksWide::get(std::vector<RowKey> keys) {
  check_count(keys.size(), multi_get_max, "rows of one read");
  std::vector<RowKey> spread, plain;
  std::vector<bool> is_spread;
  for (RowKey& key : keys) {
    check_class(key.table, TableClass::wide);
    check_limits(key);
    is_spread.push_back(needs_.rings.serves(key.table));
    (is_spread.back() ? spread : plain).push_back(std::move(key));
  }
  if (spread.empty()) co_return co_await get_rows(needs_.db, needs_.cache, std::move(plain));
  auto from_rings = co_await needs_.rings.get(std::move(spread));
  auto from_rows = co_await get_rows(needs_.db, needs_.cache, std::move(plain));
  std::vector<RowPtr> rows;
  std::size_t ring = 0, row = 0;
  for (bool const one : is_spread) rows.push_back(std::move(one ? from_rings[ring++] : from_rows[row++]));
  co_return rows;
}

Task<Scanned> RocksWide::scan(Range range) {
  check_class(range.table, TableClass::wide);
  check_count(range.limit, scan_max, "rows of one scan");
  check_limits(RowKey{range.table, range.partition, {}});
  if (needs_.rings.serves(range.table)) co_return co_await needs_.rings.scan(std::move(range));
  co_return co_await scan_rows(needs_.db, std::move(range));
}

Task<void> RocksWide::put(std::vector<WidePut> puts) {
  check_count(puts.size(), scan_max, "rows of one wide put");
  Rows rows;
  rows.reserve(puts.size());
  for (WidePut& put : puts) {
    check_class(put.key.table, TableClass::wide);
    check_limits(put.key, put.value);
    rows.emplace_back(std::move(put.key),
                      RowState{.version = put.version, .expires_at = put.expires_at, .value = std::move(put.value)});
  }
  co_await write(std::move(rows));
}

Task<void> RocksWide::erase(std::vector<WideErase> erases) {
  check_count(erases.size(), scan_max, "rows of one wide erase");
  Rows rows;
  rows.reserve(erases.size());
  for (WideErase& erase : erases) {
    check_class(erase.key.table, TableClass::wide);
    check_limits(erase.key);
    rows.emplace_back(std::move(erase.key), RowState{.version = erase.version, .erased = true});
  }
  co_await write(std::move(rows));
}

Task<void> RocksWide::spread(Spread spread) {
  check_count(spread.partitions.size(), spread_max, "partitions of one spread");
  check_class(spread.table, TableClass::wide);
  RowKey key{spread.table, "0", spread.sort};
  check_limits(key, spread.value);
  for (std::string const& partition : spread.partitions)
    if (partition.empty() || partition.size() > partition_bytes_max)
      throw Error{Code::invalid, "A name in this request is too long", "a partition key has 1 to 256 bytes"};
  if (spread.partitions.empty()) co_return;
  std::vector<JournalEntry> entries(1);
  entries[0].sort = std::move(spread.sort);
  entries[0].state = {.version = spread.version, .expires_at = spread.expires_at, .value = std::move(spread.value)};
  entries[0].partitions = std::move(spread.partitions);
  co_await needs_.rings.write(spread.table, std::move(entries));
}

Task<RawPage> RocksWide::scan_all(Table table, std::string cursor, std::size_t limit) {
  check_class(table, TableClass::wide);
  check_count(limit, scan_max, "rows of one step of a walk");
  bool const spread = needs_.rings.serves(table);
  co_return co_await needs_.db.workers.run(
      [&] { return spread ? needs_.rings.walk(table, cursor, limit) : walk_rows(needs_.db, table, cursor, limit); });
}

Task<void> RocksWide::apply(std::vector<RawRow> applied) {
  check_count(applied.size(), scan_max, "rows of one apply");
  Rows rows;
  rows.reserve(applied.size());
  for (RawRow& row : applied) {
    check_class(row.key.table, TableClass::wide);
    check_limits(row.key, row.value);
    RowState state{.version = row.header.version,
                   .operation = row.header.operation,
                   .expires_at = row.header.expires_at,
                   .erased = row.erased};
    if (!row.erased) state.value = std::move(row.value);
    rows.emplace_back(std::move(row.key), std::move(state));
  }
  co_await write(std::move(rows));
}

// Each row to where its table is; of one that is spread, each with the one partition it is for.
Task<void> RocksWide::write(Rows rows) {
  while (!rows.empty()) {
    std::map<Table, std::vector<JournalEntry>> spread;
    NewestJob job([this](Table table) { return needs_.rings.takes(table); });
    for (auto& [key, state] : rows) {
      if (!needs_.rings.takes(key.table)) {
        job.add(std::move(key), std::move(state));
        continue;
      }
      JournalEntry& entry = spread[key.table].emplace_back();
      entry.sort = std::move(key.sort);
      entry.state = std::move(state);
      entry.partitions.push_back(std::move(key.partition));
    }
    rows.clear();
    for (auto& [table, entries] : spread) co_await needs_.rings.write(table, std::move(entries));
    co_await write_newest(needs_.db, needs_.cache, needs_.lane, job);
    if (job.moved()) rows = job.take();  // somebody has spread the table just now
  }
}

}  // namespace kith::rocks
