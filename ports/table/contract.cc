#include "ports/table/contract.h"

#include <algorithm>
#include <iterator>

namespace kith::contract {

RowPtr EngineTest::get(RowKey key) {
  Table const table = key.table;
  std::vector<RowKey> keys;
  keys.push_back(std::move(key));
  auto rows = run(table->table_class == TableClass::strict ? strict().get(keys) : wide().get(keys));
  return rows.at(0);
}

std::string EngineTest::read(RowKey key) { return value_of(get(std::move(key))); }

Counts EngineTest::counts(RowKey key) {
  RowPtr const row = get(std::move(key));
  EXPECT_TRUE(row) << "nothing was counted";
  std::string value = row ? value_of(row) : std::string();
  return {add_to_field(value, yes_field, 0), add_to_field(value, no_field, 0)};
}

Commit EngineTest::commit() {
  Commit commit;
  commit.operation = ++operations;
  return commit;
}

Outcome EngineTest::put(RowKey key, std::string text) {
  Commit change = commit();
  change.puts.push_back({std::move(key), text_value(text)});
  return run(strict().commit(std::move(change)));
}

Outcome EngineTest::erase(RowKey key) {
  Commit change = commit();
  change.erases.push_back(std::move(key));
  return run(strict().commit(std::move(change)));
}

std::vector<RawRow> EngineTest::walk(Table table, std::size_t limit) {
  std::vector<RawRow> rows;
  std::string cursor;
  do {
    RawPage page = run(table->table_class == TableClass::strict ? strict().scan_all(table, cursor, limit)
                                                                : wide().scan_all(table, cursor, limit));
    std::ranges::move(page.rows, std::back_inserter(rows));
    cursor = page.cursor;
  } while (!cursor.empty());
  return rows;
}

}  // namespace kith::contract
