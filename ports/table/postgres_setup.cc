#include "ports/table/postgres_setup.h"

#include <charconv>
#include <map>

#include "base/error.h"

namespace kith::postgres {
namespace {

// Counts up when an older program could not read what a newer one writes.
constexpr int format_version = 1;

constexpr char const* kith_tables = R"(
CREATE SCHEMA IF NOT EXISTS kith;
CREATE TABLE IF NOT EXISTS kith.facts (name text PRIMARY KEY, value text NOT NULL);
CREATE TABLE IF NOT EXISTS kith.columns (
  table_number bigint, field bigint, name text NOT NULL, type text NOT NULL, PRIMARY KEY (table_number, field));
CREATE TABLE IF NOT EXISTS kith.erased (
  table_number bigint, partition bytea, sort bytea, version bigint NOT NULL, operation bigint NOT NULL,
  erased_at timestamptz NOT NULL, PRIMARY KEY (table_number, partition, sort));
CREATE INDEX IF NOT EXISTS erased_at ON kith.erased (erased_at);
CREATE TABLE IF NOT EXISTS kith.outbox (
  id bigint PRIMARY KEY, kind text COLLATE "C" NOT NULL, schema_version bigint NOT NULL, key text COLLATE "C" NOT NULL,
  body bytea NOT NULL, due timestamptz NOT NULL, trace_high bigint NOT NULL, trace_low bigint NOT NULL,
  emitted_at timestamptz NOT NULL);
CREATE INDEX IF NOT EXISTS outbox_due ON kith.outbox (due);
)";

class Session {
 public:
  explicit Session(Reach const& reach) : place_(place_of(reach.server)), connected_(connect(reach), &PQfinish) {}

  std::shared_ptr<PGresult> operator()(std::string const& sql) {
    std::shared_ptr<PGresult> result(PQexec(connected_.get(), sql.c_str()), &PQclear);
    auto const status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
      char const* const words = PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY);
      refuse("PostgreSQL at " + place_ +
             " cannot be set up (postgres_servers): " + (words == nullptr ? PQerrorMessage(connected_.get()) : words));
    }
    return result;
  }
  // A fact that is one for ever, written by the first.
  std::string fact(std::string const& name, std::string const& value) {
    (*this)("INSERT INTO kith.facts VALUES ('" + name + "', '" + value + "') ON CONFLICT DO NOTHING");
    return PQgetvalue((*this)("SELECT value FROM kith.facts WHERE name = '" + name + "'").get(), 0, 0);
  }
  [[noreturn]] void refuse(std::string say) { throw Error{Code::unavailable, std::move(say)}; }
  std::string const& place() const { return place_; }

 private:
  std::string place_;
  std::shared_ptr<PGconn> connected_;
};

struct KnownColumn {
  std::string name, type;
};

std::string type_in(Column const& column) {
  return column.type.starts_with("text") ? column.type + " COLLATE \"C\"" : column.type;
}

void make_table(Session& session, TableLayout const& layout, std::map<std::uint32_t, KnownColumn> const& known) {
  std::string const number = std::to_string(layout.table->number);
  if (known.empty()) {
    session("CREATE SCHEMA IF NOT EXISTS " + layout.schema);
    std::string columns;
    for (Column const& column : layout.columns.keys()) columns += quoted(column.name) + ' ' + type_in(column) + ", ";
    for (Column const& column : layout.columns.values()) columns += quoted(column.name) + ' ' + type_in(column) + ", ";
    session("CREATE TABLE IF NOT EXISTS " + layout.name + " (" + columns +
            "_partition bytea NOT NULL, _sort bytea NOT NULL, _version bigint NOT NULL, _operation bigint NOT NULL,"
            " _expires_at timestamptz, _rest bytea, PRIMARY KEY (_partition, _sort))");
    session("CREATE INDEX IF NOT EXISTS " + quoted("expires_" + number) + " ON " + layout.name +
            " (_expires_at) WHERE _expires_at IS NOT NULL");
  }
  std::string fresh;
  auto const settle = [&](Column const& column) {
    auto const was = known.find(column.field);
    if (was == known.end()) {
      if (!known.empty())
        session("ALTER TABLE " + layout.name + " ADD COLUMN IF NOT EXISTS " + quoted(column.name) + ' ' +
                type_in(column));
      fresh += (fresh.empty() ? "(" : ", (") + number + ", " + std::to_string(column.field) + ", '" + column.name +
               "', '" + column.type + "')";
    } else if (was->second.type != column.type || was->second.name != column.name) {
      session.refuse("In PostgreSQL at " + session.place() + " field " + std::to_string(column.field) + " of " +
                     layout.name + " is " + was->second.name + " of type " + was->second.type +
                     ", but this program's " + column.name + " is of type " + column.type +
                     ": run the version of kith that wrote it, or name another database in postgres_servers");
    }
  };
  for (Column const& column : layout.columns.keys()) settle(column);
  for (Column const& column : layout.columns.values()) settle(column);
  if (!fresh.empty()) session("INSERT INTO kith.columns VALUES " + fresh);
}

}  // namespace

void set_up(Reach const& reach, Layout const& layout, std::size_t shard, std::size_t shards) {
  Session session(reach);
  session("BEGIN");
  session("SELECT pg_advisory_xact_lock(1802072168, 0)");
  if (PQgetisnull(session("SELECT to_regclass('kith.facts')").get(), 0, 0) != 0) session(kith_tables);

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

  std::map<std::uint32_t, std::map<std::uint32_t, KnownColumn>> known;
  auto const rows = session("SELECT table_number, field, name, type FROM kith.columns");
  for (int row = 0; row < PQntuples(rows.get()); ++row) {
    auto const cell = [&](int column) { return std::string(PQgetvalue(rows.get(), row, column)); };
    known[static_cast<std::uint32_t>(std::stoul(cell(0)))].emplace(static_cast<std::uint32_t>(std::stoul(cell(1))),
                                                                   KnownColumn{cell(2), cell(3)});
  }
  for (auto const& [number, table] : layout.all()) make_table(session, *table, known[number]);
  session("COMMIT");
}

}  // namespace kith::postgres
