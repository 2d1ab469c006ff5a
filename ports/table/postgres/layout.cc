#include "ports/table/postgres/layout.h"

#include <algorithm>

#include "base/error.h"
#include "ports/table/postgres/binary.h"

namespace kith::postgres {

std::string snake_case(std::string_view name) {
  std::string out;
  for (char const c : name) {
    bool const capital = c >= 'A' && c <= 'Z';
    if (capital && !out.empty()) out += '_';
    out += capital ? static_cast<char>(c + 32) : c;
  }
  return out;
}

std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (char const c : name) out.append(c == '"' ? 2 : 1, c);
  return out + '"';
}

std::vector<Cell> emitted(Event const& event, Time now) {
  return {bigint(static_cast<std::int64_t>(event.id.value)),
          event.kind,
          bigint(static_cast<std::int64_t>(event.schema)),
          event.key,
          event.body,
          timestamp(event.due),
          bigint(static_cast<std::int64_t>(event.trace[0])),
          bigint(static_cast<std::int64_t>(event.trace[1])),
          timestamp(now),
          bigint(static_cast<std::int64_t>(event.span))};
}

TableLayout::TableLayout(TableDescription const& description)
    : table(&description),
      columns(description),
      schema(quoted(description.service)),
      name(schema + '.' + quoted(snake_case(description.name))) {
  std::string const number = std::to_string(description.number);
  std::string row = "t._version, t._operation, t._expires_at";
  for (Column const& column : columns.values()) row += ", t." + quoted(column.name);
  row += ", t._rest";

  get = {"get" + number,
         "SELECT k.place, " + row +
             " FROM unnest($1::bytea[], $2::bytea[]) WITH ORDINALITY AS k(partition, sort, place) JOIN " + name +
             " t ON t._partition = k.partition AND t._sort = k.sort"};
  for (int const backwards : {0, 1}) {
    std::string const order = backwards != 0 ? " ORDER BY t._sort DESC" : " ORDER BY t._sort";
    std::string const head =
        "SELECT t._sort, " + row + " FROM " + name + " t WHERE t._partition = $1::bytea AND t._sort >= $2::bytea";
    auto const tail = [&](int now) {
      auto const at = '$' + std::to_string(now);
      return " AND (t._expires_at IS NULL OR t._expires_at > " + at + "::timestamptz)" + order + " LIMIT $" +
             std::to_string(now + 1) + "::bigint";
    };
    scan_to[backwards] = {"scan_to" + std::to_string(backwards) + '_' + number,
                          head + " AND t._sort < $3::bytea" + tail(4)};
    scan_on[backwards] = {"scan_on" + std::to_string(backwards) + '_' + number, head + tail(3)};
  }
  walk = {"walk" + number, "SELECT t._partition, t._sort, " + row + " FROM " + name +
                               " t WHERE (t._partition, t._sort) > ($1::bytea, $2::bytea)"
                               " ORDER BY t._partition, t._sort LIMIT $3::bigint"};

  // Key first, so that update finds it where insert has it.
  std::vector<std::pair<std::string, std::string>> names{{"_partition", "bytea"},
                                                         {"_sort", "bytea"},
                                                         {"_version", "bigint"},
                                                         {"_operation", "bigint"},
                                                         {"_expires_at", "timestamptz"}};
  for (Column const& column : columns.values()) names.emplace_back(quoted(column.name), column.type);
  names.emplace_back("_rest", "bytea");
  std::string into, values, set;
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::string const value = '$' + std::to_string(i + 1) + "::" + names[i].second;
    into += (i == 0 ? "" : ", ") + names[i].first;
    values += (i == 0 ? "" : ", ") + value;
    if (i >= 2) set += (i == 2 ? "" : ", ") + names[i].first + " = " + value;
  }
  update = {"update" + number,
            "UPDATE " + name + " SET " + set + " WHERE _partition = $1::bytea AND _sort = $2::bytea"};
  std::size_t next = names.size();
  for (Column const& column : columns.keys()) {
    into += ", " + quoted(column.name);
    values += ", $" + std::to_string(++next) + "::" + column.type;
  }
  insert = {"insert" + number, "INSERT INTO " + name + " (" + into + ") VALUES (" + values + ")"};
  erase = {"erase" + number, "DELETE FROM " + name + " WHERE _partition = $1::bytea AND _sort = $2::bytea"};
  // A little at a time, so that nobody waits for it.
  sweep = {"sweep" + number, "DELETE FROM " + name + " WHERE ctid = ANY(ARRAY(SELECT ctid FROM " + name +
                                 " WHERE _expires_at < $1::timestamptz LIMIT 1000))"};
}

