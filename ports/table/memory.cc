#include "ports/table/memory.h"

#include <algorithm>
#include <iterator>

#include "base/error.h"

namespace kith {
namespace {

using Cell = MemoryStore::Cell;

bool lives(Cell const* cell, Time now) {
  return cell != nullptr && !cell->erased && cell->header.version != 0 &&
         (cell->header.expires_at == no_time || cell->header.expires_at > now);
}

bool holds(RowCheck const& check, Cell const* cell, Time now) {
  return check.version ? lives(cell, now) && cell->header.version == *check.version : !lives(cell, now);
}

RowPtr row_of(Cell* cell, RowKey const& key, Time now) {
  if (!lives(cell, now)) return nullptr;
  if (!cell->parsed) cell->parsed = key.table->parse(key, cell->header, cell->value);
  return cell->parsed;
}

void write(Cell& cell, RowHeader header, std::string value, bool erased) {
  cell = Cell{header, std::move(value), erased, nullptr};
}

// The newest version wins; a tie: the erase, then the larger bytes. Of equal bytes the later end.
bool wins(RowHeader const& header, std::string_view value, bool erased, Cell const& over) {
  if (header.version != over.header.version) return header.version > over.header.version;
  if (erased != over.erased) return erased;
  if (value != over.value) return value > over.value;
  auto const end = [](Time expires_at) { return expires_at == no_time ? Time::max() : expires_at; };
  return end(header.expires_at) > end(over.header.expires_at);
}

void merge(MemoryStore& store, RowKey const& key, RowHeader header, std::string value, bool erased) {
  if (header.version <= 0) throw Error{Code::internal, "Stored data cannot be written", "a row without a version"};
  Cell& cell = store.at(key);
  if (wins(header, value, erased, cell)) write(cell, header, std::move(value), erased);
}

void of_class(Table table, TableClass table_class) {
  if (table == nullptr || table->table_class != table_class)
    throw Error{Code::internal, "Stored data cannot be read", "a table was given to an engine of the other class"};
}

void at_most(std::size_t count, std::size_t most, char const* what) {
  if (count > most)
    throw Error{Code::invalid, "This is too much at once", std::string(what) + ": at most " + std::to_string(most)};
}

std::vector<RowPtr> read(MemoryStore& store, std::span<RowKey const> keys, TableClass table_class, Time now) {
  at_most(keys.size(), multi_get_max, "rows of one read");
  for (RowKey const& key : keys) {
    of_class(key.table, table_class);
    check_limits(key);
  }
  std::vector<RowPtr> rows;
  rows.reserve(keys.size());
  std::lock_guard const lock(store.mutex);
  for (RowKey const& key : keys) rows.push_back(row_of(store.find(key), key, now));
  return rows;
}

// Adds the row unless it is not alive; false: the page is full and there is more.
bool take(Scanned& page, std::size_t limit, Range const& range, std::string const& sort, Cell& cell, Time now) {
  RowKey key{range.table, range.partition, sort};
  RowPtr row = row_of(&cell, key, now);
  if (!row) return true;
  page.more = page.rows.size() == limit;
  if (!page.more) page.rows.push_back({std::move(key), std::move(row)});
  return !page.more;
}

Scanned scan_rows(MemoryStore& store, Range const& range, TableClass table_class, Time now) {
  of_class(range.table, table_class);
  at_most(range.limit, scan_max, "rows of one scan");
  Scanned page;
  std::lock_guard const lock(store.mutex);
  auto const rows = store.tables.find(range.table->number);
  if (rows == store.tables.end() || range.limit == 0) return page;
  if (!range.to.empty() && range.to <= range.from) return page;
  auto& cells = rows->second.cells;
  auto const begin = cells.lower_bound({range.partition, range.from});
  auto const end = range.to.empty() ? cells.lower_bound({range.partition + '\0', {}})
                                    : cells.lower_bound({range.partition, range.to});
  if (range.backwards) {
    for (auto at = end; at != begin;)
      if (--at; !take(page, range.limit, range, at->first.second, at->second, now)) break;
  } else {
    for (auto at = begin; at != end; ++at)
      if (!take(page, range.limit, range, at->first.second, at->second, now)) break;
  }
  return page;
}

// A cursor is the last row's place: the partition's size in four digits of base 256, then both.
std::string cursor_at(std::pair<std::string, std::string> const& place) {
  return std::string{static_cast<char>(place.first.size() >> 8), static_cast<char>(place.first.size() & 0xFF)} +
         place.first + place.second;
}
std::pair<std::string, std::string> place_at(std::string const& cursor) {
  auto const size = cursor.size() < 2 ? std::string::npos
                                      : std::size_t{static_cast<unsigned char>(cursor[0])} << 8 |
                                            static_cast<unsigned char>(cursor[1]);
  if (cursor.size() < 2 || cursor.size() - 2 < size)
    throw Error{Code::invalid, "This cursor is not valid", "a walk goes on with the cursor it was given"};
  return {cursor.substr(2, size), cursor.substr(2 + size)};
}

RawPage walk(MemoryStore& store, Table table, std::string const& cursor, std::size_t limit, TableClass table_class,
             Time now) {
  of_class(table, table_class);
  at_most(limit, scan_max, "rows of one step of a walk");
  RawPage page;
  std::lock_guard const lock(store.mutex);
  auto const rows = store.tables.find(table->number);
  if (rows == store.tables.end()) return page;
  auto& cells = rows->second.cells;
  auto at = cursor.empty() ? cells.begin() : cells.upper_bound(place_at(cursor));
  for (std::size_t seen = 0; at != cells.end() && seen < std::max<std::size_t>(limit, 1); ++at, ++seen) {
    if (lives(&at->second, now))
      page.rows.push_back({{table, at->first.first, at->first.second}, at->second.header, at->second.value});
    page.cursor = cursor_at(at->first);
  }
  if (at == cells.end()) page.cursor.clear();
  return page;
}

void merge_all(MemoryStore& store, std::vector<RawRow> rows, TableClass table_class) {
  at_most(rows.size(), scan_max, "rows of one apply");
  for (RawRow const& row : rows) {
    of_class(row.key.table, table_class);
    check_limits(row.key, row.value);
  }
  std::lock_guard const lock(store.mutex);
  for (RawRow& row : rows)
    merge(store, row.key, row.header, row.erased ? std::string() : std::move(row.value), row.erased);
}

}  // namespace

Cell* MemoryStore::find(RowKey const& key) {
  auto const rows = tables.find(key.table->number);
  if (rows == tables.end()) return nullptr;
  auto const cell = rows->second.cells.find({key.partition, key.sort});
  return cell == rows->second.cells.end() ? nullptr : &cell->second;
}

Cell& MemoryStore::at(RowKey const& key) {
  Rows& rows = tables[key.table->number];
  rows.table = key.table;
  return rows.cells[{key.partition, key.sort}];
}

Task<std::vector<RowPtr>> MemoryStrict::get(std::vector<RowKey> keys) {
  co_return read(needs_.store, keys, TableClass::strict, needs_.clock.now());
}

bool MemoryStrict::get_now(std::span<RowKey const> keys, std::vector<RowPtr>& rows) {
  if (keys.size() > multi_get_max) return false;
  rows = read(needs_.store, keys, TableClass::strict, needs_.clock.now());
  return true;
}

Task<Scanned> MemoryStrict::scan(Range range) {
  co_return scan_rows(needs_.store, range, TableClass::strict, needs_.clock.now());
}

Task<RawPage> MemoryStrict::scan_all(Table table, std::string cursor, std::size_t limit) {
  co_return walk(needs_.store, table, cursor, limit, TableClass::strict, needs_.clock.now());
}

Task<void> MemoryStrict::apply(std::vector<RawRow> rows) {
  merge_all(needs_.store, std::move(rows), TableClass::strict);
  co_return;
}

Task<Outcome> MemoryStrict::commit(Commit commit) {
  check_limits(commit);
  std::lock_guard const lock(needs_.store.mutex);
  Time const now = needs_.clock.now();
  if (auto outcome = repeated(commit, now)) co_return std::move(*outcome);
  if (auto outcome = refused(commit, now)) co_return std::move(*outcome);
  Outcome outcome = applied(commit, now);
  outcome.along = !commit.along.empty();
  for (Commit& derived : commit.along) {
    if (repeated(derived, now)) continue;
    bool const made = !refused(derived, now);
    if (made) applied(derived, now);
    outcome.along = outcome.along && made;
  }
  co_return outcome;
}

std::optional<Outcome> MemoryStrict::repeated(Commit const& commit, Time now) {
  auto const carried = [&](RowKey const& key) {
    Cell const* const cell = needs_.store.find(key);
    if (cell == nullptr || cell->header.operation != commit.operation) return false;
    // Whoever has read what the operation wrote, and changes it again, does not repeat it.
    auto const check = std::ranges::find(commit.checks, key, &RowCheck::key);
    return check == commit.checks.end() || !holds(*check, cell, now);
  };
  bool const yes =
      std::ranges::any_of(commit.puts, carried, &RowPut::key) || std::ranges::any_of(commit.erases, carried);
  if (!yes) return std::nullopt;
  Outcome outcome{.done = true};
  for (RowPut const& put : commit.puts) outcome.versions.push_back(needs_.store.at(put.key).header.version);
  for (RowKey const& key : commit.erases) outcome.versions.push_back(needs_.store.at(key).header.version);
  for (RowAdd const& add : commit.adds) {
    std::string value = needs_.store.at(add.key).value;
    outcome.sums.push_back(add_to_field(value, add.field, 0));
  }
  return outcome;
}

std::optional<Outcome> MemoryStrict::refused(Commit const& commit, Time now) {
  Outcome outcome;
  bool all_hold = true;
  for (RowCheck const& check : commit.checks) {
    Cell* const cell = needs_.store.find(check.key);
    all_hold = all_hold && holds(check, cell, now);
    outcome.rows.push_back(row_of(cell, check.key, now));
  }
  if (all_hold) return std::nullopt;
  return outcome;
}

Outcome MemoryStrict::applied(Commit& commit, Time now) {
  Outcome outcome{.done = true};
  Version const at_least = now.time_since_epoch().count();
  auto const next = [&](Cell const& cell, Time expires_at = no_time) {
    return RowHeader{std::max(cell.header.version + 1, at_least), commit.operation, expires_at};
  };
  for (WidePut& first : commit.first)
    merge(needs_.store, first.key, {first.version, 0, first.expires_at}, std::move(first.value), false);
  for (RowPut& put : commit.puts) {
    Cell& cell = needs_.store.at(put.key);
    write(cell, next(cell, put.expires_at), std::move(put.value), false);
    outcome.versions.push_back(cell.header.version);
  }
  for (RowKey const& key : commit.erases) {
    Cell& cell = needs_.store.at(key);
    write(cell, next(cell), {}, true);
    outcome.versions.push_back(cell.header.version);
  }
  for (RowAdd const& add : commit.adds) {
    Cell& cell = needs_.store.at(add.key);
    bool const there = lives(&cell, now);
    std::string value = there ? cell.value : std::string();
    outcome.sums.push_back(add_to_field(value, add.field, add.delta));
    write(cell, next(cell, there ? cell.header.expires_at : no_time), std::move(value), false);
  }
  // Under the lock: whoever reads the rows finds their events in the log.
  needs_.log.append_now(std::move(commit.events));
  return outcome;
}

Task<std::vector<RowPtr>> MemoryWide::get(std::vector<RowKey> keys) {
  co_return read(needs_.store, keys, TableClass::wide, needs_.clock.now());
}

Task<Scanned> MemoryWide::scan(Range range) {
  co_return scan_rows(needs_.store, range, TableClass::wide, needs_.clock.now());
}

Task<RawPage> MemoryWide::scan_all(Table table, std::string cursor, std::size_t limit) {
  co_return walk(needs_.store, table, cursor, limit, TableClass::wide, needs_.clock.now());
}

Task<void> MemoryWide::apply(std::vector<RawRow> rows) {
  merge_all(needs_.store, std::move(rows), TableClass::wide);
  co_return;
}

Task<void> MemoryWide::put(std::vector<WidePut> rows) {
  at_most(rows.size(), scan_max, "rows of one wide put");
  for (WidePut const& row : rows) {
    of_class(row.key.table, TableClass::wide);
    check_limits(row.key, row.value);
  }
  std::lock_guard const lock(needs_.store.mutex);
  for (WidePut& row : rows) merge(needs_.store, row.key, {row.version, 0, row.expires_at}, std::move(row.value), false);
  co_return;
}

Task<void> MemoryWide::erase(std::vector<WideErase> rows) {
  at_most(rows.size(), scan_max, "rows of one wide erase");
  for (WideErase const& row : rows) {
    of_class(row.key.table, TableClass::wide);
    check_limits(row.key);
  }
  std::lock_guard const lock(needs_.store.mutex);
  for (WideErase const& row : rows) merge(needs_.store, row.key, {row.version, 0, no_time}, {}, true);
  co_return;
}

Task<void> MemoryWide::spread(Spread spread) {
  at_most(spread.partitions.size(), spread_max, "partitions of one spread");
  of_class(spread.table, TableClass::wide);
  std::vector<RowKey> keys;
  keys.reserve(spread.partitions.size());
  for (std::string& partition : spread.partitions) {
    keys.push_back({spread.table, std::move(partition), spread.sort});
    check_limits(keys.back(), spread.value);
  }
  std::lock_guard const lock(needs_.store.mutex);
  for (RowKey const& key : keys) merge(needs_.store, key, {spread.version, 0, spread.expires_at}, spread.value, false);
  co_return;
}

Task<void> MemoryKeys::create(AccountId owner) {
  // A key of its own for each account, the same in every run.
  auto key = std::make_shared<DataKey>();
  std::uint64_t number = owner.value;
  for (unsigned char& byte : *key) {
    number = number * 6364136223846793005u + 1442695040888963407u;
    byte = static_cast<unsigned char>(number >> 56);
  }
  std::lock_guard const lock(mutex_);
  keys_.emplace(owner, std::move(key));
  co_return;
}

Task<DataKeyPtr> MemoryKeys::get(AccountId owner) {
  std::lock_guard const lock(mutex_);
  auto const found = keys_.find(owner);
  co_return found == keys_.end() ? nullptr : found->second;
}

Task<void> MemoryKeys::destroy(AccountId owner) {
  std::lock_guard const lock(mutex_);
  keys_[owner] = nullptr;
  co_return;
}

}  // namespace kith
