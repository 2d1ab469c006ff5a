#include "ports/table/rocksdb/strict.h"

#include "ports/table/rocksdb/commit.h"
#include "ports/table/rocksdb/get.h"
#include "ports/table/rocksdb/newest.h"

namespace kith::rocks {

Task<std::vector<RowPtr>> RocksStrict::get(std::vector<RowKey> keys) {
  check_count(keys.size(), multi_get_max, "rows of one read");
  for (RowKey const& key : keys) {
    check_class(key.table, TableClass::strict);
    check_limits(key);
  }
  co_return co_await get_rows(needs_.db, needs_.cache, std::move(keys));
}

bool RocksStrict::get_now(std::span<RowKey const> keys, std::vector<RowPtr>& rows) {
  return keys.size() <= multi_get_max && get_cached(needs_.db, needs_.cache, keys, rows);
}

Task<Scanned> RocksStrict::scan(Range range) {
  check_class(range.table, TableClass::strict);
  check_count(range.limit, scan_max, "rows of one scan");
  check_limits(RowKey{range.table, range.partition, {}});
  co_return co_await scan_rows(needs_.db, std::move(range));
}

Task<Outcome> RocksStrict::commit(Commit commit) {
  check_limits(commit);
  // Rows of a table that is spread lie elsewhere; that they are durable a little earlier is allowed.
  std::map<Table, std::vector<JournalEntry>> spread;
  for (WidePut& first : commit.first) {
    if (!needs_.rings.takes(first.key.table)) continue;
    JournalEntry& entry = spread[first.key.table].emplace_back();
    entry.sort = std::move(first.key.sort);
    entry.state = {.version = first.version, .expires_at = first.expires_at, .value = std::move(first.value)};
    entry.partitions.push_back(std::move(first.key.partition));
  }
  for (auto& [table, entries] : spread) co_await needs_.rings.write(table, std::move(entries));
  if (!spread.empty())
    std::erase_if(commit.first, [&](WidePut const& first) { return spread.contains(first.key.table); });
  CommitJob job(std::move(commit));
  for (;;) {
    co_await job.look(needs_.db, needs_.cache, needs_.lane);
    bool const passed = co_await needs_.lane.pass(job);
    if (passed) co_return std::move(job.outcome);
  }
}

Task<RawPage> RocksStrict::scan_all(Table table, std::string cursor, std::size_t limit) {
  check_class(table, TableClass::strict);
  check_count(limit, scan_max, "rows of one step of a walk");
  co_return co_await needs_.db.workers.run([&] { return walk_rows(needs_.db, table, cursor, limit); });
}

Task<void> RocksStrict::apply(std::vector<RawRow> rows) {
  check_count(rows.size(), scan_max, "rows of one apply");
  NewestJob job;
  for (RawRow& row : rows) {
    check_class(row.key.table, TableClass::strict);
    check_limits(row.key, row.value);
    RowState state{.version = row.header.version,
                   .operation = row.header.operation,
                   .expires_at = row.header.expires_at,
                   .erased = row.erased};
    if (!row.erased) state.value = std::move(row.value);
    job.add(std::move(row.key), std::move(state));
  }
  co_await write_newest(needs_.db, needs_.cache, needs_.lane, job);
}

}  // namespace kith::rocks