Stored TableLayout::read(Result const& result, int row, int column) const {
  Stored stored{.version = result.number(row, column),
                .operation = static_cast<OperationId>(result.number(row, column + 1)),
                .expires_at = result.null(row, column + 2) ? no_time : time_of(result.cell(row, column + 2)),
                .row = true};
  stored.value = columns.join([&](std::size_t i) -> std::optional<std::string_view> {
    int const at = column + 3 + static_cast<int>(i);
    if (result.null(row, at)) return std::nullopt;
    return result.cell(row, at);
  });
  return stored;
}

std::vector<Cell> TableLayout::cells(RowKey const& key, Stored const& row) const {
  std::vector<Cell> cells{key.partition, key.sort, bigint(row.version),
                          bigint(static_cast<std::int64_t>(row.operation)), expiry(row.expires_at)};
  std::ranges::move(columns.split(row.value), std::back_inserter(cells));
  return cells;
}

Layout::Layout(std::vector<Table> const& tables)
    : begin{"", "BEGIN ISOLATION LEVEL READ COMMITTED"},
      lock{"lock", "SELECT pg_advisory_xact_lock($1::bigint)"},
      unsynced{"", "SET LOCAL synchronous_commit = off"},
      commit{"", "COMMIT"},
      rollback{"", "ROLLBACK"},
      erased{"erased",
             "SELECT k.place, e.version, e.operation FROM unnest($1::bigint[], $2::bytea[], $3::bytea[])"
             " WITH ORDINALITY AS k(number, partition, sort, place) JOIN kith.erased e"
             " ON e.table_number = k.number AND e.partition = k.partition AND e.sort = k.sort"},
      remember{"remember",
               "INSERT INTO kith.erased (table_number, partition, sort, version, operation, erased_at)"
               " VALUES ($1::bigint, $2::bytea, $3::bytea, $4::bigint, $5::bigint, $6::timestamptz)"
               " ON CONFLICT (table_number, partition, sort) DO UPDATE SET version = excluded.version,"
               " operation = excluded.operation, erased_at = excluded.erased_at"},
      forget{"forget",
             "DELETE FROM kith.erased WHERE table_number = $1::bigint AND partition = $2::bytea AND sort = $3::bytea"},
      sweep_erased{"sweep_erased",
                   "DELETE FROM kith.erased WHERE ctid = ANY(ARRAY(SELECT ctid FROM kith.erased"
                   " WHERE erased_at < $1::timestamptz LIMIT 1000))"},
      emit{"emit",
           "INSERT INTO kith.outbox (id, kind, schema_version, key, body, due, trace_high, trace_low, emitted_at,"
           " trace_span)"
           " VALUES ($1::bigint, $2::text, $3::bigint, $4::text, $5::bytea, $6::timestamptz, $7::bigint, $8::bigint,"
           " $9::timestamptz, $10::bigint) ON CONFLICT (id) DO NOTHING"},
      due{"due",
          "SELECT id, kind, schema_version, key, body, due, trace_high, trace_low, trace_span FROM kith.outbox"
          " WHERE due <= $1::timestamptz ORDER BY due LIMIT $2::bigint"},
      relayed{"relayed", "DELETE FROM kith.outbox WHERE id = ANY($1::bigint[])"},
      outbox_ids{"outbox_ids",
                 "SELECT coalesce(array_agg(id), '{}') FROM (SELECT id FROM kith.outbox"
                 " WHERE due <= $1::timestamptz) o"},
      outbox_left{"outbox_left", "SELECT count(*) FROM kith.outbox WHERE id = ANY($1::bigint[])"},
      outbox_kinds{
          "outbox_kinds",
          "SELECT kind, count(*), min(emitted_at) FROM kith.outbox WHERE due <= $1::timestamptz GROUP BY kind"},
      relay_lock{"relay_lock", "SELECT pg_try_advisory_lock(1802072168, 1)"} {
  for (Table const table : tables)
    if (table->table_class == TableClass::strict)
      tables_.emplace(table->number, std::make_unique<TableLayout const>(*table));
}

TableLayout const& Layout::of(Table table) const {
  auto const found = table == nullptr ? tables_.end() : tables_.find(table->number);
  if (found == tables_.end())
    throw Error{Code::internal, "Stored data cannot be read",
                table == nullptr ? "no table" : std::string(table->name) + " is no strict table of this engine"};
  return *found->second;
}

}  // namespace kith::postgres
