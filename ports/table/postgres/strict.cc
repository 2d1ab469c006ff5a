#include "ports/table/postgres/strict.h"

#include <algorithm>
#include <map>

#include "base/all.h"
#include "base/error.h"
#include "ports/table/postgres/commit.h"

namespace kith::postgres {
namespace {

void at_most(std::size_t count, std::size_t most, char const* what) {
  if (count > most)
    throw Error{Code::invalid, "This is too much at once", std::string(what) + ": at most " + std::to_string(most)};
}

// Keys of one table on one server, and where in the answer their rows belong.
struct Asked {
  TableLayout const* layout = nullptr;
  std::vector<std::string> partitions = {}, sorts = {};
  std::vector<std::size_t> places = {};
};

// Where a walk goes on: the server, the size of the partition's key, both in two bytes, then the keys.
struct Place {
  std::size_t shard = 0;
  std::string partition = {}, sort = {};
};
std::string cursor_at(Place const& place) {
  return big_endian(place.shard, 2) + big_endian(place.partition.size(), 2) + place.partition + place.sort;
}
Place place_at(std::string_view cursor) {
  if (cursor.empty()) return {};
  auto const size = cursor.size() < 4 ? 0 : from_big_endian(cursor.substr(2, 2));
  if (cursor.size() < 4 || cursor.size() - 4 < size)
    throw Error{Code::invalid, "This cursor is not valid", "a walk goes on with the cursor it was given"};
  return {from_big_endian(cursor.substr(0, 2)), std::string(cursor.substr(4, size)),
          std::string(cursor.substr(4 + size))};
}

}  // namespace

Task<std::vector<RowPtr>> PostgresStrict::get(std::vector<RowKey> keys) {
  at_most(keys.size(), multi_get_max, "rows of one read");
  std::map<std::size_t, std::map<std::uint32_t, Asked>> asked;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    TableLayout const& layout = needs_.cluster.layout.of(keys[i].table);
    check_limits(keys[i]);
    Asked& of_table = asked[needs_.cluster.shard_of(keys[i].partition)][keys[i].table->number];
    of_table.layout = &layout;
    of_table.partitions.push_back(keys[i].partition);
    of_table.sorts.push_back(keys[i].sort);
    of_table.places.push_back(i);
  }
  std::vector<Task<std::vector<Result>>> reads;
  std::vector<Asked const*> order;
  for (auto const& [shard, tables] : asked) {
    std::vector<Query> queries;
    for (auto const& [number, of_table] : tables) {
      queries.push_back(
          {&of_table.layout->get, {array(type_bytea, of_table.partitions), array(type_bytea, of_table.sorts)}});
      order.push_back(&of_table);
    }
    reads.push_back(read(shard, std::move(queries)));
  }
  std::vector<std::vector<Result>> answers;
  if (reads.size() == 1)
    answers.push_back(co_await std::move(reads.front()));
  else
    answers = co_await all(std::move(reads));

  std::vector<RowPtr> rows(keys.size());
  Time const now = needs_.clock.now();
  auto of_table = order.begin();
  for (auto const& answer : answers)
    for (Result const& result : answer) {
      Asked const& question = **of_table++;
      for (int row = 0; row < result.rows(); ++row) {
        Stored const stored = question.layout->read(result, row, 1);
        std::size_t const place = question.places.at(static_cast<std::size_t>(result.number(row, 0) - 1));
        if (stored.lives(now)) rows[place] = keys[place].table->parse(keys[place], stored.header(), stored.value);
      }
    }
  co_return rows;
}

Task<Scanned> PostgresStrict::scan(Range range) {
  TableLayout const& layout = needs_.cluster.layout.of(range.table);
  at_most(range.limit, scan_max, "rows of one scan");
  check_limits(RowKey{range.table, range.partition, {}});
  Scanned scanned;
  if (range.limit == 0 || (!range.to.empty() && range.to <= range.from)) co_return scanned;
  Query query{range.to.empty() ? &layout.scan_on[range.backwards ? 1 : 0] : &layout.scan_to[range.backwards ? 1 : 0],
              {range.partition, range.from}};
  if (!range.to.empty()) query.values.emplace_back(range.to);
  query.values.emplace_back(timestamp(needs_.clock.now()));
  query.values.emplace_back(bigint(static_cast<std::int64_t>(range.limit) + 1));
  std::vector<Query> one;
  one.push_back(std::move(query));
  auto const answers = co_await read(needs_.cluster.shard_of(range.partition), std::move(one));
  Result const& result = answers.front();
  for (int row = 0; row < result.rows(); ++row) {
    if (scanned.rows.size() == range.limit) {
      scanned.more = true;
      break;
    }
    RowKey key{range.table, range.partition, std::string(result.cell(row, 0))};
    Stored const stored = layout.read(result, row, 1);
    RowPtr parsed = range.table->parse(key, stored.header(), stored.value);
    scanned.rows.push_back({std::move(key), std::move(parsed)});
  }
  co_return scanned;
}

Task<RawPage> PostgresStrict::scan_all(Table table, std::string cursor, std::size_t limit) {
  TableLayout const& layout = needs_.cluster.layout.of(table);
  at_most(limit, scan_max, "rows of one step of a walk");
  limit = std::max<std::size_t>(limit, 1);
  Place place = place_at(cursor);
  RawPage page;
  if (place.shard >= needs_.cluster.shards.size()) co_return page;
  std::vector<Query> one(1, {&layout.walk, {place.partition, place.sort, bigint(static_cast<std::int64_t>(limit))}});
  auto const answers = co_await read(place.shard, std::move(one));
  Result const& result = answers.front();
  Time const now = needs_.clock.now();
  for (int row = 0; row < result.rows(); ++row) {
    place.partition = result.cell(row, 0);
    place.sort = result.cell(row, 1);
    Stored stored = layout.read(result, row, 2);
    if (stored.lives(now))
      page.rows.push_back({{table, place.partition, place.sort}, stored.header(), std::move(stored.value)});
  }
  if (static_cast<std::size_t>(result.rows()) == limit)
    page.cursor = cursor_at(place);
  else if (place.shard + 1 < needs_.cluster.shards.size())
    page.cursor = cursor_at({place.shard + 1});
  co_return page;
}

Task<Outcome> PostgresStrict::commit(Commit commit) {
  check_limits(commit);
  if (!commit.first.empty()) {
    std::vector<WidePut> first = std::move(commit.first);
    commit.first.clear();
    co_await needs_.wide.put(std::move(first));
  }
  Cluster& cluster = needs_.cluster;
  auto const shard = cluster.shard_of(partition_of(commit));
  co_return co_await cluster.there(committed(cluster, shard, needs_.clock, std::move(commit)));
}

Task<void> PostgresStrict::apply(std::vector<RawRow> rows) {
  at_most(rows.size(), scan_max, "rows of one apply");
  std::map<std::size_t, std::vector<RawRow>> by_shard;
  for (RawRow& row : rows) {
    needs_.cluster.layout.of(row.key.table);
    check_limits(row.key, row.value);
    if (row.header.version <= 0)
      throw Error{Code::internal, "Stored data cannot be written", "a row without a version"};
    by_shard[needs_.cluster.shard_of(row.key.partition)].push_back(std::move(row));
  }
  for (auto& [shard, of_shard] : by_shard) {
    Cluster& cluster = needs_.cluster;
    co_await cluster.there(applied(cluster, shard, needs_.clock, std::move(of_shard)));
  }
}

}  // namespace kith::postgres
