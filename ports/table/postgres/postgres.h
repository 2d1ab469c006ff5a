#pragma once

// Strict tables on PostgreSQL servers, and the log behind their outboxes: an engine for a community that has
// outgrown one machine. Partitions are divided among the servers by slot. Commits and reads go to the servers
// named here, which must be those that decide: never a replica.

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "ports/clock/clock.h"
#include "ports/log/log.h"
#include "ports/table/strict.h"
#include "ports/table/wide.h"

namespace kith {

struct PostgresOptions {
  // Each as libpq reads it: postgresql://kith@db1:5432/kith?sslmode=verify-full. Their order is the map of
  // slots, so it stays as it is.
  std::vector<std::string> servers;
  std::string password_file;                   // read anew for each connection; empty: none
  std::size_t connections_max = 16;            // of this process with each server, for commits; some more for reads
  std::chrono::milliseconds deadline{5'000};   // of a call, with its tries
  std::chrono::milliseconds outbox_look{500};  // for due events, and for those of other processes
};

struct PostgresStats {
  std::uint64_t reads = 0, commits = 0, conflicts = 0, repeats = 0, unknown = 0, retries = 0, lost = 0, refused = 0;
  double read_seconds = 0, commit_seconds = 0;
  std::uint64_t events_relayed = 0;
  std::int64_t connections = 0, waiting = 0, under_way = 0;
};

// Brings the databases to what these tables need, as every start does; `contract` also drops columns that no
// field has any more, which is refused while they hold anything. Tells what it changed, a line each. Waits.
// Throws Error{unavailable} with the sentence for people, which names the setting to change.
std::vector<std::string> migrate_postgres(PostgresOptions const& options, std::vector<Table> const& tables,
                                          bool contract);

class PostgresStore {
 public:
  struct Needs {
    Clock& clock;
    Wide& wide;  // where content lies that belongs to a commit
    Log& log;    // where events go
  };
  // Makes what is missing in the databases for these tables. Throws Error{unavailable} with the sentence for
  // people, which names the setting to change.
  PostgresStore(Needs needs, PostgresOptions options, std::vector<Table> const& tables);
  // Stops; nothing of it may be awaited any more.
  ~PostgresStore();

  Strict& strict();
  Log& log();

  // Relays events from now on. Reads of those who run on one of these loops, each of one thread, stay there.
  void start(std::vector<boost::asio::any_io_executor> const& loops);
  // Relays no more, and leaves the loops; what is under way is finished. Reads and writes go on.
  Task<void> stop_delivery();

  PostgresStats stats() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace kith
