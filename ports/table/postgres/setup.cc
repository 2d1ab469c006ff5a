#include "ports/table/postgres/setup.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <thread>

#include "base/error.h"

namespace kith::postgres {
namespace {

// Counts up when an older program could not read what a newer one writes.
constexpr int format_version = 1;

constexpr char const* kith_tables = R"(
CREATE SCHEMA kith;
CREATE TABLE kith.facts (name text PRIMARY KEY, value text NOT NULL);
CREATE TABLE kith.columns (
  table_number bigint, field bigint, name text NOT NULL, type text NOT NULL, PRIMARY KEY (table_number, field));
CREATE TABLE kith.erased (
  table_number bigint, partition bytea, sort bytea, version bigint NOT NULL, operation bigint NOT NULL,
  erased_at timestamptz NOT NULL, PRIMARY KEY (table_number, partition, sort));
CREATE INDEX erased_at ON kith.erased (erased_at);
CREATE TABLE kith.outbox (
  id bigint PRIMARY KEY, kind text COLLATE "C" NOT NULL, schema_version bigint NOT NULL, key text COLLATE "C" NOT NULL,
  body bytea NOT NULL, due timestamptz NOT NULL, trace_high bigint NOT NULL, trace_low bigint NOT NULL,
  emitted_at timestamptz NOT NULL);
CREATE INDEX outbox_due ON kith.outbox (due);
)";

// What tables of kith's own have got since: column by column, with a default for what older programs write.
constexpr char const* has_span =
    "SELECT 1 FROM pg_attribute WHERE attrelid = 'kith.outbox'::regclass AND attname = 'trace_span'";
constexpr char const* add_span = "ALTER TABLE kith.outbox ADD COLUMN trace_span bigint NOT NULL DEFAULT 0";

// One that changes tables: alone among all programs, until it ends.
class Session {
 public:
  explicit Session(Reach const& reach) : place_(place_of(reach.server)), connected_(connect(reach), &PQfinish) {
    // A change waits for nobody long, for everybody would wait behind it; but what it does may take its time.
    (*this)("SET statement_timeout = 0; SELECT pg_advisory_lock(1802072168, 0); SET lock_timeout = '500ms'");
  }

  std::shared_ptr<PGresult> operator()(std::string const& sql) {
    auto const result = tried(sql);
    if (!ok(result)) refuse(sql, result);
    return result;
  }
  // All or nothing, and again where somebody was in the way.
  void change(std::string const& sql) {
    for (int attempt = 1;; ++attempt) {
      auto const result = tried("BEGIN;" + sql + "; COMMIT");
      if (ok(result)) return;
      std::string const state = state_of(result);
      tried("ROLLBACK");
      if ((state != "55P03" && state != "40P01") || attempt == 20) refuse(sql, result);
      std::this_thread::sleep_for(std::chrono::milliseconds{50 * attempt});
    }
  }
  bool works(std::string const& sql) { return ok(tried(sql)); }
  // A fact that is one for ever, written by the first.
  std::string fact(std::string const& name, std::string const& value) {
    (*this)("INSERT INTO kith.facts VALUES ('" + name + "', '" + value + "') ON CONFLICT DO NOTHING");
    return PQgetvalue((*this)("SELECT value FROM kith.facts WHERE name = '" + name + "'").get(), 0, 0);
  }
  [[noreturn]] void refuse(std::string say) { throw Error{Code::unavailable, std::move(say)}; }
  std::string const& place() const { return place_; }

 private:
  using Answer = std::shared_ptr<PGresult>;

  Answer tried(std::string const& sql) { return {PQexec(connected_.get(), sql.c_str()), &PQclear}; }
  static bool ok(Answer const& answer) {
    auto const status = PQresultStatus(answer.get());
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
  }
  static std::string state_of(Answer const& answer) {
    char const* const state = PQresultErrorField(answer.get(), PG_DIAG_SQLSTATE);
    return state == nullptr ? "" : state;
  }
  [[noreturn]] void refuse(std::string const& sql, Answer const& answer) {
    char const* const words = PQresultErrorField(answer.get(), PG_DIAG_MESSAGE_PRIMARY);
    throw Error{Code::unavailable,
                "PostgreSQL at " + place_ + " cannot be set up (postgres_servers): " +
                    (words == nullptr ? PQerrorMessage(connected_.get()) : words),
                sql};
  }

