#pragma once

// How tables lie in PostgreSQL: a schema for each service, a table for each of its strict tables, with
// real columns (columns.h) beside what every row has:
//
//   _partition, _sort        the key as encoded everywhere (row.h): bytes, so its order is that of bytes
//   _version, _operation     of the last change
//   _expires_at              from when on it is absent
//   _rest                    what no column holds
//
// The schema kith holds what is of no service: erased rows (remembered for 10 days), the outbox, and which
// columns there are.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ports/log/event.h"
#include "ports/table/postgres/columns.h"
#include "ports/table/postgres/connection.h"
#include "ports/table/row.h"

namespace kith::postgres {

// A row as it stands, present or erased; version zero: nothing was ever written, or it is forgotten.
struct Stored {
  Version version = 0;
  OperationId operation = 0;
  Time expires_at = no_time;
  bool erased = false;  // and remembered
  bool row = false;     // it lies in its table, though it may have expired
  std::string value = {};

  bool lives(Time now) const { return row && (expires_at == no_time || expires_at > now); }
  RowHeader header() const { return {version, operation, expires_at}; }
};

class TableLayout {
 public:
  explicit TableLayout(TableDescription const& table);

  Table table;
  Columns columns;
  std::string schema, name;  // as they stand in SQL, quoted

  // Answers rows: place among the keys asked for, then a row (see read).
  Statement get;  // partitions, sorts
  Statement scan_to[2],
      scan_on[2];  // partition, from, to (scan_to only), now, limit; [1] backwards. Sort key, then a row
  Statement walk;  // partition, sort, limit: rows behind it. Partition, sort key, then a row
  Statement insert, update, erase, sweep;

  // The row that begins at this column of an answer.
  Stored read(Result const& result, int row, int column) const;
  // What insert and update are given.
  std::vector<Cell> cells(RowKey const& key, Stored const& row) const;
};

class Layout {
 public:
  explicit Layout(std::vector<Table> const& tables);

  // Throws Error{internal}: a table that this engine was not given, or a wide one.
  TableLayout const& of(Table table) const;
  std::map<std::uint32_t, std::unique_ptr<TableLayout const>> const& all() const { return tables_; }

  Statement begin, lock, unsynced, commit, rollback;
  Statement erased, remember, forget, sweep_erased;
  Statement emit, due, relayed, outbox_ids, outbox_left, outbox_kinds, relay_lock;

 private:
  std::map<std::uint32_t, std::unique_ptr<TableLayout const>> tables_;
};

// What the statement `emit` wants.
std::vector<Cell> emitted(Event const& event, Time now);

std::string quoted(std::string_view name);
std::string snake_case(std::string_view name);

}  // namespace kith::postgres
