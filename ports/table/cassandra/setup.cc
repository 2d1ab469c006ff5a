#include <charconv>
#include <set>
#include <thread>

#include "base/error.h"
#include "ports/table/cassandra/layout.h"

namespace kith::cassandra {
namespace {

// Counts up when an older program could not read what a newer one writes.
constexpr int format_version = 1;
// For so long an erase is remembered (wide.h).
constexpr int remembered_seconds = 10 * 24 * 3600;

class Setup {
 public:
  Setup(Session& session, Layout const& layout) : session_(session), layout_(layout) {}

  void check_keyspace() {
    if (!column("SELECT keyspace_name FROM system_schema.keyspaces", {}).contains(layout_.keyspace()))
      refuse("has no keyspace " + layout_.keyspace() +
             ", and only you know how often it should be replicated: " + "CREATE KEYSPACE " + layout_.keyspace() +
             " WITH replication = {'class': 'NetworkTopologyStrategy', 'replication_factor': 3}, or name another in " +
             "cassandra_keyspace");
  }
  bool has(std::string const& table) { return tables().contains(table); }
  // By one of several programs that start at once: definitions that meet are refused, and were then made.
  void make(std::string const& table, std::string const& columns, std::string const& with = {}) {
    std::string const statement = "CREATE TABLE IF NOT EXISTS " + layout_.named(table) + " (" + columns + ")" + with;
    auto failed = session_.define(statement);
    for (int attempt = 1; failed && attempt < 5; ++attempt) {
      std::this_thread::sleep_for(std::chrono::milliseconds{200 * attempt});
      failed = session_.define(statement);
    }
    if (failed) refuse("cannot be set up (cassandra_keyspace): " + *failed);
    known_.clear();
    changes_.push_back("Cassandra, " + layout_.keyspace() + ": made " + table);
  }
  // A fact that is one for ever, written by the first.
  std::string fact(std::string const& name, std::string const& value) {
    std::string const facts = layout_.named("kith_facts");
    std::string const ask = "SELECT value FROM " + facts + " WHERE name = ?";
    auto found = column(ask, {name});
    if (found.empty()) {
      session_.ask_and_wait(
          {.statement = session_.prepare("INSERT INTO " + facts + " (name, value) VALUES (?, ?) USING TIMESTAMP 1"),
           .values = {name, value}});
      found = column(ask, {name});
    }
    return found.empty() ? value : *found.begin();
  }
  [[noreturn]] void refuse(std::string const& what) {
    throw Error{Code::unavailable, "Cassandra at " + session_.reach().nodes.front() + ' ' + what};
  }
  std::vector<std::string> changes() { return std::move(changes_); }

 private:
  std::set<std::string> const& tables() {
    if (known_.empty())
      known_ = column("SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?", {layout_.keyspace()});
    return known_;
  }
  std::set<std::string> column(std::string const& statement, std::vector<std::string> values) {
    Answer answer = session_.ask_and_wait({.statement = session_.prepare(statement), .values = std::move(values)});
    std::set<std::string> cells;
    while (answer.next()) cells.emplace(answer.cell());
    return cells;
  }

  Session& session_;
  Layout const& layout_;
  std::set<std::string> known_;
  std::vector<std::string> changes_;
};

}  // namespace

std::vector<std::string> expand(Session& session, Layout const& layout) {
  Setup setup(session, layout);
  setup.check_keyspace();
  if (!setup.has("kith_facts")) setup.make("kith_facts", "name text PRIMARY KEY, value text");
  std::string const format = setup.fact("format", std::to_string(format_version));
  int version = 0;
  std::from_chars(format.data(), format.data() + format.size(), version);
  if (version > format_version)
    setup.refuse("was written by a newer version of kith (format " + format + ", this program knows " +
                 std::to_string(format_version) + "): run that version, or name another in cassandra_keyspace");
  for (auto const& [number, table] : layout.all()) {
    std::string const wanted(table.buckets ? table.table->bucket : "nothing");
    if (std::string const found = setup.fact("bucket of " + table.name, wanted); found != wanted)
      setup.refuse("keeps " + table.name + " cut by " + found + ", but this program cuts it by " + wanted +
                   ": run the version of kith that wrote it, or name another in cassandra_keyspace");
    std::string const bucket = table.buckets ? "bucket bigint, " : "";
    std::string const key = table.buckets ? "(partition, bucket)" : "partition";
    // What is cut by time expires by time, so whole files of it are dropped at once.
    std::string const files = table.buckets ? " AND compaction = {'class': 'TimeWindowCompactionStrategy', "
                                              "'compaction_window_unit': 'DAYS', 'compaction_window_size': 7}"
                                            : "";
    // The directory first: rows that it does not list are never found.
    if (table.buckets && !setup.has(table.name + "_buckets"))
      setup.make(table.name + "_buckets",
                 "partition blob, bucket bigint, until bigint, PRIMARY KEY (partition, bucket, until)");
    if (!setup.has(table.name)) {
      std::string const columns =
          "partition blob, " + bucket + "sort blob, value blob, PRIMARY KEY (" + key + ", sort)";
      setup.make(table.name, columns, " WITH gc_grace_seconds = " + std::to_string(remembered_seconds) + files);
    }
  }
  return setup.changes();
}

}  // namespace kith::cassandra