  std::string place_;
  std::shared_ptr<PGconn> connected_;
};

struct KnownColumn {
  std::string name, type;
};

std::string type_in(Column const& column) {
  return column.type.starts_with("text") ? column.type + " COLLATE \"C\"" : column.type;
}

using Known = std::map<std::uint32_t, std::map<std::uint32_t, KnownColumn>>;  // by table and field

Known known_columns(Session& session) {
  Known known;
  auto const rows = session("SELECT table_number, field, name, type FROM kith.columns");
  for (int row = 0; row < PQntuples(rows.get()); ++row) {
    auto const cell = [&](int column) { return std::string(PQgetvalue(rows.get(), row, column)); };
    known[static_cast<std::uint32_t>(std::stoul(cell(0)))].emplace(static_cast<std::uint32_t>(std::stoul(cell(1))),
                                                                   KnownColumn{cell(2), cell(3)});
  }
  return known;
}

std::string noted(TableLayout const& layout, Column const& column) {
  return "INSERT INTO kith.columns VALUES (" + std::to_string(layout.table->number) + ", " +
         std::to_string(column.field) + ", '" + column.name + "', '" + column.type + "')";
}

std::string made(TableLayout const& layout) {
  std::string columns, notes;
  for (auto const& part : {layout.columns.keys(), layout.columns.values()})
    for (Column const& column : part) {
      columns += quoted(column.name) + ' ' + type_in(column) + ", ";
      notes += "; " + noted(layout, column);
    }
  return "CREATE SCHEMA IF NOT EXISTS " + layout.schema + "; CREATE TABLE " + layout.name + " (" + columns +
         "_partition bytea NOT NULL, _sort bytea NOT NULL, _version bigint NOT NULL, _operation bigint NOT NULL,"
         " _expires_at timestamptz, _rest bytea, PRIMARY KEY (_partition, _sort)); CREATE INDEX " +
         quoted("expires_" + std::to_string(layout.table->number)) + " ON " + layout.name +
         " (_expires_at) WHERE _expires_at IS NOT NULL" + notes;
}

void widen(Session& session, TableLayout const& layout, std::map<std::uint32_t, KnownColumn> const& known,
           std::vector<std::string>& changes) {
  if (known.empty()) {
    session.change(made(layout));
    changes.push_back(session.place() + ": made " + layout.name);
    return;
  }
  for (auto const& part : {layout.columns.keys(), layout.columns.values()})
    for (Column const& column : part) {
      auto const was = known.find(column.field);
      if (was == known.end()) {
        session.change("ALTER TABLE " + layout.name + " ADD COLUMN " + quoted(column.name) + ' ' + type_in(column) +
                       "; " + noted(layout, column));
        changes.push_back(session.place() + ": added " + column.name + " to " + layout.name);
      } else if (was->second.type != column.type || was->second.name != column.name) {
        session.refuse("In PostgreSQL at " + session.place() + " field " + std::to_string(column.field) + " of " +
                       layout.name + " is " + was->second.name + " of type " + was->second.type +
                       ", but this program's " + column.name + " is of type " + column.type +
                       ": run the version of kith that wrote it, or name another database in postgres_servers");
      }
    }
}

// Shown to be empty without keeping anybody waiting, and from then on kept so.
void drop(Session& session, TableLayout const& layout, std::uint32_t field, KnownColumn const& column) {
  std::string const table = "ALTER TABLE " + layout.name, empty = " CONSTRAINT kith_is_empty";
  session.change(table + " DROP CONSTRAINT IF EXISTS kith_is_empty;" + table + " ADD" + empty + " CHECK (" +
                 quoted(column.name) + " IS NULL) NOT VALID");
  if (!session.works(table + " VALIDATE" + empty)) {
    session.change(table + " DROP" + empty);
    session.refuse("Nothing is dropped: in PostgreSQL at " + session.place() + " the column " + column.name + " of " +
                   layout.name + " still holds values that this version of kith does not know");
  }
  session.change(table + " DROP COLUMN " + quoted(column.name) + "; DELETE FROM kith.columns WHERE table_number = " +
                 std::to_string(layout.table->number) + " AND field = " + std::to_string(field));
}

}  // namespace

std::vector<std::string> expand(Reach const& reach, Layout const& layout, std::size_t shard, std::size_t shards) {
  Session session(reach);
  if (PQgetisnull(session("SELECT to_regclass('kith.facts')").get(), 0, 0) != 0) session.change(kith_tables);

  std::string const format = session.fact("format", std::to_string(format_version));
  int version = 0;
  std::from_chars(format.data(), format.data() + format.size(), version);
  if (version > format_version)
    session.refuse("The database at " + session.place() + " was written by a newer version of kith (format " + format +
                   ", this program knows " + std::to_string(format_version) +
                   "): run that version, or name another database in postgres_servers");
  std::string const wanted = std::to_string(shard + 1) + " of " + std::to_string(shards);
  if (std::string const found = session.fact("shard", wanted); found != wanted)
    session.refuse("The database at " + session.place() + " is shard " + found + ", but postgres_servers names it as " +
                   wanted + ": name all servers, in the order in which they were first named");

  std::vector<std::string> changes;
  if (PQntuples(session(has_span).get()) == 0) session.change(add_span);
  Known known = known_columns(session);
  for (auto const& [number, table] : layout.all()) widen(session, *table, known[number], changes);
  return changes;
}

std::vector<std::string> contract(Reach const& reach, Layout const& layout) {
  Session session(reach);
  std::vector<std::string> changes;
  for (auto const& [number, columns] : known_columns(session)) {
    auto const table = layout.all().find(number);
    if (table == layout.all().end()) continue;  // of a part that this program was built without
    for (auto const& [field, column] : columns) {
      auto const is_it = [&](Column const& one) { return one.field == field; };
      Columns const& described = table->second->columns;
      if (std::ranges::any_of(described.keys(), is_it) || std::ranges::any_of(described.values(), is_it)) continue;
      drop(session, *table->second, field, column);
      changes.push_back(session.place() + ": dropped " + column.name + " of " + table->second->name);
    }
  }
  return changes;
}

}  // namespace kith::postgres
